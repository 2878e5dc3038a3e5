using G2PBridge.Modules.Resolution.Contracts;
using G2PBridge.Modules.Resolution.Persistence;
using MediatR;

namespace G2PBridge.Modules.Resolution.Features;

internal sealed class ListUnresolvedHandler(UnresolvedStore unresolved, CancelledPeople cancelledPeople) : IRequestHandler<ListUnresolved, IReadOnlyList<UnresolvedLine>>
{
    public async Task<IReadOnlyList<UnresolvedLine>> Handle(ListUnresolved request, CancellationToken cancellationToken)
    {
        var (page, after) = (new List<UnresolvedLine>(request.Limit), request.After);

        // A short page means the end to whoever reads on, so cancelled people are made up for.
        while (page.Count < request.Limit)
        {
            var wanted = request.Limit - page.Count;
            var lines = await unresolved.ListAsync(request.EnvelopeId, after, wanted, request.ReasonCode, cancellationToken);
            var cancelled = await cancelledPeople.CancelledOfAsync([.. lines.Select(line => line.Seq)], cancellationToken);
            page.AddRange(lines.Where(line => !cancelled.Contains(line.Seq)));
            if (lines.Count < wanted)
            {
                break;
            }

            after = lines[^1].Seq;
        }

        return page;
    }
}
