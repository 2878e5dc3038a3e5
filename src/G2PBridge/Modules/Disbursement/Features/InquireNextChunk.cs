using G2PBridge.Connectors;
using G2PBridge.Modules.Disbursement.Contracts;
using G2PBridge.Modules.Disbursement.Domain;
using G2PBridge.Modules.Disbursement.Persistence;
using G2PBridge.Modules.Funds.Contracts;
using G2PBridge.Platform.Jobs;
using G2PBridge.Platform.Persistence;
using MediatR;
using Microsoft.Extensions.Options;
using Npgsql;

namespace G2PBridge.Modules.Disbursement.Features;

/// <summary>
/// Asks a bank about payments that it may or may not have. Asking changes nothing at the bank, so the claim moves no state and a dead one
/// is simply claimed again. "Not found" counts only when it was heard twice, the second time after the bank's own time for finding it.
/// </summary>
internal static partial class InquireNextChunk
{
    private const string Actor = "bank inquiry";

    internal sealed record Command : IRequest<bool>;

    internal sealed partial class Handler(
        BridgeDatabase source, ReferencePrefix prefix, IBankConnectors banks, [FromKeyedServices(DisbursementModule.Asking)] Lanes lanes, IOptions<DisbursementOptions> options, TimeProvider clock,
        WorkSignal signal, ILogger<Handler> logger)
        : IRequestHandler<Command, bool>
    {
        private readonly DisbursementOptions _options = options.Value;

        private readonly record struct Claim(long Id, long Fence, int Inquiries, TimeSpan UnknownFor);

        public async Task<bool> Handle(Command request, CancellationToken cancellationToken)
        {
            foreach (var code in banks.Codes)
            {
                var bank = banks.Find(code)!;
                using var lane = bank.Capabilities.CanInquire ? lanes.TryEnter(code) : null;
                if (lane is not null && await ClaimAsync(code, cancellationToken) is { } claim)
                {
                    await InquireAsync(bank, claim, cancellationToken);
                    return true;
                }
            }

            return false;
        }

        private async Task InquireAsync(IBankConnector bank, Claim claim, CancellationToken cancellationToken)
        {
            await using var connection = await source.OpenConnectionAsync(cancellationToken);
            var unknown = await LineChanges.UnknownOfChunkAsync(connection, claim.Id, cancellationToken);
            await connection.CloseAsync();
            var answers = await AskAsync(bank, claim, unknown, cancellationToken);
            var (known, left) = await SettleAsync(claim, bank, unknown, answers, cancellationToken);
            LogAsked(claim.Id, unknown.Count, known, left);
            if (left == 0)
            {
                await signal.RaiseAsync(Work.FinishEnvelopes, cancellationToken);
            }
        }

        private async Task<Claim?> ClaimAsync(string bankCode, CancellationToken cancellationToken)
        {
            var claims = await source.ChangeAsync(
                """
                update disbursement.chunk c set fence = c.fence + 1, inquiries = c.inquiries + 1, lease_until = now() + $3
                from (
                    select id from disbursement.chunk
                    where unknown_lines > 0 and due_at <= $2 and bank_code = $1 and state in ('Unknown', 'Sent', 'Refused') and (lease_until is null or lease_until < now())
                    order by due_at limit 1 for update skip locked) as next
                where c.id = next.id
                returning c.id, c.fence, c.inquiries, coalesce(now() - c.unknown_at, interval '0')
                """,
                [bankCode, clock.GetUtcNow(), _options.Lease],
                reader => new Claim(reader.GetInt64(0), reader.GetInt64(1), reader.GetInt32(2), reader.GetTimeSpan(3)),
                cancellationToken);
            return claims is [var claim] ? claim : null;
        }

        private async Task<Dictionary<PaymentReference, PaymentInquiry>> AskAsync(IBankConnector bank, Claim claim, List<LineSnapshot> unknown, CancellationToken cancellationToken)
        {
            var mark = await prefix.ReadAsync(cancellationToken);
            var answers = new Dictionary<PaymentReference, PaymentInquiry>(unknown.Count);
            foreach (var part in unknown.Chunk(bank.Capabilities.MostPaymentsPerOrder))
            {
                using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
                limit.CancelAfter(_options.CallTimeout);
                try
                {
                    string[] references = [.. part.Select(line => new PaymentReference(line.Line, line.Generation).Format(mark))];
                    foreach (var answer in await bank.InquireAsync(references, limit.Token).WaitAsync(_options.CallTimeout, cancellationToken))
                    {
                        if (PaymentReference.TryParse(answer.Reference, mark, out var reference))
                        {
                            answers[reference] = answer;
                        }
                    }
                }
#pragma warning disable CA1031 // The connector contract: whatever it throws means "not known".
                catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
#pragma warning restore CA1031
                {
                    LogAskFailed(claim.Id, exception.GetType().Name);
                    break;
                }
            }

            return answers;
        }

        private async Task<(int Known, int Left)> SettleAsync(
            Claim claim, IBankConnector bank, List<LineSnapshot> asked, Dictionary<PaymentReference, PaymentInquiry> answers, CancellationToken cancellationToken)
        {
            var now = clock.GetUtcNow();
            var pause = BackOff.After(claim.Inquiries + 1, _options.FirstInquiry, _options.LongestInquiry);
            // Measured when the question was put, by the database's clock on both ends: hosts may disagree about the time, and too early would
            // be a second payment.
            var windowIsOver = bank.Capabilities.NotFoundIsFinalAfter is { } window && claim.UnknownFor >= window;
            await using var connection = await source.OpenConnectionAsync(cancellationToken);
            await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
            await using var held = await connection.PreparedAsync(
                "update disbursement.chunk set lease_until = null, due_at = $3 where id = $1 and fence = $2", cancellationToken, claim.Id, claim.Fence, now + pause);
            if (await held.ExecuteNonQueryAsync(cancellationToken) == 0)
            {
                LogLeaseLost(claim.Id, claim.Fence);
                return (0, asked.Count);
            }

            var (changes, notFound) = (new List<LineChange>(), new List<LineSnapshot>());
            // Read again under the lock: a statement may have settled some meanwhile, and it knows better.
            var unknown = await LineChanges.UnknownOfChunkAsync(connection, claim.Id, cancellationToken);
            foreach (var line in unknown)
            {
                switch (answers.GetValueOrDefault(new PaymentReference(line.Line, line.Generation)))
                {
                    case { Knowledge: PaymentKnowledge.Accepted }:
                        changes.Add(new LineChange(line, LineState.Sent, null, null, "the bank says that it has it"));
                        break;
                    case { Knowledge: PaymentKnowledge.Refused } no:
                        changes.Add(new LineChange(line, LineState.Refused, no.ReasonCode ?? "REFUSED_BY_BANK", no.Reason, "the bank says that it refused it"));
                        break;
                    case { Knowledge: PaymentKnowledge.NotFound } when windowIsOver && line.NotFound > 0:
                        changes.Add(new LineChange(line, LineState.Refused, DispatchCodes.NotFoundAtBank, null, "the bank does not know the reference"));
                        break;
                    case { Knowledge: PaymentKnowledge.NotFound }:
                        notFound.Add(line);
                        break;
                    default:
                        break;
                }
            }

            if (bank.Capabilities.IdempotentPayments && unknown.Count > 0 && changes.Count == unknown.Count && changes.TrueForAll(change => change.ReasonCode == DispatchCodes.NotFoundAtBank)
                && await PutBackAsync(connection, claim, unknown, now, cancellationToken))
            {
                await source.CommitAsync(transaction, cancellationToken);
                LogPutBack(claim.Id, unknown.Count);
                await signal.RaiseAsync(Work.SendChunks, cancellationToken);
                return (0, 0);
            }

            await LineChanges.CountNotFoundAsync(connection, notFound, now, cancellationToken);
            await LineChanges.ApplyAsync(connection, changes, now, Actor, cancellationToken);
            await source.CommitAsync(transaction, cancellationToken);
            return (changes.Count, unknown.Count - changes.Count);
        }

        /// <summary>
        /// The bank has proved of every line of the order that it never had it. Where it honours the order's key, the order goes out once more as it
        /// was: same references, same key, so that even a first order that turned up after all would be the same one. False when something else is
        /// known of any line of the chunk; then each line is settled by itself.
        /// </summary>
        private static async Task<bool> PutBackAsync(NpgsqlConnection connection, Claim claim, List<LineSnapshot> unknown, DateTimeOffset now, CancellationToken cancellationToken)
        {
            ChunkTransitions.Require(ChunkState.Unknown, ChunkState.Prepared);
            await using var chunk = await connection.PreparedAsync(
                """
                update disbursement.chunk c set state = 'Prepared', unknown_lines = 0, unknown_at = null, due_at = $3, last_error_code = $5
                where c.id = $1 and c.fence = $2 and c.state = 'Unknown' and c.lines = $4
                    and not exists (select from disbursement.line_state s where s.chunk_id = c.id and s.state not in ('Unknown', 'NothingToPay', 'TooLate'))
                """, cancellationToken,
                claim.Id, claim.Fence, now, unknown.Count, DispatchCodes.NotFoundAtBank);
            if (await chunk.ExecuteNonQueryAsync(cancellationToken) == 0)
            {
                return false;
            }

            await using var batch = new NpgsqlBatch(connection);
            batch.Add("delete from disbursement.line_state where chunk_id = $1 and state = 'Unknown'", claim.Id);
            batch.Add(
                "insert into disbursement.chunk_history (chunk_id, at, from_state, to_state, fence, cause, actor) values ($1, $2, 'Unknown', 'Prepared', $3, 'the bank knows none of its references', $4)",
                claim.Id, now, claim.Fence, Actor);
            await batch.RunPreparedAsync(cancellationToken);
            var (lines, amount) = (unknown.Count, unknown.Sum(line => line.Amount));
            var counts = new EnvelopeCounts();
            counts.Unknown(unknown[0].EnvelopeId, -lines, -amount);
            counts.InFlight(unknown[0].EnvelopeId, lines, amount);
            await counts.ApplyAsync(connection, now, cancellationToken);
            return true;
        }

        [LoggerMessage(3033, LogLevel.Warning, "Chunk {ChunkId}: the bank never had any of its {Lines} lines; the same order goes out again")]
        private partial void LogPutBack(long chunkId, int lines);

        [LoggerMessage(3030, LogLevel.Information, "Chunk {ChunkId}: asked about {Asked} lines, {Known} are known now, {Left} are not")]
        private partial void LogAsked(long chunkId, int asked, int known, int left);

        [LoggerMessage(3031, LogLevel.Warning, "Chunk {ChunkId}: asking the bank ended with {Exception}")]
        private partial void LogAskFailed(long chunkId, string exception);

        [LoggerMessage(3032, LogLevel.Warning, "Chunk {ChunkId}: the lease of inquiry {Fence} was lost")]
        private partial void LogLeaseLost(long chunkId, long fence);
    }
}
