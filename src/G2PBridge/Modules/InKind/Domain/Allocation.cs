using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using G2PBridge.Connectors;

namespace G2PBridge.Modules.InKind.Domain;

/// <summary>How one of several candidates is chosen.</summary>
internal enum AllocationStrategy
{
    /// <summary>By lot, as upstream. With a seed the same place of the same batch always draws the same lot.</summary>
    Random,

    /// <summary>Whoever serves the fewest beneficiaries of this programme, benefit and cycle so far; the largest places are given out first.</summary>
    LeastLoaded,

    /// <summary>Whoever served the zone last time, if he still may; else the least loaded.</summary>
    Sticky,
}

/// <summary>A place that needs a warehouse or an agency.</summary>
internal sealed record OpenPlace(string GeoId, string BatchId, string ZoneId, int Beneficiaries);

/// <summary>What earlier allocations say: beneficiaries by point, and the last point by zone.</summary>
internal sealed record AllocationHistory(IReadOnlyDictionary<string, long> Load, IReadOnlyDictionary<string, string> LastOfZone);

/// <summary>Chooses a point for every place that has a candidate. Pure.</summary>
internal static class Allocation
{
    public static IReadOnlyDictionary<string, ServicePoint> Choose(
        AllocationStrategy strategy, long? seed, IReadOnlyList<OpenPlace> places, ServicePointAnswer.Answered answer, AllocationHistory history)
    {
        var points = answer.Points.ToDictionary(point => point.Id, StringComparer.Ordinal);
        var candidates = answer.Services.Where(service => points.ContainsKey(service.PointId)).ToLookup(service => service.ZoneId, service => service.PointId, StringComparer.Ordinal);
        var load = new Dictionary<string, long>(history.Load, StringComparer.Ordinal);
        var chosen = new Dictionary<string, ServicePoint>(places.Count, StringComparer.Ordinal);
        foreach (var place in places.OrderByDescending(place => place.Beneficiaries).ThenBy(place => place.GeoId, StringComparer.Ordinal))
        {
            var able = candidates[place.ZoneId].Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList();
            if (able.Count == 0)
            {
                continue;
            }

            var point = strategy switch
            {
                AllocationStrategy.Random => able[Draw(seed, place, able.Count)],
                AllocationStrategy.Sticky when history.LastOfZone.TryGetValue(place.ZoneId, out var last) && able.Contains(last) => last,
                _ => able.MinBy(id => load.GetValueOrDefault(id))!,
            };
            load[point] = load.GetValueOrDefault(point) + place.Beneficiaries;
            chosen.Add(place.GeoId, points[point]);
        }

        return chosen;
    }

    private static int Draw(long? seed, OpenPlace place, int count)
    {
        if (seed is null)
        {
            return RandomNumberGenerator.GetInt32(count);
        }

        var hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{seed}\n{place.BatchId}\n{place.ZoneId}"));
        return (int)(BinaryPrimitives.ReadUInt64BigEndian(hash) % (ulong)count);
    }
}
