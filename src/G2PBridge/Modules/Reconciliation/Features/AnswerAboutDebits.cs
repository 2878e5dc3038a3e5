using G2PBridge.Modules.Disbursement.Contracts;
using G2PBridge.Platform.Persistence;
using MediatR;

namespace G2PBridge.Modules.Reconciliation.Features;

/// <summary>Tells the paying side which payments a statement shows as debited: one look per payment into the matches' key.</summary>
internal static class AnswerAboutDebits
{
    internal sealed class Handler(BridgeDatabase source) : IRequestHandler<FindDebitedPayments, IReadOnlySet<PaymentReference>>
    {
        public async Task<IReadOnlySet<PaymentReference>> Handle(FindDebitedPayments request, CancellationToken cancellationToken) => (await source.QueryAsync(
            """
            select m.line, m.generation from unnest($1::bigint[], $2::smallint[]) as r(line, generation)
            join reconciliation.match m on m.line = r.line and m.generation = r.generation and m.kind = 0
            """,
            [request.References.Select(reference => reference.Line).ToArray(), request.References.Select(reference => (short)reference.Generation).ToArray()],
            reader => new PaymentReference(reader.GetInt64(0), reader.GetInt16(1)),
            cancellationToken)).ToHashSet();
    }
}
