using System.Text.Json;
using G2PBridge.Modules.Envelopes.Contracts;
using G2PBridge.PartnerApi;

namespace G2PBridge.Modules.Envelopes.Features;

/// <summary>
/// One envelope on the wire (contract, sections 1.4.1 and 1.8). Every field is optional there; what is missing is a business
/// refusal, what cannot be read is malformed.
/// </summary>
internal sealed class EnvelopePayload
{
    public string? Id { get; set; }
    public int? ProgrammeId { get; private set; }
    public string? ProgrammeMnemonic { get; private set; }
    public string? ProgrammeDescription { get; private set; }
    public string? TargetRegistry { get; private set; }
    public int? BenefitCodeId { get; private set; }
    public string? BenefitCodeMnemonic { get; private set; }
    public string? BenefitCodeDescription { get; private set; }
    public BenefitType? BenefitType { get; private set; }
    public int? CycleId { get; private set; }
    public string? Frequency { get; private set; }
    public string? CycleMnemonic { get; private set; }
    public int? NumberOfBeneficiaries { get; private set; }
    public int? NumberOfDisbursements { get; private set; }
    public decimal? TotalQuantity { get; private set; }
    public string? Unit { get; private set; }
    public DateOnly? ScheduleDate { get; private set; }

    /// <summary>The rules of version 1.0 hold: its header, and none of the fields that it did not have.</summary>
    public bool FollowsFirstRules { get; private set; }

    public static List<EnvelopePayload> ReadAll(PartnerRequest request, WireErrors errors)
    {
        var envelopes = new List<EnvelopePayload>();
        if (!request.HasPayload)
        {
            return envelopes;
        }

        var reader = request.PayloadReader();
        reader.Read();
        if (reader.TokenType == JsonTokenType.StartObject && request.Generation == WireGeneration.First)
        {
            envelopes.Add(Read(ref reader, "message", request.Generation, errors));
            return envelopes;
        }

        if (reader.TokenType != JsonTokenType.StartArray)
        {
            errors.Add("request_payload", "Input should be a valid list");
            return envelopes;
        }

        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray && request.HasRoom(envelopes.Count, errors))
        {
            var field = $"request_payload[{envelopes.Count}]";
            if (reader.TokenType != JsonTokenType.StartObject)
            {
                errors.Add(field, "Input should be a valid dictionary");
                reader.Skip();
                continue;
            }

            envelopes.Add(Read(ref reader, field, request.Generation, errors));
        }

