using G2PBridge.Connectors;
using G2PBridge.Modules.Disbursement.Contracts;
using G2PBridge.Modules.Disbursement.Domain;
using G2PBridge.Platform.Persistence;
using Microsoft.Extensions.Options;
using Npgsql;

namespace G2PBridge.Modules.Disbursement.Persistence;

/// <summary>
/// Writes what the bank answered to an order, under the fence of the claim: whoever lost the lease meanwhile writes nothing. Chunk, lines,
/// counts and history change in one transaction. A handful of statements per chunk, however many lines went well.
/// </summary>
internal sealed partial class Settlement(BridgeDatabase source, TimeProvider clock, ISendObserver observer, IOptions<LimitsOptions> limits, ILogger<Settlement> logger)
{
    public const string Actor = "bank answer";

    /// <summary>The state that the chunk went to; null when the lease was lost.</summary>
    public async Task<ChunkState?> SettleAsync(
        ClaimedChunk chunk, IReadOnlyList<PreparedPayment> payments, PaymentAnswer answer, TimeSpan retryPause, TimeSpan firstInquiry, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        if ((await connection.QueryAsync(
            "select amount from disbursement.chunk where id = $1 and fence = $2 and state = 'Sending' for update", [chunk.Id, chunk.Fence], reader => reader.GetDecimal(0), cancellationToken)) is not [var amount])
        {
            return null;
        }

        observer.Reached(SendStep.SettleStarted, chunk.Id);
        // What a statement said while the bank had not answered yet; it outweighs any answer.
        var known = (await connection.QueryAsync(
            "select line, generation from disbursement.line_state where chunk_id = $1 and state in ('Sent', 'Returned')", [chunk.Id],
            reader => (Line: reader.GetInt64(0), Generation: reader.GetInt16(1)), cancellationToken)).ToHashSet();
        var open = known.Count == 0 ? payments : [.. payments.Where(payment => !known.Contains((payment.Line, payment.Generation)))];
        var openAmount = known.Count == 0 ? amount : open.Sum(payment => payment.Amount);
        var to = ChunkTransitions.Require(ChunkState.Sending, StateAfter(answer, known.Count > 0));
        var changes = ChangesOf(answer, to, chunk, open);

        var leavesDoubt = to == ChunkState.Unknown || changes.Exists(change => change.To == LineState.Unknown);
        var (code, why) = ErrorOf(answer);
        await using (var batch = new NpgsqlBatch(connection))
        {
            batch.Add(
                """
                update disbursement.chunk set state = $2, lease_until = null, due_at = $3, unknown_lines = $4,
                    unknown_at = case when $9 then now() end, sent_at = $5, settled_at = $6, last_error_code = $7, last_error = $8
                where id = $1
                """,
                chunk.Id, to.ToString(),
                to == ChunkState.Prepared ? now + retryPause : leavesDoubt ? now + firstInquiry : null,
                to == ChunkState.Unknown ? open.Count : 0,
                to == ChunkState.Sent ? now : null,
                to is ChunkState.Sent or ChunkState.Refused ? now : null,
                code, why is { Length: > 500 } ? why[..500] : why, leavesDoubt);
            batch.Add(
                "insert into disbursement.chunk_history (chunk_id, at, from_state, to_state, fence, cause, actor) values ($1, $2, 'Sending', $3, $4, $5, $6)",
                chunk.Id, now, to.ToString(), chunk.Fence, code ?? "accepted", Actor);
            await batch.RunPreparedAsync(cancellationToken);
        }

        // Out of flight first: for a moment between the statements nothing may count twice against the block.
        if (to != ChunkState.Prepared)
        {
            var counts = new EnvelopeCounts();
            counts.InFlight(chunk.EnvelopeId, -payments.Count, -amount);
            counts.Sent(chunk.EnvelopeId, known.Count, amount - openAmount);
            if (to == ChunkState.Sent)
            {
                counts.Sent(chunk.EnvelopeId, open.Count - changes.Count, openAmount - changes.Sum(change => change.Line.Amount));
            }
            else if (to == ChunkState.Unknown)
            {
                counts.Unknown(chunk.EnvelopeId, open.Count, openAmount);
            }

            await counts.ApplyAsync(connection, now, cancellationToken);
        }

        await LineChanges.ApplyAsync(connection, changes, now, Actor, cancellationToken);
        if (known.Count > 0)
        {
            await LineChanges.CloseKnownAsync(connection, [chunk.Id], now, Actor, cancellationToken);
        }

        if (to != ChunkState.Prepared && limits.Value.SharesOf(chunk.BankCode) is { } shares)
        {
            var unknown = to == ChunkState.Unknown ? open.Count : changes.Count(change => change.To == LineState.Unknown);
            if (await LimitBook.CountOutcomeAsync(
                connection, shares, chunk.BankCode, chunk.Id, payments.Count, changes.Count(change => change.To == LineState.Refused), unknown, now, cancellationToken))
            {
                LogPausedByLimit(chunk.BankCode);
            }
        }

        observer.Reached(SendStep.BeforeSettleCommit, chunk.Id);
        await source.CommitAsync(transaction, cancellationToken);
        return to;
    }

