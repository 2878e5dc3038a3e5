using System.Text.Json;
using G2PBridge.Modules.Disbursement.Contracts;
using G2PBridge.Modules.Envelopes.Contracts;
using G2PBridge.Modules.Resolution.Contracts;
using G2PBridge.PartnerApi;
using MediatR;

namespace G2PBridge.Views.Partner;

/// <summary>get_disbursement_batch_control: where each task of one batch stands (contract, section 1.4.3).</summary>
internal static class GetBatchControl
{
    public const string Path = "get_disbursement_batch_control";
    private const string NotApplicable = "NOT_APPLICABLE";

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPartner(Path, HandleAsync).WithName(Path);

    internal sealed record Query(string BatchId) : IRequest<Response?>;

    internal sealed record Response(BatchFacts Batch, EnvelopeFacts Envelope, ResolutionOfBatch? Resolution, DispatchOfBatch? Dispatch, bool HasHeldLines);

    private static async Task<PartnerAnswer> HandleAsync(PartnerRequest request, WireErrors errors, IServiceProvider services, CancellationToken cancellationToken)
    {
        var id = SingleId.Read(request, errors);
        if (errors.Any)
        {
            return PartnerAnswer.Success(writer => writer.WriteNullValue());
        }

        var found = await services.GetRequiredService<IMediator>().Send(new Query(id ?? ""), cancellationToken);
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

        // Dispatch has nothing to do before anybody is resolved; from then on it waits.
        var resolved = found.Resolution?.Status == "PROCESSED";
        WriteTask(writer, "sponsor_bank_dispatch", found.Dispatch?.Status ?? (resolved ? "PENDING" : NotApplicable), found.Dispatch?.At,
            found.Dispatch?.LatestErrorCode ?? (found.HasHeldLines ? PartnerCodes.DisbursementsHeld : null), found.Dispatch?.Attempts ?? 0);
        WriteTask(writer, "geo_resolution", isDigital ? NotApplicable : "PENDING", null, null, 0);
        WriteTask(writer, "warehouse_allocation", NotApplicable, null, null, 0);
        WriteTask(writer, "agency_allocation", NotApplicable, null, null, 0);
        writer.WriteStartArray("disbursement_batch_control_geos"u8);
        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static void WriteTask(Utf8JsonWriter writer, string task, string status, DateTimeOffset? at, string? code, int attempts)
    {
        writer.WriteString($"{task}_status", status);
        writer.WriteString($"{task}_timestamp", at is { } moment ? WireText.Timestamp(moment) : null);
        writer.WriteString($"{task}_latest_error_code", code);
        writer.WriteNumber($"{task}_attempts", attempts);
    }

    internal sealed class Handler(IMediator mediator) : IRequestHandler<Query, Response?>
    {
        public async Task<Response?> Handle(Query request, CancellationToken cancellationToken)
        {
            if ((await mediator.Send(new ReadBatches([request.BatchId]), cancellationToken)).FirstOrDefault() is not { } batch)
            {
                return null;
            }

            return new Response(
                batch,
                (await mediator.Send(new ReadEnvelopes([batch.EnvelopeId]), cancellationToken))[0],
                await mediator.Send(new ReadResolutionOfBatch(batch.Id), cancellationToken),
                await mediator.Send(new ReadDispatchOfBatch(batch.Id), cancellationToken),
                await mediator.Send(new CountHeldOfBatch(batch.Id), cancellationToken) > 0);
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
