using G2PBridge.Modules.Envelopes.Contracts;
using G2PBridge.Platform.Persistence;
using Npgsql;

namespace G2PBridge.Modules.Resolution.Persistence;

/// <summary>A resolved set whose addresses were not looked at yet.</summary>
internal sealed record WaitingSet(long SliceId, short Round, SharedAddressRule Rule);

/// <param name="Address">The fingerprint of the address.</param>
/// <param name="IsNew">Resolved since the last look.</param>
internal sealed record SharedAddressLine(long Seq, Guid Address, bool IsNew);

/// <summary>
/// Finds addresses that several lines of an envelope share: one scan of the envelope's addresses with a hash aggregate (about a second for a million
/// lines, once when everybody was asked about and once after each later round), and a second scan only when there is something to name. No index is
/// kept for it, so resolving costs what it did.
/// </summary>
internal sealed class AddressChecks(BridgeDatabase source, TimeProvider clock)
{
    /// <summary>Lines that are named at most; only rules that hold nothing can have more, and then the first are enough.</summary>
    private const int MostNamed = 100_000;

    private const string Found =
        """
        select a.seq, s.id as slice_id, a.round, a.fingerprint
        from resolution.slice s cross join lateral (select * from resolution.address r where r.seq between s.first_seq and s.last_seq offset 0) a
        where s.envelope_id = $1
        """;

    /// <summary>Envelopes with sets to look at of which nobody is being asked about, or about to be, with the lines that arrived here. A partial index holds the sets that wait.</summary>
    public Task<List<(string Id, long Lines)>> ListQuietAsync(CancellationToken cancellationToken) => source.QueryAsync(
        """
        select s.envelope_id, sum(s.last_seq - s.first_seq + 1)::bigint
        from resolution.slice s
        where s.envelope_id in (select envelope_id from resolution.resolved_set where awaits_check is not null)
        group by s.envelope_id
        having not bool_or(s.status = 'Resolving' or (s.status in ('Pending', 'Incomplete') and (s.due_at <= $1 or s.rounds = 0)))
        order by min(s.id)
        """,
        [clock.GetUtcNow()], reader => (reader.GetString(0), reader.GetInt64(1)), cancellationToken);

    public Task<List<WaitingSet>> ReadWaitingAsync(string envelopeId, CancellationToken cancellationToken) => source.QueryAsync(
        "select slice_id, round, awaits_check from resolution.resolved_set where envelope_id = $1 and awaits_check is not null", [envelopeId],
        reader => new WaitingSet(reader.GetInt64(0), reader.GetInt16(1), Enum.Parse<SharedAddressRule>(reader.GetString(2))), cancellationToken);

    public async Task<List<SharedAddressLine>> FindSharedAsync(string envelopeId, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using (var memory = await connection.PreparedAsync("set local work_mem = '64MB'", cancellationToken))
        {
            await memory.ExecuteNonQueryAsync(cancellationToken);
        }

        var shared = await ReadAsync(
            connection, $"select fingerprint from ({Found}) h group by fingerprint having count(*) > 1 limit {MostNamed}", reader => reader.GetGuid(0), cancellationToken, envelopeId);
        return shared.Count == 0
            ? []
            : await ReadAsync(
                connection,
                $"""
                select h.seq, h.fingerprint, r.awaits_check is not null
                from ({Found}) h
                join unnest($2::uuid[]) as n(fingerprint) using (fingerprint)
                left join resolution.resolved_set r on r.slice_id = h.slice_id and r.round = h.round
                order by h.fingerprint, h.seq
                """,
                reader => new SharedAddressLine(reader.GetInt64(0), reader.GetGuid(1), reader.GetBoolean(2)), cancellationToken, envelopeId, shared.ToArray());
    }

    /// <summary>However long it takes: an envelope of many millions is read to its end, and nobody waits for a lock meanwhile.</summary>
    private static async Task<List<T>> ReadAsync<T>(NpgsqlConnection connection, string sql, Func<NpgsqlDataReader, T> read, CancellationToken cancellationToken, params object?[] values)
    {
        await using var command = await connection.PreparedAsync(sql, cancellationToken, values);
        command.CommandTimeout = 0;
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var rows = new List<T>();
        while (await reader.ReadAsync(cancellationToken))
        {
            rows.Add(read(reader));
        }

        return rows;
    }

    /// <summary>Lets the sets go, without the lines that are held. Who comes second finds nothing left to do.</summary>
    public async Task SettleAsync(IReadOnlyList<WaitingSet> sets, IReadOnlyList<(long Seq, decimal Quantity)> held, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using var batch = new NpgsqlBatch(connection);
        var (slices, rounds) = (sets.Select(set => set.SliceId).ToArray(), sets.Select(set => set.Round).ToArray());
        batch.Add(
            """
            select from resolution.resolved_set r join unnest($1::bigint[], $2::smallint[]) as n(slice_id, round) using (slice_id, round) order by r.slice_id, r.round for update of r
            """,
            slices, rounds);
        if (held.Count > 0)
        {
            // Only from sets that nobody has taken over; what was handed over before is the taker's, who leaves held lines out.
            batch.Add(
                """
                with gone as (
                    delete from resolution.address a
                    using unnest($3::bigint[], $4::numeric[]) as h(seq, quantity), resolution.resolved_set r, unnest($1::bigint[], $2::smallint[]) as n(slice_id, round)
                    where r.slice_id = n.slice_id and r.round = n.round and r.awaits_check = 'Hold' and r.handed_over_at is null
                        and a.seq = h.seq and a.seq between r.first_seq and r.last_seq and a.round = r.round
                    returning r.slice_id, r.round, h.quantity),
                lost as (select slice_id, round, count(*)::int as lines, sum(quantity) as quantity from gone group by slice_id, round),
                emptied as (delete from resolution.resolved_set r using lost where r.slice_id = lost.slice_id and r.round = lost.round and r.lines <= lost.lines),
                lessened as (update resolution.resolved_set r set lines = r.lines - lost.lines from lost where r.slice_id = lost.slice_id and r.round = lost.round and r.lines > lost.lines)
                update resolution.slice s set resolved = s.resolved - l.lines, resolved_quantity = s.resolved_quantity - l.quantity, lines = s.lines - l.lines
                from (select slice_id, sum(lines)::int as lines, sum(quantity) as quantity from lost group by slice_id) l where s.id = l.slice_id
                """,
                slices, rounds, held.Select(line => line.Seq).ToArray(), held.Select(line => line.Quantity).ToArray());
        }

        batch.Add(
            "update resolution.resolved_set r set awaits_check = null from unnest($1::bigint[], $2::smallint[]) as n(slice_id, round) where r.slice_id = n.slice_id and r.round = n.round",
            slices, rounds);
        await batch.RunPreparedAsync(cancellationToken);
        await source.CommitAsync(transaction, cancellationToken);
    }
}
