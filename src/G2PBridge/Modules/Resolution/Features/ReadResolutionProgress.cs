using G2PBridge.Modules.Resolution.Contracts;
using G2PBridge.Platform.Persistence;
using MediatR;

namespace G2PBridge.Modules.Resolution.Features;

/// <summary>Sums over slices by the index on the envelope: one row read per thousands of lines.</summary>
internal sealed class ReadResolutionProgressHandler(BridgeDatabase source, CancelledPeople cancelledPeople) : IRequestHandler<ReadResolutionProgress, IReadOnlyList<ResolutionProgress>>
{
    public async Task<IReadOnlyList<ResolutionProgress>> Handle(ReadResolutionProgress request, CancellationToken cancellationToken)
    {
        var all = await ReadAsync(request.EnvelopeIds, cancellationToken);
        for (var i = 0; i < all.Count; i++)
        {
            if (all[i].Unresolved > 0)
            {
                var cancelled = await cancelledPeople.WithoutAddressAsync(all[i].EnvelopeId, cancellationToken);
                all[i] = all[i] with
                {
                    Lines = all[i].Lines - cancelled.Count,
                    Unresolved = all[i].Unresolved - cancelled.Count,
                    UnresolvedQuantity = all[i].UnresolvedQuantity - cancelled.Sum(line => line.Quantity),
                    Exhausted = all[i].Exhausted - cancelled.Count(line => line.Exhausted),
                };
            }
        }

        return all;
    }

    private async Task<List<ResolutionProgress>> ReadAsync(IReadOnlyCollection<string> envelopeIds, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await using var command = connection.Statement("""
            select envelope_id, sum(lines)::int, sum(resolved)::int, sum(resolved_quantity), sum(unresolved)::int, sum(unresolved_quantity),
                   coalesce(sum(unresolved) filter (where status = 'Exhausted'), 0)::int, bool_or(status in ('Pending', 'Resolving', 'Incomplete'))
            from resolution.slice where envelope_id = any($1) group by envelope_id
            """);
        command.Parameters.Add(new() { Value = envelopeIds.ToArray() });
        await command.PrepareAsync(cancellationToken);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var all = new List<ResolutionProgress>();
        while (await reader.ReadAsync(cancellationToken))
        {
            all.Add(new ResolutionProgress(
                reader.GetString(0), reader.GetInt32(1), reader.GetInt32(2), reader.GetDecimal(3), reader.GetInt32(4), reader.GetDecimal(5), reader.GetInt32(6), reader.GetBoolean(7)));
        }

        return all;
    }
}
