using System.Globalization;
using G2PBridge.Modules.Reconciliation.Domain;
using G2PBridge.Platform.Persistence;
using Npgsql;

namespace G2PBridge.Modules.Reconciliation.Persistence;

/// <summary>The entry of an exception, as far as a decision about it needs it.</summary>
internal sealed record ExceptionFacts(UnmatchedState State, decimal? Amount, string? Currency, bool IsDebit, string? SponsorAccount);

internal sealed record DecisionFacts(Guid Id, DecisionKind Kind, DecisionState State, string Reason, string ProposedBy, string? ConfirmedBy);

/// <summary>A part with the envelope's key, ready to be stored.</summary>
internal sealed record StoredPart(DecisionPart Part, int? Envelope);

/// <summary>
/// Decisions of persons. A handful of rows each, by primary key. Proposals and confirmations of one exception take turns behind its
/// row; a confirmation also stands in line with the bookings of files, because both make matches.
/// </summary>
internal sealed class DecisionStore(BridgeDatabase source, TimeProvider clock)
{
    public async Task<ExceptionFacts?> FindAsync(ExceptionId id, CancellationToken cancellationToken)
    {
        var rows = await source.QueryAsync(
            """
            select u.state, e.amount, coalesce(e.currency, s.currency), e.mark in ('D', 'RC'), s.sponsor_account
            from reconciliation.unmatched u
            join reconciliation.entry e on e.file = u.file and e.no = u.entry_no
            join reconciliation.statement s on s.file = e.file and s.no = e.statement
            where u.file = $1 and u.entry_no = $2
            """,
            [id.File, id.EntryNo],
            reader => new ExceptionFacts(
                Enum.Parse<UnmatchedState>(reader.GetString(0)), reader.IsDBNull(1) ? null : reader.GetDecimal(1), reader.TextOrNull(2), !reader.IsDBNull(3) && reader.GetBoolean(3), reader.TextOrNull(4)),
            cancellationToken);
        return rows is [var row] ? row : null;
    }

    /// <summary>Records the proposal; one that waits already is superseded, or given back where the same person says the same again.</summary>
    public async Task<Result<Guid>> ProposeAsync(ExceptionId id, DecisionKind kind, IReadOnlyList<StoredPart> parts, string reason, string actor, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        if (await LockAsync(connection, id, cancellationToken) is not UnmatchedState.Open)
        {
            return NotOpen();
        }

        var waiting = await connection.QueryAsync(
            """
            select d.id, d.kind = $3 and d.reason = $4 and d.proposed_by = $5
                and (select array_agg((p.class || ' ' || coalesce(p.line, 0) || ' ' || coalesce(p.generation, 0) || ' ' || trim_scale(p.amount))::text order by p.no)
                    from reconciliation.decision_part p where p.decision_id = d.id) = $6
            from reconciliation.decision d where d.file = $1 and d.entry_no = $2 and d.state = 'Proposed'
            """,
            [id.File, id.EntryNo, kind.ToString(), reason, actor, parts.Select(Spell).ToArray()], reader => (Id: reader.GetGuid(0), IsSame: reader.GetBoolean(1)), cancellationToken);
        if (waiting is [{ IsSame: true } same])
        {
            return same.Id;
        }

        var decision = Guid.CreateVersion7(now);
        await using var batch = new NpgsqlBatch(connection);
        if (waiting is [var old])
        {
            batch.Add("update reconciliation.decision set state = $2 where id = $1", old.Id, Decisions.Move(DecisionState.Proposed, DecisionState.Superseded).ToString());
            AddHistory(batch, old.Id, DecisionState.Proposed, DecisionState.Superseded, $"decision {decision}", actor, now);
        }

        batch.Add(
            "insert into reconciliation.decision (id, file, entry_no, kind, state, reason, proposed_by, proposed_at, due_at) values ($1, $2, $3, $4, 'Proposed', $5, $6, $7, $7)",
            decision, id.File, id.EntryNo, kind.ToString(), reason, actor, now);
        batch.Add(
            """
            insert into reconciliation.decision_part (decision_id, no, class, line, generation, envelope, amount)
            select $1, n.no, n.class, n.line, n.generation, n.envelope, n.amount from unnest($2, $3, $4, $5, $6) with ordinality as n(class, line, generation, envelope, amount, no)
            """,
            decision, parts.Select(part => part.Part.Class.ToString()).ToArray(), parts.Select(part => part.Part.Payment?.Line).ToArray(),
            parts.Select(part => (short?)part.Part.Payment?.Generation).ToArray(), parts.Select(part => part.Envelope).ToArray(), parts.Select(part => part.Part.Amount).ToArray());
        AddHistory(batch, decision, null, DecisionState.Proposed, reason, actor, now);
        await batch.RunPreparedAsync(cancellationToken);
        await source.CommitAsync(transaction, cancellationToken);
        return decision;
    }

