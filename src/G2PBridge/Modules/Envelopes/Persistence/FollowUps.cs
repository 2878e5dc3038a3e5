using G2PBridge.Modules.Envelopes.Contracts;
using G2PBridge.Platform.Persistence;
using Npgsql;

namespace G2PBridge.Modules.Envelopes.Persistence;

/// <summary>Writes and reads follow-ups. Set statements over the lines that were chosen; links are found by either of their two keys.</summary>
internal sealed class FollowUps(BridgeDatabase source)
{
    private const string LinkFrom =
        """
        select a.disbursement_id, f.envelope_id, b.disbursement_id, f.next_envelope_id, f.kind, f.reason_code, n.received_at
        from envelopes.follow_up_line f
        join envelopes.disbursement a on a.seq = f.seq join envelopes.disbursement b on b.seq = f.next_seq
        join envelopes.envelope n on n.id = f.next_envelope_id
        """;

    /// <summary>Those of these lines that were followed up, were cancelled, or wait for a decision.</summary>
    public static async Task<HashSet<long>> TakenAsync(NpgsqlConnection connection, long[] seqs, CancellationToken cancellationToken) => [.. await connection.QueryAsync(
        """
        select l.seq from unnest($1::bigint[]) as l(seq)
        where exists (select from envelopes.follow_up_line f where f.seq = l.seq) or exists (select from envelopes.cancellation c where c.seq = l.seq)
            or exists (select from envelopes.line_hold h where h.seq = l.seq and h.state in ('Held', 'Dropped'))
        """,
        [seqs], reader => reader.GetInt64(0), cancellationToken)];

    /// <summary>The lines themselves, copied under new numbers and ids, and the links.</summary>
    public static async Task WriteLinesAsync(
        NpgsqlConnection connection, string envelopeId, string nextEnvelopeId, IReadOnlyList<UnpaidLine> lines, long first, CancellationToken cancellationToken)
    {
        var (seqs, next) = (lines.Select(line => line.Seq).ToArray(), lines.Select((_, index) => first + index).ToArray());
        await using var batch = new NpgsqlBatch(connection);
        batch.Add(
            """
            insert into envelopes.disbursement (seq, disbursement_id, beneficiary_id, beneficiary_name, quantity, narrative, cycle_id, compute_elements)
            select n.next, lpad(n.next::text, 16, '0'), d.beneficiary_id, d.beneficiary_name, d.quantity, d.narrative, d.cycle_id, d.compute_elements
            from unnest($1::bigint[], $2::bigint[]) as n(seq, next) join envelopes.disbursement d on d.seq = n.seq
            """,
            seqs, next);
        batch.Add(
            $"insert into envelopes.disbursement_key (key, seq) select {DisbursementKeys.KeyInSql}, d.seq from unnest($1::bigint[]) as n(next) join envelopes.disbursement d on d.seq = n.next order by 1",
            next);
        batch.Add(
            """
            insert into envelopes.follow_up_line (seq, next_seq, envelope_id, next_envelope_id, kind, reason_code)
            select seq, next, $3, $4, kind, code from unnest($1::bigint[], $2::bigint[], $5::text[], $6::text[]) as n(seq, next, kind, code)
            """,
            seqs, next, envelopeId, nextEnvelopeId, lines.Select(line => line.Kind.ToString()).ToArray(), lines.Select(line => line.ReasonCode).ToArray());
        await batch.RunPreparedAsync(cancellationToken);
    }

    public Task<List<FollowUpFacts>> OfEnvelopesAsync(IReadOnlyCollection<string> envelopeIds, CancellationToken cancellationToken) => source.QueryAsync(
        "select id, follow_up_of, number_of_disbursements, total_quantity, received_at from envelopes.envelope where follow_up_of = any($1) order by number",
        [envelopeIds.ToArray()],
        reader => new FollowUpFacts(reader.GetString(0), reader.GetString(1), reader.GetInt32(2), reader.GetDecimal(3), reader.GetFieldValue<DateTimeOffset>(4)), cancellationToken);

    public Task<List<FollowUpLink>> OfLineAsync(long seq, CancellationToken cancellationToken) => source.QueryAsync(
        $"{LinkFrom} where f.seq = $1 union all {LinkFrom} where f.next_seq = $1",
        [seq],
        reader => new FollowUpLink(
            reader.GetString(0), reader.GetString(1), reader.GetString(2), reader.GetString(3), Enum.Parse<UnpaidKind>(reader.GetString(4)), reader.GetString(5), reader.GetFieldValue<DateTimeOffset>(6)),
        cancellationToken);
}
