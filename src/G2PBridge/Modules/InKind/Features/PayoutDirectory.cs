using System.Globalization;
using G2PBridge.Connectors;
using G2PBridge.Modules.InKind.Contracts;
using G2PBridge.Modules.InKind.Domain;
using G2PBridge.Modules.InKind.Persistence;
using G2PBridge.Modules.Resolution.Contracts;
using G2PBridge.Platform.Persistence;
using G2PBridge.Platform.Protection;

namespace G2PBridge.Modules.InKind.Features;

/// <summary>
/// Where the money of a payout goes: to the account of the agency that was allocated to its place. For an agency without a usable account the directory is asked
/// again, since that is where an administrator mends it.
/// </summary>
internal sealed class PayoutDirectory(InKindReads reads, BridgeDatabase source, DataProtector protector, IInKindConnectors connectors) : IPayoutDirectory
{
    public async Task<MapperAnswer> ResolveAsync(IReadOnlyList<AddressQuestion> questions, CancellationToken cancellationToken)
    {
        var numbers = questions.Select(question => long.Parse(question.Reference, CultureInfo.InvariantCulture)).ToList();
        var geos = await reads.GeosByNumberAsync(numbers, [], cancellationToken);
        if (await AskAgainAsync(geos, cancellationToken))
        {
            geos = await reads.GeosByNumberAsync(numbers, [], cancellationToken);
        }

        return new MapperAnswer.Answered([.. geos.Select(Answer)]);
    }

    private static AddressAnswer Answer(GeoFacts geo)
    {
        var reference = geo.Number.ToString(CultureInfo.InvariantCulture);
        if (geo.Agency is not { } agency)
        {
            return new AddressAnswer(reference, null, geo.AgencyReason ?? ReasonCodes.NoAgency, $"No agency is allocated to the place {geo.SmallZoneMnemonic ?? geo.SmallZoneId} yet.");
        }

        return AgencyAccount.Parse(agency.AdditionalInfo) is { } account
            ? new AddressAnswer(reference, AddressOf(account, agency), null, null)
            : new AddressAnswer(reference, null, ReasonCodes.AgencyWithoutAccount, $"Agency {agency.Mnemonic} has no #BANK#…#ACCOUNT#…# in its additional_info; add it in the programme system.");
    }

    private static ResolvedAddress AddressOf(AgencyAccount account, AllocatedPoint agency) => account.Type switch
    {
        "MOBILE_WALLET" => new ResolvedAddress(account.Type, null, null, null, account.Account, account.Bank, null, null, agency.Name),
        "EMAIL_WALLET" => new ResolvedAddress(account.Type, null, null, null, null, null, account.Account, account.Bank, agency.Name),
        _ => new ResolvedAddress(account.Type, account.Account, account.Bank, account.Branch, null, null, null, null, agency.Name),
    };

    /// <summary>True when the directory says something else now. It may be away: then the old answer stands.</summary>
    private async Task<bool> AskAgainAsync(List<GeoFacts> geos, CancellationToken cancellationToken)
    {
        var poor = geos.Where(geo => geo.Agency is not null && AgencyAccount.Parse(geo.Agency.AdditionalInfo) is null).ToList();
        if (poor.Count == 0 || connectors.FindDirectory(ServicePointKind.Agency) is not { } directory)
        {
            return false;
        }

        var changed = 0;
        foreach (var (programme, benefit, places) in await ProgrammesAsync(poor, cancellationToken))
        {
            if (await directory.FindAsync(new ServicePointQuestion(programme, benefit, [.. places.Select(geo => geo.SmallZoneId).Distinct(StringComparer.Ordinal)]), cancellationToken) is not ServicePointAnswer.Answered answer)
            {
                continue;
            }

            var usable = answer.Points.Where(point => AgencyAccount.Parse(point.AdditionalInfo) is not null).ToList();
            changed += await MendAsync([.. places.Join(usable.DistinctBy(point => point.Id, StringComparer.Ordinal), geo => geo.Agency!.Id, point => point.Id, (geo, point) => (geo, point.AdditionalInfo))], cancellationToken);
        }

        return changed > 0;
    }

    private async Task<int> MendAsync(IReadOnlyList<(GeoFacts Place, string? Info)> mended, CancellationToken cancellationToken)
    {
        if (mended.Count == 0)
        {
            return 0;
        }

        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var sealer = await protector.BeginAsync(connection, cancellationToken);
        await using var update = await connection.PreparedAsync(
            "update in_kind.geo g set agency_sealed = new.sealed, agency_reason = null from unnest($1::text[], $2::text[], $3::bytea[]) as new(geo, agency, sealed) where g.id = new.geo and g.agency_id = new.agency", cancellationToken,
            mended.Select(place => place.Place.Id).ToArray(), mended.Select(place => place.Place.Agency!.Id).ToArray(),
            mended.Select(place => InKindSeals.OfPoint(
                sealer, InKindSeals.Agency, place.Place.Id, place.Info, place.Place.Agency!.AdminName, place.Place.Agency.AdminEmail, place.Place.Agency.AdminPhone)).ToArray());
        var changed = await update.ExecuteNonQueryAsync(cancellationToken);
        await source.CommitAsync(transaction, cancellationToken);
        return changed;
    }

    private async Task<IEnumerable<(int? Programme, int? Benefit, List<GeoFacts> Places)>> ProgrammesAsync(List<GeoFacts> geos, CancellationToken cancellationToken)
    {
        var batches = await source.QueryAsync(
            "select batch_id, programme_id, benefit_code_id from in_kind.batch where batch_id = any($1)", [geos.Select(geo => geo.BatchId).Distinct(StringComparer.Ordinal).ToArray()],
            reader => (Batch: reader.GetString(0), Programme: reader.IsDBNull(1) ? (int?)null : reader.GetInt32(1), Benefit: reader.IsDBNull(2) ? (int?)null : reader.GetInt32(2)), cancellationToken);
        var of = batches.ToDictionary(batch => batch.Batch, batch => (batch.Programme, batch.Benefit), StringComparer.Ordinal);
        return geos.GroupBy(geo => of[geo.BatchId]).Select(group => (group.Key.Programme, group.Key.Benefit, group.ToList()));
    }
}
