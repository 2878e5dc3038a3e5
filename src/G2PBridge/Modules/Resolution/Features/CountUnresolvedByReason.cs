using G2PBridge.Modules.Resolution.Contracts;
using G2PBridge.Platform.Persistence;
using MediatR;

namespace G2PBridge.Modules.Resolution.Features;

/// <summary>Most frequent reason first.</summary>
internal sealed class CountUnresolvedByReasonHandler(BridgeDatabase source, CancelledPeople cancelledPeople) : IRequestHandler<CountUnresolvedByReason, IReadOnlyList<ReasonCount>>
{
    public async Task<IReadOnlyList<ReasonCount>> Handle(CountUnresolvedByReason request, CancellationToken cancellationToken)
    {
        var counts = new Dictionary<string, int>(StringComparer.Ordinal);
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await using (var command = connection.Statement("select reason_code, count(*)::int from resolution.unresolved where envelope_id = $1 group by reason_code"))
        {
            command.Parameters.Add(new() { Value = request.EnvelopeId });
            await command.PrepareAsync(cancellationToken);
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            while (await reader.ReadAsync(cancellationToken))
            {
                counts[reader.GetString(0)] = reader.GetInt32(1);
            }
        }

        if (counts.Count > 0)
        {
            foreach (var reason in (await cancelledPeople.WithoutAddressAsync(request.EnvelopeId, cancellationToken)).CountBy(line => line.ReasonCode))
            {
                counts[reason.Key] = Math.Max(0, counts.GetValueOrDefault(reason.Key) - reason.Value);
            }
        }

        return [.. counts.Where(reason => reason.Value > 0).OrderByDescending(reason => reason.Value).ThenBy(reason => reason.Key, StringComparer.Ordinal)
            .Select(reason => new ReasonCount(reason.Key, reason.Value))];
    }
}
