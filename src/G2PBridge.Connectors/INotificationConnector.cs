namespace G2PBridge.Connectors;

/// <summary>
/// A channel through which warehouses, agencies and beneficiaries are told, such as Novu, mail or a webhook. Called without an open transaction, from several tasks at once; the bridge
/// may be killed during any call. <see cref="Notification.Id"/> is on record before the call and the same for every repetition.
/// </summary>
public interface INotificationConnector
{
    /// <summary>What this channel can do. Asked once at start.</summary>
    NotificationCapabilities Capabilities { get; }

    /// <summary>
    /// Hands over notifications. One that the answer does not name counts as <see cref="NotificationAnswer.NotKnown"/>, and so does an exception for all of them.
    /// </summary>
    Task<IReadOnlyList<NotificationAnswer>> SendAsync(IReadOnlyList<Notification> notifications, CancellationToken cancellationToken);
}

/// <summary>What a channel can do.</summary>
/// <param name="Idempotent">Two messages with one id are one. Without it, a notification whose outcome is not known is not sent again by itself.</param>
/// <param name="MostPerCall">The most notifications in one call.</param>
public sealed record NotificationCapabilities(bool Idempotent, int MostPerCall);

/// <summary>What a notification is about (contract, NotificationType, and two of ours).</summary>
public enum NotificationType
{
    /// <summary>WAREHOUSE_NOTIFICATION.</summary>
    Warehouse,

    /// <summary>AGENCY_NOTIFICATION.</summary>
    Agency,

    /// <summary>BENEFICIARY_NOTIFICATION.</summary>
    Beneficiary,

    /// <summary>A bank statement shows a beneficiary's payment.</summary>
    PaymentPaid,

    /// <summary>A beneficiary's payment came back.</summary>
    PaymentReturned,
}

/// <summary>Who is told.</summary>
/// <param name="Id">The warehouse's, agency's or beneficiary's id.</param>
public sealed record NotificationRecipient(string Id, string? Name, string? Email, string? Phone);

/// <summary>One notification.</summary>
/// <param name="Id">A UUID; the transaction id, message id or idempotency key of the channel.</param>
/// <param name="Payload">A JSON object with the contract's keys (section 6.3).</param>
public sealed record Notification(string Id, NotificationType Type, NotificationRecipient Recipient, string Payload);

/// <summary>What became of one notification.</summary>
/// <param name="Id">As in <see cref="Notification.Id"/>.</param>
public abstract record NotificationAnswer(string Id)
{
    /// <summary>The channel has it, now or from an earlier call.</summary>
    public sealed record Delivered(string Id) : NotificationAnswer(Id);

    /// <summary>The channel does not have it, provably.</summary>
    /// <param name="IsFinal">It would refuse it again, for instance because the recipient has no address there.</param>
    /// <param name="Why">Without personal data; it is shown and logged.</param>
    public sealed record Refused(string Id, string Code, string Why, bool IsFinal) : NotificationAnswer(Id);

    /// <summary>The channel may or may not have it.</summary>
    public sealed record NotKnown(string Id, string Code) : NotificationAnswer(Id);
}
