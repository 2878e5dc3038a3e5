using G2PBridge.Modules.InKind.Domain;
using static G2PBridge.Modules.InKind.Domain.TaskState;

namespace G2PBridge.UnitTests.InKind;

/// <summary>The state chart of a task, pair by pair.</summary>
internal sealed class TaskTransitionsTests
{
    private static readonly HashSet<(TaskState, TaskState)> Allowed =
    [
        (Pending, Working), (Incomplete, Working), (Working, Done), (Working, Incomplete), (Working, Exhausted), (Working, Pending), (Done, Pending), (Incomplete, Pending), (Exhausted, Pending),
    ];

    [Test]
    public void Only_the_moves_of_the_chart_are_allowed()
    {
        foreach (var from in Enum.GetValues<TaskState>())
        {
            foreach (var to in Enum.GetValues<TaskState>())
            {
                Assert.That(TaskTransitions.Allows(from, to), Is.EqualTo(Allowed.Contains((from, to))), $"{from} to {to}");
            }
        }

        Assert.That(() => TaskTransitions.Require(Done, Working), Throws.InvalidOperationException);
    }
}