        return envelopes;
    }

    public void Write(Utf8JsonWriter writer, WireGeneration generation)
    {
        writer.WriteStartObject();
        writer.WriteString("id"u8, Id);
        if (generation == WireGeneration.First)
        {
            writer.WriteString("disbursement_envelope_id"u8, Id);
            writer.WriteQuantity("total_disbursement_amount"u8, TotalQuantity);
            writer.WriteString("disbursement_currency_code"u8, Unit);
        }

        writer.WriteNumberOrNull("benefit_program_id"u8, ProgrammeId);
        writer.WriteString("benefit_program_mnemonic"u8, ProgrammeMnemonic);
        writer.WriteString("benefit_program_description"u8, ProgrammeDescription);
        writer.WriteString("target_registry"u8, TargetRegistry);
        writer.WriteNumberOrNull("benefit_code_id"u8, BenefitCodeId);
        writer.WriteString("benefit_code_mnemonic"u8, BenefitCodeMnemonic);
        writer.WriteString("benefit_code_description"u8, BenefitCodeDescription);
        writer.WriteString("benefit_type"u8, BenefitType is { } type ? WireText.Capitals(type) : null);
        writer.WriteNumberOrNull("disbursement_cycle_id"u8, CycleId);
        writer.WriteString("disbursement_frequency"u8, Frequency);
        writer.WriteString("cycle_code_mnemonic"u8, CycleMnemonic);
        writer.WriteNumberOrNull("number_of_beneficiaries"u8, NumberOfBeneficiaries);
        writer.WriteNumberOrNull("number_of_disbursements"u8, NumberOfDisbursements);
        writer.WriteQuantity("total_disbursement_quantity"u8, TotalQuantity);
        writer.WriteString("measurement_unit"u8, Unit);
        writer.WriteString("disbursement_schedule_date"u8, ScheduleDate is { } date ? WireText.Date(date) : null);
        writer.WriteNull("receipt_time_stamp"u8);
        writer.WriteNull("cancellation_status"u8);
        writer.WriteNull("cancellation_timestamp"u8);
        writer.WriteEndObject();
    }

    /// <summary>Answers in a list; the 1.0 form of one envelope answers with the object itself.</summary>
    public static Action<Utf8JsonWriter> Answer(PartnerRequest request, IReadOnlyList<EnvelopePayload> envelopes) => writer =>
    {
        var single = request.Generation == WireGeneration.First && request.Payload.Span.TrimStart(" \t\r\n"u8) is [(byte)'{', ..];
        if (single)
        {
            envelopes[0].Write(writer, request.Generation);
            return;
        }

        writer.WriteStartArray();
        foreach (var envelope in envelopes)
        {
            envelope.Write(writer, request.Generation);
        }

        writer.WriteEndArray();
    };

    private static EnvelopePayload Read(ref Utf8JsonReader reader, string field, WireGeneration generation, WireErrors errors)
    {
        var envelope = new EnvelopePayload();
        string? firstId = null;
        string? benefitType = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString()!;
            reader.Read();
            var path = $"{field}.{name}";
            switch (name)
            {
                case "id": envelope.Id = WireValue.Text(ref reader, path, errors); break;
                case "disbursement_envelope_id": firstId = WireValue.Text(ref reader, path, errors); break;
                case "benefit_program_id": envelope.ProgrammeId = WireValue.Integer(ref reader, path, errors); break;
                case "benefit_program_mnemonic": envelope.ProgrammeMnemonic = WireValue.Text(ref reader, path, errors); break;
                case "benefit_program_description": envelope.ProgrammeDescription = WireValue.Text(ref reader, path, errors); break;
                case "target_registry": envelope.TargetRegistry = WireValue.Text(ref reader, path, errors); break;
                case "benefit_code_id": envelope.BenefitCodeId = WireValue.Integer(ref reader, path, errors); break;
                case "benefit_code_mnemonic": envelope.BenefitCodeMnemonic = WireValue.Text(ref reader, path, errors); break;
                case "benefit_code_description": envelope.BenefitCodeDescription = WireValue.Text(ref reader, path, errors); break;
                case "benefit_type": benefitType = WireValue.Text(ref reader, path, errors); break;
                case "disbursement_cycle_id": envelope.CycleId = WireValue.Integer(ref reader, path, errors); break;
                case "disbursement_frequency": envelope.Frequency = WireValue.Text(ref reader, path, errors); break;
                case "cycle_code_mnemonic": envelope.CycleMnemonic = WireValue.Text(ref reader, path, errors); break;
                case "number_of_beneficiaries": envelope.NumberOfBeneficiaries = WireValue.Integer(ref reader, path, errors); break;
                case "number_of_disbursements": envelope.NumberOfDisbursements = WireValue.Integer(ref reader, path, errors); break;
                case "total_disbursement_quantity":
                case "total_disbursement_amount": envelope.TotalQuantity = WireValue.Number(ref reader, path, errors) ?? envelope.TotalQuantity; break;
                case "measurement_unit":
                case "disbursement_currency_code": envelope.Unit = WireValue.Text(ref reader, path, errors) ?? envelope.Unit; break;
                case "disbursement_schedule_date": envelope.ScheduleDate = WireValue.Date(ref reader, path, errors); break;
                default: reader.Skip(); break;
            }
        }

        // A 1.0 client fills "id" with a placeholder and names the envelope in its own field.
        envelope.Id = firstId ?? (generation == WireGeneration.First && envelope.Id is "string" ? null : envelope.Id);
        envelope.FollowsFirstRules = generation == WireGeneration.First && envelope.ProgrammeId is null;
        if (benefitType is { Length: > 0 })
        {
            if (WireText.TryReadCapitals<BenefitType>(benefitType, out var type))
            {
                envelope.BenefitType = type;
            }
            else
            {
                errors.Add($"{field}.benefit_type", "Input should be 'COMMODITY', 'SERVICE', 'CASH_DIGITAL', 'CASH_PHYSICAL' or 'COMBINATION'");
            }
        }
        else if (envelope.FollowsFirstRules)
        {
            envelope.BenefitType = Contracts.BenefitType.CashDigital;
        }

        return envelope;
    }
}
