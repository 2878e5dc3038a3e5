using System.Text.Json;
using G2PBridge.Modules.Disbursement.Contracts;
using G2PBridge.Modules.Envelopes.Contracts;
using G2PBridge.Modules.InKind.Contracts;
using G2PBridge.Modules.Notifications.Contracts;
using G2PBridge.Modules.Resolution.Contracts;
using G2PBridge.PartnerApi;
using G2PBridge.Platform;
using MediatR;

namespace G2PBridge.Views.Partner;

/// <summary>get_disbursement_batch_control: where each task of one batch stands (contract, section 1.4.3).</summary>
internal static class GetBatchControl
{
    public const string Path = "get_disbursement_batch_control";
    private const string NotApplicable = "NOT_APPLICABLE";

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPartner(Path, HandleAsync).WithName(Path);

    internal sealed record Query(string BatchId) : IRequest<Response?>;

    internal sealed record Response(BatchFacts Batch, EnvelopeFacts Envelope, ResolutionOfBatch? Resolution, DispatchOfBatch? Dispatch, bool HasHeldLines, Placement? Placement);

    /// <summary>Where the batch stands in the tasks of what is handed out at a place.</summary>
    internal sealed record Placement(IReadOnlyList<InKindTask> Tasks, IReadOnlyList<GeoFacts> Geos, IReadOnlyList<NotificationsOfPlace> Notifications);

    private static async Task<PartnerAnswer> HandleAsync(PartnerRequest request, WireErrors errors, IServiceProvider services, CancellationToken cancellationToken)
    {
        var id = SingleId.Read(request, errors);
        if (errors.Any)
        {
            return PartnerAnswer.Success(writer => writer.WriteNullValue());
        }

        var found = await services.GetRequiredService<IMediator>().Send(new Query(id ?? ""), cancellationToken);
        if (found is not null && request.Scope.Refuse(found.Envelope.ProgrammeMnemonic) is { } foreign)
        {
            return PartnerAnswer.Error(foreign);
        }

        return PartnerAnswer.Success(writer =>
        {
            if (found is null)
            {
                writer.WriteNullValue();
            }
            else
            {
                Write(writer, found);
            }
        });
    }

    private static void Write(Utf8JsonWriter writer, Response found)
    {
        var isDigital = found.Envelope.BenefitType == BenefitType.CashDigital;
        writer.WriteStartObject();
        writer.WriteString("disbursement_batch_control_id"u8, found.Batch.Id);
        writer.WriteNumber("disbursement_cycle_id"u8, found.Batch.CycleId ?? found.Envelope.CycleId ?? 0);
        writer.WriteString("disbursement_cycle_code_mnemonic"u8, found.Envelope.CycleMnemonic);
        writer.WriteString("disbursement_envelope_id"u8, found.Batch.EnvelopeId);
        writer.WriteNumberOrNull("benefit_code_id"u8, found.Envelope.BenefitCodeId);
        writer.WriteString("benefit_code_mnemonic"u8, found.Envelope.BenefitCodeMnemonic);
        writer.WriteString("benefit_type"u8, WireText.Capitals(found.Envelope.BenefitType));
        writer.WriteString("measurement_unit"u8, found.Envelope.Unit);
        WriteTask(writer, "fa_resolution", isDigital ? found.Resolution?.Status ?? "PENDING" : NotApplicable, found.Resolution?.At, found.Resolution?.LatestErrorCode, found.Resolution?.Attempts ?? 0);

        // Dispatch has nothing to do before anybody is resolved, or any agency allocated; from then on it waits. Goods are never paid for.
        var agencies = found.Placement?.Tasks.FirstOrDefault(task => task.Task == "agency_allocation")?.Status;
        var resolved = isDigital ? found.Resolution?.Status == "PROCESSED" : found.Envelope.BenefitType == BenefitType.CashPhysical && agencies == "PROCESSED";
        WriteTask(writer, "sponsor_bank_dispatch", found.Dispatch?.Status ?? (resolved ? "PENDING" : NotApplicable), found.Dispatch?.At,
            found.Dispatch?.LatestErrorCode ?? (found.HasHeldLines ? PartnerCodes.DisbursementsHeld : null), found.Dispatch?.Attempts ?? 0);
        WritePlacement(writer, found.Placement, "geo_resolution", isDigital ? NotApplicable : "PENDING");
        WritePlacement(writer, found.Placement, "warehouse_allocation", NotApplicable);
        WritePlacement(writer, found.Placement, "agency_allocation", NotApplicable);
        GeoWriter.Write(writer, found.Envelope, found.Placement?.Geos ?? [], found.Placement?.Notifications ?? []);
        writer.WriteEndObject();
    }

    private static void WritePlacement(Utf8JsonWriter writer, Placement? placement, string task, string otherwise)
    {
        var found = placement?.Tasks.FirstOrDefault(other => other.Task == task);
        WriteTask(writer, task, found?.Status ?? otherwise, found?.At, found?.LatestErrorCode, found?.Attempts ?? 0);
    }

    private static void WriteTask(Utf8JsonWriter writer, string task, string status, DateTimeOffset? at, string? code, int attempts)
    {
        writer.WriteString($"{task}_status", status);
        writer.WriteString($"{task}_timestamp", at is { } moment ? WireText.Timestamp(moment) : null);
        writer.WriteString($"{task}_latest_error_code", code);
        writer.WriteNumber($"{task}_attempts", attempts);
    }

    internal sealed class Handler(IMediator mediator, FeatureFlags flags) : IRequestHandler<Query, Response?>
    {
        public async Task<Response?> Handle(Query request, CancellationToken cancellationToken)
        {
            if ((await mediator.Send(new ReadBatches([request.BatchId]), cancellationToken)).FirstOrDefault() is not { } batch)
            {
                return null;
            }

            var envelope = (await mediator.Send(new ReadEnvelopes([batch.EnvelopeId]), cancellationToken))[0];
            var placement = flags.InKind && envelope.BenefitType != BenefitType.CashDigital
                ? new Placement(
                    await mediator.Send(new ReadInKindTasks(batch.Id), cancellationToken), await mediator.Send(new ReadGeosOfBatch(batch.Id), cancellationToken),
                    await mediator.Send(new ReadNotificationsOfPlaces(envelope.Id), cancellationToken))
                : null;
            return new Response(
                batch,
                envelope,
                await mediator.Send(new ReadResolutionOfBatch(batch.Id), cancellationToken),
                await mediator.Send(new ReadDispatchOfBatch(batch.Id), cancellationToken),
                await mediator.Send(new CountHeldOfBatch(batch.Id), cancellationToken) > 0,
                placement);
        }
    }
}

/// <summary>A payload that is one id; the 1.0 form may wrap it in a list.</summary>
internal static class SingleId
{
    public static string? Read(PartnerRequest request, WireErrors errors)
    {
        if (!request.HasPayload)
        {
            errors.Add("request_payload", "Input should be a valid string");
            return null;
        }

        var reader = request.PayloadReader();
        reader.Read();
        if (reader.TokenType == JsonTokenType.StartArray && request.Generation == WireGeneration.First)
        {
            reader.Read();
        }

        return WireValue.Text(ref reader, "request_payload", errors);
    }
}