    private static ChunkState StateAfter(PaymentAnswer answer, bool statementShowsSome) => answer switch
    {
        PaymentAnswer.Accepted => ChunkState.Sent,
        PaymentAnswer.Refused => ChunkState.Refused,
        PaymentAnswer.NotSent when !statementShowsSome => ChunkState.Prepared,
        _ => ChunkState.Unknown,
    };

    private static (string? Code, string? Why) ErrorOf(PaymentAnswer answer) => answer switch
    {
        PaymentAnswer.Refused refused => (CodeOf(refused.ReasonCode), Masked.Text(refused.Reason)),
        PaymentAnswer.NotSent unsent => (DispatchCodes.NotSent, Masked.Text(unsent.Why)),
        PaymentAnswer.NotKnown unknown => (DispatchCodes.OutcomeUnknown, Masked.Text(unknown.Why)),
        _ => (null, null),
    };

    private static List<LineChange> ChangesOf(PaymentAnswer answer, ChunkState to, ClaimedChunk chunk, IReadOnlyList<PreparedPayment> open)
    {
        LineSnapshot Snapshot(PreparedPayment payment) => new(payment.Line, payment.Generation, chunk.Id, chunk.EnvelopeId, payment.Amount, to, LineState.Sending, 0, false);

        switch (answer)
        {
            case PaymentAnswer.Refused refused:
                return [.. open.Select(payment => new LineChange(Snapshot(payment), LineState.Refused, CodeOf(refused.ReasonCode), refused.Reason, "the bank refused the order"))];
            case PaymentAnswer.Accepted accepted when accepted.Refusals.Count > 0 || accepted.ReferencesNotKnown.Count > 0:
                var refusals = new Dictionary<string, PaymentRefusal>(StringComparer.Ordinal);
                foreach (var refusal in accepted.Refusals)
                {
                    refusals.TryAdd(refusal.Reference, refusal);
                }

                var unknown = accepted.ReferencesNotKnown.ToHashSet(StringComparer.Ordinal);
                var changes = new List<LineChange>();
                foreach (var payment in open)
                {
                    // Named as both: the doubt counts, because a refusal would allow a second payment.
                    if (unknown.Contains(payment.Payment.Reference))
                    {
                        changes.Add(new LineChange(Snapshot(payment), LineState.Unknown, DispatchCodes.OutcomeUnknown, null, "the bank did not say"));
                    }
                    else if (refusals.TryGetValue(payment.Payment.Reference, out var refusal))
                    {
                        changes.Add(new LineChange(Snapshot(payment), LineState.Refused, CodeOf(refusal.ReasonCode), refusal.Reason, "the bank refused the payment"));
                    }
                }

                return changes;
            default:
                return [];
        }
    }

    private static string CodeOf(string text) => Masked.Text(text) is var code && code.Length <= 64 ? code : code[..64];

    [LoggerMessage(3016, LogLevel.Error, "Too many of the last payments at bank {Bank} were refused or are unknown; a limit pauses it until somebody lifts the pause")]
    private partial void LogPausedByLimit(string bank);
}
