using G2PBridge.Connectors;
using MediatR;

namespace G2PBridge.Modules.Notifications.Contracts;

/// <summary>The configured channels (section <c>Notifications:Channels</c>) by their name.</summary>
internal interface INotificationChannels
{
    /// <summary>Null when no channel of this name is configured.</summary>
    INotificationConnector? Find(string channel);
}

/// <summary>Whom an envelope's notifications have reached, each counted once.</summary>
internal sealed record NotificationProgress(string EnvelopeId, int WarehousesNotified, int AgenciesNotified, int BeneficiariesNotified, int Open, int Failed);

internal sealed record ReadNotificationProgress(IReadOnlyCollection<string> EnvelopeIds) : IRequest<IReadOnlyList<NotificationProgress>>;

/// <summary>The notifications of one place in the contract's words (ProcessStatus); null when there is none.</summary>
internal sealed record NotificationsOfPlace(long Place, string? WarehouseStatus, string? AgencyStatus);

internal sealed record ReadNotificationsOfPlaces(string EnvelopeId) : IRequest<IReadOnlyList<NotificationsOfPlace>>;
