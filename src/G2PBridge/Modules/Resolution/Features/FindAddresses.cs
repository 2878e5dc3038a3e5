using G2PBridge.Modules.Resolution.Contracts;
using G2PBridge.Modules.Resolution.Persistence;
using MediatR;

namespace G2PBridge.Modules.Resolution.Features;

internal sealed class FindAddressesHandler(AddressStore addresses) : IRequestHandler<FindAddresses, IReadOnlyList<FinancialAddress>>
{
    public Task<IReadOnlyList<FinancialAddress>> Handle(FindAddresses request, CancellationToken cancellationToken) =>
        addresses.FindAsync(request.Seqs, cancellationToken);
}

internal sealed class FindResolvedLinesHandler(AddressStore addresses) : IRequestHandler<FindResolvedLines, IReadOnlySet<long>>
{
    public async Task<IReadOnlySet<long>> Handle(FindResolvedLines request, CancellationToken cancellationToken) => await addresses.ReadKnownAsync(request.Lines, cancellationToken);
}
