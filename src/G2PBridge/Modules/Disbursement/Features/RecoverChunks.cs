using G2PBridge.Modules.Disbursement.Persistence;
using G2PBridge.Platform.Jobs;
using MediatR;
using Microsoft.Extensions.Options;

namespace G2PBridge.Modules.Disbursement.Features;

/// <summary>Takes back the chunks of processes that died. What was being sent becomes unknown and is asked about, not sent again while it is.</summary>
internal static partial class RecoverChunks
{
    internal sealed record Command : IRequest<bool>;

    internal sealed partial class Handler(ChunkQueue queue, IOptions<DisbursementOptions> options, WorkSignal signal, ILogger<Handler> logger) : IRequestHandler<Command, bool>
    {
        public async Task<bool> Handle(Command request, CancellationToken cancellationToken)
        {
            var recovered = await queue.RecoverAsync(options.Value.FirstInquiry, cancellationToken);
            if (recovered > 0)
            {
                LogRecovered(recovered);
                await signal.RaiseAsync(Work.SendChunks, cancellationToken);
            }

            // One pass takes all; asking again at once would find nothing.
            return false;
        }

        [LoggerMessage(3020, LogLevel.Warning, "{Count} chunks were taken back from processes that ended while they held them")]
        private partial void LogRecovered(int count);
    }
}
