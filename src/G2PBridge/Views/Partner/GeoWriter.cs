using System.Globalization;
using System.Text.Json;
using G2PBridge.Modules.Envelopes.Contracts;
using G2PBridge.Modules.InKind.Contracts;
using G2PBridge.Modules.Notifications.Contracts;
using G2PBridge.PartnerApi;

namespace G2PBridge.Views.Partner;

/// <summary>The places of a batch or an envelope as the contract spells them (section 1.4.3, Geo).</summary>
internal static class GeoWriter
{
    public static void Write(Utf8JsonWriter writer, EnvelopeFacts envelope, IReadOnlyList<GeoFacts> geos, IReadOnlyList<NotificationsOfPlace> notifications)
    {
        var told = notifications.ToDictionary(place => place.Place);
        writer.WriteStartArray("disbursement_batch_control_geos"u8);
        foreach (var geo in geos)
        {
            var status = told.GetValueOrDefault(geo.Number);
            writer.WriteStartObject();
            writer.WriteString("disbursement_batch_control_geo_id"u8, geo.Id);
            writer.WriteString("disbursement_cycle_id"u8, (envelope.CycleId ?? 0).ToString(CultureInfo.InvariantCulture));
            writer.WriteString("disbursement_envelope_id"u8, geo.EnvelopeId);
            writer.WriteString("disbursement_batch_control_id"u8, geo.BatchId);
            writer.WriteString("administrative_zone_id_large"u8, geo.LargeZoneId);
            writer.WriteString("administrative_zone_mnemonic_large"u8, geo.LargeZoneMnemonic);
            writer.WriteString("administrative_zone_id_small"u8, geo.SmallZoneId);
            writer.WriteString("administrative_zone_mnemonic_small"u8, geo.SmallZoneMnemonic);
            writer.WriteNumber("no_of_beneficiaries"u8, geo.Beneficiaries);
            writer.WriteQuantity("total_quantity"u8, geo.Quantity);
            writer.WriteString("warehouse_id"u8, geo.Warehouse?.Id);
            writer.WriteString("warehouse_mnemonic"u8, geo.Warehouse?.Mnemonic);
            writer.WriteString("warehouse_additional_attributes"u8, geo.Warehouse?.AdditionalInfo);
            writer.WriteString("agency_id"u8, geo.Agency?.Id);
            writer.WriteString("agency_mnemonic"u8, geo.Agency?.Mnemonic);
            writer.WriteString("agency_additional_attributes"u8, geo.Agency?.AdditionalInfo);
            writer.WriteString("warehouse_notification_status"u8, status?.WarehouseStatus ?? (envelope.BenefitType == BenefitType.CashPhysical ? "NOT_APPLICABLE" : null));
            writer.WriteString("agency_notification_status"u8, status?.AgencyStatus);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }
}
