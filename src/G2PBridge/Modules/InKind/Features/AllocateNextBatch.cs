using G2PBridge.Connectors;
using G2PBridge.Modules.InKind.Contracts;
using G2PBridge.Modules.InKind.Domain;
using G2PBridge.Modules.InKind.Persistence;
using G2PBridge.Platform.Jobs;
using MediatR;
using Microsoft.Extensions.Options;

namespace G2PBridge.Modules.InKind.Features;

/// <summary>
/// Finds the warehouse, then the agency, for every place of a batch: one question to the directory, one choice by the configured strategy, one statement. A place
/// that nobody serves is named and looked at again in rounds; the others go on.
/// </summary>
internal static partial class AllocateNextBatch
{
    internal sealed record Command : IRequest<bool>;

    internal sealed partial class Handler(
        TaskStore tasks, AllocationStore allocations, IInKindConnectors connectors, WorkSignal signal, IOptions<InKindOptions> options, TimeProvider clock, ILogger<Handler> logger)
        : IRequestHandler<Command, bool>
    {
        private readonly InKindOptions _options = options.Value;

        public async Task<bool> Handle(Command request, CancellationToken cancellationToken)
        {
            if (await tasks.ClaimAsync([TaskKind.WarehouseAllocation, TaskKind.AgencyAllocation], _options.Lease, cancellationToken) is not { } task)
            {
                return false;
            }

            var places = await allocations.ReadOpenAsync(task, cancellationToken);
            switch (places.Count == 0 ? new ServicePointAnswer.Answered([], []) : await AskAsync(task, places, cancellationToken))
            {
                case ServicePointAnswer.Answered answer:
                    await SettleAsync(task, places, answer, cancellationToken);
                    break;
                case ServicePointAnswer.Failed failed:
                    var due = clock.GetUtcNow() + BackOff.After(task.FailedAttempts + 1, _options.FirstFailureDelay, _options.LongestFailureDelay);
                    await tasks.SettleAsync(task, new TaskOutcome(TaskState.Pending, failed.Code, due, false, failed.Code, failed.Why), _ => Task.FromResult(false), cancellationToken);
                    LogFailed(task.Kind, task.BatchId, failed.Code, task.FailedAttempts + 1);
                    break;
            }

            return true;
        }

        private async Task<ServicePointAnswer> AskAsync(ClaimedTask task, List<OpenPlace> places, CancellationToken cancellationToken)
        {
            if (connectors.FindDirectory(KindOf(task)) is not { } directory)
            {
                return new ServicePointAnswer.Failed(ReasonCodes.DirectoryNotConfigured, $"No directory is configured under InKind:{(task.Kind == TaskKind.WarehouseAllocation ? "Warehouses" : "Agencies")}.");
            }

            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(_options.CallTimeout);
            try
            {
                var question = new ServicePointQuestion(task.ProgrammeId, task.BenefitCodeId, [.. places.Select(place => place.ZoneId).Distinct(StringComparer.Ordinal)]);
                return await directory.FindAsync(question, limit.Token).WaitAsync(_options.CallTimeout, cancellationToken);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                throw;
            }
#pragma warning disable CA1031 // A ministry's own connector may throw anything; that is a failed attempt.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                return new ServicePointAnswer.Failed(ReasonCodes.ConnectorFault, exception.GetType().Name);
            }
        }

        private async Task SettleAsync(ClaimedTask task, List<OpenPlace> places, ServicePointAnswer.Answered answer, CancellationToken cancellationToken)
        {
            var chosen = new Dictionary<string, ServicePoint>(StringComparer.Ordinal) as IReadOnlyDictionary<string, ServicePoint>;
            if (places.Count > 0)
            {
                var rules = task.Kind == TaskKind.WarehouseAllocation ? _options.Warehouses : _options.Agencies;
                chosen = Allocation.Choose(rules.Strategy, rules.Seed, places, answer, await allocations.ReadHistoryAsync(task, places, cancellationToken));
            }

            var now = clock.GetUtcNow();
            var open = places.Count - chosen.Count;
            var outcome = open == 0 ? new TaskOutcome(TaskState.Done, "every place is served", now, true)
                : _options.DelayAfterRound(task.Rounds + 1) is { } delay ? new TaskOutcome(TaskState.Incomplete, "some places are not served", now + delay, true)
                : new TaskOutcome(TaskState.Exhausted, "some places are not served after the last round", now, true);
            var settled = await tasks.SettleAsync(task, outcome, async connection =>
            {
                await allocations.WriteAsync(connection, task, places, chosen, now, cancellationToken);
                if (task.Kind == TaskKind.WarehouseAllocation && chosen.Count > 0)
                {
                    await tasks.WakeAsync(connection, task.BatchId, TaskKind.AgencyAllocation, cancellationToken);
                }

                if (task is { Kind: TaskKind.AgencyAllocation, IsCash: true })
                {
                    await tasks.WakeAsync(connection, task.BatchId, TaskKind.Payout, cancellationToken);
                }

                return await AllocationStore.HasUntouchedAsync(connection, task, cancellationToken);
            }, cancellationToken);
            if (settled)
            {
                LogAllocated(task.Kind, task.BatchId, chosen.Count, open);
                await signal.RaiseAsync(Work.AllocateServicePoints, cancellationToken);
                await signal.RaiseAsync(Work.AddPayouts, cancellationToken);
                await signal.RaiseAsync(Work.TakeNotices, cancellationToken);
            }
        }

        private static ServicePointKind KindOf(ClaimedTask task) => task.Kind == TaskKind.WarehouseAllocation ? ServicePointKind.Warehouse : ServicePointKind.Agency;

        [LoggerMessage(5020, LogLevel.Information, "{Task} of batch {Batch}: {Places} places are served, {Open} are not")]
        private partial void LogAllocated(TaskKind task, string batch, int places, int open);

        [LoggerMessage(5021, LogLevel.Warning, "{Task} of batch {Batch}: the directory failed ({Code}), attempt {Attempt} in a row; it is asked again")]
        private partial void LogFailed(TaskKind task, string batch, string code, int attempt);
    }
}
