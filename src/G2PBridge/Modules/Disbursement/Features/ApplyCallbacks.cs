using G2PBridge.Modules.Disbursement.Contracts;
using G2PBridge.Modules.Disbursement.Domain;
using G2PBridge.Modules.Disbursement.Persistence;
using G2PBridge.Platform.Jobs;
using G2PBridge.Platform.Persistence;
using MediatR;
using Microsoft.Extensions.Options;

namespace G2PBridge.Modules.Disbursement.Features;

/// <summary>
/// Does what callbacks say, some hundreds at a time. The rows are the queue: dying repeats the judgement, which then finds nothing new; two
/// hosts at once wait for the chunks' locks, and the second finds nothing new either.
/// </summary>
internal static partial class ApplyCallbacks
{
    private const int Most = 500;
    private const string Actor = "bank callback";
    private const string RefusedLater = "REFUSED_BY_BANK";

    internal sealed record Command : IRequest<bool>;

    internal sealed partial class Handler(
        IMediator mediator, BridgeDatabase source, CallbackStore store, IOptions<DisbursementOptions> options, TimeProvider clock, WorkSignal signal, ILogger<Handler> logger) : IRequestHandler<Command, bool>
    {
        public async Task<bool> Handle(Command request, CancellationToken cancellationToken)
        {
            // One for each payment: what it leads to decides about the next.
            var due = (await store.DueAsync(Most, cancellationToken)).DistinctBy(callback => callback.Payment).ToList();
            if (due.Count == 0)
            {
                return false;
            }

            PaymentReference[] payments = [.. due.Select(callback => callback.Payment)];
            var debited = await mediator.Send(new FindDebitedPayments(payments), cancellationToken);
            var refused = await ApplyAsync(due, payments, debited, cancellationToken);
            // A statement that was booked in the same moment may have looked before we wrote; it knows better.
            if (refused.Length > 0 && await mediator.Send(new FindDebitedPayments(refused), cancellationToken) is { Count: > 0 } after)
            {
                await mediator.Send(new ConfirmSent([.. after], "a statement shows the debit"), cancellationToken);
            }

            await signal.RaiseAsync(Work.FinishEnvelopes, cancellationToken);
            return true;
        }

        private async Task<PaymentReference[]> ApplyAsync(List<WaitingCallback> due, PaymentReference[] payments, IReadOnlySet<PaymentReference> debited, CancellationToken cancellationToken)
        {
            var now = clock.GetUtcNow();
            await using var connection = await source.OpenConnectionAsync(cancellationToken);
            await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
            var chunks = await LineChanges.ChunksOfAsync(connection, payments, cancellationToken);
            await LineChanges.LockChunksAsync(connection, chunks, cancellationToken);
            var lines = await LineChanges.ReadAsync(connection, payments, chunks, cancellationToken);
            long[] doubted = [.. lines.Where(line => line.State == LineState.Prepared).Select(line => line.ChunkId).Distinct()];
            if (doubted.Length > 0)
            {
                await LineChanges.DoubtUnsentAsync(connection, doubted, now, cancellationToken);
                lines = await LineChanges.ReadAsync(connection, payments, chunks, cancellationToken);
            }

            var byPayment = lines.ToDictionary(line => new PaymentReference(line.Line, line.Generation));
            var saidPaid = await CallbackStore.SaidPaidAsync(connection, payments, cancellationToken);
            var ordered = await CallbackStore.OrderedAsync(connection, payments, cancellationToken);
            var (changes, settled) = (new List<LineChange>(), new List<(long, CallbackState, string)>(due.Count));
            foreach (var callback in due)
            {
                var line = byPayment[callback.Payment];
                var effect = Differs(callback, ordered[callback.Payment])
                    ? new CallbackEffect(CallbackState.Conflict, null, "another amount or currency than was ordered")
                    : Callbacks.Judge(callback.Status, line.State, line.HasNext, debited.Contains(callback.Payment) || saidPaid.Contains(callback.Payment));
                settled.Add((callback.Id, effect.State, effect.Note));
                if (effect.State == CallbackState.Conflict)
                {
                    LogConflict(callback.Id, line.Line, line.Generation, effect.Note);
                }

                if (effect.To is { } to)
                {
                    changes.Add(new LineChange(line, to, to == LineState.Refused ? callback.ReasonCode ?? RefusedLater : null, to == LineState.Refused ? callback.Reason : null, effect.Note));
                }
            }

            await LineChanges.ApplyAsync(connection, changes, now, Actor, cancellationToken);
            await CallbackStore.SettleAsync(connection, settled, now, now + options.Value.FirstInquiry, cancellationToken);
            await source.CommitAsync(transaction, cancellationToken);
            LogApplied(due.Count, changes.Count);
            return [.. changes.Where(change => change.To == LineState.Refused).Select(change => new PaymentReference(change.Line.Line, change.Line.Generation))];
        }

        private static bool Differs(WaitingCallback callback, (decimal Amount, string Currency) ordered) =>
            (callback.Amount is { } amount && amount != ordered.Amount) || (callback.Currency is { } currency && !string.Equals(currency, ordered.Currency, StringComparison.OrdinalIgnoreCase));

        [LoggerMessage(3090, LogLevel.Information, "{Callbacks} callbacks of banks were looked at, {Changed} payments changed")]
        private partial void LogApplied(int callbacks, int changed);

        [LoggerMessage(3091, LogLevel.Error, "Callback {Callback} about line {Line}, generation {Generation} contradicts what is known: {Note}")]
        private partial void LogConflict(long callback, long line, short generation, string note);
    }
}
