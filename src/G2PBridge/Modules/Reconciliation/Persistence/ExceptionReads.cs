using G2PBridge.Modules.Reconciliation.Domain;
using G2PBridge.Platform.Persistence;
using G2PBridge.Platform.Protection;
using Npgsql;

namespace G2PBridge.Modules.Reconciliation.Persistence;

/// <summary>An exception with its entry.</summary>
internal sealed record ExceptionRow(
    ExceptionId Id, UnmatchedState State, string Cause, string? ErrorReason, string Detail, Guid FileId, int StatementNo, string? StatementNumber, string? Account, string? SponsorAccount,
    int EntryNo, string? Mark, string? Type, DateOnly? EntryDate, DateOnly? ValueDate, decimal? Amount, string? Currency, string? BankReference, string? Narrative, string[] ReferenceTexts, long? Line, short? Generation,
    DateTimeOffset CreatedAt, DateTimeOffset? ClosedAt)
{
    public bool IsDebit => Mark is "D" or "RC";
}

/// <param name="SponsorAccounts">Null: of all accounts.</param>
internal sealed record ExceptionFilter(string? Account, string? Reason, UnmatchedState State, string[]? SponsorAccounts = null);

/// <summary>A decision as it was written, with its history.</summary>
internal sealed record DecisionRecord(
    Guid Id, DecisionKind Kind, DecisionState State, string Reason, string ProposedBy, DateTimeOffset ProposedAt, string? ConfirmedBy, DateTimeOffset? ConfirmedAt);

/// <summary>Pages of the queue: open ones by the partial index in the order of its key, settled ones by the primary key.</summary>
internal sealed class ExceptionReads(BridgeDatabase source, DataProtector protector)
{
    private const string Select =
        """
        select u.file, u.entry_no, u.state, u.cause, u.error_reason, u.detail, f.id, s.no, s.number, s.account, s.sponsor_account, e.ordinal, e.mark, e.type, e.entry_date, e.value_date, e.amount,
            coalesce(e.currency, s.currency), e.bank_reference, e.sealed, u.line, u.generation, u.created_at, u.closed_at
        from reconciliation.unmatched u
        join reconciliation.entry e on e.file = u.file and e.no = u.entry_no
        join reconciliation.statement s on s.file = e.file and s.no = e.statement
        join reconciliation.statement_file f on f.number = e.file
        """;

    public Task<List<ExceptionRow>> ListAsync(ExceptionFilter filter, ExceptionId after, int limit, CancellationToken cancellationToken) => source.QueryAsync(
        $"""
        {Select}
        where {(filter.State == UnmatchedState.Open ? "u.state = 'Open'" : "u.state = $5")} and (u.file, u.entry_no) > ($1, $2)
            and ($3::text is null or u.account = $3 or s.sponsor_account = $3) and ($4::text is null or u.cause = $4 or u.error_reason = $4) and $5::text is not null
            and ($7::text[] is null or s.sponsor_account = any($7))
        order by u.file, u.entry_no limit $6
        """,
        [after.File, after.EntryNo, filter.Account, filter.Reason, filter.State.ToString(), limit, filter.SponsorAccounts], Read, cancellationToken);

    public async Task<ExceptionRow?> FindAsync(ExceptionId id, CancellationToken cancellationToken)
    {
        var rows = await source.QueryAsync($"{Select} where u.file = $1 and u.entry_no = $2", [id.File, id.EntryNo], Read, cancellationToken);
        return rows is [var row] ? row : null;
    }

    public Task<List<DecisionRecord>> DecisionsAsync(ExceptionId id, CancellationToken cancellationToken) => source.QueryAsync(
        """
        select id, kind, state, reason, proposed_by, proposed_at, confirmed_by, confirmed_at from reconciliation.decision where file = $1 and entry_no = $2 order by proposed_at, id
        """,
        [id.File, id.EntryNo],
        reader => new DecisionRecord(
            reader.GetGuid(0), Enum.Parse<DecisionKind>(reader.GetString(1)), Enum.Parse<DecisionState>(reader.GetString(2)), reader.GetString(3), reader.GetString(4),
            reader.GetFieldValue<DateTimeOffset>(5), reader.TextOrNull(6), reader.TimeOrNull(7)),
        cancellationToken);

    /// <summary>How many movements stand on record for each payment: one is its debit, more are returns.</summary>
    public async Task<IReadOnlyDictionary<PaymentReference, int>> MovementsAsync(IReadOnlyCollection<PaymentReference> payments, CancellationToken cancellationToken) =>
        (await source.QueryAsync(
            """
            select m.line, m.generation, count(*)::int from unnest($1, $2) as p(line, generation)
            join reconciliation.match m on m.line = p.line and m.generation = p.generation group by 1, 2
            """,
            [payments.Select(payment => payment.Line).ToArray(), payments.Select(payment => (short)payment.Generation).ToArray()],
            reader => (Payment: new PaymentReference(reader.GetInt64(0), reader.GetInt16(1)), Count: reader.GetInt32(2)), cancellationToken))
        .ToDictionary(row => row.Payment, row => row.Count);

    private ExceptionRow Read(NpgsqlDataReader reader)
    {
        var (file, no) = (reader.GetInt64(0), reader.GetInt32(1));
        var texts = EntryTexts.Open(protector, file, no, reader.IsDBNull(19) ? null : reader.GetFieldValue<byte[]>(19));
        return new(
            new ExceptionId(file, no), Enum.Parse<UnmatchedState>(reader.GetString(2)), reader.GetString(3), reader.TextOrNull(4), reader.GetString(5), reader.GetGuid(6),
            reader.GetInt32(7), reader.TextOrNull(8), reader.TextOrNull(9), reader.TextOrNull(10), reader.GetInt32(11), reader.TextOrNull(12), reader.TextOrNull(13), Date(reader, 14), Date(reader, 15),
            reader.IsDBNull(16) ? null : reader.GetDecimal(16), reader.TextOrNull(17), texts.BankReference ?? reader.TextOrNull(18), texts.Narrative, texts.References,
            reader.IsDBNull(20) ? null : reader.GetInt64(20), reader.IsDBNull(21) ? null : reader.GetInt16(21), reader.GetFieldValue<DateTimeOffset>(22), reader.TimeOrNull(23));
    }

    private static DateOnly? Date(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetFieldValue<DateOnly>(column);
}
