using G2PBridge.Modules.Disbursement.Domain;

namespace G2PBridge.UnitTests.Disbursement;

internal sealed class PauseStateTests
{
    [Test]
    public void A_pause_goes_forward_only([Values] PauseState from, [Values] PauseState to)
    {
        var allowed = (from, to) is (PauseState.Stopping, PauseState.Paused) or (PauseState.Stopping, PauseState.Lifted) or (PauseState.Paused, PauseState.Lifted);
        Assert.That(PauseTransitions.Allows(from, to), Is.EqualTo(allowed));
        if (!allowed)
        {
            Assert.That(() => PauseTransitions.Require(from, to), Throws.InvalidOperationException);
        }
    }
}
