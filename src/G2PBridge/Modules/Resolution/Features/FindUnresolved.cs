using G2PBridge.Modules.Resolution.Contracts;
using G2PBridge.Modules.Resolution.Persistence;
using MediatR;

namespace G2PBridge.Modules.Resolution.Features;

internal sealed class FindUnresolvedHandler(UnresolvedStore unresolved) : IRequestHandler<FindUnresolved, IReadOnlyList<UnresolvedLine>>
{
    public Task<IReadOnlyList<UnresolvedLine>> Handle(FindUnresolved request, CancellationToken cancellationToken) =>
        unresolved.FindAsync(request.Seqs, cancellationToken);
}
