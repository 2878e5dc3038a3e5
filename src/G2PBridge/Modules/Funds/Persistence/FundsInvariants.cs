using G2PBridge.Modules.Funds.Domain;
using G2PBridge.Platform.Persistence;
using G2PBridge.Platform.Verification;

namespace G2PBridge.Modules.Funds.Persistence;

/// <summary>The invariants of the money that banks set aside, one row an envelope.</summary>
internal sealed class FundsInvariants(BridgeDatabase source) : IInvariantCheck
{
    private static readonly string[] Moves =
    [
        $">{nameof(FundsState.CheckPending)}",
        .. from a in Enum.GetValues<FundsState>() from b in Enum.GetValues<FundsState>() where FundsTransitions.Allows(a, b) select $"{a}>{b}",
        // An attempt that changed nothing, and a dead worker's row that was taken back.
        .. from state in Enum.GetValues<FundsState>() select $"{state}>{state}",
        $"{nameof(FundsState.Checking)}>{nameof(FundsState.CheckPending)}",
        .. from a in Enum.GetValues<ReleaseState>() from b in Enum.GetValues<ReleaseState>() where a != b && FundsTransitions.Allows(a, b) select $"{a}>{b}",
        // A block that was used up needs no call to be given back.
        $"{nameof(ReleaseState.None)}>{nameof(ReleaseState.Released)}",
    ];

    private static readonly string[] Releases = Enum.GetNames<ReleaseState>();

    public async Task<IReadOnlyList<InvariantResult>> CheckAsync(CancellationToken cancellationToken)
    {
        await using var snapshot = await InvariantSnapshot.OpenAsync(source, FundsModule.Schema, cancellationToken);
        return
        [
            await snapshot.CheckAsync(
                "I3", "What was set aside is used, given back or still set aside", "select count(*) from funds.envelope_funds",
                """
                select 'envelope ' || envelope_id from funds.envelope_funds
                where release_used + released_amount > blocked_amount or (state = 'Blocked' and blocked_amount < amount) or (state <> 'Blocked' and release_used > 0)
                """,
                cancellationToken),
            await snapshot.CheckAsync(
                "I5", "States move along their graph", "select count(*) from funds.envelope_funds_history",
                """
                select 'envelope ' || h.envelope_id from funds.envelope_funds_history h where coalesce(h.from_state, '') || '>' || h.to_state <> all($1)
                union
                select 'envelope ' || f.envelope_id from funds.envelope_funds f
                where f.state is distinct from (
                    select h.to_state from funds.envelope_funds_history h where h.envelope_id = f.envelope_id and h.to_state <> all($2) order by h.id desc limit 1)
                """,
                cancellationToken, Moves, Releases),
        ];
    }
}
