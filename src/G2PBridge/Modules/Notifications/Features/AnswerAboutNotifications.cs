using G2PBridge.Modules.Notifications.Contracts;
using G2PBridge.Modules.Notifications.Persistence;
using MediatR;
using Microsoft.Extensions.Options;

namespace G2PBridge.Modules.Notifications.Features;

/// <summary>The questions of the views (Contracts).</summary>
internal static class AnswerAboutNotifications
{
    internal sealed class Handler(NotificationStore store, IOptions<NotificationsOptions> options)
        : IRequestHandler<ReadNotificationProgress, IReadOnlyList<NotificationProgress>>, IRequestHandler<ReadNotificationsOfPlaces, IReadOnlyList<NotificationsOfPlace>>
    {
        public async Task<IReadOnlyList<NotificationProgress>> Handle(ReadNotificationProgress request, CancellationToken cancellationToken) =>
            await store.ProgressAsync(request.EnvelopeIds, cancellationToken);

        public async Task<IReadOnlyList<NotificationsOfPlace>> Handle(ReadNotificationsOfPlaces request, CancellationToken cancellationToken) =>
            await store.OfPlacesAsync(request.EnvelopeId, options.Value.MaxFailedAttempts, cancellationToken);
    }
}
