using G2PBridge.Modules.Envelopes.Contracts;
using G2PBridge.Modules.Resolution.Domain;
using G2PBridge.Platform.Persistence;

namespace G2PBridge.Modules.Resolution.Persistence;

/// <summary>Opens slices again for lines that were held. A few rows each time; the slice of a line comes from the exclusion constraint's index.</summary>
internal sealed class ReleasedSlices(BridgeDatabase source, TimeProvider clock)
{
    private const string Actor = "take-released-lines";

    /// <summary>Makes the slices of these lines due; a held line never has an address, so the next round asks about it. Gives the lines whose slice was not being asked about just now.</summary>
    public async Task<HashSet<long>> ReopenAsync(IReadOnlyList<ReleasedLine> released, CancellationToken cancellationToken)
    {
        SliceTransitions.Move(SliceStatus.Resolved, SliceStatus.Pending);
        var slices = await source.ChangeAsync(
            """
            with chosen as (
                select s.id, s.status from resolution.slice s
                where s.status <> 'Resolving'
                    and s.id in (select f.id from unnest($1::bigint[]) as n(seq) join resolution.slice f on int8range(f.first_seq, f.last_seq, '[]') && int8range(n.seq, n.seq, '[]'))
                order by s.id for update),
            moved as (
                update resolution.slice s set status = 'Pending', due_at = least(s.due_at, $2), updated_at = $2 from chosen c where s.id = c.id returning s.id, s.first_seq, s.last_seq, c.status as former),
            logged as (
                insert into resolution.slice_history (slice_id, at, from_status, to_status, cause, actor)
                select id, $2, former, 'Pending', 'held lines released', $3 from moved where former <> 'Pending')
            select first_seq, last_seq from moved
            """,
            [released.Select(line => line.Seq).ToArray(), clock.GetUtcNow(), Actor],
            reader => new SeqRange(reader.GetInt64(0), reader.GetInt64(1)), cancellationToken);
        return [.. released.Where(line => slices.Exists(slice => slice.Contains(line.Seq))).Select(line => line.Seq)];
    }
}
