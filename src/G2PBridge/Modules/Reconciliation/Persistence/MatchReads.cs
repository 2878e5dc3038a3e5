using G2PBridge.Modules.Reconciliation.Contracts;
using G2PBridge.Modules.Reconciliation.Domain;
using G2PBridge.Platform.Persistence;
using G2PBridge.Platform.Protection;
using Npgsql;

namespace G2PBridge.Modules.Reconciliation.Persistence;

/// <summary>What other modules may know. Every statement starts from the match's key, an envelope's returns, or the queue's own indexes.</summary>
internal sealed class MatchReads(BridgeDatabase source, StatusDatabase status, DataProtector protector, EntryHashes hashes)
{
    /// <summary>Beyond so many open entries it is taken for granted that some concern a line and some a text.</summary>
    private const int OpenLookedAt = 100;

    /// <summary>What <see cref="ReadMatch"/>, <see cref="ReadStatement"/> and <see cref="ReadFacts"/> read, one after the other.</summary>
    private const string Columns = $"{MatchColumns}, {EntryColumns}";

    private const string MatchColumns = "m.line, m.generation, m.kind, m.file, m.entry_no, m.amount, m.reason_code";

    private const string EntryColumns = "f.id, s.number, s.sequence, e.ordinal, e.entry_date, e.value_date, e.bank_reference, e.sealed";

    /// <summary>One by one, by their keys: a plan that was made while the tables were empty would read them whole ever after.</summary>
    private const string Joins =
        """
        cross join lateral (select * from reconciliation.entry r where r.file = m.file and r.no = m.entry_no offset 0) e
        cross join lateral (select * from reconciliation.statement r where r.file = e.file and r.no = e.statement offset 0) s
        cross join lateral (select * from reconciliation.statement_file r where r.number = e.file offset 0) f
        """;

    public Task<List<MatchedEntry>> MatchesAsync(IReadOnlyCollection<long> lines, CancellationToken cancellationToken) => source.QueryAsync(
        $"select {Columns} from unnest($1::bigint[]) as k(line) cross join lateral (select * from reconciliation.match r where r.line = k.line offset 0) m {Joins} order by m.line, m.generation, m.kind", [lines.Distinct().ToArray()], Match, cancellationToken);

    /// <summary>
    /// For many lines at once: one look-up by primary key for each debit, whose match repeats what its entry says, and what the entries of a statement share is read
    /// once. Of other matches, such as returns, the entries are looked up too. Whether entries without a match concern anybody is found out from a
    /// few of them, so that nothing is looked for, nor any text hashed, where none is open.
    /// </summary>
    public async Task<EntriesOfLines> EntriesAsync(
        IReadOnlyCollection<long> lines, IReadOnlyCollection<string> envelopeIds, IReadOnlyCollection<string> references, CancellationToken cancellationToken)
    {
        await using var connection = await status.OpenConnectionAsync(cancellationToken);
        var (matches, isOfLines, isOfTexts) = await MatchesAndLookAsync(connection, lines, envelopeIds, cancellationToken);
        return new EntriesOfLines(
            matches, isOfLines || isOfTexts ? await UnmatchedAsync(connection, isOfLines ? lines : [], isOfTexts ? references.ToHashSet(StringComparer.Ordinal) : [], cancellationToken) : []);
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

    public async Task<List<UnmatchedEntry>> UnmatchedAsync(IReadOnlyCollection<long> lines, IReadOnlyCollection<string> references, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        return await UnmatchedAsync(connection, lines, references, cancellationToken);
    }

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

    private Task<List<UnmatchedEntry>> UnmatchedAsync(NpgsqlConnection connection, IReadOnlyCollection<long> lines, IReadOnlyCollection<string> references, CancellationToken cancellationToken) => connection.QueryAsync(
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
            var texts = ReadTexts(reader, 2, (reader.GetInt64(0), reader.GetInt32(1)));
            return new UnmatchedEntry(
                texts.References.FirstOrDefault(references.Contains) ?? texts.References.FirstOrDefault() ?? "", reader.IsDBNull(3) ? null : reader.GetInt64(3), reader.GetGuid(4), reader.TextOrNull(5),
                reader.TextOrNull(6), reader.GetInt32(7), Date(reader, 8), Date(reader, 9), reader.GetString(10), reader.GetString(11), texts.BankReference ?? reader.TextOrNull(12), reader.GetDecimal(13),
                reader.GetString(14));
        },
        cancellationToken);

