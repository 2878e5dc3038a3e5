using G2PBridge.Modules.Resolution.Domain;
using static G2PBridge.Modules.Resolution.Domain.SliceStatus;

namespace G2PBridge.UnitTests.Resolution;

internal sealed class SliceTransitionsTests
{
    private static readonly (SliceStatus From, SliceStatus To)[] Arrows =
    [
        (Pending, Resolving), (Incomplete, Resolving),
        (Resolving, Resolved), (Resolving, Incomplete), (Resolving, Exhausted), (Resolving, Pending),
        (Incomplete, Pending), (Exhausted, Pending), (Resolved, Pending),
    ];

    [Test]
    public void Only_the_arrows_of_the_chart_are_allowed([Values] SliceStatus from, [Values] SliceStatus to) =>
        Assert.That(SliceTransitions.Allows(from, to), Is.EqualTo(Arrows.Contains((from, to))));

    [Test]
    public void An_illegal_move_throws() =>
        Assert.That(() => SliceTransitions.Move(Resolved, Resolving), Throws.InvalidOperationException.With.Message.Contains("Resolved"));
}
