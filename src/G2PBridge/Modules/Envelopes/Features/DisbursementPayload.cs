using System.Text.Json;
using G2PBridge.PartnerApi;

namespace G2PBridge.Modules.Envelopes.Features;

/// <summary>One disbursement on the wire (contract, sections 1.4.2 and 1.8), read and echoed in one pass each.</summary>
internal sealed class DisbursementPayload
{
    /// <summary>Null: the partner named none (allowed in version 1.0 only, where we give one).</summary>
    public string? DisbursementId { get; set; }
    public string? EnvelopeId { get; private set; }
    public string? BeneficiaryId { get; private set; }
    public string? BeneficiaryName { get; private set; }
    public decimal? Quantity { get; private set; }
    public string? Narrative { get; private set; }
    public int? CycleId { get; private set; }
    public string? BatchControlId { get; private set; }
    public string? MisReferenceNumber { get; private set; }

    /// <summary>The partner's JSON object, verbatim; a slice of the request's body.</summary>
    public ReadOnlyMemory<byte> ComputeElements { get; private set; }

    /// <summary>What is wrong with this line; null when nothing is.</summary>
    public List<string>? Errors { get; private set; }

    public void Refuse(string code) => (Errors ??= []).Add(code);

    public void ForgetErrors() => Errors = null;

    public static List<DisbursementPayload> ReadAll(PartnerRequest request, WireErrors errors, bool requireId)
    {
        var lines = new List<DisbursementPayload>();
        if (!request.HasPayload)
        {
            return lines;
        }

        var reader = request.PayloadReader();
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            errors.Add("request_payload", "Input should be a valid list");
            return lines;
        }

        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray && request.HasRoom(lines.Count, errors))
        {
            if (reader.TokenType != JsonTokenType.StartObject)
            {
                errors.Add($"request_payload[{lines.Count}]", "Input should be a valid dictionary");
                reader.Skip();
                continue;
            }

            var line = new DisbursementPayload();
            line.Read(ref reader, request, lines.Count, lines.Count == 0 ? null : lines[^1], errors);
            if (requireId && line.DisbursementId is null)
            {
                errors.Add($"request_payload[{lines.Count}].disbursement_id", "Field required");
            }

            lines.Add(line);
        }

        return lines;
    }

    public static Action<Utf8JsonWriter> Answer(IReadOnlyList<DisbursementPayload> lines, WireGeneration generation) => writer =>
    {
        writer.WriteStartArray();
        foreach (var line in lines)
        {
            line.Write(writer, generation);
        }

        writer.WriteEndArray();
    };

    // A property is compared as bytes, so that a million lines do not make ten million strings of their names.
    // And what is the same in all lines of a call is one text.
    private void Read(ref Utf8JsonReader reader, PartnerRequest request, int index, DisbursementPayload? before, WireErrors errors)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("disbursement_id"u8))
            {
                DisbursementId = Text(ref reader, index, "disbursement_id", errors);
            }
            else if (reader.ValueTextEquals("disbursement_envelope_id"u8))
            {
                EnvelopeId = Text(ref reader, index, "disbursement_envelope_id", errors, before?.EnvelopeId);
            }
            else if (reader.ValueTextEquals("beneficiary_id"u8))
            {
                BeneficiaryId = Text(ref reader, index, "beneficiary_id", errors);
            }
            else if (reader.ValueTextEquals("beneficiary_name"u8))
            {
                BeneficiaryName = Text(ref reader, index, "beneficiary_name", errors);
            }
            else if (reader.ValueTextEquals("disbursement_quantity"u8) || reader.ValueTextEquals("disbursement_amount"u8))
            {
                reader.Read();
                Quantity = WireValue.Number(ref reader, "request_payload[].disbursement_quantity", errors) ?? Quantity;
            }
            else if (reader.ValueTextEquals("narrative"u8))
            {
                Narrative = Text(ref reader, index, "narrative", errors, before?.Narrative);
            }
            else if (reader.ValueTextEquals("disbursement_cycle_id"u8))
            {
                reader.Read();
                CycleId = WireValue.Integer(ref reader, "request_payload[].disbursement_cycle_id", errors);
            }
            else if (reader.ValueTextEquals("disbursement_batch_control_id"u8))
            {
                BatchControlId = Text(ref reader, index, "disbursement_batch_control_id", errors, before?.BatchControlId);
            }
            else if (reader.ValueTextEquals("mis_reference_number"u8))
            {
                MisReferenceNumber = Text(ref reader, index, "mis_reference_number", errors);
            }
            else if (reader.ValueTextEquals("compute_elements"u8))
            {
                reader.Read();
                ReadComputeElements(ref reader, request, index, errors);
            }
            else
            {
                reader.Read();
                reader.Skip();
            }
        }
    }

    private static string? Text(ref Utf8JsonReader reader, int index, string name, WireErrors errors, string? before = null)
    {
        reader.Read();
        return reader.TokenType switch
        {
            JsonTokenType.Null => null,
            JsonTokenType.String when before is not null && reader.ValueTextEquals(before) => before,
            _ => WireValue.Text(ref reader, name, index, errors),
        };
    }

    private void ReadComputeElements(ref Utf8JsonReader reader, PartnerRequest request, int index, WireErrors errors)
    {
        if (reader.TokenType == JsonTokenType.Null)
        {
            return;
        }

        if (reader.TokenType != JsonTokenType.StartObject)
        {
            errors.Add($"request_payload[{index}].compute_elements", "Input should be a valid dictionary");
            reader.Skip();
            return;
        }

        var start = (int)reader.TokenStartIndex;
        WireValue.Kept(ref reader, "compute_elements", index, errors);
        ComputeElements = request.Payload[start..(int)reader.BytesConsumed];
    }

    private void Write(Utf8JsonWriter writer, WireGeneration generation)
    {
        writer.WriteStartObject();
        if (generation == WireGeneration.First)
        {
            writer.WriteString("id"u8, DisbursementId);
            writer.WriteString("mis_reference_number"u8, MisReferenceNumber);
            writer.WriteQuantity("disbursement_amount"u8, Quantity);
        }

        writer.WriteString("disbursement_id"u8, DisbursementId);
        writer.WriteString("disbursement_envelope_id"u8, EnvelopeId);
        writer.WriteString("beneficiary_id"u8, BeneficiaryId);
        writer.WriteString("beneficiary_name"u8, BeneficiaryName);
        writer.WriteQuantity("disbursement_quantity"u8, Quantity);
        if (ComputeElements.IsEmpty)
        {
            writer.WriteNull("compute_elements"u8);
        }
        else
        {
            writer.WritePropertyName("compute_elements"u8);
            writer.WriteRawValue(ComputeElements.Span, skipInputValidation: true);
        }

        writer.WriteString("narrative"u8, Narrative);
        writer.WriteNull("receipt_time_stamp"u8);
        writer.WriteNull("cancellation_status"u8);
        writer.WriteNull("cancellation_time_stamp"u8);
        writer.WriteNumberOrNull("disbursement_cycle_id"u8, CycleId);
        writer.WriteString("disbursement_batch_control_id"u8, BatchControlId);
        writer.WriteStartArray("response_error_codes"u8);
        foreach (var code in Errors ?? [])
        {
            writer.WriteStringValue(code);
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }
}
