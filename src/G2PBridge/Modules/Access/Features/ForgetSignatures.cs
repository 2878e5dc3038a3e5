using G2PBridge.Modules.Access.Persistence;
using MediatR;

namespace G2PBridge.Modules.Access.Features;

/// <summary>Forgets signatures whose requests are too old to be let in again.</summary>
internal static class ForgetSignatures
{
    internal sealed record Command : IRequest<bool>;

    internal sealed class Handler(SeenSignatures seen, TimeProvider clock) : IRequestHandler<Command, bool>
    {
        public async Task<bool> Handle(Command request, CancellationToken cancellationToken) => await seen.ForgetAsync(clock.GetUtcNow(), cancellationToken) > 0;
    }
}
