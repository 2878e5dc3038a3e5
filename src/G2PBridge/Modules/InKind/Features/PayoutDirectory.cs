using System.Globalization;
using G2PBridge.Connectors;
using G2PBridge.Modules.InKind.Contracts;
using G2PBridge.Modules.InKind.Domain;
using G2PBridge.Modules.InKind.Persistence;
using G2PBridge.Modules.Resolution.Contracts;
using G2PBridge.Platform.Persistence;

namespace G2PBridge.Modules.InKind.Features;

/// <summary>
/// Where the money of a payout goes: to the account of the agency that was allocated to its place. For an agency without a usable account the directory is asked
/// again, since that is where an administrator mends it.
/// </summary>
internal sealed class PayoutDirectory(InKindReads reads, BridgeDatabase source, IInKindConnectors connectors) : IPayoutDirectory
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
        foreach (var (programme, benefit, zones) in await ProgrammesAsync(poor, cancellationToken))
        {
            if (await directory.FindAsync(new ServicePointQuestion(programme, benefit, zones), cancellationToken) is not ServicePointAnswer.Answered answer)
            {
                continue;
            }

            var usable = answer.Points.Where(point => AgencyAccount.Parse(point.AdditionalInfo) is not null).ToList();
            changed += await source.ExecuteAsync(
                """
                update in_kind.geo g set agency_additional_attributes = new.info, agency_reason = null
                from unnest($1::text[], $2::text[]) as new(id, info), in_kind.batch b
                where g.agency_id = new.id and b.batch_id = g.batch_id and b.programme_id is not distinct from $3 and b.benefit_code_id is not distinct from $4 and g.number = any($5)
                """,
                [usable.Select(point => point.Id).ToArray(), usable.Select(point => point.AdditionalInfo).ToArray(), programme, benefit, poor.Select(geo => geo.Number).ToArray()], cancellationToken);
        }

        return changed > 0;
    }

    private async Task<IEnumerable<(int? Programme, int? Benefit, List<string> Zones)>> ProgrammesAsync(List<GeoFacts> geos, CancellationToken cancellationToken)
    {
        var batches = await source.QueryAsync(
            "select batch_id, programme_id, benefit_code_id from in_kind.batch where batch_id = any($1)", [geos.Select(geo => geo.BatchId).Distinct(StringComparer.Ordinal).ToArray()],
            reader => (Batch: reader.GetString(0), Programme: reader.IsDBNull(1) ? (int?)null : reader.GetInt32(1), Benefit: reader.IsDBNull(2) ? (int?)null : reader.GetInt32(2)), cancellationToken);
        var of = batches.ToDictionary(batch => batch.Batch, batch => (batch.Programme, batch.Benefit), StringComparer.Ordinal);
        return geos.GroupBy(geo => of[geo.BatchId]).Select(group => (group.Key.Programme, group.Key.Benefit, group.Select(geo => geo.SmallZoneId).Distinct(StringComparer.Ordinal).ToList()));
    }
}
