using G2PBridge.Connectors;
using G2PBridge.Modules.Envelopes.Contracts;
using G2PBridge.Modules.InKind.Contracts;
using G2PBridge.Modules.InKind.Domain;
using G2PBridge.Modules.InKind.Persistence;
using G2PBridge.Platform.Jobs;
using G2PBridge.Platform.Persistence;
using G2PBridge.Platform.Protection;
using MediatR;
using Microsoft.Extensions.Options;

namespace G2PBridge.Modules.InKind.Features;

/// <summary>
/// Asks the target registry where the people of one batch live, and groups them by large and small zone. Claim, ask with no transaction open, settle under
/// the fence. Whoever has no place is named, and asked about again in rounds; a registry that fails says nothing about anybody.
/// </summary>
internal static partial class ResolveNextBatch
{
    internal sealed record Command : IRequest<bool>;

    internal sealed partial class Handler(
        IMediator mediator, BridgeDatabase source, DataProtector protector, TaskStore tasks, IInKindConnectors connectors, WorkSignal signal, IOptions<InKindOptions> options, TimeProvider clock, ILogger<Handler> logger)
        : IRequestHandler<Command, bool>
    {
        private readonly InKindOptions _options = options.Value;

        public async Task<bool> Handle(Command request, CancellationToken cancellationToken)
        {
            if (await tasks.ClaimAsync([TaskKind.GeoResolution], _options.Lease, cancellationToken) is not { } task)
            {
                return false;
            }

            var lines = await ReadLinesAsync(task, cancellationToken);
            var (people, failure) = await AskAsync(task, lines, cancellationToken);
            if (failure is not null)
            {
                var due = clock.GetUtcNow() + BackOff.After(task.FailedAttempts + 1, _options.FirstFailureDelay, _options.LongestFailureDelay);
                await tasks.SettleAsync(task, new TaskOutcome(TaskState.Pending, failure.Code, due, false, failure.Code, failure.Why), _ => Task.FromResult(false), cancellationToken);
                LogFailed(task.BatchId, failure.Code, task.FailedAttempts + 1);
                return true;
            }

            await SettleAsync(task, lines, people, cancellationToken);
            return true;
        }

        private async Task<IReadOnlyList<LineFacts>> ReadLinesAsync(ClaimedTask task, CancellationToken cancellationToken)
        {
            if (await mediator.Send(new ReadEnvelopes([task.EnvelopeId]), cancellationToken) is [{ Status: EnvelopeStatus.Cancelled }])
            {
                return [];
            }

            var lines = await mediator.Send(new ReadLines(task.Lines), cancellationToken);
            if (task.Rounds == 0)
            {
                return lines;
            }

            var placed = await PlaceStore.ReadPlacedAsync(source, task.Lines, cancellationToken);
            return [.. lines.Where(line => !placed.Contains(line.Seq))];
        }

        private async Task<(Dictionary<string, RegisteredPerson> People, RegistryAnswer.Failed? Failure)> AskAsync(ClaimedTask task, IReadOnlyList<LineFacts> lines, CancellationToken cancellationToken)
        {
            var people = new Dictionary<string, RegisteredPerson>(lines.Count, StringComparer.Ordinal);
            if (lines.Count > 0 && connectors.FindRegistry(task.TargetRegistry ?? "") is null)
            {
                return (people, new RegistryAnswer.Failed(ReasonCodes.RegistryNotConfigured, $"No registry '{task.TargetRegistry}' is configured; add it under InKind:Registries."));
            }

            foreach (var ids in lines.Select(line => line.BeneficiaryId).Distinct(StringComparer.Ordinal).Chunk(_options.PeoplePerQuestion))
            {
                switch (await CallAsync(connectors.FindRegistry(task.TargetRegistry!)!, ids, cancellationToken))
                {
                    case RegistryAnswer.Answered answer:
                        foreach (var person in answer.People)
                        {
                            // One person in two places would be served twice; the first place stands.
                            people.TryAdd(person.BeneficiaryId, person);
                        }

                        break;
                    case RegistryAnswer.Failed failed:
                        return (people, failed);
                }

                if (!await tasks.RenewAsync(task, _options.Lease, cancellationToken))
                {
                    return (people, new RegistryAnswer.Failed(ReasonCodes.LeaseEnded, "The lease was lost."));
                }
            }

            return (people, null);
        }

        private async Task<RegistryAnswer> CallAsync(IRegistryConnector registry, string[] ids, CancellationToken cancellationToken)
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(_options.CallTimeout);
            try
            {
                return await registry.FindAsync(ids, limit.Token).WaitAsync(_options.CallTimeout, cancellationToken);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                throw;
            }
#pragma warning disable CA1031 // A ministry's own connector may throw anything; that is a failed attempt.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                return new RegistryAnswer.Failed(ReasonCodes.ConnectorFault, exception.GetType().Name);
            }
        }

        private async Task SettleAsync(ClaimedTask task, IReadOnlyList<LineFacts> lines, Dictionary<string, RegisteredPerson> people, CancellationToken cancellationToken)
        {
            var (placed, missing) = (new List<PlacedLine>(lines.Count), new List<UnplacedLine>());
            foreach (var line in lines)
            {
                if (!people.TryGetValue(line.BeneficiaryId, out var person))
                {
                    missing.Add(new(line, ReasonCodes.NotInRegistry));
                }
                else if (person is { Large: not null, Small: not null })
                {
                    placed.Add(new(line, person));
                }
                else
                {
                    missing.Add(new(line, ReasonCodes.NoZoneInRegistry));
                }
            }

            var numbers = placed.Count == 0 ? default : await mediator.Send(new TakeLineNumbers(CountPlaces(placed)), cancellationToken);
            var places = placed.Count == 0 ? [] : PlaceStore.Group(placed, _ => numbers);
            var now = clock.GetUtcNow();
            var outcome = missing.Count == 0 ? new TaskOutcome(TaskState.Done, "everybody has a place", now, true)
                : _options.DelayAfterRound(task.Rounds + 1) is { } delay ? new TaskOutcome(TaskState.Incomplete, "some have no place", now + delay, true)
                : new TaskOutcome(TaskState.Exhausted, "some have no place after the last round", now, true);
            var settled = await tasks.SettleAsync(task, outcome, async connection =>
            {
                await PlaceStore.InsertAsync(connection, await protector.BeginAsync(connection, cancellationToken), task, places, cancellationToken);
                await PlaceStore.ReplaceMissingAsync(connection, task, missing, now, cancellationToken);
                if (places.Count > 0)
                {
                    await tasks.WakeAsync(connection, task.BatchId, task.NeedsWarehouse ? TaskKind.WarehouseAllocation : TaskKind.AgencyAllocation, cancellationToken);
                }

                if (task.IsCash && outcome.State != TaskState.Incomplete)
                {
                    await tasks.WakeAsync(connection, task.BatchId, TaskKind.Payout, cancellationToken);
                }

                return false;
            }, cancellationToken);
            if (settled)
            {
                LogPlaced(task.BatchId, placed.Count, places.Count, missing.Count);
                await signal.RaiseAsync(Work.AllocateServicePoints, cancellationToken);
            }
        }

        private static int CountPlaces(List<PlacedLine> placed) => placed.Select(line => (line.Person.Large!.Id, line.Person.Small!.Id)).Distinct().Count();

        [LoggerMessage(5010, LogLevel.Information, "Batch {Batch}: {Placed} lines in {Places} places, {Missing} without a place")]
        private partial void LogPlaced(string batch, int placed, int places, int missing);

        [LoggerMessage(5011, LogLevel.Warning, "Batch {Batch}: the registry failed ({Code}), attempt {Attempt} in a row; it is asked again")]
        private partial void LogFailed(string batch, string code, int attempt);
    }
}
