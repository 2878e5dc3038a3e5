using G2PBridge.Modules.Reconciliation.Contracts;
using G2PBridge.Platform.Persistence;
using Npgsql;

namespace G2PBridge.Modules.Reconciliation.Persistence;

/// <summary>What other modules may know. Every statement starts from the match's key, an envelope's returns, or the queue's own indexes.</summary>
internal sealed class MatchReads(BridgeDatabase source)
{
    private const string Columns =
        """
        m.line, m.generation, m.kind, f.id, s.number, s.sequence, e.ordinal, e.entry_date, e.value_date, e.bank_reference, e.name, m.reason_code, e.reason, m.amount
        """;

    private const string Joins =
        """
        join reconciliation.entry e on e.file = m.file and e.no = m.entry_no
        join reconciliation.statement s on s.file = e.file and s.no = e.statement
        join reconciliation.statement_file f on f.number = e.file
        """;

    public Task<List<MatchedEntry>> MatchesAsync(IReadOnlyCollection<long> lines, CancellationToken cancellationToken) => source.QueryAsync(
        $"select {Columns} from reconciliation.match m {Joins} where m.line = any($1) order by m.line, m.generation, m.kind", [lines.ToArray()], Match, cancellationToken);

    /// <summary>One row per line: its first return. Further returns of one payment stand among its matches.</summary>
    public Task<List<MatchedEntry>> ReturnedAsync(ListReturned request, CancellationToken cancellationToken) => source.QueryAsync(
        $"""
        select {Columns} from (
            select distinct on (line) * from reconciliation.match
            where envelope = (select id from reconciliation.envelope_progress where envelope_id = $1) and kind = 1 and line > $2 and ($4::text is null or reason_code = $4)
            order by line, generation desc limit $3) m {Joins}
        order by m.line
        """,
        [request.EnvelopeId, request.After, request.Limit, request.ReasonCode], Match, cancellationToken);

    public Task<List<ReturnCount>> ReturnCountsAsync(string envelopeId, CancellationToken cancellationToken) => source.QueryAsync(
        """
        select reason_code, count(*)::int, sum(amount) from reconciliation.match
        where envelope = (select id from reconciliation.envelope_progress where envelope_id = $1) and kind = 1
        group by reason_code order by 2 desc, 1
        """,
        [envelopeId], reader => new ReturnCount(reader.GetString(0), reader.GetInt32(1), reader.GetDecimal(2)), cancellationToken);

    public Task<List<UnmatchedEntry>> UnmatchedAsync(IReadOnlyCollection<long> lines, IReadOnlyCollection<string> references, CancellationToken cancellationToken) => source.QueryAsync(
        """
        select coalesce((select r from unnest(u.reference_texts) r where r = any($2) limit 1), u.reference_texts[1], ''), u.line, f.id, s.number, s.sequence, e.ordinal,
            e.entry_date, e.value_date, u.error_reason, u.detail, e.bank_reference, coalesce(e.amount, 0), coalesce(e.currency, s.currency, '')
        from (
            select file, entry_no from reconciliation.unmatched where line = any($1)
            union
            select file, entry_no from reconciliation.unmatched where reference_texts && $2) found
        join reconciliation.unmatched u using (file, entry_no)
        join reconciliation.entry e on e.file = u.file and e.no = u.entry_no
        join reconciliation.statement s on s.file = e.file and s.no = e.statement
        join reconciliation.statement_file f on f.number = e.file
        where u.state = 'Open' and u.error_reason is not null
        order by u.file, u.entry_no
        """,
        [lines.ToArray(), references.ToArray()],
        reader => new UnmatchedEntry(
            reader.GetString(0), reader.IsDBNull(1) ? null : reader.GetInt64(1), reader.GetGuid(2), reader.TextOrNull(3), reader.TextOrNull(4), reader.GetInt32(5),
            Date(reader, 6), Date(reader, 7), reader.GetString(8), reader.GetString(9), reader.TextOrNull(10), reader.GetDecimal(11), reader.GetString(12)),
        cancellationToken);

    private static MatchedEntry Match(NpgsqlDataReader reader) => new(
        reader.GetInt64(0), reader.GetInt16(1), reader.GetInt16(2) > 0, reader.GetGuid(3), reader.TextOrNull(4), reader.TextOrNull(5), reader.GetInt32(6),
        Date(reader, 7), Date(reader, 8), reader.TextOrNull(9), reader.TextOrNull(10), reader.TextOrNull(11), reader.TextOrNull(12), reader.GetDecimal(13));

    private static DateOnly? Date(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetFieldValue<DateOnly>(column);
}
