using System.Diagnostics;
using G2PBridge.Connectors;
using G2PBridge.Modules.Disbursement.Contracts;
using G2PBridge.Modules.Disbursement.Domain;
using G2PBridge.Modules.Disbursement.Persistence;
using G2PBridge.Modules.Envelopes.Contracts;
using G2PBridge.Modules.Funds.Contracts;
using G2PBridge.Modules.Resolution.Contracts;
using G2PBridge.Platform.Jobs;
using G2PBridge.Platform.Persistence;
using G2PBridge.Platform.Protection;
using MediatR;
using Microsoft.Extensions.Options;

namespace G2PBridge.Modules.Disbursement.Features;

/// <summary>
/// Sends one chunk: claim it, write the intent, call the bank with no transaction open, settle under the fence. Wherever this stops,
/// either nothing was sent and the chunk is as before, or the intent is on record and the chunk becomes unknown; it is never sent twice.
/// </summary>
internal static partial class SendNextChunk
{
    private const short FirstGeneration = 1;

    internal sealed record Command : IRequest<bool>;

    /// <summary>An order whose intent is committed.</summary>
    private sealed record ReadyOrder(PaymentOrder Order, IReadOnlyList<PreparedPayment> Payments, long LeasedAt);

    internal sealed partial class Handler(
        IMediator mediator, BridgeDatabase source, ChunkQueue queue, Settlement settlement, LateLines late, ReferencePrefix prefix, IBankConnectors banks,
        [FromKeyedServices(DisbursementModule.Sending)] Lanes lanes,
        ISendObserver observer, Pauses pauses, IOptions<DisbursementOptions> options, IOptions<LimitsOptions> limits, DataProtector protector, TimeProvider clock, WorkSignal signal, ILogger<Handler> logger) : IRequestHandler<Command, bool>
    {
        private readonly DisbursementOptions _options = options.Value;
        private readonly KeyedHash _hash = protector.Hash(PreparedPayment.Purpose);

        public async Task<bool> Handle(Command request, CancellationToken cancellationToken)
        {
            foreach (var code in banks.Codes)
            {
                using var lane = lanes.TryEnter(code);
                if (lane is not null && await queue.ClaimAsync(code, _options.Lease, cancellationToken) is { } chunk)
                {
                    observer.Reached(SendStep.Claimed, chunk.Id);
                    await SendAsync(chunk, banks.Find(code)!, cancellationToken);
                    return true;
                }
            }

            return false;
        }

        private async Task SendAsync(ClaimedChunk chunk, IBankConnector bank, CancellationToken cancellationToken)
        {
            IReadOnlyList<FinancialAddress> addresses;
            try
            {
                addresses = await mediator.Send(new ReadAddresses(chunk.Lines, chunk.Round), cancellationToken);
            }
            catch (SealedTextException broken)
            {
                // Somebody changed a row, or took a key away. Nothing was sent, and verify names the row.
                await queue.GiveBackAsync(chunk, _options.LongestRetry, DispatchCodes.AddressNotReadable, "needs a person", cancellationToken);
                LogNotReadable(chunk.Id, chunk.EnvelopeId, broken.Message);
                return;
            }

            observer.Reached(SendStep.AddressesRead, chunk.Id);
            if (await PrepareAsync(chunk, bank, addresses, cancellationToken) is not { } ready)
            {
                return;
            }

            observer.Reached(SendStep.IntentCommitted, chunk.Id);
            var answer = await CallAsync(chunk, bank, ready);
            observer.Reached(SendStep.CallAnswered, chunk.Id);
            var pause = answer is PaymentAnswer.NotSent { RetryAfter: { } wish } ? wish : BackOff.After(chunk.Attempts, _options.FirstRetry, _options.LongestRetry);
            var state = await settlement.SettleAsync(chunk, ready.Payments, answer, pause, _options.FirstInquiry, CancellationToken.None);
            observer.Reached(SendStep.Settled, chunk.Id);
            if (state is null)
            {
                LogLeaseLost(chunk.Id, chunk.Fence);
                return;
            }

            LogSettled(chunk.Id, chunk.EnvelopeId, state.Value, ready.Payments.Count);
            if (state == ChunkState.Prepared)
            {
                return;
            }

            await signal.RaiseAsync(state == ChunkState.Unknown ? Work.InquireUnknown : Work.FinishEnvelopes, CancellationToken.None);
        }

        /// <summary>Everything that decides what is paid is read after the gate is taken; null when there is nothing to send now.</summary>
        private async Task<ReadyOrder?> PrepareAsync(ClaimedChunk chunk, IBankConnector bank, IReadOnlyList<FinancialAddress> addresses, CancellationToken cancellationToken)
        {
            var today = await mediator.Send(new ReadProgrammeToday(chunk.ProgrammeMnemonic), cancellationToken);
            var mark = await prefix.ReadAsync(cancellationToken);
            await using var intent = await IntentWriter.OpenAsync(source, chunk, observer, clock.GetUtcNow(), cancellationToken);
            if (await intent.IsPausedAsync(cancellationToken))
            {
                await intent.DisposeAsync();
                await queue.GiveBackAsync(chunk, TimeSpan.Zero, DispatchCodes.Paused, "held by a pause", cancellationToken);
                return null;
            }

            var envelope = (await mediator.Send(new ReadEnvelopes([chunk.EnvelopeId]), cancellationToken)).Single();
            var lines = await mediator.Send(new ReadLines(chunk.Lines), cancellationToken);
            observer.Reached(SendStep.LinesRead, chunk.Id);

            if (chunk.IsPrepared)
            {
                return await ResumeAsync(chunk, intent, lines, addresses, mark, today, cancellationToken);
            }

            var byLine = addresses.ToDictionary(address => address.Seq);
            var retries = chunk.IsRetry ? await intent.ReadRetriesAsync(cancellationToken) : null;
            var due = lines.Where(line => byLine.ContainsKey(line.Seq) && retries?.ContainsKey(line.Seq) != false).ToArray();
            long[] nothing = [.. due.Where(line => line.Quantity == 0).Select(line => line.Seq)];
            if (envelope.Status == EnvelopeStatus.Cancelled || nothing.Length == due.Length)
            {
                var cancelled = envelope.Status == EnvelopeStatus.Cancelled;
                await intent.EndEmptyAsync(cancelled ? [] : nothing, cancelled ? "envelope cancelled" : "nothing to pay", cancellationToken);
                LogEmpty(chunk.Id, chunk.EnvelopeId);
                await signal.RaiseAsync(Work.FinishEnvelopes, cancellationToken);
                return null;
            }

            PreparedPayment[] payments = [.. due.Where(line => line.Quantity > 0).Select(line => PreparedPayment.Of(line, retries?[line.Seq] ?? FirstGeneration, byLine[line.Seq], chunk.Currency, mark, _hash))];
            if (payments.Length > bank.Capabilities.MostPaymentsPerOrder)
            {
                return await GiveUpAsync(chunk, intent, DispatchCodes.OrderTooLarge, cancellationToken);
            }

            var leasedAt = Stopwatch.GetTimestamp();
            return await intent.WriteAsync(payments, nothing, LimitsOf(chunk), today, _options.Lease, cancellationToken) switch
            {
                IntentOutcome.BeyondDayLimit => await PauseAtLimitAsync(chunk, intent, today, cancellationToken),
                IntentOutcome.Written => new ReadyOrder(OrderOf(chunk, payments, today), payments, leasedAt),
                IntentOutcome.BeyondBlock => await EndLateAsync(chunk, intent, due, cancellationToken),
                IntentOutcome.AlreadyInstructed => await GiveUpAsync(chunk, intent, DispatchCodes.AlreadyInstructed, cancellationToken),
                _ => Lost(chunk),
            };
        }

        /// <summary>An intent on record is sent as it was written or not at all.</summary>
        private async Task<ReadyOrder?> ResumeAsync(
            ClaimedChunk chunk, IntentWriter intent, IReadOnlyList<LineFacts> lines, IReadOnlyList<FinancialAddress> addresses, string mark, DateOnly today, CancellationToken cancellationToken)
        {
            var written = await intent.ReadInstructionsAsync(cancellationToken);
            var lineOf = lines.ToDictionary(line => line.Seq);
            var addressOf = addresses.ToDictionary(address => address.Seq);
            PreparedPayment[] payments =
            [
                .. written.Where(instruction => lineOf.ContainsKey(instruction.Line) && addressOf.ContainsKey(instruction.Line))
                    .Select(instruction => PreparedPayment.Of(lineOf[instruction.Line], instruction.Generation, addressOf[instruction.Line], chunk.Currency, mark, _hash)),
            ];
            if (payments.Length != written.Count || !PreparedPayment.HashOf(payments).AsSpan().SequenceEqual(chunk.PayloadHash))
            {
                return await GiveUpAsync(chunk, intent, DispatchCodes.PayloadChanged, cancellationToken);
            }

            var leasedAt = Stopwatch.GetTimestamp();
            return await intent.ResumeAsync(LimitsOf(chunk), today, _options.Lease, cancellationToken) switch
            {
                IntentOutcome.Written => new ReadyOrder(OrderOf(chunk, payments, today), payments, leasedAt),
                IntentOutcome.BeyondDayLimit => await PauseAtLimitAsync(chunk, intent, today, cancellationToken),
                _ => Lost(chunk),
            };
        }

        private async Task<PaymentAnswer> CallAsync(ClaimedChunk chunk, IBankConnector bank, ReadyOrder ready)
        {
            // A process that was stopped since the intent and goes on only now may have been taken for dead already.
            if (Stopwatch.GetElapsedTime(ready.LeasedAt) + _options.CallTimeout > _options.Lease)
            {
                return new PaymentAnswer.NotSent("the lease was used up before the call", null);
            }

            observer.Reached(SendStep.BeforeCall, chunk.Id);
            // Not ended by a shutdown: an order that is on its way is worth the wait, its outcome would be lost.
            using var limit = new CancellationTokenSource(_options.CallTimeout);
            try
            {
                return await bank.InitiatePaymentsAsync(ready.Order, limit.Token).WaitAsync(_options.CallTimeout, CancellationToken.None);
            }
#pragma warning disable CA1031 // The connector contract: whatever it throws means "not known".
            catch (Exception exception)
#pragma warning restore CA1031
            {
                LogCallFailed(chunk.Id, exception.GetType().Name);
                return new PaymentAnswer.NotKnown(exception.GetType().Name);
            }
        }

        private IReadOnlyList<DayLimit> LimitsOf(ClaimedChunk chunk) => limits.Value.AmountsOf(chunk.BankCode, chunk.ProgrammeMnemonic);

        /// <summary>The order was not written. The pause is what everybody else finds, and what a person has to lift.</summary>
        private async Task<ReadyOrder?> PauseAtLimitAsync(ClaimedChunk chunk, IntentWriter intent, DateOnly today, CancellationToken cancellationToken)
        {
            var limit = intent.PassedLimit!.Value;
            await intent.DisposeAsync();
            var scope = limit.Scope == LimitScope.Bank ? PauseScope.Bank : PauseScope.Programme;
            var pause = await pauses.PauseAsync(scope, limit.Value, LimitBook.Why(limit, today, chunk.Currency), LimitBook.Actor, cancellationToken);
            await queue.GiveBackAsync(chunk, TimeSpan.Zero, DispatchCodes.DayLimit, "held by a limit", cancellationToken);
            LogLimitReached(pause.Id, limit.Scope, chunk.EnvelopeId);
            return null;
        }

        private async Task<ReadyOrder?> GiveUpAsync(ClaimedChunk chunk, IntentWriter intent, string code, CancellationToken cancellationToken)
        {
            await intent.DisposeAsync();
            await queue.GiveBackAsync(chunk, _options.LongestRetry, code, "needs a person", cancellationToken);
            LogGivenBack(chunk.Id, chunk.EnvelopeId, code);
            return null;
        }

        /// <summary>A complete envelope sends nothing more; the lines that came too late for it say so, and a follow-up envelope can pay them.</summary>
        private async Task<ReadyOrder?> EndLateAsync(ClaimedChunk chunk, IntentWriter intent, LineFacts[] lines, CancellationToken cancellationToken)
        {
            await intent.DisposeAsync();
            if (chunk.IsRetry || !await late.EndAsync(chunk, lines, cancellationToken))
            {
                return await GiveUpAsync(chunk, intent, DispatchCodes.BeyondBlock, cancellationToken);
            }

            LogTooLate(chunk.Id, chunk.EnvelopeId, lines.Length);
            return null;
        }

        private ReadyOrder? Lost(ClaimedChunk chunk)
        {
            LogLeaseLost(chunk.Id, chunk.Fence);
            return null;
        }

        private static PaymentOrder OrderOf(ClaimedChunk chunk, IReadOnlyList<PreparedPayment> payments, DateOnly today) => new(
            chunk.IdempotencyKey, chunk.AccountNumber, chunk.AccountType, chunk.BranchCode, chunk.Currency, chunk.BlockReference, today,
            chunk.ProgrammeMnemonic, chunk.CycleMnemonic, [.. payments.Select(payment => payment.Payment)]);

        [LoggerMessage(3010, LogLevel.Information, "Chunk {ChunkId} of envelope {EnvelopeId} is {State}, {Lines} lines")]
        private partial void LogSettled(long chunkId, string envelopeId, ChunkState state, int lines);

        [LoggerMessage(3011, LogLevel.Warning, "Chunk {ChunkId}: the lease of claim {Fence} was lost; what this process knows of it is left unwritten")]
        private partial void LogLeaseLost(long chunkId, long fence);

        [LoggerMessage(3012, LogLevel.Information, "Chunk {ChunkId} of envelope {EnvelopeId}: nothing in it has to be paid")]
        private partial void LogEmpty(long chunkId, string envelopeId);

        [LoggerMessage(3013, LogLevel.Error, "Chunk {ChunkId} of envelope {EnvelopeId} cannot be sent: {Code}")]
        private partial void LogGivenBack(long chunkId, string envelopeId, string code);

        [LoggerMessage(3018, LogLevel.Critical, "Chunk {ChunkId} of envelope {EnvelopeId} cannot be sent. {Why} Pause everything and run 'g2pbridge verify'")]
        private partial void LogNotReadable(long chunkId, string envelopeId, string why);

        [LoggerMessage(3017, LogLevel.Error, "The amount per day of scope {Scope} is reached; pause {PauseId} holds envelope {EnvelopeId} until somebody lifts it")]
        private partial void LogLimitReached(long pauseId, LimitScope scope, string envelopeId);

        [LoggerMessage(3015, LogLevel.Warning, "Chunk {ChunkId} of envelope {EnvelopeId}: {Lines} lines were resolved after the envelope was complete and are not paid in it")]
        private partial void LogTooLate(long chunkId, string envelopeId, int lines);

        [LoggerMessage(3014, LogLevel.Warning, "Chunk {ChunkId}: the call to the bank ended with {Exception}; the outcome is unknown")]
        private partial void LogCallFailed(long chunkId, string exception);
    }
}
