using G2PBridge.Modules.Reconciliation.Domain;
using G2PBridge.Platform.Persistence;
using G2PBridge.Platform.Protection;
using G2PBridge.Statements;
using Npgsql;

namespace G2PBridge.Modules.Reconciliation.Persistence;

/// <summary>What a booking did.</summary>
internal sealed record BookingResult(int Statements, int NotBooked, int Matched, int Returned, int Classified, int Unmatched, int Repeated, string? ErrorCode, string? ErrorText);

/// <summary>
/// One transaction from the first entry to the last counter. A process killed in the middle leaves nothing at all, so a repeat has
/// nothing to clean up and nothing to tell apart, and no other query has to ask whether a match counts yet. Its memory is the
/// database's: entries stream through COPY, and the matching is a few set statements over them. The price is one long transaction
/// per large file, whose rows nobody else waits for: bookings themselves take turns behind an advisory lock. What a file's entries are compared
/// with is looked up entry by entry (<c>offset 0</c> keeps it so): as a join it may be planned as a scan of all that was ever booked.
/// </summary>
internal sealed class Booking : IAsyncDisposable
{
    public const int BookingLock = 0x6732_626b;

    private readonly BridgeDatabase _source;
    private readonly NpgsqlConnection _connection;
    private readonly NpgsqlTransaction _transaction;
    private readonly Sealer _sealer;
    private readonly ClaimedFile _file;
    private bool _hasBatches;

    private Booking(BridgeDatabase source, NpgsqlConnection connection, NpgsqlTransaction transaction, Sealer sealer, ClaimedFile file)
    {
        _source = source;
        _connection = connection;
        _sealer = sealer;
        _transaction = transaction;
        _file = file;
    }

