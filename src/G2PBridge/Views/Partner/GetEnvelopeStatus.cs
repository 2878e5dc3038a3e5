using System.Text.Json;
using G2PBridge.Modules.Disbursement.Contracts;
using G2PBridge.Modules.Envelopes.Contracts;
using G2PBridge.Modules.Funds.Contracts;
using G2PBridge.Modules.InKind.Contracts;
using G2PBridge.Modules.Notifications.Contracts;
using G2PBridge.Modules.Reconciliation.Contracts;
using G2PBridge.PartnerApi;
using G2PBridge.Platform;
using MediatR;

namespace G2PBridge.Views.Partner;

/// <summary>
/// get_disbursement_envelope_status: the counters of one envelope (contract, section 1.4.3). Each module keeps its own counters
/// by its own events, so this is a handful of primary key look-ups, whatever the envelope's size.
/// </summary>
internal static class GetEnvelopeStatus
{
    public const string Path = "get_disbursement_envelope_status";

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPartner(Path, HandleAsync).WithName(Path);

    internal sealed record Query(string EnvelopeId) : IRequest<Response?>;

    internal sealed record Response(EnvelopeFacts Envelope, FundsStatus? Funds, DispatchProgress? Dispatch, ReconciliationProgress? Reconciliation, Placement? Placement);

    /// <summary>What is only there for what is handed out at a place.</summary>
    internal sealed record Placement(InKindProgress? Progress, NotificationProgress? Told, IReadOnlyList<GeoFacts> Geos, IReadOnlyList<NotificationsOfPlace> Notifications);

    private static async Task<PartnerAnswer> HandleAsync(PartnerRequest request, WireErrors errors, IServiceProvider services, CancellationToken cancellationToken)
    {
        var id = SingleId.Read(request, errors);
        if (errors.Any)
        {
            return PartnerAnswer.Success(writer => writer.WriteNullValue());
        }

        return await services.GetRequiredService<IMediator>().Send(new Query(id ?? ""), cancellationToken) is { } found
            ? request.Scope.Refuse(found.Envelope.ProgrammeMnemonic) is { } foreign ? PartnerAnswer.Error(foreign) : PartnerAnswer.Success(writer => Write(writer, found, request.Generation))
            : PartnerAnswer.Error(PartnerCodes.DisbursementEnvelopeNotFound, $"There is no envelope '{id}'; use the id that create_disbursement_envelopes answered with.");
    }

