using G2PBridge.Modules.Disbursement.Contracts;
using G2PBridge.Modules.Disbursement.Domain;

namespace G2PBridge.UnitTests.Disbursement;

/// <summary>Every arrow of the charts, and that there is no other.</summary>
internal sealed class StateChartTests
{
    private static readonly (ChunkState From, ChunkState To)[] Chunks =
    [
        (ChunkState.Waiting, ChunkState.Pending),
        (ChunkState.Pending, ChunkState.Claimed),
        (ChunkState.Prepared, ChunkState.Claimed),
        (ChunkState.Prepared, ChunkState.Unknown),
        (ChunkState.Claimed, ChunkState.Sending),
        (ChunkState.Claimed, ChunkState.Pending),
        (ChunkState.Claimed, ChunkState.Prepared),
        (ChunkState.Claimed, ChunkState.Empty),
        (ChunkState.Claimed, ChunkState.Unknown),
        (ChunkState.Sending, ChunkState.Sent),
        (ChunkState.Sending, ChunkState.Refused),
        (ChunkState.Sending, ChunkState.Prepared),
        (ChunkState.Sending, ChunkState.Unknown),
        (ChunkState.Unknown, ChunkState.Sent),
        (ChunkState.Unknown, ChunkState.Refused),
        (ChunkState.Unknown, ChunkState.Prepared),
    ];

    private static readonly (LineState From, LineState To)[] Lines =
    [
        (LineState.Prepared, LineState.Sent),
        (LineState.Prepared, LineState.Returned),
        (LineState.Sending, LineState.Sent),
        (LineState.Sending, LineState.Unknown),
        (LineState.Sending, LineState.Refused),
        (LineState.Sending, LineState.Returned),
        (LineState.Unknown, LineState.Sent),
        (LineState.Unknown, LineState.Refused),
        (LineState.Unknown, LineState.Returned),
        (LineState.Sent, LineState.Returned),
        (LineState.Sent, LineState.Refused),
        (LineState.Refused, LineState.Sent),
        (LineState.Refused, LineState.Returned),
    ];

    [Test]
    public void A_chunk_moves_along_these_arrows_and_no_others() =>
        Assert.That(Pairs<ChunkState>().Where(pair => ChunkTransitions.Allows(pair.From, pair.To)), Is.EquivalentTo(Chunks));

    [Test]
    public void A_line_moves_along_these_arrows_and_no_others() =>
        Assert.That(Pairs<LineState>().Where(pair => LineTransitions.Allows(pair.From, pair.To)), Is.EquivalentTo(Lines));

    [Test]
    public void What_may_be_with_the_bank_never_becomes_ready_to_go() =>
        Assert.That(Chunks.Where(arrow => arrow.From is ChunkState.Sending or ChunkState.Unknown).Select(arrow => arrow.To), Has.None.EqualTo(ChunkState.Pending));

    [Test]
    public void An_unknown_chunk_is_never_sent() =>
        Assert.That(Chunks.Where(arrow => arrow.From == ChunkState.Unknown).Select(arrow => arrow.To), Is.EquivalentTo(new[] { ChunkState.Sent, ChunkState.Refused, ChunkState.Prepared }));

    [Test]
    public void An_illegal_move_throws()
    {
        Assert.That(() => ChunkTransitions.Require(ChunkState.Unknown, ChunkState.Pending), Throws.InvalidOperationException);
        Assert.That(() => LineTransitions.Require(LineState.Returned, LineState.Sent), Throws.InvalidOperationException);
        Assert.That(() => LineTransitions.ImpliedBy(ChunkState.Empty), Throws.InvalidOperationException);
    }

    private static IEnumerable<(T From, T To)> Pairs<T>()
        where T : struct, Enum =>
        from a in Enum.GetValues<T>()
        from b in Enum.GetValues<T>()
        select (a, b);
}
