using G2PBridge.Modules.Funds.Domain;
using static G2PBridge.Modules.Funds.Domain.FundsState;

namespace G2PBridge.UnitTests.Funds;

internal sealed class FundsChartTests
{
    private static readonly (FundsState From, FundsState To)[] Arrows =
    [
        (CheckPending, Checking), (NotAvailable, Checking), (CheckError, Checking), (BlockFailed, Checking),
        (CheckPending, Withdrawn), (NotAvailable, Withdrawn), (CheckError, Withdrawn), (BlockFailed, Withdrawn),
        (Checking, BlockPending), (Checking, NotAvailable), (Checking, CheckError), (Checking, CheckPending), (Checking, Withdrawn), (Checking, FundsState.Blocked),
        (BlockPending, Blocking), (BlockPending, Withdrawn),
        (Blocking, FundsState.Blocked), (Blocking, Short), (Blocking, BlockFailed), (Blocking, BlockUnknown), (Blocking, BlockPending), (Blocking, Withdrawn),
        (BlockUnknown, Blocking),
        (Short, BlockFailed),
    ];

    private static readonly (ReleaseState From, ReleaseState To)[] Releases =
    [
        (ReleaseState.None, ReleaseState.Requested),
        (ReleaseState.Requested, ReleaseState.Releasing),
        (ReleaseState.Releasing, ReleaseState.Released), (ReleaseState.Releasing, ReleaseState.Requested), (ReleaseState.Releasing, ReleaseState.Impossible), (ReleaseState.Releasing, ReleaseState.None),
    ];

    [Test]
    public void Funds_move_along_these_arrows_and_no_others() =>
        Assert.That(Pairs<FundsState>().Where(pair => FundsTransitions.Allows(pair.From, pair.To)), Is.EquivalentTo(Arrows));

    [Test]
    public void A_release_moves_along_these_arrows_and_no_others() =>
        Assert.That(Pairs<ReleaseState>().Where(pair => FundsTransitions.Allows(pair.From, pair.To)), Is.EquivalentTo(Releases));

    [Test]
    public void Every_state_is_spelled_as_the_contract_spells_it()
    {
        string[] available = ["NOT_APPLICABLE", "PENDING_CHECK", "CHECK_IN_PROGRESS", "FUNDS_AVAILABLE", "FUNDS_NOT_AVAILABLE", "ERROR"];
        string[] blocked = ["NOT_APPLICABLE", "PENDING_CHECK", "CHECK_IN_PROGRESS", "FUNDS_BLOCK_SUCCESS", "FUNDS_BLOCK_FAILURE", "ERROR"];
        foreach (var state in Enum.GetValues<FundsState>())
        {
            Assert.That(available, Has.Member(FundsSpelling.Available(state)));
            Assert.That(blocked, Has.Member(FundsSpelling.Blocked(state, failedBefore: false)).And.Member(FundsSpelling.Blocked(state, failedBefore: true)));
        }
    }

    private static IEnumerable<(T From, T To)> Pairs<T>()
        where T : struct, Enum =>
        from a in Enum.GetValues<T>()
        from b in Enum.GetValues<T>()
        select (a, b);
}
