using G2PBridge.Modules.Resolution.Contracts;
using G2PBridge.Modules.Resolution.Persistence;
using MediatR;

namespace G2PBridge.Modules.Resolution.Features;

internal sealed class FindAddressesHandler(AddressStore addresses) : IRequestHandler<FindAddresses, IReadOnlyList<FinancialAddress>>
{
    public Task<IReadOnlyList<FinancialAddress>> Handle(FindAddresses request, CancellationToken cancellationToken) =>
        addresses.FindAsync(request.Seqs, cancellationToken);
}