    /// <summary>The matches, and whether some open entry concerns a line or a text.</summary>
    private async Task<(List<MatchedEntry> Matches, bool IsOfLines, bool IsOfTexts)> MatchesAndLookAsync(
        NpgsqlConnection connection, IReadOnlyCollection<long> lines, IReadOnlyCollection<string> envelopeIds, CancellationToken cancellationToken)
    {
        var (debits, others) = (new List<FoundDebit>(lines.Count), new List<FoundMatch>());
        bool isOfLines, isOfTexts;
        await using (var batch = new NpgsqlBatch(connection))
        {
            // Without debits of the envelopes the first condition is false for all rows, and none is touched.
            batch.Add(
                $"""
                select {MatchColumns}, m.statement, m.ordinal, m.entry_date, m.value_date, m.bank_reference, m.sealed
                from unnest($1::bigint[]) as k(line)
                cross join lateral (select * from reconciliation.match r where r.line = k.line offset 0) m
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
                var match = ReadMatch(reader);
                if (reader.IsDBNull(7))
                {
                    others.Add(match);
                }
                else
                {
                    debits.Add(new FoundDebit(match, (match.Entry.File, reader.GetInt32(7)), ReadFacts(reader, 8, match.Entry)));
                }
            }

            await reader.NextResultAsync(cancellationToken);
            await reader.ReadAsync(cancellationToken);
            (isOfLines, isOfTexts) = (reader.GetBoolean(0), reader.GetBoolean(1));
        }

        var matches = new List<MatchedEntry>(debits.Count + others.Count);
        if (debits.Count > 0)
        {
            var statements = await StatementsOfAsync(connection, [.. debits.Select(debit => debit.Statement).Distinct()], cancellationToken);
            matches.AddRange(debits.Select(debit => debit.Match.With(statements[debit.Statement], debit.Facts)));
        }

        if (others.Count > 0)
        {
            var entries = await EntriesOfAsync(connection, [.. others.Select(match => match.Entry).Distinct()], cancellationToken);
            // A debit before its returns.
            others.Sort((left, right) => (left.Line, left.Generation, left.Kind).CompareTo((right.Line, right.Generation, right.Kind)));
            matches.AddRange(others.Select(match => match.With(entries[match.Entry].Statement, entries[match.Entry].Facts)));
        }

        return (matches, isOfLines, isOfTexts);
    }

    private static async Task<Dictionary<(long File, int No), StatementName>> StatementsOfAsync(
        NpgsqlConnection connection, (long File, int No)[] statements, CancellationToken cancellationToken) =>
        (await connection.QueryAsync(
            """
            select s.file, s.no, f.id, s.number, s.sequence
            from unnest($1::bigint[], $2::int[]) as k(file, no)
            cross join lateral (select * from reconciliation.statement r where r.file = k.file and r.no = k.no offset 0) s
            cross join lateral (select * from reconciliation.statement_file r where r.number = k.file offset 0) f
            """,
            [Array.ConvertAll(statements, statement => statement.File), Array.ConvertAll(statements, statement => statement.No)],
            reader => (Key: (reader.GetInt64(0), reader.GetInt32(1)), Value: ReadStatement(reader, 2)),
            cancellationToken)).ToDictionary(statement => statement.Key, statement => statement.Value);

    private async Task<Dictionary<(long File, int No), (StatementName Statement, EntryFacts Facts)>> EntriesOfAsync(
        NpgsqlConnection connection, (long File, int No)[] entries, CancellationToken cancellationToken) =>
        (await connection.QueryAsync(
            $"""
            select e.file, e.no, {EntryColumns}
            from unnest($1::bigint[], $2::int[]) as m(file, entry_no) {Joins}
            """,
            [Array.ConvertAll(entries, entry => entry.File), Array.ConvertAll(entries, entry => entry.No)],
            reader =>
            {
                var entry = (reader.GetInt64(0), reader.GetInt32(1));
                return (Key: entry, Value: (ReadStatement(reader, 2), ReadFacts(reader, 5, entry)));
            },
            cancellationToken)).ToDictionary(entry => entry.Key, entry => entry.Value);

    /// <summary>From number, dates, reference and ciphertext, in columns that follow each other.</summary>
    private EntryFacts ReadFacts(NpgsqlDataReader reader, int at, (long File, int No) entry)
    {
        var texts = ReadTexts(reader, at + 4, entry);
        return new EntryFacts(reader.GetInt32(at), Date(reader, at + 1), Date(reader, at + 2), texts.BankReference ?? reader.TextOrNull(at + 3), texts.Name, texts.Reason);
    }

    private MatchedEntry Match(NpgsqlDataReader reader)
    {
        var match = ReadMatch(reader);
        return match.With(ReadStatement(reader, 7), ReadFacts(reader, 10, match.Entry));
    }

    private static FoundMatch ReadMatch(NpgsqlDataReader reader) => new(
        reader.GetInt64(0), reader.GetInt16(1), reader.GetInt16(2), (reader.GetInt64(3), reader.GetInt32(4)), reader.GetDecimal(5), reader.TextOrNull(6));

    private static StatementName ReadStatement(NpgsqlDataReader reader, int at) => new(reader.GetGuid(at), reader.TextOrNull(at + 1), reader.TextOrNull(at + 2));

    private EntryTexts ReadTexts(NpgsqlDataReader reader, int at, (long File, int No) entry) =>
        EntryTexts.Open(protector, entry.File, entry.No, reader.IsDBNull(at) ? null : reader.GetFieldValue<byte[]>(at));

    private static DateOnly? Date(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetFieldValue<DateOnly>(column);

    private readonly record struct StatementName(Guid Id, string? Number, string? Sequence);

    /// <summary>What an answer repeats of an entry.</summary>
    private readonly record struct EntryFacts(int Ordinal, DateOnly? EntryDate, DateOnly? ValueDate, string? BankReference, string? Name, string? Reason);

    private readonly record struct FoundMatch(long Line, int Generation, int Kind, (long File, int No) Entry, decimal Amount, string? ReasonCode)
    {
        public MatchedEntry With(StatementName statement, EntryFacts entry) => new(
            Line, Generation, Kind > 0, statement.Id, statement.Number, statement.Sequence, entry.Ordinal, entry.EntryDate, entry.ValueDate, entry.BankReference, entry.Name, ReasonCode, entry.Reason,
            Amount);
    }

    /// <summary>A match that repeats its entry; what it says of the statement is its number alone.</summary>
    private readonly record struct FoundDebit(FoundMatch Match, (long File, int No) Statement, EntryFacts Facts);
}
