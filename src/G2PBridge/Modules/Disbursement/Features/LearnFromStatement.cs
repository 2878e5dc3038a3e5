using G2PBridge.Modules.Disbursement.Contracts;
using G2PBridge.Modules.Disbursement.Domain;
using G2PBridge.Modules.Disbursement.Persistence;
using G2PBridge.Platform.Jobs;
using G2PBridge.Platform.Persistence;
using MediatR;
using Npgsql;

namespace G2PBridge.Modules.Disbursement.Features;

/// <summary>
/// What bank statements prove. A statement outweighs every answer and every inquiry: a debit means that the bank has the payment, a return
/// that its money came back. Both work in sets, and a statement that says nothing new costs one look.
/// </summary>
internal static partial class LearnFromStatement
{
    private const string Actor = "statement";

    internal sealed partial class Confirm(BridgeDatabase source, TimeProvider clock, WorkSignal signal, ILogger<Confirm> logger) : AsyncRequestHandler<ConfirmSent>
    {
        protected override async Task Handle(ConfirmSent request, CancellationToken cancellationToken)
        {
            var references = request.References.Distinct().ToArray();
            await using var connection = await source.OpenConnectionAsync(cancellationToken);
            var chunks = await LineChanges.ChunksThatLearnAsync(connection, references, cancellationToken);
            if (chunks.Count == 0)
            {
                return;
            }

            var now = clock.GetUtcNow();
            await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
            var unsent = await LineChanges.LockChunksAsync(connection, chunks, cancellationToken);
            if (unsent.Count > 0)
            {
                await LineChanges.DoubtUnsentAsync(connection, [.. unsent], now, cancellationToken);
            }

            var lines = await LineChanges.ReadAsync(connection, references, chunks, cancellationToken);
            foreach (var line in lines.Where(line => line.State == LineState.Refused))
            {
                LogDebitedAfterRefusal(line.Line, line.Generation, line.HasNext);
            }

            LineChange[] changes =
            [
                .. lines.Where(line => line.State is LineState.Sending or LineState.Unknown || (line.State == LineState.Refused && !line.HasNext))
                    .Select(line => new LineChange(line, LineState.Sent, null, null, request.Proof)),
            ];
            await LineChanges.ApplyAsync(connection, changes, now, Actor, cancellationToken);
            await source.CommitAsync(transaction, cancellationToken);
            LogConfirmed(changes.Length);
            await signal.RaiseAsync(Work.FinishEnvelopes, cancellationToken);
        }

        [LoggerMessage(3040, LogLevel.Information, "{Count} lines whose outcome was open are proved sent by a statement")]
        private partial void LogConfirmed(int count);

        [LoggerMessage(3041, LogLevel.Error, "Line {Line}, generation {Generation} was debited although the bank had called it unpaid; paid again since: {PaidAgain}")]
        private partial void LogDebitedAfterRefusal(long line, short generation, bool paidAgain);
    }

    internal sealed partial class Return(BridgeDatabase source, TimeProvider clock, WorkSignal signal, ILogger<Return> logger) : AsyncRequestHandler<RecordReturned>
    {
        protected override async Task Handle(RecordReturned request, CancellationToken cancellationToken)
        {
            var byReference = request.Payments.GroupBy(payment => payment.Reference).ToDictionary(group => group.Key, group => group.First());
            PaymentReference[] references = [.. byReference.Keys];
            var now = clock.GetUtcNow();
            await using var connection = await source.OpenConnectionAsync(cancellationToken);
            var chunks = await LineChanges.ChunksOfAsync(connection, references, cancellationToken);
            if (chunks.Count == 0)
            {
                return;
            }

            await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
            var unsent = await LineChanges.LockChunksAsync(connection, chunks, cancellationToken);
            if (unsent.Count > 0)
            {
                await LineChanges.DoubtUnsentAsync(connection, await UnsentAsync(connection, references, unsent, cancellationToken), now, cancellationToken);
            }

            var lines = await LineChanges.ReadAsync(connection, references, chunks, cancellationToken);
            LineChange[] changes =
            [
                .. lines.Where(line => LineTransitions.Allows(line.State, LineState.Returned) && !line.HasNext)
                    .Select(line => (Line: line, Payment: byReference[new PaymentReference(line.Line, line.Generation)]))
                    .Select(pair => new LineChange(pair.Line, LineState.Returned, pair.Payment.ReasonCode, null, pair.Payment.Proof)),
            ];
            await LineChanges.ApplyAsync(connection, changes, now, Actor, cancellationToken);
            await source.CommitAsync(transaction, cancellationToken);
            LogReturned(changes.Length);
            await signal.RaiseAsync(Work.FinishEnvelopes, cancellationToken);
        }

        private static async Task<long[]> UnsentAsync(NpgsqlConnection connection, PaymentReference[] references, HashSet<long> chunks, CancellationToken cancellationToken) =>
            [.. (await LineChanges.ReadAsync(connection, references, [.. chunks], cancellationToken)).Where(line => line.State == LineState.Prepared).Select(line => line.ChunkId).Distinct()];

        [LoggerMessage(3042, LogLevel.Information, "{Count} payments came back")]
        private partial void LogReturned(int count);
    }
}
