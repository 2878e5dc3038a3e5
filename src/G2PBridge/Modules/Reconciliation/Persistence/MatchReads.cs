using G2PBridge.Modules.Reconciliation.Contracts;
using G2PBridge.Modules.Reconciliation.Domain;
using G2PBridge.Platform.Persistence;
using G2PBridge.Platform.Protection;
using Npgsql;

namespace G2PBridge.Modules.Reconciliation.Persistence;

/// <summary>What other modules may know. Every statement starts from the match's key, an envelope's returns, or the queue's own indexes.</summary>
internal sealed class MatchReads(BridgeDatabase source, DataProtector protector, EntryHashes hashes)
{
    private const string Columns =
        """
        m.line, m.generation, m.kind, f.id, s.number, s.sequence, e.ordinal, e.entry_date, e.value_date, e.bank_reference, m.reason_code, m.amount, e.file, e.no, e.sealed
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
        select e.file, e.no, e.sealed, u.line, f.id, s.number, s.sequence, e.ordinal,
            e.entry_date, e.value_date, u.error_reason, u.detail, e.bank_reference, coalesce(e.amount, 0), coalesce(e.currency, s.currency, '')
        from (
            select file, entry_no from reconciliation.unmatched where line = any($1)
            union
            select file, entry_no from reconciliation.unmatched where reference_keys && $2) found
        join reconciliation.unmatched u using (file, entry_no)
        join reconciliation.entry e on e.file = u.file and e.no = u.entry_no
        join reconciliation.statement s on s.file = e.file and s.no = e.statement
        join reconciliation.statement_file f on f.number = e.file
        where u.state = 'Open' and u.error_reason is not null
        order by u.file, u.entry_no
        """,
        [lines.ToArray(), hashes.OfReferences([.. references])!],
        reader =>
        {
            var texts = Texts(reader, 0);
            return new UnmatchedEntry(
                texts.References.FirstOrDefault(references.Contains) ?? texts.References.FirstOrDefault() ?? "", reader.IsDBNull(3) ? null : reader.GetInt64(3), reader.GetGuid(4), reader.TextOrNull(5),
                reader.TextOrNull(6), reader.GetInt32(7), Date(reader, 8), Date(reader, 9), reader.GetString(10), reader.GetString(11), texts.BankReference ?? reader.TextOrNull(12), reader.GetDecimal(13),
                reader.GetString(14));
        },
        cancellationToken);

    /// <summary>By runs of the match's key; a second or two for a million lines.</summary>
    public Task<List<StatementOfLines>> StatementsAsync(IReadOnlyList<SeqRange> runs, CancellationToken cancellationToken) => source.QueryAsync(
        """
        select f.id, s.number, s.sequence,
            count(*) filter (where m.kind = 0)::int, coalesce(sum(m.amount) filter (where m.kind = 0), 0), count(*) filter (where m.kind > 0)::int, coalesce(sum(m.amount) filter (where m.kind > 0), 0)
        from unnest($1::bigint[], $2::bigint[]) r(first, last)
        join reconciliation.match m on m.line between r.first and r.last
        join reconciliation.entry e on e.file = m.file and e.no = m.entry_no
        join reconciliation.statement s on s.file = e.file and s.no = e.statement
        join reconciliation.statement_file f on f.number = e.file
        group by f.id, f.number, s.no, s.number, s.sequence
        order by f.number, s.no
        """,
        [runs.Select(run => run.First).ToArray(), runs.Select(run => run.Last).ToArray()],
        reader => new StatementOfLines(
            reader.GetGuid(0), reader.TextOrNull(1), reader.TextOrNull(2), reader.GetInt32(3), reader.GetDecimal(4), reader.GetInt32(5), reader.GetDecimal(6)),
        cancellationToken);

    private MatchedEntry Match(NpgsqlDataReader reader)
    {
        var texts = Texts(reader, 12);
        return new(
            reader.GetInt64(0), reader.GetInt16(1), reader.GetInt16(2) > 0, reader.GetGuid(3), reader.TextOrNull(4), reader.TextOrNull(5), reader.GetInt32(6),
            Date(reader, 7), Date(reader, 8), texts.BankReference ?? reader.TextOrNull(9), texts.Name, reader.TextOrNull(10), texts.Reason, reader.GetDecimal(11));
    }

    /// <summary>From file, number and ciphertext, in columns that follow each other.</summary>
    private EntryTexts Texts(NpgsqlDataReader reader, int at) =>
        EntryTexts.Open(protector, reader.GetInt64(at), reader.GetInt32(at + 1), reader.IsDBNull(at + 2) ? null : reader.GetFieldValue<byte[]>(at + 2));

    private static DateOnly? Date(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetFieldValue<DateOnly>(column);
}
