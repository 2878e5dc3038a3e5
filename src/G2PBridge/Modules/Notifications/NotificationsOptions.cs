using System.ComponentModel.DataAnnotations;
using G2PBridge.Modules.Notifications.Domain;

namespace G2PBridge.Modules.Notifications;

/// <summary>Who is told what through which channel. The channels stand in the same section under <c>Channels</c>.</summary>
internal sealed class NotificationsOptions : IValidatableObject
{
    public const string Section = "Notifications";

    /// <summary>Nobody is told; every notification counts as done, as upstream.</summary>
    public bool SuppressNotifications { get; init; }

    /// <summary>Channel of every kind that has none of its own.</summary>
    public string? Channel { get; init; }

    public string? WarehouseChannel { get; init; }

    public string? AgencyChannel { get; init; }

    public string? BeneficiaryChannel { get; init; }

    /// <summary>Tells beneficiaries of digital cash when a statement shows their payment. They need a contact in the target registry.</summary>
    public bool TellPaid { get; init; }

    /// <summary>Tells beneficiaries of digital cash when their money came back.</summary>
    public bool TellReturned { get; init; }

    /// <summary>How often an envelope of digital cash is looked through for payments to tell about, while its counts change.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan WatchInterval { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Envelopes of digital cash that were due longer ago are not looked through any more.</summary>
    [Range(1, 3_650)]
    public int WatchDays { get; init; } = 60;

    [Range(1, 32)]
    public int Parallelism { get; init; } = 2;

    /// <summary>How often the tables are looked at when nobody wakes the jobs.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "01:00:00")]
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long one call to a channel may take.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan CallTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a dead worker holds its notifications.</summary>
    [Range(typeof(TimeSpan), "00:00:05", "02:00:00")]
    public TimeSpan Lease { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>Pause after a failed attempt; it doubles with each further one.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan FirstRetry { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The longest pause after failed attempts.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "7.00:00:00")]
    public TimeSpan LongestRetry { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>After so many failed attempts in a row a notification shows ERROR; it goes on being tried.</summary>
    [Range(1, 1_000)]
    public int MaxFailedAttempts { get; init; } = 3;

    public string? ChannelOf(NotificationKind kind) => kind switch
    {
        NotificationKind.Warehouse => WarehouseChannel,
        NotificationKind.Agency => AgencyChannel,
        _ => BeneficiaryChannel,
    } ?? Channel;

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Lease < CallTimeout + TimeSpan.FromSeconds(2))
        {
            yield return new ValidationResult($"{Section}:{nameof(Lease)} must be longer than {Section}:{nameof(CallTimeout)}.", [nameof(Lease)]);
        }
    }
}
