using System.Buffers;
using System.Globalization;
using System.Text.Json;
using G2PBridge.Simulators.Faults;
using G2PBridge.Simulators.Platform;
using Npgsql;

namespace G2PBridge.Simulators.SparMapper;

/// <summary>What the four operations share: reading either wire, writing the same, and lying about persons by the fault rules.</summary>
internal sealed record MapperCall(
    string Operation,
    Func<MapperMessage.Payload, List<MapperItem?>?> Items,
    Func<List<MapperItem>, NpgsqlConnection, TimeProvider, CancellationToken, Task<List<MapperAnswer>>> Work)
{
    private const string InvalidRequest = "rjct.request.validation";

    public async Task HandleAsync(HttpContext context)
    {
        var ct = context.RequestAborted;
        var services = context.RequestServices;
        var clock = services.GetRequiredService<TimeProvider>();
        var faults = services.GetRequiredKeyedService<FaultBook>(SparMapperMount.PartyKey);
        var body = await JsonBody.ReadAsync(context);
        if (!JsonBody.TryParse(body.Span, MapperJson.Default.MapperMessage, out var message, out var problem))
        {
            await JsonBody.WriteInvalidAsync(context, problem);
            return;
        }

        var items = message.Content is { } content ? Items(content)?.OfType<MapperItem>().ToList() : null;
        var error = items is null ? InvalidRequest
            : faults.Hit(FaultKind.HeaderError, Operation, Operation) is { } lie ? lie.Reason ?? "rjct.internal.error"
            : null;
        List<MapperAnswer> answers = [];
        if (error is null)
        {
            await using var connection = await services.GetRequiredService<SimulatorsDatabase>().OpenAsync(ct);
            answers = Distort(await Work(items!, connection, clock, ct), faults);
        }

        await JsonBody.WriteAsync(context, Write(message, answers, error, clock));
    }

    private List<MapperAnswer> Distort(List<MapperAnswer> honest, FaultBook faults)
    {
        if (!faults.Has(FaultKind.PartialAnswer) && !faults.Has(FaultKind.DuplicateAnswer))
            return honest;
        var distorted = new List<MapperAnswer>(honest.Count);
        foreach (var answer in honest)
        {
            var id = answer.Item.Id ?? "";
            if (faults.Hit(FaultKind.PartialAnswer, Operation, id) is not null)
                continue;
            distorted.Add(answer);
            if (faults.Hit(FaultKind.DuplicateAnswer, Operation, id) is not null)
                distorted.Add(answer);
        }

        return distorted;
    }

    private ReadOnlyMemory<byte> Write(MapperMessage message, List<MapperAnswer> answers, string? error, TimeProvider clock)
    {
        // As upstream: the server's time without a zone.
        var now = clock.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff", CultureInfo.InvariantCulture);
        var buffer = new ArrayBufferWriter<byte>(1024 + answers.Count * 400);
        using var json = new Utf8JsonWriter(buffer);
        json.WriteStartObject();
        if (message.IsOldWire)
        {
            WriteOldHeader(json, message.Header, answers, error, now);
            json.WriteStartObject("message");
        }
        else
        {
            WriteNewHeader(json, message.RequestHeader, error, now);
            json.WriteStartObject("response_body");
            json.WriteNull("pagination_response");
            json.WriteStartObject("response_payload");
        }

        json.WriteString("transaction_id", message.Content?.TransactionId);
        json.WriteNull("correlation_id");
        json.WriteStartArray(Operation + "_response");
        foreach (var answer in answers)
            WriteAnswer(json, answer, message.IsOldWire, now);
        json.WriteEndArray();
        json.WriteEndObject();
        if (!message.IsOldWire)
            json.WriteEndObject();
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenMemory;
    }

    private static void WriteNewHeader(Utf8JsonWriter json, MapperMessage.NewHeader? header, string? error, string now)
    {
        json.WriteStartObject("response_header");
        json.WriteString("request_id", header?.RequestId ?? "");
        json.WriteString("response_status", error is null ? "SUCCESS" : "ERROR");
        json.WriteString("response_error_code", error);
        json.WriteString("response_error_message", error);
        json.WriteString("response_timestamp", now);
        json.WriteEndObject();
    }

    private void WriteOldHeader(Utf8JsonWriter json, MapperMessage.OldHeader? header, List<MapperAnswer> answers, string? error, string now)
    {
        json.WriteStartObject("header");
        json.WriteString("version", header?.Version ?? "1.0.0");
        json.WriteString("message_id", header?.MessageId ?? "");
        json.WriteString("message_ts", now);
        json.WriteString("action", header?.Action ?? Operation);
        json.WriteString("status", error is null ? MapperAnswer.Succeeded : MapperAnswer.Rejected);
        // The old wire has no code for a failure of the service; the closest it lists is this one.
        json.WriteString("status_reason_code", error is null ? null : "rjct.errors.too_many");
        json.WriteString("status_reason_message", error);
        json.WriteNumber("total_count", answers.Count);
        json.WriteNumber("completed_count", answers.Count(a => a.Status == MapperAnswer.Succeeded));
        json.WriteString("sender_id", header?.SenderId);
        json.WriteString("receiver_id", header?.ReceiverId);
        json.WriteBoolean("is_msg_encrypted", header?.IsMsgEncrypted ?? false);
        json.WriteStartObject("meta");
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private void WriteAnswer(Utf8JsonWriter json, MapperAnswer answer, bool isOldWire, string now)
    {
        json.WriteStartObject();
        json.WriteString("reference_id", answer.Item.ReferenceId ?? "");
        json.WriteString("timestamp", now);
        if (Operation == Resolve.Operation)
        {
            if (isOldWire)
                json.WriteString("fa", answer.Fa);
            else
                FinancialAddress.WriteObject(json, "fa", answer.Fa, answer.AdditionalInfo);
            json.WriteString("id", answer.Id);
            json.WriteNull("account_provider_info");
        }
        else if (Operation == Link.Operation)
        {
            json.WriteString("fa", answer.Fa);
        }
        else
        {
            json.WriteString("id", answer.Id);
        }

        json.WriteString("status", answer.Status);
        json.WriteString("status_reason_code", answer.Code);
        json.WriteString("status_reason_message", answer.Reason);
        json.WritePropertyName("additional_info");
        json.WriteRawValue(answer.AdditionalInfo ?? "null");
        json.WriteString("locale", answer.Item.Locale ?? "en");
        json.WriteEndObject();
    }
}
