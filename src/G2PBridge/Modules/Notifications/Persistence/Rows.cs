using G2PBridge.Modules.Notifications.Domain;

namespace G2PBridge.Modules.Notifications.Persistence;

// Only the shape of the tables: these rows move in sets (NotificationStore), never through the change tracker.
internal sealed class NotificationRow
{
    /// <summary>The transaction id under which a channel knows the message; committed before the first call.</summary>
    public Guid Id { get; init; }
    public NotificationKind Kind { get; init; }

    /// <summary>The number of the place or of the line that it is about.</summary>
    public long Subject { get; init; }

    /// <summary>Zero, or the generation of the payment that it is about.</summary>
    public short Generation { get; init; }
    public required string EnvelopeId { get; init; }

    /// <summary>The number of the place, for what is handed out at one.</summary>
    public long? Place { get; init; }
    public required string RecipientId { get; init; }
    public NotificationState State { get; init; }
    public int Attempts { get; init; }
    public int Failures { get; init; }
    public DateTimeOffset DueAt { get; init; }
    public DateTimeOffset? LeaseUntil { get; init; }
    public long Fence { get; init; }
    public string? LastCode { get; init; }
    public DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset? SettledAt { get; init; }
}

/// <summary>The delivery log: one row per attempt and outcome, without personal data.</summary>
internal sealed class NotificationHistoryRow
{
    public long Id { get; init; }
    public Guid NotificationId { get; init; }
    public DateTimeOffset At { get; init; }
    public int Attempt { get; init; }
    public string? FromState { get; init; }
    public required string ToState { get; init; }
    public required string Cause { get; init; }
    public required string Actor { get; init; }
}

/// <summary>How far an envelope of digital cash was looked through for payments to tell about.</summary>
internal sealed class WatchRow
{
    public required string EnvelopeId { get; init; }
    public int Paid { get; init; }
    public int Returned { get; init; }
    public DateTimeOffset LookedAt { get; init; }
}
