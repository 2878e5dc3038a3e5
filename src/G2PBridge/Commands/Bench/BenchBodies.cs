using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace G2PBridge.Commands.Bench;

/// <summary>Writes the requests of a programme system about generated people: of every ten people one banks elsewhere, and a part of those payments comes back.</summary>
internal static class BenchBodies
{
    public const string Sender = "BENCH_PBMS";
    private const string Time = "2026-01-01T00:00:00Z";

    public static string PersonId(int person) => string.Create(CultureInfo.InvariantCulture, $"BENCH{person:D8}");

    /// <summary>The same each time, so that it can be asked about later.</summary>
    public static string LineId(BenchEnvelope envelope, int person)
    {
        var counted = string.Create(CultureInfo.InvariantCulture, $"{envelope.Id}-{person:D8}");
        return envelope.RandomIds ? new Guid(SHA256.HashData(Encoding.ASCII.GetBytes(counted))[..16]).ToString() : counted;
    }

    public static ReadOnlyMemory<byte> Envelopes(IReadOnlyList<BenchEnvelope> envelopes, DateOnly scheduleDate) => Ask($"{envelopes[0].Id}-envelopes", null, writer =>
    {
        writer.WriteStartArray();
        foreach (var envelope in envelopes)
        {
            writer.WriteStartObject();
            writer.WriteString("id", envelope.Id);
            writer.WriteNumber("benefit_program_id", 990003);
            writer.WriteString("benefit_program_mnemonic", "BENCH");
            writer.WriteString("benefit_program_description", "Measurement");
            writer.WriteString("target_registry", "FARMER");
            writer.WriteNumber("benefit_code_id", 990004);
            writer.WriteString("benefit_code_mnemonic", "BENCH_CASH");
            writer.WriteString("benefit_code_description", "Measurement");
            writer.WriteString("benefit_type", "CASH_DIGITAL");
            writer.WriteNumber("disbursement_cycle_id", 1);
            writer.WriteString("disbursement_frequency", "OnDemand");
            writer.WriteString("cycle_code_mnemonic", envelope.Id);
            writer.WriteNumber("number_of_beneficiaries", envelope.Lines);
            writer.WriteNumber("number_of_disbursements", envelope.Lines);
            writer.WriteNumber("total_disbursement_quantity", envelope.Total);
            writer.WriteString("measurement_unit", BenchPlan.Currency);
            writer.WriteString("disbursement_schedule_date", scheduleDate.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture));
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    });

    public static ReadOnlyMemory<byte> Lines(BenchBatch batch) => Lines(batch, Time);

    /// <param name="time">When the request says that it was written; a signed one is taken while that is near.</param>
    public static ReadOnlyMemory<byte> Lines(BenchBatch batch, string time) => Ask(batch.Id, batch.Id, time, writer =>
    {
        writer.WriteStartArray();
        for (var person = batch.FirstPerson; person < batch.FirstPerson + batch.Lines; person++)
        {
            writer.WriteStartObject();
            writer.WriteString("disbursement_id"u8, LineId(batch.Envelope, person));
            writer.WriteString("disbursement_envelope_id"u8, batch.Envelope.Id);
            writer.WriteString("beneficiary_id"u8, PersonId(person));
            writer.WriteString("beneficiary_name"u8, string.Create(CultureInfo.InvariantCulture, $"Generated {person:D8}"));
            writer.WriteNumber("disbursement_quantity"u8, BenchPlan.Amount);
            writer.WriteNumber("disbursement_cycle_id"u8, 1);
            writer.WriteString("narrative"u8, "Measurement");
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    });

    public static ReadOnlyMemory<byte> Ids(IEnumerable<string> ids) => Ask(Guid.CreateVersion7().ToString("N"), null, writer =>
    {
        writer.WriteStartArray();
        foreach (var id in ids)
        {
            writer.WriteStringValue(id);
        }

        writer.WriteEndArray();
    });

    public static ReadOnlyMemory<byte> Id(string id) => Ask(Guid.CreateVersion7().ToString("N"), null, writer => writer.WriteStringValue(id));

    /// <summary>Tells the mapper where the money of these people goes.</summary>
    public static ReadOnlyMemory<byte> Links(int firstPerson, int people) => Write(writer =>
    {
        writer.WriteStartObject();
        writer.WriteStartObject("request_header");
        Header(writer, Guid.CreateVersion7().ToString("N"), Time);
        writer.WriteEndObject();
        writer.WriteStartObject("request_body");
        writer.WriteStartObject("request_payload");
        writer.WriteString("transaction_id", Guid.CreateVersion7().ToString("N"));
        writer.WriteStartArray("link_request");
        for (var person = firstPerson; person < firstPerson + people; person++)
        {
            var bank = person % 10 == 7 ? "OTHER-BANK" : "EXAMPLE-BANK";
            writer.WriteStartObject();
            writer.WriteString("reference_id"u8, PersonId(person));
            writer.WriteString("timestamp"u8, Time);
            writer.WriteString("id"u8, PersonId(person));
            writer.WriteStartObject("fa"u8);
            writer.WriteNumber("strategy_id"u8, 5);
            writer.WriteString("fa_type"u8, "BANK_ACCOUNT");
            writer.WriteString("bank_name"u8, bank);
            writer.WriteString("bank_code"u8, bank);
            writer.WriteString("branch_name"u8, "0001");
            writer.WriteString("branch_code"u8, "0001");
            writer.WriteString("account_number"u8, string.Create(CultureInfo.InvariantCulture, $"ACC{person:D8}"));
            writer.WriteEndObject();
            writer.WriteString("name"u8, string.Create(CultureInfo.InvariantCulture, $"Generated {person:D8}"));
            writer.WriteString("phone_number"u8, string.Create(CultureInfo.InvariantCulture, $"+998{person:D8}"));
            writer.WriteStartArray("additional_info"u8);
            writer.WriteStartObject();
            writer.WriteNumber("strategy_id"u8, 5);
            writer.WriteEndObject();
            writer.WriteEndArray();
            writer.WriteString("locale"u8, "en");
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
        writer.WriteEndObject();
        writer.WriteEndObject();
    });

    private static ReadOnlyMemory<byte> Ask(string requestId, string? batchId, Action<Utf8JsonWriter> payload) => Ask(requestId, batchId, Time, payload);

    private static ReadOnlyMemory<byte> Ask(string requestId, string? batchId, string time, Action<Utf8JsonWriter> payload) => Write(writer =>
    {
        writer.WriteStartObject();
        writer.WriteStartObject("request_header");
        Header(writer, requestId, time);
        writer.WriteEndObject();
        writer.WriteStartObject("request_body");
        if (batchId is not null)
        {
            writer.WriteString("disbursement_batch_control_id", batchId);
        }

        writer.WritePropertyName("request_payload");
        payload(writer);
        writer.WriteEndObject();
        writer.WriteEndObject();
    });

    private static void Header(Utf8JsonWriter writer, string requestId, string time)
    {
        writer.WriteString("sender_app_mnemonic", Sender);
        writer.WriteString("sender_app_url", "");
        writer.WriteString("request_id", requestId);
        writer.WriteString("request_timestamp", time);
        writer.WriteNull("instance_id");
    }

    private static ReadOnlyMemory<byte> Write(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>(64 * 1024);
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { SkipValidation = true }))
        {
            write(writer);
        }

        return buffer.WrittenMemory;
    }
}
