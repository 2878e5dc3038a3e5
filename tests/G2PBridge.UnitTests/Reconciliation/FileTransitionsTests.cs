using G2PBridge.Modules.Reconciliation.Domain;
using static G2PBridge.Modules.Reconciliation.Domain.FileState;

namespace G2PBridge.UnitTests.Reconciliation;

internal sealed class FileTransitionsTests
{
    private static readonly (FileState From, FileState To)[] Arrows =
    [
        (Uploading, Received), (Uploading, Duplicate), (Received, Reading), (Reading, Received), (Reading, Processed), (Reading, Error), (Error, Received), (Processed, Received),
    ];

    [Test]
    public void The_chart_has_these_arrows_and_no_other()
    {
        var states = Enum.GetValues<FileState>();
        var allowed = from one in states from other in states where FileTransitions.Allows(one, other) select (one, other);

        Assert.That(allowed, Is.EquivalentTo(Arrows));
    }

    [Test]
    public void An_arrow_that_is_not_there_throws() => Assert.Throws<InvalidOperationException>(() => FileTransitions.Move(Processed, Reading));
}
