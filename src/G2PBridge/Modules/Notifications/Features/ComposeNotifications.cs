using System.Globalization;
using G2PBridge.Connectors;
using G2PBridge.Modules.Envelopes.Contracts;
using G2PBridge.Modules.InKind.Contracts;
using G2PBridge.Modules.Notifications.Domain;
using G2PBridge.Modules.Notifications.Persistence;
using MediatR;

namespace G2PBridge.Modules.Notifications.Features;

/// <summary>A notification ready to go out, or why it cannot.</summary>
/// <param name="Code">Set where there is no message.</param>
/// <param name="IsFinal">It would not help to try again.</param>
internal readonly record struct Composed(ClaimedNotification Claim, Notification? Message, string? Code, bool IsFinal);

/// <summary>
/// Puts together what is told, from what the modules know at this moment, some questions for a whole set. Nothing of it is stored here: personal data stays where it is.
/// </summary>
internal sealed class ComposeNotifications(IMediator mediator)
{
    private const string Cancelled = "ENVELOPE_CANCELLED";
    private const string LineCancelled = "DISBURSEMENT_CANCELLED";
    private const string NoContact = "NO_CONTACT";
    private const string RegistrySilent = "REGISTRY_UNREACHABLE";

    public async Task<IReadOnlyList<Composed>> OfAsync(IReadOnlyList<ClaimedNotification> claims, CancellationToken cancellationToken)
    {
        var envelopes = (await mediator.Send(new ReadEnvelopes([.. claims.Select(claim => claim.EnvelopeId).Distinct(StringComparer.Ordinal)]), cancellationToken))
            .ToDictionary(envelope => envelope.Id, StringComparer.Ordinal);
        return claims[0].Kind switch
        {
            NotificationKind.Paid or NotificationKind.Returned => await PaymentsAsync(claims, envelopes, cancellationToken),
            _ => await PlacesAsync(claims, envelopes, cancellationToken),
        };
    }

    private async Task<IReadOnlyList<Composed>> PlacesAsync(IReadOnlyList<ClaimedNotification> claims, Dictionary<string, EnvelopeFacts> envelopes, CancellationToken cancellationToken)
    {
        var kind = claims[0].Kind;
        var geos = (await mediator.Send(new FindGeos([.. claims.Select(claim => claim.Place!.Value).Distinct()]), cancellationToken)).ToDictionary(geo => geo.Number);
        // Reading by place leaves out whoever was cancelled since.
        var beneficiaries = kind == NotificationKind.Warehouse ? [] : await mediator.Send(new ReadBeneficiaries(geos.Keys), cancellationToken);
        var ofPlace = beneficiaries.ToLookup(line => line.Place);
        var ofLine = beneficiaries.ToDictionary(line => line.Seq);
        return [.. claims.Select(claim => envelopes[claim.EnvelopeId].Status == EnvelopeStatus.Cancelled
            ? new Composed(claim, null, Cancelled, true)
            : One(claim, envelopes[claim.EnvelopeId], geos[claim.Place!.Value], ofPlace, ofLine))];
    }

    private static Composed One(ClaimedNotification claim, EnvelopeFacts envelope, GeoFacts geo, ILookup<long, PlacedBeneficiary> ofPlace, Dictionary<long, PlacedBeneficiary> ofLine)
    {
        switch (claim.Kind)
        {
            case NotificationKind.Warehouse:
                return Ready(claim, NotificationType.Warehouse, RecipientOf(geo.Warehouse!), Payloads.OfWarehouse(envelope, geo));
            case NotificationKind.Agency:
                return Ready(claim, NotificationType.Agency, RecipientOf(geo.Agency!), Payloads.OfAgency(envelope, geo, ofPlace[geo.Number]));
            default:
                return ofLine.TryGetValue(claim.Subject, out var line)
                    ? Ready(claim, NotificationType.Beneficiary, new NotificationRecipient(line.BeneficiaryId, line.Name, line.Email, line.Phone), Payloads.OfBeneficiary(envelope, geo, line))
                    : new Composed(claim, null, LineCancelled, true);
        }
    }

    private async Task<IReadOnlyList<Composed>> PaymentsAsync(IReadOnlyList<ClaimedNotification> claims, Dictionary<string, EnvelopeFacts> envelopes, CancellationToken cancellationToken)
    {
        var lines = (await mediator.Send(new FindLinesBySeq([.. claims.Select(claim => claim.Subject).Distinct()]), cancellationToken)).ToDictionary(line => line.Seq);
        var composed = new List<Composed>(claims.Count);
        foreach (var registry in claims.GroupBy(claim => envelopes[claim.EnvelopeId].TargetRegistry))
        {
            var contacts = await mediator.Send(new FindContacts(registry.Key, [.. registry.Select(claim => claim.RecipientId).Distinct(StringComparer.Ordinal)]), cancellationToken);
            var of = contacts?.ToDictionary(contact => contact.BeneficiaryId, StringComparer.Ordinal);
            foreach (var claim in registry)
            {
                composed.Add(of is null ? new Composed(claim, null, RegistrySilent, false)
                    : of.TryGetValue(claim.RecipientId, out var contact)
                        ? Ready(
                            claim, claim.Kind == NotificationKind.Returned ? NotificationType.PaymentReturned : NotificationType.PaymentPaid,
                            new NotificationRecipient(contact.BeneficiaryId, contact.Name, contact.Email, contact.Phone),
                            Payloads.OfPayment(envelopes[claim.EnvelopeId], claim, lines[claim.Subject].Quantity, contact.Name))
                        : new Composed(claim, null, NoContact, true));
            }
        }

        return composed;
    }

    private static Composed Ready(ClaimedNotification claim, NotificationType type, NotificationRecipient recipient, string payload) =>
        recipient is { Email: null or "", Phone: null or "" }
            ? new Composed(claim, null, NoContact, true)
            : new Composed(claim, new Notification(claim.Id.ToString("D", CultureInfo.InvariantCulture), type, recipient, payload), null, false);

    private static NotificationRecipient RecipientOf(AllocatedPoint point) => new(point.Id, point.AdminName, point.AdminEmail, point.AdminPhone);
}
