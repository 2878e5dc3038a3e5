using G2PBridge.Modules.Envelopes.Contracts;
using G2PBridge.Platform.Persistence;

namespace G2PBridge.Modules.Envelopes.Persistence;

/// <summary>Envelopes by primary key, without the context: putting one together costs more than the look-up.</summary>
internal sealed class EnvelopeReads(BridgeDatabase source)
{
    public Task<List<EnvelopeFacts>> ByIdAsync(IReadOnlyCollection<string> ids, CancellationToken cancellationToken) => source.QueryAsync(
        """
        select id, number, programme_id, programme_mnemonic, programme_description, target_registry, benefit_code_id, benefit_code_mnemonic, benefit_code_description,
            benefit_type, cycle_id, cycle_mnemonic, frequency, unit, number_of_beneficiaries, number_of_disbursements, total_quantity, disbursements_received,
            quantity_received, schedule_date, status, received_at, cancelled_at, sender, follow_up_of
        from envelopes.envelope where id = any($1)
        """,
        [ids.ToArray()],
        reader => new EnvelopeFacts(
            reader.GetString(0), reader.GetInt64(1), reader.NumberOrNull(2), reader.TextOrNull(3), reader.TextOrNull(4), reader.TextOrNull(5), reader.NumberOrNull(6), reader.TextOrNull(7),
            reader.TextOrNull(8), Enum.Parse<BenefitType>(reader.GetString(9)), reader.NumberOrNull(10), reader.TextOrNull(11), reader.TextOrNull(12), reader.GetString(13), reader.GetInt32(14),
            reader.GetInt32(15), reader.GetDecimal(16), reader.GetInt32(17), reader.GetDecimal(18), reader.GetFieldValue<DateOnly>(19), Enum.Parse<EnvelopeStatus>(reader.GetString(20)),
            reader.GetFieldValue<DateTimeOffset>(21), reader.TimeOrNull(22), reader.GetString(23), reader.TextOrNull(24)),
        cancellationToken);
}
