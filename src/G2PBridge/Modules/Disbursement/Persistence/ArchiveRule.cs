using System.Globalization;
using G2PBridge.Platform.Growth;
using G2PBridge.Platform.Persistence;

namespace G2PBridge.Modules.Disbursement.Persistence;

/// <summary>Payments may go when their envelope is complete since long, its block is released, and nothing of it is unknown.</summary>
internal sealed class ArchiveRule(BridgeDatabase source) : IArchiveRule
{
    public string Series => NumberSeries.Lines;

    public async Task<IReadOnlyList<string>> ObjectionsAsync(ArchiveQuestion question, CancellationToken cancellationToken)
    {
        var found = await source.QueryAsync(
            """
            select 'envelopes are not complete, or only since that day', count(*), min(n.id) from unnest($3::text[]) as n(id)
            left join disbursement.envelope e on e.envelope_id = n.id
            where e.complete_at is null or e.complete_at >= $4
            union all
            select 'envelopes have money that was not released', count(*), min(e.envelope_id) from disbursement.envelope e where e.envelope_id = any($3) and not e.released
            union all
            select 'envelopes have payments of which nobody knows', count(*), min(e.envelope_id) from disbursement.envelope e where e.envelope_id = any($3) and (e.unknown_lines > 0 or e.in_flight_lines > 0)
            union all
            select 'orders are under way', count(*), min(c.id)::text from disbursement.chunk c
            where c.first_seq between $1 and $2 and (c.state not in ('Sent', 'Refused', 'Empty') or c.unknown_lines > 0) and c.envelope_id = any($3)
            """,
            [question.Numbers.First, question.Numbers.Last, question.Envelopes.ToArray(), question.BeforeTime],
            reader => (What: reader.GetString(0), Count: reader.GetInt64(1), First: reader.TextOrNull(2)), cancellationToken);
        return [.. found.Where(row => row.Count > 0).Select(row => string.Create(CultureInfo.InvariantCulture, $"{row.Count} {row.What} ({row.First})"))];
    }
}
