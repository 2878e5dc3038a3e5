using G2PBridge.Modules.Envelopes.Contracts;
using G2PBridge.Modules.InKind.Contracts;
using G2PBridge.Modules.InKind.Domain;
using G2PBridge.Modules.InKind.Persistence;
using G2PBridge.Modules.Resolution.Contracts;
using G2PBridge.Platform.Jobs;
using MediatR;
using Microsoft.Extensions.Options;

namespace G2PBridge.Modules.InKind.Features;

/// <summary>The questions of other modules and of the views (Contracts).</summary>
internal static class AnswerAboutPlaces
{
    internal sealed class Handler(IMediator mediator, InKindReads reads, TaskStore tasks, WorkSignal signal, IOptions<InKindOptions> options)
        : IRequestHandler<ReadGeosOfBatch, IReadOnlyList<GeoFacts>>, IRequestHandler<ReadGeosOfEnvelope, IReadOnlyList<GeoFacts>>, IRequestHandler<ReadInKindTasks, IReadOnlyList<InKindTask>>,
          IRequestHandler<ReadInKindProgress, IReadOnlyList<InKindProgress>>, IRequestHandler<ListMissingLines, IReadOnlyList<MissingLine>>,
          IRequestHandler<CountMissingLines, IReadOnlyList<MissingCount>>, IRequestHandler<LookAgain, int>
    {
        public async Task<IReadOnlyList<GeoFacts>> Handle(ReadGeosOfBatch request, CancellationToken cancellationToken)
        {
            var batches = await mediator.Send(new ReadBatches([request.BatchId]), cancellationToken);
            return batches.Count == 0 ? [] : await reads.GeosOfBatchAsync(request.BatchId, await CancelledAsync(batches[0].EnvelopeId, cancellationToken), cancellationToken);
        }

        public async Task<IReadOnlyList<GeoFacts>> Handle(ReadGeosOfEnvelope request, CancellationToken cancellationToken) =>
            await reads.GeosOfEnvelopeAsync(request.EnvelopeId, await CancelledAsync(request.EnvelopeId, cancellationToken), cancellationToken);

        public async Task<IReadOnlyList<InKindTask>> Handle(ReadInKindTasks request, CancellationToken cancellationToken) =>
            [.. (await reads.TasksAsync(request.BatchId, cancellationToken))
                .Where(task => task.Kind != nameof(TaskKind.Payout))
                .Select(task => new InKindTask(NameOf(Enum.Parse<TaskKind>(task.Kind)), StatusOf(task.State, task.Failed, task.At), task.At, task.Code, task.Attempts))];

        public async Task<IReadOnlyList<InKindProgress>> Handle(ReadInKindProgress request, CancellationToken cancellationToken)
        {
            var all = new List<InKindProgress>(request.EnvelopeIds.Count);
            foreach (var id in request.EnvelopeIds)
            {
                if (await reads.ProgressAsync(id, await CancelledAsync(id, cancellationToken), cancellationToken) is { } progress)
                {
                    all.Add(progress);
                }
            }

            return all;
        }

        public async Task<IReadOnlyList<MissingLine>> Handle(ListMissingLines request, CancellationToken cancellationToken) =>
            await reads.MissingAsync(request, await CancelledAsync(request.EnvelopeId, cancellationToken), cancellationToken);

        public async Task<IReadOnlyList<MissingCount>> Handle(CountMissingLines request, CancellationToken cancellationToken) =>
            await reads.MissingCountsAsync(request.EnvelopeId, await CancelledAsync(request.EnvelopeId, cancellationToken), cancellationToken);

        public async Task<int> Handle(LookAgain request, CancellationToken cancellationToken)
        {
            var woken = await tasks.WakeLeftOutAsync(request.EnvelopeId, request.Actor, cancellationToken);
            await mediator.Send(new RetryUnresolved(request.EnvelopeId, request.Actor), cancellationToken);
            await signal.RaiseAsync(Work.ResolvePlaces, cancellationToken);
            await signal.RaiseAsync(Work.AllocateServicePoints, cancellationToken);
            return woken;
        }

        /// <summary>Usually one cheap question: nobody of this envelope is cancelled.</summary>
        private async Task<IReadOnlyList<long>> CancelledAsync(string envelopeId, CancellationToken cancellationToken) => await mediator.Send(new ListCancelledLines(envelopeId), cancellationToken);

        private static string NameOf(TaskKind kind) => kind switch
        {
            TaskKind.GeoResolution => "geo_resolution",
            TaskKind.WarehouseAllocation => "warehouse_allocation",
            _ => "agency_allocation",
        };

        /// <summary>PROCESSED means done for everybody once; who was left out is an exception, not a state of the batch.</summary>
        private string StatusOf(string state, int failed, DateTimeOffset? settledAt) => state switch
        {
            nameof(TaskState.Done) or nameof(TaskState.Incomplete) or nameof(TaskState.Exhausted) => "PROCESSED",
            _ when failed >= options.Value.MaxFailedAttempts => "ERROR",
            nameof(TaskState.Working) => "PROCESSING",
            _ => settledAt is not null && failed == 0 ? "PROCESSING" : "PENDING",
        };
    }
}