    private static void Write(Utf8JsonWriter writer, Response found, WireGeneration generation)
    {
        var (envelope, funds, dispatch, reconciliation, placement) = found;
        var isCash = envelope.BenefitType is BenefitType.CashDigital or BenefitType.CashPhysical;
        var waiting = isCash ? "PENDING_CHECK" : "NOT_APPLICABLE";
        writer.WriteStartObject();
        writer.WriteString("disbursement_envelope_id"u8, envelope.Id);
        writer.WriteNumberOrNull("benefit_code_id"u8, envelope.BenefitCodeId);
        writer.WriteString("benefit_code_mnemonic"u8, envelope.BenefitCodeMnemonic);
        writer.WriteString("benefit_type"u8, WireText.Capitals(envelope.BenefitType));
        writer.WriteString("measurement_unit"u8, envelope.Unit);
        writer.WriteNumber("number_of_beneficiaries_received"u8, envelope.NumberOfBeneficiaries);
        writer.WriteNumber("number_of_beneficiaries_declared"u8, envelope.NumberOfBeneficiaries);
        writer.WriteNumber("number_of_disbursements_declared"u8, envelope.NumberOfDisbursements);
        writer.WriteNumber("number_of_disbursements_received"u8, envelope.DisbursementsReceived);
        writer.WriteQuantity("total_disbursement_quantity_declared"u8, envelope.TotalQuantity);
        writer.WriteWhole("total_disbursement_quantity_received"u8, envelope.QuantityReceived);
        if (generation == WireGeneration.First)
        {
            writer.WriteQuantity("total_disbursement_amount_received"u8, envelope.QuantityReceived);
            writer.WriteBoolean("id_mapper_resolution_required"u8, true);
        }

        writer.WriteString("funds_available_with_bank"u8, funds?.Available ?? waiting);
        writer.WriteTimestampOrNull("funds_available_latest_timestamp"u8, funds?.AvailableAt);
        writer.WriteString("funds_available_latest_error_code"u8, funds?.AvailableErrorCode);
        writer.WriteNumber("funds_available_attempts"u8, funds?.AvailableAttempts ?? 0);
        writer.WriteString("funds_blocked_with_bank"u8, funds?.Blocked ?? waiting);
        writer.WriteTimestampOrNull("funds_blocked_latest_timestamp"u8, funds?.BlockedAt);
        writer.WriteString("funds_blocked_latest_error_code"u8, funds?.BlockedErrorCode);
        writer.WriteNumber("funds_blocked_attempts"u8, funds?.BlockedAttempts ?? 0);
        writer.WriteString("funds_blocked_reference_number"u8, funds?.BlockReference);

        // As the contract counts: a quantity of zero is shipped and reconciled without the bank.
        var nothing = dispatch?.NothingToPay ?? 0;
        writer.WriteNumber("number_of_disbursements_shipped"u8, (dispatch?.Sent ?? 0) + (dispatch?.Unknown ?? 0) + nothing);
        writer.WriteNumber("number_of_disbursements_reconciled"u8, (reconciliation?.Reconciled ?? 0) + nothing);
        writer.WriteNumber("number_of_disbursements_reversed"u8, reconciliation?.Returned ?? 0);
        writer.WriteNumber("no_of_warehouses_allocated"u8, placement?.Progress?.Warehouses ?? 0);
        writer.WriteNumber("no_of_warehouses_notified"u8, placement?.Told?.WarehousesNotified ?? 0);
        writer.WriteNumber("no_of_agencies_allocated"u8, placement?.Progress?.Agencies ?? 0);
        writer.WriteNumber("no_of_agencies_notified"u8, placement?.Told?.AgenciesNotified ?? 0);
        writer.WriteNumber("no_of_beneficiaries_notified"u8, placement?.Told?.BeneficiariesNotified ?? 0);
        if (placement is null)
        {
            writer.WriteNull("no_of_pods_received"u8);
            writer.WriteNull("disbursement_batch_control_geos"u8);
        }
        else
        {
            writer.WriteNumber("no_of_pods_received"u8, placement.Progress?.Delivered ?? 0);
            GeoWriter.Write(writer, envelope, placement.Geos, placement.Notifications);
        }

        writer.WriteEndObject();
    }

    internal sealed class Handler(IMediator mediator, FeatureFlags flags) : IRequestHandler<Query, Response?>
    {
        public async Task<Response?> Handle(Query request, CancellationToken cancellationToken)
        {
            // Modules that share no connection; one after the other, each would wait for the answer about the others.
            string[] ids = [request.EnvelopeId];
            var envelopes = mediator.Send(new ReadEnvelopes(ids), cancellationToken);
            var funds = mediator.Send(new ReadFundsStatus(ids), cancellationToken);
            var dispatch = mediator.Send(new ReadDispatchProgress(ids), cancellationToken);
            var reconciliation = mediator.Send(new ReadReconciliationProgress(ids), cancellationToken);
            await Task.WhenAll(envelopes, funds, dispatch, reconciliation);
            if ((await envelopes).FirstOrDefault() is not { } envelope)
            {
                return null;
            }

            return new Response(
                envelope,
                (await funds).FirstOrDefault(),
                (await dispatch).FirstOrDefault(),
                (await reconciliation).FirstOrDefault(),
                flags.InKind && envelope.BenefitType != BenefitType.CashDigital ? await PlacementAsync(envelope.Id, cancellationToken) : null);
        }

        private async Task<Placement> PlacementAsync(string id, CancellationToken cancellationToken) => new(
            (await mediator.Send(new ReadInKindProgress([id]), cancellationToken)).FirstOrDefault(),
            (await mediator.Send(new ReadNotificationProgress([id]), cancellationToken)).FirstOrDefault(),
            await mediator.Send(new ReadGeosOfEnvelope(id), cancellationToken),
            await mediator.Send(new ReadNotificationsOfPlaces(id), cancellationToken));
    }
}
