using G2PBridge.Modules.Envelopes.Contracts;
using G2PBridge.Modules.InKind.Persistence;
using G2PBridge.Platform.Jobs;
using MediatR;
using Microsoft.Extensions.Options;

namespace G2PBridge.Modules.InKind.Features;

/// <summary>Takes charge of newly received batches of what is handed out at a place, then says so. Whoever dies in between is given the same batches again and inserts nothing.</summary>
internal static partial class TakePlacedBatches
{
    internal sealed record Command : IRequest<bool>;

    internal sealed partial class Handler(IMediator mediator, TaskStore tasks, WorkSignal signal, IOptions<InKindOptions> options, ILogger<Handler> logger) : IRequestHandler<Command, bool>
    {
        public async Task<bool> Handle(Command request, CancellationToken cancellationToken)
        {
            var batches = await mediator.Send(new ListNewPlacedBatches(options.Value.BatchesPerTake), cancellationToken);
            if (batches.Count == 0)
            {
                return false;
            }

            var envelopes = (await mediator.Send(new ReadEnvelopes([.. batches.Select(batch => batch.EnvelopeId).Distinct(StringComparer.Ordinal)]), cancellationToken))
                .ToDictionary(envelope => envelope.Id, StringComparer.Ordinal);
            await tasks.TakeInAsync([.. batches.Select(batch => (batch, envelopes[batch.EnvelopeId]))], cancellationToken);
            await mediator.Send(new AcknowledgeBatches(batches), cancellationToken);
            await signal.RaiseAsync(Work.ResolvePlaces, cancellationToken);
            LogTaken(batches.Count);
            return true;
        }

        [LoggerMessage(5001, LogLevel.Debug, "{Batches} batches taken whose beneficiaries are to be placed")]
        private partial void LogTaken(int batches);
    }
}
