using System.Security.Cryptography;
using G2PBridge.Connectors;
using G2PBridge.Modules.Envelopes.Contracts;
using G2PBridge.Platform.Persistence;
using G2PBridge.Platform.Protection;
using Npgsql;

namespace G2PBridge.Modules.InKind.Persistence;

/// <summary>A line whose beneficiary the registry knows.</summary>
internal readonly record struct PlacedLine(LineFacts Line, RegisteredPerson Person);

/// <summary>A line whose beneficiary has no place, and why.</summary>
internal readonly record struct UnplacedLine(LineFacts Line, string ReasonCode);

/// <summary>A group of lines that live in one place.</summary>
internal sealed record NewPlace(string Id, long Number, AdministrativeZone Large, AdministrativeZone Small, IReadOnlyList<PlacedLine> Lines);

/// <summary>Writes what a registry said: places and beneficiaries by COPY and unnest, and those it does not know.</summary>
internal static class PlaceStore
{
    private const string Alphabet = "0123456789abcdefghijklmnopqrstuvwxyz";
    private const int IdLength = 16;

    /// <summary>Lines by place, in a fixed order so that the numbers of a round follow the zones.</summary>
    public static List<NewPlace> Group(IReadOnlyList<PlacedLine> placed, Func<int, SeqRange> numbers)
    {
        var groups = placed.GroupBy(line => (Large: line.Person.Large!.Id, Small: line.Person.Small!.Id))
            .OrderBy(group => group.Key.Large, StringComparer.Ordinal).ThenBy(group => group.Key.Small, StringComparer.Ordinal).ToList();
        var run = numbers(groups.Count);
        return [.. groups.Select((group, i) =>
        {
            var first = group.First().Person;
            return new NewPlace(RandomNumberGenerator.GetString(Alphabet, IdLength), run.First + i, first.Large!, first.Small!, [.. group]);
        })];
    }

    /// <summary>Lines of a batch that have a place already.</summary>
    public static async Task<HashSet<long>> ReadPlacedAsync(BridgeDatabase source, SeqRange lines, CancellationToken cancellationToken) =>
        [.. await source.QueryAsync("select seq from in_kind.beneficiary where seq between $1 and $2", [lines.First, lines.Last], reader => reader.GetInt64(0), cancellationToken)];

    public static async Task InsertAsync(NpgsqlConnection connection, Sealer sealer, ClaimedTask task, IReadOnlyList<NewPlace> places, CancellationToken cancellationToken)
    {
        if (places.Count == 0)
        {
            return;
        }

        await using (var insert = await connection.PreparedAsync(
            """
            insert into in_kind.geo (id, number, batch_id, envelope_id, round, large_id, large_mnemonic, small_id, small_mnemonic, beneficiaries, quantity)
            select new.id, new.number, $1, $2, $3, new.large, new.large_name, new.small, new.small_name, new.beneficiaries, new.quantity
            from unnest($4::text[], $5::bigint[], $6::text[], $7::text[], $8::text[], $9::text[], $10::int[], $11::numeric[])
                as new(id, number, large, large_name, small, small_name, beneficiaries, quantity)
            """, cancellationToken,
            task.BatchId, task.EnvelopeId, (short)(task.Rounds + 1), places.Select(place => place.Id).ToArray(), places.Select(place => place.Number).ToArray(),
            places.Select(place => place.Large.Id).ToArray(), places.Select(place => place.Large.Mnemonic).ToArray(), places.Select(place => place.Small.Id).ToArray(),
            places.Select(place => place.Small.Mnemonic).ToArray(), places.Select(place => place.Lines.Count).ToArray(), places.Select(place => place.Lines.Sum(line => line.Line.Quantity)).ToArray()))
        {
            await insert.ExecuteNonQueryAsync(cancellationToken);
        }

        await using var copy = await BinaryCopy.BeginAsync(
            connection, "copy in_kind.beneficiary (seq, geo_id, beneficiary_id, quantity, sealed) from stdin (format binary)", cancellationToken);
        foreach (var place in places)
        {
            foreach (var (line, person) in place.Lines)
            {
                await copy.StartRowAsync(5, cancellationToken);
                copy.Write(line.Seq);
                copy.Write(place.Id);
                copy.Write(line.BeneficiaryId);
                copy.Write(line.Quantity);
                copy.Write(sealer.SealIfAny(InKindSeals.Beneficiary, RowKey.Of(line.Seq), line.BeneficiaryName ?? person.Name, person.Email, person.Phone));
            }
        }

        await copy.CompleteAsync(cancellationToken);
    }

    /// <summary>Whoever has a place now, or is cancelled, is no longer missing.</summary>
    public static async Task ReplaceMissingAsync(NpgsqlConnection connection, ClaimedTask task, IReadOnlyList<UnplacedLine> missing, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var batch = new NpgsqlBatch(connection);
        batch.Add("delete from in_kind.missing where seq between $1 and $2 and seq <> all($3)", task.Lines.First, task.Lines.Last, missing.Select(line => line.Line.Seq).ToArray());
        batch.Add(
            """
            insert into in_kind.missing (seq, batch_id, envelope_id, quantity, reason_code, attempts, last_attempt_at)
            select seq, $1, $2, quantity, reason, 1, $3 from unnest($4::bigint[], $5::numeric[], $6::text[]) as new(seq, quantity, reason)
            on conflict (seq) do update set reason_code = excluded.reason_code, attempts = missing.attempts + 1, last_attempt_at = excluded.last_attempt_at
            """,
            task.BatchId, task.EnvelopeId, now, missing.Select(line => line.Line.Seq).ToArray(), missing.Select(line => line.Line.Quantity).ToArray(), missing.Select(line => line.ReasonCode).ToArray());
        await batch.RunPreparedAsync(cancellationToken);
    }
}
