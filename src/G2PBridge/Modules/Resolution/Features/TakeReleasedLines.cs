using G2PBridge.Modules.Envelopes.Contracts;
using G2PBridge.Modules.Resolution.Persistence;
using G2PBridge.Platform.Jobs;
using MediatR;

namespace G2PBridge.Modules.Resolution.Features;

/// <summary>
/// Takes up lines that were held and are released: the mapper is asked about them as about anybody else, and what it answers is a further set
/// to be paid. Our rows, then the acknowledgement; a second time asks once more, which pays nobody twice, because a line has one address.
/// </summary>
internal static partial class TakeReleasedLines
{
    private const int Most = 10_000;

    internal sealed record Command : IRequest<bool>;

    internal sealed partial class Handler(IMediator mediator, ReleasedSlices slices, WorkSignal signal, ILogger<Handler> logger) : IRequestHandler<Command, bool>
    {
        public async Task<bool> Handle(Command request, CancellationToken cancellationToken)
        {
            var released = await mediator.Send(new ListReleasedLines(Most), cancellationToken);
            if (released.Count == 0)
            {
                return false;
            }

            // A slice that is being asked about now does not know of the release; its lines come at the next look.
            var taken = await slices.ReopenAsync(released, cancellationToken);
            if (taken.Count == 0)
            {
                return false;
            }

            await mediator.Send(new AcknowledgeReleasedLines([.. released.Where(line => taken.Contains(line.Seq))]), cancellationToken);
            await signal.RaiseAsync(Work.ResolveSlices, cancellationToken);
            LogTaken(taken.Count);
            return true;
        }

        [LoggerMessage(2030, LogLevel.Information, "{Lines} released lines are taken up")]
        private partial void LogTaken(int lines);
    }
}
