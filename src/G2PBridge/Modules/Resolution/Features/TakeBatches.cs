using G2PBridge.Modules.Envelopes.Contracts;
using G2PBridge.Modules.Resolution.Persistence;
using G2PBridge.Platform.Jobs;
using MediatR;
using Microsoft.Extensions.Options;

namespace G2PBridge.Modules.Resolution.Features;

/// <summary>
/// Takes charge of newly received batches: cuts them into slices, then says so. Whoever dies in between is given the same
/// batches again and inserts nothing the second time.
/// </summary>
internal static partial class TakeBatches
{
    internal sealed record Command : IRequest<bool>;

    internal sealed partial class Handler(IMediator mediator, SliceStore slices, WorkSignal signal, IOptions<ResolutionOptions> options, ILogger<Handler> logger)
        : IRequestHandler<Command, bool>
    {
        public async Task<bool> Handle(Command request, CancellationToken cancellationToken)
        {
            var batches = await mediator.Send(new ListNewBatches(options.Value.BatchesPerTake), cancellationToken);
            if (batches.Count == 0)
            {
                return false;
            }

            var taken = await slices.TakeInAsync(batches, options.Value.SliceSize, cancellationToken);
            await mediator.Send(new AcknowledgeBatches(batches), cancellationToken);
            await signal.RaiseAsync(Work.ResolveSlices, cancellationToken);
            LogTaken(batches.Count, taken);
            return true;
        }

        [LoggerMessage(2001, LogLevel.Debug, "{Batches} batches taken, {Slices} slices to resolve")]
        private partial void LogTaken(int batches, int slices);
    }
}
