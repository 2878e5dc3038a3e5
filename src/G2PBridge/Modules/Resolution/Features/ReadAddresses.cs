using G2PBridge.Modules.Resolution.Contracts;
using G2PBridge.Modules.Resolution.Persistence;
using MediatR;

namespace G2PBridge.Modules.Resolution.Features;

internal sealed class ReadAddressesHandler(AddressStore addresses) : IRequestHandler<ReadAddresses, IReadOnlyList<FinancialAddress>>
{
    public Task<IReadOnlyList<FinancialAddress>> Handle(ReadAddresses request, CancellationToken cancellationToken) =>
        addresses.ReadAsync(request.Lines, request.Round, cancellationToken);
}
