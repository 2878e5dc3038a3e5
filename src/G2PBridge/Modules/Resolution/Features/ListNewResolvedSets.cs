using G2PBridge.Modules.Resolution.Contracts;
using G2PBridge.Platform.Persistence;
using MediatR;

namespace G2PBridge.Modules.Resolution.Features;

/// <summary>What can be paid and nobody has taken over yet; the partial index holds nothing else.</summary>
internal sealed class ListNewResolvedSetsHandler(BridgeDatabase source) : IRequestHandler<ListNewResolvedSets, IReadOnlyList<ResolvedSet>>
{
    public async Task<IReadOnlyList<ResolvedSet>> Handle(ListNewResolvedSets request, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await using var command = connection.Statement("""
            select slice_id, round, envelope_id, batch_id, first_seq, last_seq, lines from resolution.resolved_set
            where handed_over_at is null and awaits_check is distinct from 'Hold' order by created_at, slice_id, round limit $1
            """);
        command.Parameters.Add(new() { Value = request.Limit });
        await command.PrepareAsync(cancellationToken);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var sets = new List<ResolvedSet>();
        while (await reader.ReadAsync(cancellationToken))
        {
            sets.Add(new ResolvedSet(
                reader.GetInt64(0), reader.GetInt16(1), reader.GetString(2), reader.GetString(3), new SeqRange(reader.GetInt64(4), reader.GetInt64(5)), reader.GetInt32(6)));
        }

        return sets;
    }
}
