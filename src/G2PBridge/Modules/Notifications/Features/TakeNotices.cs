using G2PBridge.Modules.Envelopes.Contracts;
using G2PBridge.Modules.InKind.Contracts;
using G2PBridge.Modules.Notifications.Domain;
using G2PBridge.Modules.Notifications.Persistence;
using G2PBridge.Platform.Jobs;
using MediatR;
using Microsoft.Extensions.Options;

namespace G2PBridge.Modules.Notifications.Features;

/// <summary>
/// Takes charge of telling about places that are served: one notification to the warehouse, one to the agency, one to each beneficiary. Our rows, then the acknowledgement:
/// dying in between repeats the rows, of which there can be one each.
/// </summary>
internal static partial class TakeNotices
{
    private const int MostPlaces = 200;

    internal sealed record Command : IRequest<bool>;

    internal sealed partial class Handler(IMediator mediator, NotificationStore store, IOptions<NotificationsOptions> options, WorkSignal signal, ILogger<Handler> logger) : IRequestHandler<Command, bool>
    {
        public async Task<bool> Handle(Command request, CancellationToken cancellationToken)
        {
            var notices = await mediator.Send(new ListNewNotices(MostPlaces), cancellationToken);
            if (notices.Count == 0)
            {
                return false;
            }

            var cancelled = (await mediator.Send(new ReadEnvelopes([.. notices.Select(notice => notice.EnvelopeId).Distinct(StringComparer.Ordinal)]), cancellationToken))
                .Where(envelope => envelope.Status == EnvelopeStatus.Cancelled).Select(envelope => envelope.Id).ToHashSet(StringComparer.Ordinal);
            var told = notices.Where(notice => !cancelled.Contains(notice.EnvelopeId)).ToList();
            var envelopeOf = told.ToDictionary(notice => notice.Place, notice => notice.EnvelopeId);
            var beneficiaries = await mediator.Send(new ReadBeneficiaries(envelopeOf.Keys), cancellationToken);
            NewNotification[] notifications =
            [
                .. told.Where(notice => notice.WarehouseId is not null)
                    .Select(notice => new NewNotification(NotificationKind.Warehouse, notice.Place, 0, notice.EnvelopeId, notice.Place, notice.WarehouseId!)),
                .. told.Select(notice => new NewNotification(NotificationKind.Agency, notice.Place, 0, notice.EnvelopeId, notice.Place, notice.AgencyId)),
                .. beneficiaries.Select(line => new NewNotification(NotificationKind.Beneficiary, line.Seq, 0, envelopeOf[line.Place], line.Place, line.BeneficiaryId)),
            ];
            await store.InsertAsync(notifications, options.Value.SuppressNotifications, cancellationToken);
            await mediator.Send(new AcknowledgeNotices([.. notices.Select(notice => notice.Place)]), cancellationToken);
            await signal.RaiseAsync(Work.SendNotifications, cancellationToken);
            LogTaken(notices.Count, notifications.Length);
            return true;
        }

        [LoggerMessage(6000, LogLevel.Information, "{Places} places are served, {Notifications} notifications are on record")]
        private partial void LogTaken(int places, int notifications);
    }
}
