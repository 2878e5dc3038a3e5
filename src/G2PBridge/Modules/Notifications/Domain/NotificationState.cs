namespace G2PBridge.Modules.Notifications.Domain;

/// <summary>What is told to whom.</summary>
internal enum NotificationKind
{
    /// <summary>To the administrator of a warehouse: what to have ready for a place.</summary>
    Warehouse,

    /// <summary>To the administrator of an agency: whom to serve with what.</summary>
    Agency,

    /// <summary>To a beneficiary: where to fetch what.</summary>
    Beneficiary,

    /// <summary>To a beneficiary of digital cash: a bank statement shows the payment.</summary>
    Paid,

    /// <summary>To a beneficiary of digital cash: the money came back.</summary>
    Returned,
}

/// <summary>
/// Where a notification stands. Pending is due or will be; Sending is leased to one worker; Unknown was handed to a channel that cannot tell one message from its
/// repetition, and nobody knows whether it arrived, so it is not sent again by itself; Undeliverable has no address or was refused for good; Suppressed was never meant to go out.
/// </summary>
internal enum NotificationState
{
    Pending,
    Sending,
    Delivered,
    Unknown,
    Undeliverable,
    Suppressed,
}

/// <summary>The whole state chart of a notification.</summary>
internal static class NotificationTransitions
{
    public static bool Allows(NotificationState from, NotificationState to) => (from, to) switch
    {
        (NotificationState.Pending, NotificationState.Sending) => true,
        // Pending: refused for now, or unknown at a channel that honours the id, so that the repetition is one message.
        (NotificationState.Sending, NotificationState.Delivered or NotificationState.Pending or NotificationState.Unknown or NotificationState.Undeliverable) => true,
        // A person says that it is to be sent (again).
        (NotificationState.Unknown or NotificationState.Undeliverable, NotificationState.Pending) => true,
        _ => false,
    };

    public static NotificationState Require(NotificationState from, NotificationState to) =>
        Allows(from, to) ? to : throw new InvalidOperationException($"A notification that is {from} cannot become {to}.");
}
