using G2PBridge.Modules.Envelopes.Contracts;
using G2PBridge.Modules.InKind.Contracts;
using G2PBridge.Modules.Notifications.Contracts;
using G2PBridge.Platform;
using MediatR;

namespace G2PBridge.Views.Native;

/// <summary>What is handed out at a place: where the lines of an envelope stand. There is none for digital cash.</summary>
/// <param name="Places">Groups of beneficiaries of one batch who live in one small zone.</param>
/// <param name="Placed">Lines whose beneficiaries have a place.</param>
/// <param name="Missing">Lines whose beneficiaries the registry does not know, or has no zone for.</param>
/// <param name="Unserved">Lines of places without a warehouse, without an agency, or whose agency has no account.</param>
/// <param name="Waiting">A registry or directory is still to be asked about something for the first time.</param>
/// <param name="NotificationsOpen">Notifications that are still to be delivered.</param>
/// <param name="NotificationsFailed">Notifications that are undeliverable, or of which nobody knows whether they arrived.</param>
/// <param name="Delivered">Lines with a proof of delivery, and what was handed out.</param>
internal sealed record PlacementView(
    int Places, Share Placed, Share Missing, Share Unserved, int Warehouses, int Agencies, int WarehousesNotified, int AgenciesNotified, int BeneficiariesNotified,
    int NotificationsOpen, int NotificationsFailed, Share Delivered, bool Waiting)
{
    public static PlacementView Of(InKindProgress? progress, NotificationProgress? told) => new(
        progress?.Places ?? 0, new Share(progress?.Placed ?? 0, progress?.PlacedQuantity ?? 0), new Share(progress?.Missing ?? 0, progress?.MissingQuantity ?? 0),
        new Share(progress?.Unallocated ?? 0, progress?.UnallocatedQuantity ?? 0), progress?.Warehouses ?? 0, progress?.Agencies ?? 0, told?.WarehousesNotified ?? 0,
        told?.AgenciesNotified ?? 0, told?.BeneficiariesNotified ?? 0, told?.Open ?? 0, told?.Failed ?? 0, new Share(progress?.Delivered ?? 0, progress?.DeliveredQuantity ?? 0), progress?.Waiting ?? true);

    /// <summary>Goods: PLACING, TELLING, DISTRIBUTING until every served line has its proof, DONE.</summary>
    public string StageOfGoods(Share received) =>
        Waiting || Placed.Lines + Missing.Lines < received.Lines ? "PLACING"
        : NotificationsOpen > 0 ? "TELLING"
        : Delivered.Lines < Placed.Lines - Unserved.Lines ? "DISTRIBUTING"
        : "DONE";
}

/// <summary>Asks for the placement of envelopes, where in-kind programmes are switched on; two questions however many envelopes.</summary>
internal sealed record ViewPlacements(IReadOnlyList<EnvelopeFacts> Envelopes) : IRequest<IReadOnlyDictionary<string, PlacementView>>;

internal static class PlacementViews
{
    internal sealed class Handler(IMediator mediator, FeatureFlags flags) : IRequestHandler<ViewPlacements, IReadOnlyDictionary<string, PlacementView>>
    {
        public async Task<IReadOnlyDictionary<string, PlacementView>> Handle(ViewPlacements request, CancellationToken cancellationToken)
        {
            var ids = request.Envelopes.Where(envelope => envelope.BenefitType != BenefitType.CashDigital).Select(envelope => envelope.Id).ToList();
            if (!flags.InKind || ids.Count == 0)
            {
                return new Dictionary<string, PlacementView>();
            }

            var progress = (await mediator.Send(new ReadInKindProgress(ids), cancellationToken)).ToDictionary(row => row.EnvelopeId, StringComparer.Ordinal);
            var told = (await mediator.Send(new ReadNotificationProgress(ids), cancellationToken)).ToDictionary(row => row.EnvelopeId, StringComparer.Ordinal);
            return ids.ToDictionary(id => id, id => PlacementView.Of(progress.GetValueOrDefault(id), told.GetValueOrDefault(id)), StringComparer.Ordinal);
        }
    }
}
