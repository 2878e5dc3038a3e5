using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using G2PBridge.Modules.Envelopes.Contracts;
using G2PBridge.Modules.InKind.Contracts;
using G2PBridge.Modules.Notifications.Domain;
using G2PBridge.Modules.Notifications.Persistence;
using G2PBridge.PartnerApi;

namespace G2PBridge.Modules.Notifications.Features;

/// <summary>What is told, with the contract's keys and spellings (section 6.3).</summary>
internal static class Payloads
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string OfWarehouse(EnvelopeFacts envelope, GeoFacts geo) => Write(writer =>
    {
        WritePlaced(writer, envelope, geo, geo.Quantity, CycleId(envelope), geo.Warehouse?.BenefitDescription);
        writer.WriteString("agency_description", geo.Agency?.Name);
        writer.WriteNumber("no_of_bebeficiaries", geo.Beneficiaries);
    });

    public static string OfAgency(EnvelopeFacts envelope, GeoFacts geo, IEnumerable<PlacedBeneficiary> beneficiaries) => Write(writer =>
    {
        WritePlaced(writer, envelope, geo, geo.Quantity, CycleId(envelope), geo.Agency?.BenefitDescription);
        writer.WriteNumber("no_of_bebeficiaries", geo.Beneficiaries);
        writer.WriteStartArray("beneficiary_entitlements");
        foreach (var beneficiary in beneficiaries)
        {
            writer.WriteStartObject();
            writer.WriteString("beneficiary_id", beneficiary.BeneficiaryId);
            writer.WriteString("beneficiary_name", beneficiary.Name);
            writer.WriteQuantity("total_quantity"u8, beneficiary.Quantity);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    });

    public static string OfBeneficiary(EnvelopeFacts envelope, GeoFacts geo, PlacedBeneficiary beneficiary) => Write(writer =>
    {
        WritePlaced(writer, envelope, geo, beneficiary.Quantity, envelope.CycleMnemonic, geo.Agency?.BenefitDescription);
        writer.WriteString("beneficiary_id", beneficiary.BeneficiaryId);
        writer.WriteString("beneficiary_name", beneficiary.Name);
    });

    /// <summary>Ours: the contract tells beneficiaries of digital cash nothing.</summary>
    public static string OfPayment(EnvelopeFacts envelope, ClaimedNotification notification, decimal quantity, string? name) => Write(writer =>
    {
        WriteEnvelope(writer, envelope, envelope.CycleMnemonic, null);
        writer.WriteQuantity("total_quantity"u8, quantity);
        writer.WriteString("beneficiary_id", notification.RecipientId);
        writer.WriteString("beneficiary_name", name);
        writer.WriteString("payment_status", notification.Kind == NotificationKind.Returned ? "RETURNED" : "PAID");
    });

    private static void WritePlaced(Utf8JsonWriter writer, EnvelopeFacts envelope, GeoFacts geo, decimal quantity, string? cycle, string? benefit)
    {
        WriteEnvelope(writer, envelope, cycle, benefit);
        writer.WriteString("warehouse_id", geo.Warehouse?.Id);
        writer.WriteString("warehouse_mnemonic", geo.Warehouse?.Mnemonic);
        writer.WriteString("warehouse_name", geo.Warehouse?.Name);
        writer.WriteString("agency_id", geo.Agency?.Id);
        writer.WriteString("agency_mnemonic", geo.Agency?.Mnemonic);
        writer.WriteString("agency_name", geo.Agency?.Name);
        writer.WriteQuantity("total_quantity"u8, quantity);
        writer.WriteString("administrative_zone_id_large", geo.LargeZoneId);
        writer.WriteString("administrative_zone_mnemonic_large", geo.LargeZoneMnemonic);
        writer.WriteString("administrative_zone_id_small", geo.SmallZoneId);
        writer.WriteString("administrative_zone_mnemonic_small", geo.SmallZoneMnemonic);
    }

    private static void WriteEnvelope(Utf8JsonWriter writer, EnvelopeFacts envelope, string? cycle, string? benefit)
    {
        writer.WriteString("program_mnemonic", envelope.ProgrammeMnemonic);
        writer.WriteString("program_description", envelope.ProgrammeDescription);
        writer.WriteString("target_registry", envelope.TargetRegistry);
        writer.WriteString("disbursement_cycle_mnemonic", cycle);
        writer.WriteString("disbursement_date", WireText.Date(envelope.ScheduleDate));
        if (envelope.BenefitCodeId is { } code)
        {
            writer.WriteNumber("benefit_code_id", code);
        }
        else
        {
            writer.WriteNull("benefit_code_id");
        }

        writer.WriteString("benefit_code_mnemonic", envelope.BenefitCodeMnemonic);
        writer.WriteString("benefit_code_description", envelope.BenefitCodeDescription);
        writer.WriteString("benefit_type", WireText.Capitals(envelope.BenefitType));
        writer.WriteString("measurement_unit", envelope.Unit);
        writer.WriteString("benefit_description", benefit ?? envelope.BenefitCodeDescription);
    }

    /// <summary>Warehouses and agencies get the cycle's id under this key, beneficiaries its mnemonic (contract, section 6.3).</summary>
    private static string? CycleId(EnvelopeFacts envelope) => envelope.CycleId?.ToString(CultureInfo.InvariantCulture) ?? envelope.CycleMnemonic;

    private static string Write(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var writer = new Utf8JsonWriter(buffer, Options))
        {
            writer.WriteStartObject();
            write(writer);
            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }
}
