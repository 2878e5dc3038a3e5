using G2PBridge.Modules.Envelopes.Contracts;
using G2PBridge.Platform.Persistence;
using MediatR;
using Npgsql;

namespace G2PBridge.Modules.Envelopes.Features;

/// <summary>Answers which lines a person has. Where nobody asks there is no index for it (ADR 0029).</summary>
internal static class FindLinesOfPerson
{
    private const string IndexName = "ix_disbursement_beneficiary";

    /// <summary>A hash index: an entry is a hash and a place; the id itself is compared in the row, so that two people with one hash stay two.</summary>
    public static OptionalIndex Index(bool isWanted) => new(
        EnvelopesModule.Schema, IndexName, $"create index if not exists {IndexName} on envelopes.disbursement using hash (beneficiary_id)", isWanted);

    internal sealed class Handler(BridgeDatabase source) : IRequestHandler<ListLinesOfPerson, LinesOfPerson>
    {
        private const string Lines =
            """
            from envelopes.disbursement d
            cross join lateral (select id, envelope_id from envelopes.batch where first_seq <= d.seq order by first_seq desc limit 1) b
            join envelopes.envelope e on e.id = b.envelope_id
            where d.beneficiary_id = $1 and e.status <> 'Cancelled'
                and not exists (select from envelopes.cancellation c where c.seq = d.seq)
                and not exists (select from envelopes.line_hold h where h.seq = d.seq and h.state = 'Dropped')
            """;

        public async Task<LinesOfPerson> Handle(ListLinesOfPerson request, CancellationToken cancellationToken)
        {
            await using var connection = await source.OpenConnectionAsync(cancellationToken);
            var total = await connection.QueryAsync($"select count(*)::int {Lines}", [request.BeneficiaryId], reader => reader.GetInt32(0), cancellationToken);
            var lines = await connection.QueryAsync(
                $"""
                select d.seq, d.disbursement_id, d.quantity, b.id, e.id, e.programme_mnemonic, e.cycle_mnemonic, e.benefit_code_mnemonic, e.benefit_type, e.unit, e.schedule_date
                {Lines} order by d.seq desc offset $2 limit $3
                """,
                [request.BeneficiaryId, request.Skip, request.Limit], Read, cancellationToken);
            return new LinesOfPerson(total[0], lines);
        }

        private static LineOfPerson Read(NpgsqlDataReader reader) => new(
            reader.GetInt64(0), reader.GetString(1), reader.GetDecimal(2), reader.GetString(3), reader.GetString(4), reader.TextOrNull(5), reader.TextOrNull(6), reader.TextOrNull(7),
            Enum.Parse<BenefitType>(reader.GetString(8)), reader.GetString(9), reader.GetFieldValue<DateOnly>(10));
    }
}