    public static async Task<Booking> BeginAsync(BridgeDatabase source, DataProtector protector, ClaimedFile file, CancellationToken cancellationToken)
    {
        var connection = await source.OpenConnectionAsync(cancellationToken);
        try
        {
            var transaction = await connection.BeginTransactionAsync(cancellationToken);
            var booking = new Booking(source, connection, transaction, await protector.BeginAsync(connection, cancellationToken), file);
            await booking.ForgetEarlierAttemptAsync(cancellationToken);
            return booking;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>What an earlier reading of this file left, and what two persons said about it since.</summary>
    public async Task<EarlierReading> FindEarlierReadingAsync(CancellationToken cancellationToken)
    {
        var settled = await _connection.QueryAsync("select no from reconciliation.statement where file = $1", [_file.Number], reader => reader.GetInt32(0), cancellationToken);
        var released = await _connection.QueryAsync(
            """
            select n.no, n.fingerprint from reconciliation.statement_decision d cross join unnest(d.statements, d.fingerprints) as n(no, fingerprint)
            where d.file = $1 and d.kind = 'Release' and d.state = 'Confirmed'
            """,
            [_file.Number], reader => (reader.GetInt32(0), reader.GetString(1)), cancellationToken);
        return new EarlierReading([.. settled], [.. released]);
    }

    public async Task WriteAsync(StagedSet set, CancellationToken cancellationToken)
    {
        await StagedSets.WriteAsync(_connection, _sealer, _file.Number, set, cancellationToken);
        if (set.Entries.Any(entry => entry.Batch is not null))
        {
            _hasBatches = true;
            await BatchBooking.WriteAsync(_connection, _file.Number, set.Entries.Where(entry => entry.Batch is not null), cancellationToken);
        }
    }

    /// <summary>Null when the lease was lost: then nothing is booked.</summary>
    public async Task<BookingResult?> BookAsync(FileOutcome outcome, DateTimeOffset now, Action beforeCommit, CancellationToken cancellationToken)
    {
        await using (var take = await _connection.PreparedAsync("select pg_advisory_xact_lock($1, 0)", cancellationToken, BookingLock))
        {
            take.CommandTimeout = 0;
            await take.ExecuteNonQueryAsync(cancellationToken);
        }

        // One booking at a time holds the lock, so what its sets need may stay in memory; the setting ends with the transaction.
        await RunAsync("set local work_mem = '64MB'", cancellationToken);

        await RunAsync(Recognise, cancellationToken, _file.Number);
        if (outcome.Format == nameof(StatementFormat.Pain002))
        {
            await RunAsync(StatusBooking.BookRejections, cancellationToken, _file.Number, now, StatusMeanings.Rejections);
            await RunAsync(StatusBooking.QueueStatuses, cancellationToken, _file.Number, now);
        }

        var debits = await CountAsync(BookDebits, cancellationToken, _file.Number);
        var batched = _hasBatches ? await CountAsync(BatchBooking.Book, cancellationToken, _file.Number, now) : 0;
        await RunAsync(StatusBooking.TellDebitsOfRejected, cancellationToken, _file.Number);
        var returned = await CountAsync(BookReturns, cancellationToken, _file.Number, now);
        await RunAsync(QueueUnmatched, cancellationToken, _file.Number, now, debits == outcome.Debits);
        await RunAsync(StatusBooking.QueueContradictions, cancellationToken, _file.Number, now);
        var result = await SumUpAsync(debits + batched, returned, outcome, cancellationToken);
        var state = FileTransitions.Move(FileState.Reading, result.ErrorCode is null ? FileState.Processed : FileState.Error);
        if (await CountAsync(
            Finish, cancellationToken, _file.Id, _file.Fence, state.ToString(), now, result.ErrorCode, result.ErrorText, outcome.Format, outcome.Verdict, outcome.Findings,
            result.Statements, outcome.Entries, result.Matched, result.Returned, result.Classified, result.Unmatched, result.Repeated, FileQueue.Actor) == 0)
        {
            return null;
        }

        beforeCommit();
        await _source.CommitAsync(_transaction, cancellationToken);
        return result;
    }

    public async ValueTask DisposeAsync()
    {
        await _transaction.DisposeAsync();
        await _connection.DisposeAsync();
    }

    /// <summary>A file that was put aside and uploaded again, or of which a statement was released, keeps what is settled; the rest of it is read anew.</summary>
    private async Task ForgetEarlierAttemptAsync(CancellationToken cancellationToken)
    {
        await RunAsync(
            """
            delete from reconciliation.entry e using reconciliation.statement s
            where s.file = $1 and s.state not in ('Booked', 'Discarded') and e.file = $1 and e.statement = s.no
            """, cancellationToken, _file.Number);
        await RunAsync(
            "delete from reconciliation.batch_part p where p.file = $1 and not exists (select from reconciliation.entry e where e.file = p.file and e.no = p.entry_no)", cancellationToken, _file.Number);
        await RunAsync("delete from reconciliation.statement where file = $1 and state not in ('Booked', 'Discarded')", cancellationToken, _file.Number);
    }

    private async Task<BookingResult> SumUpAsync(int debits, int returned, FileOutcome outcome, CancellationToken cancellationToken)
    {
        var states = await _connection.QueryAsync(
            "select state, count(*)::int from reconciliation.statement where file = $1 group by state", [_file.Number],
            reader => (State: Enum.Parse<StatementState>(reader.GetString(0)), Count: reader.GetInt32(1)), cancellationToken);
        var kinds = await _connection.QueryAsync(
            """
            select count(*) filter (where u.state <> 'Closed')::int, count(*) filter (where u.state = 'Closed')::int
            from reconciliation.unmatched u where u.file = $1
            """, [_file.Number], reader => (Open: reader.GetInt32(0), Repeated: reader.GetInt32(1)), cancellationToken);
        var classified = outcome.Classified == 0 ? 0 : await CountAsync(
            """
            select count(*)::int from reconciliation.entry e
            where e.file = $1 and (e.kind between 2 and 6 or (e.kind = 9 and e.cause is null)) and e.statement in (select no from reconciliation.statement where file = $1 and state = 'Booked')
            """, cancellationToken, _file.Number);
        var notBooked = states.Where(state => state.State is StatementState.Rejected or StatementState.UnknownAccount).Sum(state => state.Count);
        var (code, text) = (states.Count, notBooked) switch
        {
            (0, _) => (PartnerCodes.StatementUploadError, "No statement was found in the file."),
            _ when outcome.IsRejected => (PartnerCodes.StatementUploadError, "The file cannot be read to its end; its findings say why."),
            _ when states.Any(state => state.State == StatementState.UnknownAccount) => (PartnerCodes.InvalidAccountNumber, "No programme pays from the account of a statement in this file."),
            (_, > 0) => (PartnerCodes.StatementUploadError, "A statement in this file cannot be booked as it stands; its findings say why."),
            _ => ((string?)null, (string?)null),
        };
        return new BookingResult(states.Sum(state => state.Count), notBooked, debits, returned, classified, kinds[0].Open, kinds[0].Repeated, code, text);
    }

    private async Task RunAsync(string sql, CancellationToken cancellationToken, params object?[] values)
    {
        await using var command = await _connection.PreparedAsync(sql, cancellationToken, values);
        command.CommandTimeout = 0;
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private async Task<int> CountAsync(string sql, CancellationToken cancellationToken, params object?[] values)
    {
        await using var command = await _connection.PreparedAsync(sql, cancellationToken, values);
        command.CommandTimeout = 0;
        return (int)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    /// <summary>
    /// Decides which of the statements just read are new. The same content is the same statement, in whatever framing. The same
    /// bookings between the same balances in another family of formats are too; within one family that would not do, because two
    /// statements of a day may hold equal amounts.
    /// </summary>
    private const string Recognise =
        """
        with fresh as (
            select *, first_value(no) over (partition by content_fingerprint order by no) as first_no
            from reconciliation.statement where file = $1 and state = 'Read'),
        earlier as (
            select s.no, o.file as of_file, o.no as of_no
            from fresh s
            cross join lateral (
                select file, no from reconciliation.statement o
                where o.content_fingerprint = s.content_fingerprint and o.state = 'Booked'
                union all
                select s.file, s.first_no where s.first_no < s.no
                union all
                select file, no from reconciliation.statement o
                where s.entries > 0 and o.bookings_fingerprint = s.bookings_fingerprint and o.state = 'Booked' and o.entries > 0 and o.entries = s.entries
                    and left(o.format, 2) <> left(s.format, 2) and o.opening is not distinct from s.opening and o.closing is not distinct from s.closing
                order by 1, 2 limit 1) o)
        update reconciliation.statement s
        set state = case when e.no is null then 'Booked' else 'Duplicate' end, duplicate_of_file = e.of_file, duplicate_of_no = e.of_no
        from fresh t left join earlier e on e.no = t.no
        where s.file = $1 and t.no = s.no
        """;

    /// <summary>
    /// Debits: one pass over the file's entries by primary key, one insert each. The match table's key lets one debit per payment
    /// through, whatever else is booked at the same time. What a status question asks about goes along, under the key with which this
    /// transaction wrote it: a rotation of keys waits for the transaction, and finds both.
    /// </summary>
    private const string BookDebits =
        """
        with booked as (
            insert into reconciliation.match (
                line, generation, kind, file, entry_no, envelope, amount, fingerprint, booked_by, statement, ordinal, entry_date, value_date, bank_reference, sealed)
            select e.line, e.generation, 0, e.file, e.no, e.envelope, e.amount, e.fingerprint, $1, e.statement, e.ordinal, e.entry_date, e.value_date, e.bank_reference, e.sealed
            from reconciliation.entry e
            where e.file = $1 and e.kind = 0 and e.problem is null
                and e.statement in (select no from reconciliation.statement where file = $1 and state = 'Booked')
            order by e.no
            on conflict do nothing
            returning envelope, amount),
        totals as (select envelope, count(*) as lines, sum(amount) as amount from booked group by envelope),
        counted as (
            update reconciliation.envelope_progress p
            set reconciled = p.reconciled + t.lines, reconciled_amount = p.reconciled_amount + t.amount
            from totals t where p.id = t.envelope)
        select coalesce(sum(lines), 0)::int from totals
        """;

    /// <summary>
    /// Returns: those of this file, and earlier ones that waited for a debit that this file brought. An entry that stands in an
    /// earlier statement too, of this file or another, is not a second return; true twins stand in one statement, on whichever of its pages.
    /// Each return is an event of its own; the envelope counts a line once.
    /// </summary>
    public const string BookReturns =
        """
        with page as (
            select s.no, sum((s.opening_intermediate is not true)::int) over (order by s.no) as chain from reconciliation.statement s where s.file = $1 and s.state = 'Booked'),
        own as (
            select e.*, row_number() over (partition by e.fingerprint, p.chain order by e.no) as occurrence
            from reconciliation.entry e join page p on p.no = e.statement
            where e.file = $1 and e.kind = 1 and e.problem is null
                and not exists (select from reconciliation.match m where m.line = e.line and m.generation = e.generation and m.file = e.file and m.entry_no = e.no offset 0)),
        single as (select *, row_number() over (partition by fingerprint, occurrence order by no) as showing from own),
        due as (
            select o.file, o.no, o.line, o.generation, o.envelope, o.amount, o.reason_code, o.fingerprint from single o
            where o.showing = 1 and o.occurrence >
                (select count(*) from reconciliation.match m where m.line = o.line and m.generation = o.generation and m.kind > 0 and m.fingerprint = o.fingerprint)
                + (select count(*) from reconciliation.unmatched u
                    where u.fingerprint = o.fingerprint and u.line = o.line and (u.state in ('Open', 'Classified', 'WrittenOff')
                        -- A person said that it is another payment than it names.
                        or (u.state = 'Decided' and not exists (
                            select from reconciliation.match m where m.line = o.line and m.generation = o.generation and m.file = u.file and m.entry_no = u.entry_no))))
            union all
            select e.file, e.no, e.line, e.generation, e.envelope, e.amount, e.reason_code, e.fingerprint
            from reconciliation.unmatched u join reconciliation.entry e on e.file = u.file and e.no = u.entry_no
            where u.state = 'Open' and u.cause = 'ReturnWithoutDebit'),
        numbered as (
            select d.*, row_number() over (partition by d.line, d.generation order by d.file, d.no)
                + (select max(kind) from reconciliation.match m where m.line = d.line and m.generation = d.generation) as nth
            from due d
            where exists (select from reconciliation.match m where m.line = d.line and m.generation = d.generation and m.kind = 0 offset 0)),
        booked as (
            insert into reconciliation.match (line, generation, kind, file, entry_no, envelope, amount, reason_code, fingerprint, booked_by)
            select line, generation, nth, file, no, envelope, amount, reason_code, fingerprint, $1 from numbered
            returning file, entry_no, kind, envelope, amount),
        settled as (
            update reconciliation.unmatched u set state = 'Matched', closed_at = $2
            from booked b where u.file = b.file and u.entry_no = b.entry_no),
        totals as (select envelope, count(*) as lines, sum(amount) as amount from booked where kind = 1 group by envelope),
        counted as (
            update reconciliation.envelope_progress p
            set returned = p.returned + t.lines, returned_amount = p.returned_amount + t.amount
            from totals t where p.id = t.envelope)
        select count(*)::int from booked
        """;

    /// <summary>
    /// Whatever is neither matched nor classified goes to the queue with its reason. A movement that an earlier statement holds as
    /// well, as often as here, is recorded as repeated: overlapping periods are no duplicate payments. Where every debit was booked ($3),
    /// the debits are not looked at again: in an ordinary statement they are nearly everything.
    /// </summary>
    private const string QueueUnmatched =
        """
        with page as (
            select s.no, s.account, s.format, sum((s.opening_intermediate is not true)::int) over (order by s.no) as chain
            from reconciliation.statement s where s.file = $1 and s.state = 'Booked'),
        own as (
            select e.*, p.account, p.format, p.chain, row_number() over (partition by p.account, e.fingerprint, p.chain order by e.no) as occurrence
            from reconciliation.entry e
            join page p on p.no = e.statement
            where e.file = $1 and e.kind in (0, 1, 7, 8) and not ($3 and e.kind = 0 and e.problem is null)
                and (e.problem is not null or not exists (
                    select from reconciliation.match m where m.line = e.line and m.generation = e.generation and m.file = e.file and m.entry_no = e.no offset 0))),
        left_over as (select *, row_number() over (partition by account, fingerprint, occurrence order by no) as showing from own),
        compared as (
            select l.*, d.file as debit_file, de.statement as debit_statement, de.ordinal as debit_ordinal,
                case when d.file is distinct from l.file or pd.chain is distinct from l.chain then
                    (d.fingerprint = l.fingerprint)::int
                    -- An intraday report and the day's statement show one movement twice.
                    -- Or a debit for a whole order, and its payments one by one.
                    + (l.kind = 0 and l.problem is null and d.fingerprint <> l.fingerprint and (de.bank_reference = l.bank_reference or de.kind = 2) and ds.format <> l.format)::int
                else 0 end as debits_before,
                (select count(*) from reconciliation.match m
                    where m.line = l.line and m.generation = l.generation and m.kind > 0 and m.fingerprint = l.fingerprint
                        and (m.file <> l.file or exists (
                            select from reconciliation.entry r join page pr on pr.no = r.statement where r.file = m.file and r.no = m.entry_no and pr.chain <> l.chain))) as returns_before,
                (select count(*) from reconciliation.unmatched u
                    where u.fingerprint = l.fingerprint and u.account is not distinct from l.account and u.cause <> 'Repeated' and u.state <> 'Matched'
                        and (u.file, u.statement) <> (l.file, l.statement)
                        and not (u.state = 'Decided' and exists (
                            select from reconciliation.match m where m.line = l.line and m.generation = l.generation and m.file = u.file and m.entry_no = u.entry_no))) as unmatched_before
            from left_over l
            left join lateral (select * from reconciliation.match r where r.line = l.line and r.generation = l.generation and r.kind = 0 offset 0) d on true
            left join lateral (select * from reconciliation.entry r where r.file = d.file and r.no = d.entry_no offset 0) de on true
            left join reconciliation.statement ds on ds.file = de.file and ds.no = de.statement
            left join page pd on d.file = l.file and pd.no = de.statement),
        judged as (
            select c.*, c.showing > 1 or c.occurrence <= coalesce(c.debits_before, 0) + c.returns_before + c.unmatched_before as is_repeated from compared c)
        insert into reconciliation.unmatched (file, entry_no, statement, state, account, line, generation, error_reason, cause, detail, reference_keys, fingerprint, created_at, closed_at)
        select j.file, j.no, j.statement, case when j.is_repeated then 'Closed' else 'Open' end, j.account, j.line, j.generation,
            case when j.is_repeated then null when j.problem is not null then j.problem when j.kind = 0 then 'DUPLICATE_DISBURSEMENT' else 'INVALID_REVERSAL' end,
            case when j.is_repeated then 'Repeated' when j.cause is not null then j.cause when j.kind = 0 then 'DebitedBefore' else 'ReturnWithoutDebit' end,
            case when j.is_repeated then 'The same movement stands in an earlier statement.'
                when j.detail is not null then j.detail
                when j.kind = 0 then format('The payment was debited before: entry %s of statement %s.', j.debit_ordinal, f.id)
                else 'No debit of the payment was seen so far; the return is matched when it comes.' end,
            coalesce(j.reference_keys, '{}'), j.fingerprint, $2, case when j.is_repeated then $2 end
        from judged j left join reconciliation.statement_file f on f.number = j.debit_file
        on conflict do nothing
        """;

    private const string Finish =
        """
        with finished as (
            update reconciliation.statement_file
            set state = $3, lease_until = null, due_at = $4, processed_at = $4, error_code = $5::text, error_text = $6::text, format = $7, verdict = $8, findings = $9::jsonb,
                statements = $10, entries = $11, matched = matched + $12, returned = returned + $13, classified = $14, unmatched = $15, repeated = $16, told_at = null
            where id = $1 and fence = $2 and state = 'Reading' returning id),
        logged as (
            insert into reconciliation.statement_file_history (file_id, at, from_state, to_state, cause, actor)
            select id, $4, 'Reading', $3, coalesce($5::text, 'booked'), $17 from finished)
        select count(*)::int from finished
        """;
}
