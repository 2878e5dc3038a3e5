using System.Globalization;
using G2PBridge.Platform.Growth;
using G2PBridge.Platform.Persistence;

namespace G2PBridge.Modules.Resolution.Persistence;

/// <summary>Addresses may go when nobody is asked about any more, and everything that was found was handed over.</summary>
internal sealed class ArchiveRule(BridgeDatabase source) : IArchiveRule
{
    public string Series => NumberSeries.Lines;

    public async Task<IReadOnlyList<string>> ObjectionsAsync(ArchiveQuestion question, CancellationToken cancellationToken)
    {
        var found = await source.QueryAsync(
            """
            select 'slices have people who are still asked about', count(*), min(s.envelope_id) from resolution.slice s
            where s.first_seq between $1 and $2 and s.status not in ('Resolved', 'Exhausted') and s.envelope_id = any($3)
            union all
            select 'resolved sets were not taken over', count(*), min(r.envelope_id) from resolution.resolved_set r
            where r.first_seq between $1 and $2 and r.handed_over_at is null and r.envelope_id = any($3)
            """,
            [question.Numbers.First, question.Numbers.Last, question.Envelopes.ToArray()],
            reader => (What: reader.GetString(0), Count: reader.GetInt64(1), First: reader.TextOrNull(2)), cancellationToken);
        return [.. found.Where(row => row.Count > 0).Select(row => string.Create(CultureInfo.InvariantCulture, $"{row.Count} {row.What} ({row.First})"))];
    }
}
