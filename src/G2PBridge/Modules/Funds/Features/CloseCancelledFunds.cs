using G2PBridge.Modules.Envelopes.Contracts;
using G2PBridge.Modules.Funds.Persistence;
using MediatR;
using Microsoft.Extensions.Options;

namespace G2PBridge.Modules.Funds.Features;

/// <summary>
/// Finds blocked envelopes that were cancelled meanwhile and asks for their money back. A cancelled envelope has no instruction and
/// can never get one, so nothing of the block is used.
/// </summary>
internal static class CloseCancelledFunds
{
    private const int Most = 200;

    internal sealed record Command : IRequest<bool>;

    internal sealed class Handler(FundsRows rows, IMediator mediator, IOptions<FundsOptions> options) : IRequestHandler<Command, bool>
    {
        public async Task<bool> Handle(Command request, CancellationToken cancellationToken)
        {
            var watched = await rows.TakeWatchedAsync(options.Value.CancelWatchInterval, Most, cancellationToken);
            if (watched.Count == 0)
            {
                return false;
            }

            var envelopes = await mediator.Send(new ReadEnvelopes(watched), cancellationToken);
            var cancelled = envelopes.Where(envelope => envelope.Status == EnvelopeStatus.Cancelled).Select(envelope => envelope.Id).ToArray();
            if (cancelled.Length > 0)
            {
                await rows.RequestReleaseAsync(cancelled, 0, "envelope cancelled", cancellationToken);
            }

            return watched.Count == Most;
        }
    }
}
