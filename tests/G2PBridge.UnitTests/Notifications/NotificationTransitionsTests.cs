using G2PBridge.Modules.Notifications.Domain;
using static G2PBridge.Modules.Notifications.Domain.NotificationState;

namespace G2PBridge.UnitTests.Notifications;

/// <summary>The state chart of a notification, pair by pair.</summary>
internal sealed class NotificationTransitionsTests
{
    private static readonly HashSet<(NotificationState, NotificationState)> Allowed =
    [
        (Pending, Sending), (Sending, Delivered), (Sending, Pending), (Sending, Unknown), (Sending, Undeliverable), (Unknown, Pending), (Undeliverable, Pending),
    ];

    [Test]
    public void Only_the_moves_of_the_chart_are_allowed()
    {
        foreach (var from in Enum.GetValues<NotificationState>())
        {
            foreach (var to in Enum.GetValues<NotificationState>())
            {
                Assert.That(NotificationTransitions.Allows(from, to), Is.EqualTo(Allowed.Contains((from, to))), $"{from} to {to}");
            }
        }

        Assert.That(() => NotificationTransitions.Require(Delivered, Pending), Throws.InvalidOperationException);
    }
}
