using G2PBridge.Modules.Reconciliation.Contracts;
using G2PBridge.Modules.Reconciliation.Domain;
using G2PBridge.Platform.Persistence;
using G2PBridge.Platform.Protection;
using Npgsql;

namespace G2PBridge.Modules.Reconciliation.Persistence;

/// <summary>What other modules may know. Every statement starts from the match's key, an envelope's returns, or the queue's own indexes.</summary>
internal sealed class MatchReads(BridgeDatabase source, DataProtector protector, EntryHashes hashes)
{
    /// <summary>Beyond so many open entries it is taken for granted that some concern a line and some a text.</summary>
    private const int OpenLookedAt = 100;

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
        $"select {Columns} from unnest($1::bigint[]) as k(line) cross join lateral (select * from reconciliation.match r where r.line = k.line offset 0) m {Joins} order by m.line, m.generation, m.kind", [lines.Distinct().ToArray()], Match, cancellationToken);

    /// <summary>
    /// For many lines at once: two look-ups by primary key for each match, and what the entries of a statement share is read once. Whether entries without a match
    /// concern anybody is found out from a few of them, so that nothing is looked for, nor any text hashed, where none is open.
    /// </summary>
    public async Task<EntriesOfLines> EntriesAsync(
        IReadOnlyCollection<long> lines, IReadOnlyCollection<string> envelopeIds, IReadOnlyCollection<string> references, CancellationToken cancellationToken)
    {
        var (matches, isOfLines, isOfTexts) = await MatchesAndLookAsync(lines, envelopeIds, cancellationToken);
        return new EntriesOfLines(
            matches, isOfLines || isOfTexts ? await UnmatchedAsync(isOfLines ? lines : [], isOfTexts ? references.ToHashSet(StringComparer.Ordinal) : [], cancellationToken) : []);
    }

    public Task<List<ReconciliationProgress>> ProgressAsync(IReadOnlyCollection<string> envelopeIds, CancellationToken cancellationToken) => source.QueryAsync(
        "select envelope_id, reconciled, reconciled_amount, returned, returned_amount from reconciliation.envelope_progress where envelope_id = any($1)",
        [envelopeIds.ToArray()],
        reader => new ReconciliationProgress(reader.GetString(0), reader.GetInt32(1), reader.GetDecimal(2), reader.GetInt32(3), reader.GetDecimal(4)), cancellationToken);

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
        cross join lateral (select * from reconciliation.entry t where t.file = m.file and t.no = m.entry_no offset 0) e
        join reconciliation.statement s on s.file = e.file and s.no = e.statement
        join reconciliation.statement_file f on f.number = e.file
        group by f.id, f.number, s.no, s.number, s.sequence
        order by f.number, s.no
        """,
        [runs.Select(run => run.First).ToArray(), runs.Select(run => run.Last).ToArray()],
        reader => new StatementOfLines(
            reader.GetGuid(0), reader.TextOrNull(1), reader.TextOrNull(2), reader.GetInt32(3), reader.GetDecimal(4), reader.GetInt32(5), reader.GetDecimal(6)),
        cancellationToken);

    /// <summary>The matches, in order, and whether some open entry concerns a line or a text.</summary>
    private async Task<(List<MatchedEntry> Matches, bool IsOfLines, bool IsOfTexts)> MatchesAndLookAsync(
        IReadOnlyCollection<long> lines, IReadOnlyCollection<string> envelopeIds, CancellationToken cancellationToken)
    {
        var found = new List<FoundMatch>(lines.Count);
        bool isOfLines, isOfTexts;
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await using (var batch = new NpgsqlBatch(connection))
        {
            // Without debits of the envelopes the first condition is false for all rows, and none is touched.
            batch.Add(
                """
                select m.line, m.generation, m.kind, m.file, m.entry_no, m.amount, m.reason_code, e.statement, e.ordinal, e.entry_date, e.value_date, e.bank_reference, e.sealed
                from unnest($1::bigint[]) as k(line)
                cross join lateral (select * from reconciliation.match r where r.line = k.line offset 0) m
                cross join lateral (select * from reconciliation.entry r where r.file = m.file and r.no = m.entry_no offset 0) e
                where exists (select from reconciliation.envelope_progress where envelope_id = any($2) and reconciled > 0)
                """,
                lines.ToArray(), envelopeIds.ToArray());
            batch.Add(
                $$"""
                select count(*) = {{OpenLookedAt}} or coalesce(bool_or(line is not null), false), count(*) = {{OpenLookedAt}} or coalesce(bool_or(line is null and reference_keys <> '{}'), false)
                from (select line, reference_keys from reconciliation.unmatched where state = 'Open' and error_reason is not null limit {{OpenLookedAt}}) few
                """);
            await using var reader = await batch.ReadPreparedAsync(cancellationToken);
            while (await reader.ReadAsync(cancellationToken))
            {
                var texts = EntryTexts.Open(protector, reader.GetInt64(3), reader.GetInt32(4), reader.IsDBNull(12) ? null : reader.GetFieldValue<byte[]>(12));
                found.Add(new FoundMatch(
                    reader.GetInt64(0), reader.GetInt16(1), reader.GetInt16(2), (reader.GetInt64(3), reader.GetInt32(7)), reader.GetInt32(8), Date(reader, 9), Date(reader, 10),
                    texts.BankReference ?? reader.TextOrNull(11), texts.Name, reader.TextOrNull(6), texts.Reason, reader.GetDecimal(5)));
            }

            await reader.NextResultAsync(cancellationToken);
            await reader.ReadAsync(cancellationToken);
            (isOfLines, isOfTexts) = (reader.GetBoolean(0), reader.GetBoolean(1));
        }

        var statements = found.Count == 0 ? [] : await StatementsOfAsync(connection, [.. found.Select(match => match.Statement).Distinct()], cancellationToken);
        found.Sort((left, right) => (left.Line, left.Generation, left.Kind).CompareTo((right.Line, right.Generation, right.Kind)));
        return (found.ConvertAll(match =>
        {
            var (id, number, sequence) = statements[match.Statement];
            return new MatchedEntry(
                match.Line, match.Generation, match.Kind > 0, id, number, sequence, match.Ordinal, match.EntryDate, match.ValueDate, match.BankReference, match.Name, match.ReasonCode,
                match.Reason, match.Amount);
        }), isOfLines, isOfTexts);
    }

    private static async Task<Dictionary<(long File, int No), (Guid Id, string? Number, string? Sequence)>> StatementsOfAsync(
        NpgsqlConnection connection, (long File, int No)[] statements, CancellationToken cancellationToken) =>
        (await connection.QueryAsync(
            """
            select s.file, s.no, f.id, s.number, s.sequence
            from unnest($1::bigint[], $2::int[]) as r(file, no)
            join reconciliation.statement s using (file, no)
            join reconciliation.statement_file f on f.number = s.file
            """,
            [Array.ConvertAll(statements, statement => statement.File), Array.ConvertAll(statements, statement => statement.No)],
            reader => (Key: (reader.GetInt64(0), reader.GetInt32(1)), Value: (reader.GetGuid(2), reader.TextOrNull(3), reader.TextOrNull(4))),
            cancellationToken)).ToDictionary(statement => statement.Key, statement => statement.Value);

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

    /// <summary>A match whose statement is still to be read.</summary>
    private readonly record struct FoundMatch(
        long Line, int Generation, int Kind, (long File, int No) Statement, int Ordinal, DateOnly? EntryDate, DateOnly? ValueDate, string? BankReference, string? Name, string? ReasonCode,
        string? Reason, decimal Amount);
}
