namespace G2PBridge.Modules.Reconciliation.Persistence;

/// <summary>
/// What status reports add to a booking; run under the booking lock, so that a rejection and a debit of one payment see each other
/// whichever comes first. Costs nothing where no bank ever rejected anything: the first two look at the file's own entries only where it
/// is a report, the others begin at the rejections, which are few.
/// </summary>
internal static class StatusBooking
{
    /// <summary>
    /// Rejections of a report. One of a payment that a statement shows as debited proves nothing: it is an exception, unless a return has
    /// settled the matter already. The same word in a later report is a repetition.
    /// </summary>
    public const string BookRejections =
        """
        with reported as (
            select e.file, e.no, e.statement, e.line, e.generation, e.fingerprint, s.sponsor_account, row_number() over (partition by e.line, e.generation order by e.no) as nth,
                exists (select from reconciliation.match m where m.line = e.line and m.generation = e.generation and m.kind = 0)
                    or exists (
                        select from reconciliation.unmatched u join reconciliation.entry d on d.file = u.file and d.no = u.entry_no
                        where u.line = e.line and u.generation = e.generation and d.kind = 0 and u.state = 'Open') as is_debited,
                exists (select from reconciliation.match m where m.line = e.line and m.generation = e.generation and m.kind > 0) as is_returned,
                exists (select from reconciliation.unmatched u where u.fingerprint = e.fingerprint and u.file <> e.file and u.state <> 'Matched') as is_repeated
            from reconciliation.entry e
            join reconciliation.statement s on s.file = e.file and s.no = e.statement and s.state = 'Booked'
            where e.file = $1 and e.kind = 9 and e.type = any($3) and e.line is not null and e.cause is null),
        rejected as (
            insert into reconciliation.rejection (line, generation, file, entry_no)
            select line, generation, file, no from reported where not is_debited and nth = 1
            on conflict do nothing)
        insert into reconciliation.unmatched (file, entry_no, statement, state, account, line, generation, error_reason, cause, detail, reference_keys, fingerprint, created_at, closed_at)
        select file, no, statement, case when is_repeated then 'Closed' else 'Open' end, sponsor_account, line, generation, null,
            case when is_repeated then 'Repeated' else 'RejectedAfterDebit' end,
            case when is_repeated then 'An earlier report says the same.' else 'The bank reports the payment as rejected, and a statement shows it as debited. It counts as paid until its return is seen.' end,
            '{}', fingerprint, $2, case when is_repeated then $2 end
        from reported where is_debited and not is_returned
        on conflict do nothing
        """;

    /// <summary>Statuses that say something odd, or that are about nothing of ours.</summary>
    public const string QueueStatuses =
        """
        insert into reconciliation.unmatched (file, entry_no, statement, state, account, line, generation, error_reason, cause, detail, reference_keys, fingerprint, created_at, closed_at)
        select q.file, q.no, q.statement, case when q.is_repeated then 'Closed' else 'Open' end, q.sponsor_account, q.line, q.generation, case when not q.is_repeated then q.problem end,
            case when q.is_repeated then 'Repeated' else q.cause end, case when q.is_repeated then 'An earlier report says the same.' else q.detail end,
            coalesce(q.reference_keys, '{}'), q.fingerprint, $2, case when q.is_repeated then $2 end
        from (
            select e.*, s.sponsor_account, exists (select from reconciliation.unmatched u where u.fingerprint = e.fingerprint and u.file <> e.file) as is_repeated
            from reconciliation.entry e
            join reconciliation.statement s on s.file = e.file and s.no = e.statement and s.state = 'Booked'
            where e.file = $1 and e.kind = 9 and e.cause is not null) q
        on conflict do nothing
        """;

    /// <summary>Debits of a file that show what a bank had rejected: the paying side has to hear of them, whatever it thought when they were read.</summary>
    public const string TellDebitsOfRejected =
        """
        with debits as (
            update reconciliation.entry e set tell = true
            from reconciliation.rejection r
            where e.file = $1 and e.kind = 0 and e.line = r.line and e.generation = r.generation and not e.tell
                and (select exists (select from reconciliation.rejection)))
        update reconciliation.batch_part p set tell = true
        from reconciliation.rejection r
        where p.file = $1 and p.line = r.line and p.generation = r.generation and not p.tell
        """;

    /// <summary>A debit after its rejection is the same contradiction as one before it; a return ends it.</summary>
    public const string QueueContradictions =
        """
        with overtaken as (
            insert into reconciliation.unmatched (file, entry_no, statement, state, account, line, generation, cause, detail, reference_keys, fingerprint, created_at)
            select e.file, e.no, e.statement, 'Open', s.sponsor_account, r.line, r.generation, 'RejectedAfterDebit',
                'The bank reports the payment as rejected, and a statement shows it as debited. It counts as paid until its return is seen.', '{}', e.fingerprint, $2
            from reconciliation.rejection r
            join reconciliation.match m on m.line = r.line and m.generation = r.generation and m.kind = 0 and m.file = $1
            join reconciliation.entry e on e.file = r.file and e.no = r.entry_no
            join reconciliation.statement s on s.file = e.file and s.no = e.statement
            where not exists (select from reconciliation.match b where b.line = r.line and b.generation = r.generation and b.kind > 0)
            on conflict do nothing)
        update reconciliation.unmatched u set state = 'Matched', closed_at = $2
        where u.state = 'Open' and u.cause = 'RejectedAfterDebit'
            and exists (select from reconciliation.match m where m.line = u.line and m.generation = u.generation and m.kind > 0)
        """;

    /// <summary>What a report proves: rejections that no debit has overtaken, and payments that the bank has although nobody knew it.</summary>
    public const string Told =
        """
        select e.no, e.line, e.generation, e.type = any($4) as is_rejected, e.reason_code, e.sealed, e.file
        from reconciliation.entry e
        join reconciliation.statement s on s.file = e.file and s.no = e.statement and s.state = 'Booked'
        left join reconciliation.rejection r on r.line = e.line and r.generation = e.generation and r.file = e.file and r.entry_no = e.no
        where e.file = $1 and e.no > $2 and e.tell and e.kind = 9
            and (e.type <> all($4) or (r.line is not null
                and not exists (select from reconciliation.match m where m.line = e.line and m.generation = e.generation and m.kind = 0)))
        order by e.no limit $3
        """;
}