    /// <summary>Books the decision, in one transaction. Confirming it again changes nothing.</summary>
    public async Task<Result<DecisionFacts>> ConfirmAsync(ExceptionId id, Guid decision, string actor, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await RunAsync(connection, "select pg_advisory_xact_lock($1, 0)", cancellationToken, Booking.BookingLock);
        var state = await LockAsync(connection, id, cancellationToken);
        var found = await connection.QueryAsync(
            "select id, kind, state, reason, proposed_by, confirmed_by from reconciliation.decision where id = $3 and file = $1 and entry_no = $2",
            [id.File, id.EntryNo, decision], ReadFacts, cancellationToken);
        if (found is not [var facts])
        {
            return new Refusal("DECISION_NOT_FOUND", "The exception has no decision with this id.", RefusalKind.NotFound);
        }

        if (Decisions.Judge(facts.State, facts.ProposedBy, actor) is { } refusal)
        {
            return refusal;
        }

        if (facts.State == DecisionState.Confirmed)
        {
            return facts;
        }

        if (state != UnmatchedState.Open)
        {
            return NotOpen();
        }

        await RunAsync(
            connection, "update reconciliation.unmatched set state = $3, closed_at = $4 where file = $1 and entry_no = $2", cancellationToken,
            id.File, id.EntryNo, Decisions.StateAfter(facts.Kind).ToString(), now);
        var made = await connection.QueryAsync(Book, [decision], reader => (Wanted: reader.GetInt32(0), Booked: reader.GetInt32(1), Debits: reader.GetInt32(2)), cancellationToken);
        if (made[0].Wanted != made[0].Booked)
        {
            return new Refusal("PAYMENT_NOT_OPEN", "A payment of the decision was debited before, or is to be returned and was never debited. Nothing is booked.", RefusalKind.Conflict);
        }

        if (made[0].Debits > 0)
        {
            // A return may have waited for this debit: it is booked as at the end of a file, and told as that file's.
            var returned = await connection.QueryAsync(Booking.BookReturns, [id.File, now], reader => reader.GetInt32(0), cancellationToken);
            if (returned[0] > 0)
            {
                await RunAsync(connection, "update reconciliation.statement_file set told_at = null, due_at = $2 where number = $1", cancellationToken, id.File, now);
            }
        }

        await using var batch = new NpgsqlBatch(connection);
        batch.Add(
            "update reconciliation.decision set state = $2, confirmed_by = $3, confirmed_at = $4, due_at = $4 where id = $1",
            decision, Decisions.Move(facts.State, DecisionState.Confirmed).ToString(), actor, now);
        AddHistory(batch, decision, facts.State, DecisionState.Confirmed, "confirmed by a second person", actor, now);
        await batch.RunPreparedAsync(cancellationToken);
        await source.CommitAsync(transaction, cancellationToken);
        return facts with { State = DecisionState.Confirmed, ConfirmedBy = actor };
    }

    /// <summary>A confirmed decision whose facts the paying side was not told yet.</summary>
    public async Task<Guid?> FindUntoldAsync(CancellationToken cancellationToken)
    {
        var rows = await source.QueryAsync(
            "select id from reconciliation.decision where state = 'Confirmed' and told_at is null and due_at <= $1 order by due_at limit 1",
            [clock.GetUtcNow()], reader => reader.GetGuid(0), cancellationToken);
        return rows is [var id] ? id : null;
    }

    /// <summary>The payments that the decision proves, with the entry's reason where they came back.</summary>
    public Task<List<(PaymentReference Payment, bool IsReturn, string? ReasonCode)>> PaymentsAsync(Guid decision, CancellationToken cancellationToken) => source.QueryAsync(
        """
        select m.line, m.generation, m.kind > 0, m.reason_code
        from reconciliation.decision d
        join reconciliation.decision_part p on p.decision_id = d.id and p.class = 'Payment'
        join reconciliation.match m on m.line = p.line and m.generation = p.generation and m.file = d.file and m.entry_no = d.entry_no
        where d.id = $1
        """,
        [decision], reader => (new PaymentReference(reader.GetInt64(0), reader.GetInt16(1)), reader.GetBoolean(2), reader.TextOrNull(3)), cancellationToken);

