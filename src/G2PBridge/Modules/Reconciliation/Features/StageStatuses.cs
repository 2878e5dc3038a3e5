using G2PBridge.Modules.Disbursement.Contracts;
using G2PBridge.Modules.Reconciliation.Domain;
using G2PBridge.Statements;
using MediatR;

namespace G2PBridge.Modules.Reconciliation.Features;

/// <summary>
/// Turns what a status report (pain.002) says into entries, one per payment. A rejection of a whole order that names no payment is one of
/// each of its payments; any other word about an order says nothing about a payment and is only kept. One order in memory at a time.
/// </summary>
internal sealed class StageStatuses(IMediator mediator, StatusTaking taking)
{
    private readonly HashSet<long> _rejectedOrders = [];
    private int _ordinal;

    /// <summary>The account that the payments of the report were ordered from, once one of them is known.</summary>
    public string? SponsorAccount { get; private set; }

    public async Task<IReadOnlyList<ReadEntry>> TakeAsync(PaymentStatus status, int lastNo, int statement, CancellationToken cancellationToken)
    {
        var ordinal = ++_ordinal;
        if (status.Level == PaymentStatusLevel.Transaction)
        {
            return [taking.OfPayment(status, lastNo + 1, statement, ordinal)];
        }

        var whole = taking.OfOrder(status, lastNo + 1, statement, ordinal);
        if (whole.Cause is not null || StatusMeanings.Of(status.Status) != StatusMeaning.Rejected)
        {
            return [whole];
        }

        if (await FindOrderAsync(status, cancellationToken) is not { } order)
        {
            // Where the payments are named, each speaks for itself.
            if (status.TransactionsReported == 0 && _rejectedOrders.Count == 0)
            {
                whole.Refuse(PartnerCodes.InvalidReconciliationId, UnmatchedCause.UnknownReference, "The bank rejects an order as a whole, and no order of this installation has such a key.");
            }

            return [whole];
        }

        SponsorAccount ??= order.AccountNumber;
        if (status.TransactionsReported > 0)
        {
            if (status.TransactionsReported < order.Payments)
            {
                whole.Refuse(
                    null, UnmatchedCause.OrderPartlyNamed,
                    FormattableString.Invariant($"The bank rejects the order as a whole and names {status.TransactionsReported} of its {order.Payments} payments; what becomes of the others is not said."));
            }

            return [whole];
        }

        if (!_rejectedOrders.Add(order.ChunkId))
        {
            return [whole];
        }

        var payments = await mediator.Send(new ReadPaymentsOfOrder(order.ChunkId), cancellationToken);
        return
        [
            whole,
            .. payments.Select((payment, index) =>
                taking.OfPaymentInOrder(status, lastNo + 2 + index, statement, ordinal, index + 1, new PaymentReference(payment.Line, payment.Generation))),
        ];
    }

    public void Recognised(IEnumerable<ReadEntry> entries) =>
        SponsorAccount ??= entries.FirstOrDefault(entry => entry is { Kind: EntryKind.PaymentStatus, SponsorAccount.Length: > 0 })?.SponsorAccount;

    private async Task<OrderFacts?> FindOrderAsync(PaymentStatus status, CancellationToken cancellationToken)
    {
        string[] keys = [.. new[] { OrderKey.FindWithin(status.OriginalPaymentInformationId), OrderKey.FindWithin(status.OriginalMessageId) }.OfType<string>().Distinct(StringComparer.Ordinal)];
        return keys.Length == 0 ? null : (await mediator.Send(new FindOrders(keys), cancellationToken)).FirstOrDefault();
    }
}
