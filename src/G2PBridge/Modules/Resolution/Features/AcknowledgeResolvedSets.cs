using G2PBridge.Modules.Resolution.Contracts;
using MediatR;
using Npgsql;

namespace G2PBridge.Modules.Resolution.Features;

/// <summary>Repeating it changes nothing: the first time stays on record.</summary>
internal sealed class AcknowledgeResolvedSetsHandler(NpgsqlDataSource source, TimeProvider clock) : AsyncRequestHandler<AcknowledgeResolvedSets>
{
    protected override async Task Handle(AcknowledgeResolvedSets request, CancellationToken cancellationToken)
    {
        await using var command = source.CreateCommand("""
            update resolution.resolved_set r set handed_over_at = $3
            from unnest($1::bigint[], $2::smallint[]) as a(slice_id, round)
            where r.slice_id = a.slice_id and r.round = a.round and r.handed_over_at is null
            """);
        command.Parameters.Add(new() { Value = request.Sets.Select(set => set.SliceId).ToArray() });
        command.Parameters.Add(new() { Value = request.Sets.Select(set => checked((short)set.Round)).ToArray() });
        command.Parameters.Add(new() { Value = clock.GetUtcNow() });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