    public Task MarkToldAsync(Guid decision, CancellationToken cancellationToken) =>
        source.ExecuteAsync("update reconciliation.decision set told_at = $2 where id = $1 and told_at is null", [decision, clock.GetUtcNow()], cancellationToken);

    public Task TellLaterAsync(Guid decision, TimeSpan pause) => source.ExecuteAsync(
        "update reconciliation.decision set due_at = $2 where id = $1 and told_at is null", [decision, clock.GetUtcNow() + pause], CancellationToken.None);

    private static async Task<UnmatchedState?> LockAsync(NpgsqlConnection connection, ExceptionId id, CancellationToken cancellationToken)
    {
        var rows = await connection.QueryAsync(
            "select state from reconciliation.unmatched where file = $1 and entry_no = $2 for update", [id.File, id.EntryNo],
            reader => Enum.Parse<UnmatchedState>(reader.GetString(0)), cancellationToken);
        return rows is [var state] ? state : null;
    }

    private static DecisionFacts ReadFacts(NpgsqlDataReader reader) => new(
        reader.GetGuid(0), Enum.Parse<DecisionKind>(reader.GetString(1)), Enum.Parse<DecisionState>(reader.GetString(2)), reader.GetString(3), reader.GetString(4), reader.TextOrNull(5));

    private static Refusal NotOpen() => new("EXCEPTION_NOT_OPEN", "The exception is settled; nothing is left to decide.", RefusalKind.Conflict);

    private static string Spell(StoredPart part) => string.Create(
        CultureInfo.InvariantCulture, $"{part.Part.Class} {part.Part.Payment?.Line ?? 0} {part.Part.Payment?.Generation ?? 0} {part.Part.Amount:0.####}");

    private static async Task RunAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken, params object?[] values)
    {
        await using var command = await connection.PreparedAsync(sql, cancellationToken, values);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    public static void AddHistory(NpgsqlBatch batch, Guid decision, DecisionState? from, DecisionState to, string cause, string actor, DateTimeOffset now) => batch.Add(
        "insert into reconciliation.decision_history (decision_id, at, from_state, to_state, cause, actor) values ($1, $2, $3::text, $4, $5, $6)",
        decision, now, from?.ToString(), to.ToString(), cause, actor);

    /// <summary>
    /// What Booking does with the entries of a file, for the parts of one decision: the match's key lets one debit per payment
    /// through, a return needs the debit before it, and an envelope counts a line once. Gives wanted, booked, and debits among them.
    /// </summary>
    private const string Book =
        """
        with wanted as (
            select p.line, p.generation, p.envelope, p.amount, e.file, e.no, e.fingerprint, e.mark in ('D', 'RC') as is_debit, coalesce(e.reason_code, 'NARR') as reason_code,
                (select max(m.kind) from reconciliation.match m where m.line = p.line and m.generation = p.generation) as last_kind
            from reconciliation.decision d
            join reconciliation.entry e on e.file = d.file and e.no = d.entry_no
            join reconciliation.decision_part p on p.decision_id = d.id and p.class = 'Payment'
            where d.id = $1),
        booked as (
            insert into reconciliation.match (line, generation, kind, file, entry_no, envelope, amount, reason_code, fingerprint, booked_by)
            select line, generation, case when is_debit then 0 else last_kind + 1 end, file, no, envelope, amount, case when is_debit then null else reason_code end, fingerprint, file
            from wanted where is_debit or last_kind is not null
            on conflict do nothing
            returning kind, envelope, amount),
        totals as (
            select envelope, count(*) filter (where kind = 0) as debits, coalesce(sum(amount) filter (where kind = 0), 0) as debited,
                count(*) filter (where kind = 1) as returns, coalesce(sum(amount) filter (where kind = 1), 0) as returned
            from booked group by envelope),
        counted as (
            update reconciliation.envelope_progress p
            set reconciled = p.reconciled + t.debits, reconciled_amount = p.reconciled_amount + t.debited, returned = p.returned + t.returns, returned_amount = p.returned_amount + t.returned
            from totals t where p.id = t.envelope)
        select (select count(*)::int from wanted), (select count(*)::int from booked), (select count(*)::int from booked where kind = 0)
        """;
}
