using G2PBridge.Modules.Resolution.Contracts;
using G2PBridge.Modules.Resolution.Persistence;
using G2PBridge.Platform.Jobs;
using MediatR;

namespace G2PBridge.Modules.Resolution.Features;

internal sealed partial class RetryUnresolvedHandler(SliceStore slices, WorkSignal signal, ILogger<RetryUnresolvedHandler> logger) : IRequestHandler<RetryUnresolved, int>
{
    public async Task<int> Handle(RetryUnresolved request, CancellationToken cancellationToken)
    {
        var lines = await slices.AskAgainAsync(request.EnvelopeId, request.Actor, cancellationToken);
        if (lines > 0)
        {
            await signal.RaiseAsync(Work.ResolveSlices, cancellationToken);
        }

        LogAskedAgain(request.EnvelopeId, lines);
        return lines;
    }

    [LoggerMessage(2020, LogLevel.Information, "Envelope {Envelope}: the mapper is asked again about {Lines} lines")]
    private partial void LogAskedAgain(string envelope, int lines);
}
