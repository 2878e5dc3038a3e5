using G2PBridge.Platform.Persistence;

namespace G2PBridge.Modules.Disbursement.Persistence;

/// <summary>A payment that failed and may be made again.</summary>
internal readonly record struct RetryCandidate(PaymentReference Payment, decimal Amount);

/// <summary>
/// Puts refused lines on record to be paid again: a chunk for each chunk that they failed in, so that its run of lines stays as short. The
/// new payment itself is written when the chunk is sent, over the failure of the former; if that is gone by then, it is left out.
/// </summary>
internal sealed class RetryStore(BridgeDatabase source, TimeProvider clock)
{
    /// <summary>Refused, not superseded, not waiting to be paid again, and with a generation left. Starts from the envelope's chunks.</summary>
    private const string Candidates =
        """
        select i.line, i.generation, i.amount, c.id as chunk_id
        from disbursement.chunk c
        cross join lateral (select * from disbursement.instruction r where r.line between c.first_seq and c.last_seq and r.chunk_id = c.id offset 0) i
        join disbursement.failure f on f.line = i.line and f.generation = i.generation
        left join disbursement.line_state s on s.line = i.line and s.generation = i.generation
        where c.envelope_id = $1 and coalesce(s.state, c.state) = 'Refused' and i.generation < 15
            and ($2::text[] is null or f.reason_code = any($2)) and ($3::bigint[] is null or i.line = any($3))
            and not exists (select from disbursement.instruction n where n.line = i.line and n.generation > i.generation)
            and not exists (select from disbursement.retry_line r where r.line = i.line and r.generation = i.generation + 1)
        """;

    public Task<List<RetryCandidate>> CandidatesAsync(string envelopeId, IReadOnlyCollection<string>? reasonCodes, IReadOnlyCollection<long>? lines, CancellationToken cancellationToken) => source.QueryAsync(
        Candidates,
        [envelopeId, reasonCodes?.ToArray(), lines?.ToArray()],
        reader => new RetryCandidate(new PaymentReference(reader.GetInt64(0), reader.GetInt16(1)), reader.GetDecimal(2)),
        cancellationToken);

    /// <summary>How many lines go out again; null when the envelope is complete, and what was left of its block was given back.</summary>
    public async Task<(int Lines, decimal Amount)?> RetryAsync(string envelopeId, IReadOnlyCollection<long> lines, string reason, string actor, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        // Whoever completes the envelope, or retries the same lines, takes this row too.
        await using (var open = await connection.PreparedAsync("update disbursement.envelope set finish_due_at = $2 where envelope_id = $1 and complete_at is null", cancellationToken, envelopeId, now))
        {
            if (await open.ExecuteNonQueryAsync(cancellationToken) == 0)
            {
                return null;
            }
        }

        var added = await connection.QueryAsync(
            $"""
            with failed as materialized ({Candidates}),
            fresh as materialized (
                select c.chunk_id as former, nextval(pg_get_serial_sequence('disbursement.chunk', 'id')) as id from (select distinct chunk_id from failed) c),
            added as (
                insert into disbursement.chunk (id, envelope_id, envelope_number, batch_id, slice_id, round, first_seq, last_seq, resolved_lines,
                    lines, amount, unknown_lines, state, attempts, inquiries, fence, is_retry, created_at)
                overriding system value
                select fresh.id, c.envelope_id, c.envelope_number, c.batch_id, -fresh.id, c.round, c.first_seq, c.last_seq, 0, 0, 0, 0, 'Waiting', 0, 0, 0, true, $4
                from fresh join disbursement.chunk c on c.id = fresh.former order by fresh.id
                returning id),
            logged as (
                insert into disbursement.chunk_history (chunk_id, at, from_state, to_state, fence, cause, actor)
                select id, $4, null, 'Waiting', 0, 'to be paid again: ' || $5, $6 from added)
            insert into disbursement.retry_line (line, generation, chunk_id)
            select failed.line, failed.generation + 1, fresh.id from failed join fresh on fresh.former = failed.chunk_id
            returning (select f.amount from failed f where f.line = retry_line.line)
            """,
            [envelopeId, null, lines.ToArray(), now, reason, actor],
            reader => reader.GetDecimal(0),
            cancellationToken);
        await source.CommitAsync(transaction, cancellationToken);
        return (added.Count, added.Sum());
    }

    /// <summary>Room in the envelope's block for payments that are not on their way.</summary>
    public async Task<decimal?> RoomAsync(string envelopeId, CancellationToken cancellationToken)
    {
        var rows = await source.QueryAsync(
            "select blocked_amount - sent_amount - unknown_amount - in_flight_amount from disbursement.envelope where envelope_id = $1", [envelopeId], reader => reader.GetDecimal(0), cancellationToken);
        return rows is [var room] ? room : null;
    }
}
