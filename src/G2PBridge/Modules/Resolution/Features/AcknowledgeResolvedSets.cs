using G2PBridge.Modules.Resolution.Contracts;
using G2PBridge.Platform.Persistence;
using MediatR;

namespace G2PBridge.Modules.Resolution.Features;

/// <summary>Repeating it changes nothing: the first time stays on record.</summary>
internal sealed class AcknowledgeResolvedSetsHandler(BridgeDatabase source, TimeProvider clock) : AsyncRequestHandler<AcknowledgeResolvedSets>
{
    protected override Task Handle(AcknowledgeResolvedSets request, CancellationToken cancellationToken) => source.ExecuteAsync(
        """
        update resolution.resolved_set r set handed_over_at = $3
        from unnest($1::bigint[], $2::smallint[]) as a(slice_id, round)
        where r.slice_id = a.slice_id and r.round = a.round and r.handed_over_at is null
        """,
        [request.Sets.Select(set => set.SliceId).ToArray(), request.Sets.Select(set => checked((short)set.Round)).ToArray(), clock.GetUtcNow()],
        cancellationToken);
}
