using G2PBridge.Modules.Envelopes.Contracts;
using G2PBridge.Modules.Resolution.Contracts;
using G2PBridge.Modules.Resolution.Domain;
using G2PBridge.Modules.Resolution.Persistence;
using G2PBridge.Platform.Jobs;
using MediatR;
using Microsoft.Extensions.Options;

namespace G2PBridge.Modules.Resolution.Features;

/// <summary>
/// Asks the mapper about the people of one slice. Claim, ask with no transaction open, settle under the fence. Asking moves no
/// money, so a dead worker's slice is simply asked about again; only the settlement must happen once, and the fence sees to that.
/// </summary>
internal static partial class ResolveNextSlice
{
    internal sealed record Command : IRequest<bool>;

    internal sealed partial class Handler(
        IMediator mediator, SliceStore slices, AddressStore addresses, AskMapper mapper, IEnumerable<IPayoutDirectory> payouts, WorkSignal signal, IOptions<ResolutionOptions> options, TimeProvider clock,
        ILogger<Handler> logger) : IRequestHandler<Command, bool>
    {
        public async Task<bool> Handle(Command request, CancellationToken cancellationToken)
        {
            if (await slices.ClaimAsync(options.Value.Lease, cancellationToken) is not { } slice)
            {
                return false;
            }

            var envelope = (await mediator.Send(new ReadEnvelopes([slice.EnvelopeId]), cancellationToken)).SingleOrDefault();
            var rule = await mediator.Send(new ReadSharedAddressRule(envelope?.ProgrammeMnemonic), cancellationToken);
            var (outcome, missing) = await AskAsync(slice, envelope, cancellationToken);
            var settlement = Judge(slice, outcome, missing, rule);
            if (!await slices.SettleAsync(slice, settlement, cancellationToken))
            {
                LogLeaseLost(slice.Id, slice.BatchId);
                return true;
            }

            if (outcome.Failure is { } failure)
            {
                LogFailed(slice.Id, slice.BatchId, Masked.Text(failure.Code), settlement.FailedAttempts, outcome.NotAsked);
            }

            LogSettled(slice.Id, slice.BatchId, settlement.Status, outcome.Resolved.Count, outcome.Unresolved.Count);
            if (rule != SharedAddressRule.Allow)
            {
                await signal.RaiseAsync(Work.CheckSharedAddresses, cancellationToken);
            }

            if (outcome.Resolved.Count > 0)
            {
                await signal.RaiseAsync(Work.TakeFundedWork, cancellationToken);
            }

            return true;
        }

        private async Task<(AttemptOutcome Outcome, IReadOnlyList<LineFacts> Missing)> AskAsync(ClaimedSlice slice, EnvelopeFacts? envelope, CancellationToken cancellationToken)
        {
            try
            {
                await using var lease = new LeaseKeeper(slices, slice, options.Value.Lease);
                // A cancelled envelope is never paid, so its people are nobody's business any more.
                var missing = envelope is { Status: EnvelopeStatus.Cancelled } ? [] : await mediator.Send(new ReadLines(slice.Range), cancellationToken);
                if (slice.Resolved > 0)
                {
                    var known = await addresses.ReadKnownAsync(slice.Range, cancellationToken);
                    missing = [.. missing.Where(line => !known.Contains(line.Seq))];
                }

                var outcome = slice.HoldsPayouts
                    ? await AskMapper.AskAsync(payouts.LastOrDefault(), missing, slice.FailedAttempts, cancellationToken)
                    : await mapper.AskAsync(missing, slice.FailedAttempts, cancellationToken);
                return (outcome, missing);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                // The host stops in good order: the next one must not wait for the lease.
                await slices.GiveBackAsync(slice, CancellationToken.None);
                throw;
            }
        }

        private Settlement Judge(ClaimedSlice slice, AttemptOutcome outcome, IReadOnlyList<LineFacts> asked, SharedAddressRule rule)
        {
            var now = clock.GetUtcNow();
            var withAddress = outcome.Resolved.Select(item => item.Line.Seq).ToHashSet();
            var missing = asked.Select(line => line.Seq).Where(seq => !withAddress.Contains(seq)).ToArray();
            var failures = outcome.Failure is null ? 0 : slice.FailedAttempts + 1;
            var (status, cause, due) = (outcome, missing) switch
            {
                ({ NotAsked: > 0, Failure: { } failure }, _) => (SliceStatus.Pending, failure.Code, now + options.Value.DelayAfterFailure(failures)),
                (_, []) => (SliceStatus.Resolved, "nobody is without an address", now),
                _ when options.Value.DelayAfterRound(slice.Rounds + 1) is { } delay => (SliceStatus.Incomplete, "some have no address", now + delay),
                _ => (SliceStatus.Exhausted, "some have no address after the last round", now),
            };
            return new(
                status, AddressCheck.Tidy(Masked.Text(cause), 64)!, due, failures, AddressCheck.Tidy(Masked.Text(outcome.Failure?.Code), 64), AddressCheck.Tidy(Masked.Text(outcome.Failure?.Why), 500),
                // One agency hands out the cash of many places.
                outcome.Resolved, outcome.Unresolved, missing, slice.HoldsPayouts ? SharedAddressRule.Allow : rule);
        }

        [LoggerMessage(2010, LogLevel.Information, "Slice {Slice} of batch {Batch} is {Status}: {Resolved} resolved, {Unresolved} without an address")]
        private partial void LogSettled(long slice, string batch, SliceStatus status, int resolved, int unresolved);

        [LoggerMessage(2011, LogLevel.Warning, "The mapper failed slice {Slice} of batch {Batch} ({Code}), attempt {Attempt} in a row; {NotAsked} people were not asked about and will be")]
        private partial void LogFailed(long slice, string batch, string code, int attempt, int notAsked);

        [LoggerMessage(2012, LogLevel.Warning, "The lease on slice {Slice} of batch {Batch} was lost; what the mapper answered is left to the next worker")]
        private partial void LogLeaseLost(long slice, string batch);
    }
}
