using G2PBridge.Modules.Resolution.Domain;
using G2PBridge.Platform.Growth;
using G2PBridge.Platform.Persistence;
using G2PBridge.Platform.Verification;

namespace G2PBridge.Modules.Resolution.Persistence;

/// <summary>The invariants of finding addresses: slices by their history, and their counts from single addresses.</summary>
internal sealed class ResolutionInvariants(BridgeDatabase source) : IInvariantCheck
{
    private static readonly string[] Moves =
    [
        $">{nameof(SliceStatus.Pending)}",
        .. from a in Enum.GetValues<SliceStatus>() from b in Enum.GetValues<SliceStatus>() where SliceTransitions.Allows(a, b) select $"{a}>{b}",
    ];

    public async Task<IReadOnlyList<InvariantResult>> CheckAsync(CancellationToken cancellationToken)
    {
        await using var snapshot = await InvariantSnapshot.OpenAsync(source, ResolutionModule.Schema, cancellationToken);
        return
        [
            await snapshot.CheckAsync(
                "I5", "States move along their graph", "select count(*) from resolution.slice_history",
                """
                select 'slice ' || h.slice_id from resolution.slice_history h where coalesce(h.from_status, '') || '>' || h.to_status <> all($1)
                union
                select 'slice ' || s.id from resolution.slice s
                where s.status is distinct from (select h.to_status from resolution.slice_history h where h.slice_id = s.id order by h.id desc limit 1)
                """,
                cancellationToken, Moves),
            await snapshot.CheckAsync(
                "I6", "Totals are the sums of their lines", "select count(*) from resolution.address",
                $"""
                select 'slice ' || s.id from resolution.slice s left join resolution.address a on a.seq between s.first_seq and s.last_seq
                where not {ArchivedNumbers.IsGone(NumberSeries.Lines, "s.first_seq")}
                group by s.id having s.resolved <> count(a.seq)
                """,
                cancellationToken),
        ];
    }
}
