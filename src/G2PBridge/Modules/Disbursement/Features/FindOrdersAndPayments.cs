using G2PBridge.Modules.Disbursement.Contracts;
using G2PBridge.Modules.Disbursement.Persistence;
using MediatR;

namespace G2PBridge.Modules.Disbursement.Features;

/// <summary>What a bank's text may be about: orders by their keys and sums, payments by their amounts (Contracts), one handler each.</summary>
internal static class FindOrdersAndPayments
{
    internal sealed class ByKey(OrderReads reads) : IRequestHandler<FindOrders, IReadOnlyList<OrderFacts>>
    {
        public async Task<IReadOnlyList<OrderFacts>> Handle(FindOrders request, CancellationToken cancellationToken) => await reads.OrdersAsync(request.Keys, cancellationToken);
    }

    internal sealed class BySum(OrderReads reads) : IRequestHandler<FindOrdersOfAmount, IReadOnlyList<OrderFacts>>
    {
        public async Task<IReadOnlyList<OrderFacts>> Handle(FindOrdersOfAmount request, CancellationToken cancellationToken) => await reads.OrdersOfAmountAsync(request, cancellationToken);
    }

    internal sealed class Payments(OrderReads reads) : IRequestHandler<ReadPaymentsOfOrder, IReadOnlyList<InstructionFacts>>
    {
        public async Task<IReadOnlyList<InstructionFacts>> Handle(ReadPaymentsOfOrder request, CancellationToken cancellationToken) => await reads.PaymentsAsync(request.ChunkId, cancellationToken);
    }

    internal sealed class OpenPayments(OrderReads reads) : IRequestHandler<FindOpenInstructions, OpenInstructions>
    {
        public Task<OpenInstructions> Handle(FindOpenInstructions request, CancellationToken cancellationToken) => reads.OpenOfAmountAsync(request, cancellationToken);
    }
}
