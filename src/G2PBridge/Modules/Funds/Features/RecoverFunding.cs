using G2PBridge.Modules.Funds.Contracts;
using G2PBridge.Modules.Funds.Domain;
using G2PBridge.Modules.Funds.Persistence;
using MediatR;

namespace G2PBridge.Modules.Funds.Features;

/// <summary>Takes back what processes held that died: a check is due again, a block is unknown, a release is requested again.</summary>
internal static partial class RecoverFunding
{
    internal sealed record Command : IRequest<bool>;

    internal sealed partial class Handler(FundsRows rows, IBankConnectors banks, ILogger<Handler> logger) : IRequestHandler<Command, bool>
    {
        public async Task<bool> Handle(Command request, CancellationToken cancellationToken)
        {
            var idempotent = banks.Codes.Where(code => banks.Find(code)!.Capabilities.IdempotentBlock).ToArray();
            var recovered = await rows.RecoverAsync(idempotent, FundsCodes.BlockOutcomeUnknown, cancellationToken);
            if (recovered > 0)
            {
                LogRecovered(recovered);
            }

            // One pass takes all; asking again at once would find nothing.
            return false;
        }

        [LoggerMessage(2530, LogLevel.Warning, "{Count} funding steps were taken back from processes that ended in the middle of them")]
        private partial void LogRecovered(int count);
    }
}
