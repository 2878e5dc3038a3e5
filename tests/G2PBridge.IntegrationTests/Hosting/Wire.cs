using System.Text.Json.Nodes;

namespace G2PBridge.IntegrationTests;

/// <summary>Requests of the partner API as a programme system writes them.</summary>
internal static class Wire
{
    private static int _requests;

    public static JsonObject Request(JsonNode? payload, string? batchId = null, string? requestId = null)
    {
        var body = new JsonObject { ["pagination_request"] = null, ["request_payload"] = payload };
        if (batchId is not null)
        {
            body["disbursement_batch_control_id"] = batchId;
        }

        return new JsonObject
        {
            ["request_header"] = new JsonObject
            {
                ["sender_app_mnemonic"] = "TEST_PBMS",
                ["sender_app_url"] = "",
                ["request_id"] = requestId ?? $"r{Interlocked.Increment(ref _requests)}-{Guid.CreateVersion7():N}",
                ["request_timestamp"] = "2026-06-19T10:15:00Z",
                ["instance_id"] = null,
            },
            ["request_body"] = body,
        };
    }

    public static JsonObject Envelope(string id, int lines, decimal total, Action<JsonObject>? change = null)
    {
        var envelope = new JsonObject
        {
            ["id"] = id,
            ["benefit_program_id"] = 990001,
            ["benefit_program_mnemonic"] = "CASHX",
            ["benefit_program_description"] = "Cash X",
            ["target_registry"] = "FARMER",
            ["benefit_code_id"] = 990002,
            ["benefit_code_mnemonic"] = "CASHX_USD",
            ["benefit_code_description"] = "USD",
            ["benefit_type"] = "CASH_DIGITAL",
            ["disbursement_cycle_id"] = 1,
            ["disbursement_frequency"] = "Monthly",
            // A cycle of its own, so that envelopes of one test do not pay the same people twice unless the test says so.
            ["cycle_code_mnemonic"] = $"2026-06/{id}",
            ["number_of_beneficiaries"] = lines,
            ["number_of_disbursements"] = lines,
            ["total_disbursement_quantity"] = total,
            ["measurement_unit"] = "USD",
            ["disbursement_schedule_date"] = "2026-06-19",
        };
        change?.Invoke(envelope);
        return envelope;
    }

    public static JsonObject Line(string envelopeId, string id, string beneficiary, decimal quantity, Action<JsonObject>? change = null)
    {
        var line = new JsonObject
        {
            ["disbursement_id"] = id,
            ["disbursement_envelope_id"] = envelopeId,
            ["beneficiary_id"] = beneficiary,
            ["beneficiary_name"] = null,
            ["disbursement_quantity"] = quantity,
            ["disbursement_cycle_id"] = 1,
            ["narrative"] = "June",
        };
        change?.Invoke(line);
        return line;
    }

    /// <summary>Lines D1 to Dn of one envelope for B1 to Bn.</summary>
    public static JsonArray Lines(string envelopeId, int count, decimal each, int from = 1) =>
        [.. Enumerable.Range(from, count).Select(i => (JsonNode)Line(envelopeId, $"{envelopeId}-D{i}", $"B{i}", each))];

    public static string? Code(this JsonNode answer) => (string?)answer["response_header"]!["response_error_code"];

    public static bool Succeeded(this JsonNode answer) => (string?)answer["response_header"]!["response_status"] == "SUCCESS";

    public static JsonNode? Payload(this JsonNode answer) => answer["response_body"]!["response_payload"];
}
