using System.Globalization;
using G2PBridge.Platform.Growth;
using G2PBridge.Platform.Persistence;

namespace G2PBridge.Modules.Envelopes.Persistence;

/// <summary>Lines may go when they are old, taken over, not held, and of no envelope that is open or handed out by hand.</summary>
internal sealed class ArchiveRules(BridgeDatabase source) : IArchiveRule, IEnvelopesOfLines
{
    public string Series => NumberSeries.Lines;

    public async Task<IReadOnlyList<(string Id, bool IsCancelled)>> ReadAsync(SeqRange lines, CancellationToken cancellationToken) => await source.QueryAsync(
        """
        select e.id, e.status = 'Cancelled' from envelopes.envelope e
        where e.id in (
            select b.envelope_id from envelopes.batch b where b.first_seq between $1 and $2
            union select p.envelope_id from envelopes.payout_set p where p.first_seq between $1 and $2)
        """,
        [lines.First, lines.Last], reader => (reader.GetString(0), reader.GetBoolean(1)), cancellationToken);

    public async Task<IReadOnlyList<string>> ObjectionsAsync(ArchiveQuestion question, CancellationToken cancellationToken)
    {
        var found = await source.QueryAsync(
            """
            select 'batches came in on that day or later', count(*), min(b.id) from envelopes.batch b where b.first_seq between $1 and $2 and b.received_at >= $3
            union all
            select 'batches were not taken over', count(*), min(b.id) from envelopes.batch b where b.first_seq between $1 and $2 and b.taken_at is null and b.envelope_id = any($4)
            union all
            select 'envelopes are open', count(*), min(e.id) from envelopes.envelope e where e.id = any($4) and e.status = 'Open'
            union all
            select 'envelopes are handed out by hand, and stay', count(*), min(e.id) from envelopes.envelope e where e.id = any($4) and e.benefit_type <> 'CashDigital'
            union all
            select 'lines are held, or released and not taken over', count(*), min(h.seq)::text from envelopes.line_hold h
            where h.seq between $1 and $2 and (h.state = 'Held' or (h.state = 'Released' and h.taken_at is null)) and h.envelope_id = any($4)
            """,
            [question.Numbers.First, question.Numbers.Last, question.BeforeTime, question.Envelopes.ToArray()],
            reader => (What: reader.GetString(0), Count: reader.GetInt64(1), First: reader.TextOrNull(2)), cancellationToken);
        return [.. found.Where(row => row.Count > 0).Select(row => string.Create(CultureInfo.InvariantCulture, $"{row.Count} {row.What} ({row.First})"))];
    }
}
