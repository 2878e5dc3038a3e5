using G2PBridge.Modules.InKind.Domain;
using G2PBridge.Platform.Persistence;
using G2PBridge.Platform.Verification;

namespace G2PBridge.Modules.InKind.Persistence;

/// <summary>The invariants of places: their totals from single beneficiaries, and nobody both placed and missing. Reads whole tables.</summary>
internal sealed class InKindInvariants(BridgeDatabase source) : IInvariantCheck
{
    private static readonly string[] Moves =
        [.. from a in Enum.GetValues<TaskState>() from b in Enum.GetValues<TaskState>() where TaskTransitions.Allows(a, b) select $"{a}>{b}"];

    public async Task<IReadOnlyList<InvariantResult>> CheckAsync(CancellationToken cancellationToken)
    {
        await using var snapshot = await InvariantSnapshot.OpenAsync(source, InKindModule.Schema, cancellationToken);
        return
        [
            await snapshot.CheckAsync(
                "I5", "States move along their graph", "select count(*) from in_kind.task_history",
                """
                select 'batch ' || h.batch_id from in_kind.task_history h where h.from_state is not null and h.from_state <> h.to_state and h.from_state || '>' || h.to_state <> all($1)
                union
                select 'batch ' || t.batch_id from in_kind.task t
                where t.state is distinct from (select h.to_state from in_kind.task_history h where h.batch_id = t.batch_id and h.kind = t.kind order by h.id desc limit 1)
                """,
                cancellationToken, Moves),
            await snapshot.CheckAsync(
                "I6", "Places are the sums of their beneficiaries", "select count(*) from in_kind.beneficiary",
                """
                select 'place ' || g.id from in_kind.geo g left join in_kind.beneficiary b on b.geo_id = g.id
                group by g.id having (g.beneficiaries, g.quantity) <> (count(b.seq), coalesce(sum(b.quantity), 0))
                union
                select 'line ' || m.seq from in_kind.missing m join in_kind.beneficiary b using (seq)
                """,
                cancellationToken),
        ];
    }
}
