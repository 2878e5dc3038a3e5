using G2PBridge.Modules.Resolution.Contracts;
using G2PBridge.Modules.Resolution.Domain;
using G2PBridge.Platform.Persistence;
using Npgsql;

namespace G2PBridge.Modules.Resolution.Persistence;

/// <summary>People without an address: rows exist only for them, so the usual slice writes none.</summary>
internal sealed class UnresolvedStore(BridgeDatabase source)
{
    // When someone is asked about again is the slice's fact; it is not repeated per person.
    private const string Select = """
        select u.seq, u.reason_code, u.reason, u.attempts, u.last_attempt_at,
               case when s.status in ('Pending', 'Resolving', 'Incomplete') then s.due_at end
        from resolution.unresolved u join resolution.slice s on s.id = u.slice_id
        """;

    /// <summary>Forgets who has an address now or was cancelled: an anti-join of the few rows of one slice.</summary>
    public static async Task KeepOnlyAsync(NpgsqlConnection connection, SeqRange lines, long[] missing, CancellationToken cancellationToken)
    {
        const string Sql = """
            delete from resolution.unresolved u
            where u.seq between $1 and $2 and not exists (select 1 from unnest($3::bigint[]) as m(seq) where m.seq = u.seq)
            """;
        await using var command = new NpgsqlCommand(Sql, connection) { Parameters = { new() { Value = lines.First }, new() { Value = lines.Last }, new() { Value = missing } } };
        await command.PrepareAsync(cancellationToken);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    public static async Task UpsertAsync(
        NpgsqlConnection connection, ClaimedSlice slice, IReadOnlyList<LineWithoutAddress> unresolved, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (unresolved.Count == 0)
        {
            return;
        }

        const string Sql = """
            insert into resolution.unresolved (seq, slice_id, envelope_id, quantity, reason_code, reason, attempts, last_attempt_at)
            select seq, $4, $5, quantity, reason_code, reason, 1, $6 from unnest($1::bigint[], $2::text[], $3::text[], $7::numeric[]) as n(seq, reason_code, reason, quantity)
            on conflict (seq) do update
            set reason_code = excluded.reason_code, reason = excluded.reason, attempts = unresolved.attempts + 1, last_attempt_at = excluded.last_attempt_at
            """;
        await using var command = new NpgsqlCommand(Sql, connection)
        {
            Parameters =
            {
                new() { Value = unresolved.Select(item => item.Line.Seq).ToArray() },
                new() { Value = unresolved.Select(item => item.ReasonCode).ToArray() },
                new() { Value = unresolved.Select(item => item.Reason).ToArray() },
                new() { Value = slice.Id }, new() { Value = slice.EnvelopeId }, new() { Value = now },
                new() { Value = unresolved.Select(item => item.Line.Quantity).ToArray() },
            },
        };
        await command.PrepareAsync(cancellationToken);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>A page by the index on envelope and line; a filter by reason reads over the others.</summary>
    public async Task<IReadOnlyList<UnresolvedLine>> ListAsync(string envelopeId, long after, int limit, string? reasonCode, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await using var command = connection.Statement($"{Select} where u.envelope_id = $1 and u.seq > $2 and ($4::text is null or u.reason_code = $4) order by u.seq limit $3");
        command.Parameters.Add(new() { Value = envelopeId });
        command.Parameters.Add(new() { Value = after });
        command.Parameters.Add(new() { Value = limit });
        command.Parameters.Add(new NpgsqlParameter<string?> { TypedValue = reasonCode });
        return await ReadAsync(command, cancellationToken);
    }

    public async Task<IReadOnlyList<UnresolvedLine>> FindAsync(IReadOnlyCollection<long> seqs, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await using var command = connection.Statement($"{Select} where u.seq = any($1) order by u.seq");
        command.Parameters.Add(new() { Value = seqs.ToArray() });
        return await ReadAsync(command, cancellationToken);
    }

    /// <summary>Everyone of an envelope who has no address, with the reason and whether the rounds are used up.</summary>
    public async Task<IReadOnlyList<(long Seq, decimal Quantity, string ReasonCode, bool Exhausted)>> ReadAllAsync(string envelopeId, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await using var command = connection.Statement("""
            select u.seq, u.quantity, u.reason_code, s.status = 'Exhausted' from resolution.unresolved u join resolution.slice s on s.id = u.slice_id where u.envelope_id = $1
            """);
        command.Parameters.Add(new() { Value = envelopeId });
        await command.PrepareAsync(cancellationToken);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var lines = new List<(long, decimal, string, bool)>();
        while (await reader.ReadAsync(cancellationToken))
        {
            lines.Add((reader.GetInt64(0), reader.GetDecimal(1), reader.GetString(2), reader.GetBoolean(3)));
        }

        return lines;
    }

    private static async Task<IReadOnlyList<UnresolvedLine>> ReadAsync(NpgsqlCommand command, CancellationToken cancellationToken)
    {
        await command.PrepareAsync(cancellationToken);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var lines = new List<UnresolvedLine>();
        while (await reader.ReadAsync(cancellationToken))
        {
            lines.Add(new UnresolvedLine(
                reader.GetInt64(0), reader.GetString(1), reader.IsDBNull(2) ? null : reader.GetString(2), reader.GetInt32(3), reader.GetFieldValue<DateTimeOffset>(4),
                reader.IsDBNull(5) ? null : reader.GetFieldValue<DateTimeOffset>(5)));
        }

        return lines;
    }
}
