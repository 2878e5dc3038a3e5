using G2PBridge.Modules.Disbursement.Domain;
using G2PBridge.Modules.Envelopes.Contracts;
using G2PBridge.Platform.Persistence;
using Npgsql;

namespace G2PBridge.Modules.Disbursement.Persistence;

/// <summary>
/// Ends chunks whose lines were resolved after their envelope was complete: the money went back, so they are not paid in this envelope, and each
/// line says so. Nothing of them was ever on record as an intent, and a complete envelope takes none any more.
/// </summary>
internal sealed class LateLines(BridgeDatabase source, TimeProvider clock)
{
    /// <summary>False when the envelope is not complete, or the lease was lost; then nothing changes.</summary>
    public async Task<bool> EndAsync(ClaimedChunk chunk, IReadOnlyList<LineFacts> lines, CancellationToken cancellationToken)
    {
        ChunkTransitions.Require(ChunkState.Claimed, ChunkState.Empty);
        var now = clock.GetUtcNow();
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using var end = await connection.PreparedAsync(
            """
            with moved as (
                update disbursement.chunk c set state = 'Empty', lease_until = null, settled_at = $3, last_error_code = $4, last_error = 'the envelope was complete'
                where c.id = $1 and c.fence = $2 and c.state = 'Claimed' and c.prepared_at is null
                    and exists (select from disbursement.envelope e where e.envelope_id = c.envelope_id and e.complete_at is not null)
                returning c.id, c.envelope_id, c.fence),
            logged as (
                insert into disbursement.chunk_history (chunk_id, at, from_state, to_state, fence, cause, actor)
                select id, $3, 'Claimed', 'Empty', fence, $4, 'disbursement' from moved)
            select id from moved
            """, cancellationToken,
            chunk.Id, chunk.Fence, now, DispatchCodes.ResolvedTooLate);
        if (await end.ExecuteScalarAsync(cancellationToken) is null)
        {
            return false;
        }

        await using var batch = new NpgsqlBatch(connection);
        batch.Add(
            """
            with late as (
                insert into disbursement.line_state (line, generation, chunk_id, envelope_id, state, reason_code, not_found, since)
                select line, 0, $2, $3, 'TooLate', $4, 0, $5 from unnest($1::bigint[]) as n(line) on conflict (line, generation) do nothing returning line)
            insert into disbursement.line_history (line, generation, at, from_state, to_state, cause, actor)
            select line, 0, $5, null, 'TooLate', $4, 'disbursement' from late
            """,
            lines.Select(line => line.Seq).ToArray(), chunk.Id, chunk.EnvelopeId, DispatchCodes.ResolvedTooLate, now);
        batch.Add(
            "update disbursement.envelope set too_late_lines = too_late_lines + $2, too_late_amount = too_late_amount + $3 where envelope_id = $1",
            chunk.EnvelopeId, lines.Count, lines.Sum(line => line.Quantity));
        await batch.RunPreparedAsync(cancellationToken);
        await source.CommitAsync(transaction, cancellationToken);
        return true;
    }
}
