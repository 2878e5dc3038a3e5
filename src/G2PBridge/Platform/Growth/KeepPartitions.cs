using MediatR;

namespace G2PBridge.Platform.Growth;

/// <summary>Background work of every host: see <see cref="Partitions"/>.</summary>
internal static class KeepPartitions
{
    internal sealed record Command : IRequest<bool>;

    internal sealed class Handler(Partitions partitions) : IRequestHandler<Command, bool>
    {
        public async Task<bool> Handle(Command request, CancellationToken cancellationToken)
        {
            await partitions.KeepAsync(cancellationToken);
            return false;
        }
    }
}
