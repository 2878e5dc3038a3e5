namespace G2PBridge.Simulators.ExampleBank.Booking;

/// <summary>
/// The statements of one booking, each over all payments of the claimed batches. Measured on PostgreSQL 15 with 20,000
/// payments a booking: 15 µs of server CPU a payment, whether the payee is new or not.
/// </summary>
internal static class BookingSql
{
    // Estimates on freshly filled tables are far off, and a nested loop over 20,000 x 20,000 rows takes minutes.
    public const string Plan = "set local enable_nestloop = off; set local jit = off";

    /// <summary>Bookings take turns: an account that another one opens at the same time would be neither opened nor raised.</summary>
    public const string TakeTurn = "select pg_advisory_xact_lock(7454402894517333832)";

    public const string Claim =
        """
        with waiting as (
            select id, payments from example_bank.batches
            where state = 'ACCEPTED' and accepted_at <= $1
            order by id limit 64 for update skip locked),
        running as (select id, sum(payments) over (order by id) as total, row_number() over (order by id) as place from waiting)
        select id from running where place = 1 or total <= $2 order by id
        """;

    // Remitters first and in one order: two bookings cannot wait for each other, and ledger ids rise in order of commit. No more than what
    // an update takes: a stronger lock would hold up every batch that is handed in meanwhile, by its foreign key.
    public const string LockRemitters =
        """
        select id from example_bank.accounts
        where id = any(array(select account_id from example_bank.batches where id = any($1))) order by id for no key update
        """;

    // Everything that a booking writes line by line, from one reading of the payments. The payee's account is opened on demand; opening first and
    // raising the others afterwards costs half of what one statement for both does. What comes back is never added to the payee's balance, yet
    // both legs are written; returns come last. An entry that is booked twice stands twice.
    public const string Entries =
        """
        with lines as materialized (
            select b.account_id as payer, p.batch_id, p.line, p.credit_to as number, b.currency, coalesce(p.booked_amount, p.amount) as amount, p.times,
                   p.return_reason, p.beneficiary_name, p.phone, p.email, p.credit_to = p.beneficiary_account as is_payee
            from example_bank.batches b join example_bank.payments p on p.batch_id = b.id
            where b.id = any($1) and p.batch_id = any($1) and p.refusal is null
            order by p.batch_id, p.line),
        again as (select * from lines where times > 1),
        back as materialized (select * from lines where return_reason is not null union all select * from again where return_reason is not null),
        payees as materialized (
            select number, currency,
                   min(beneficiary_name) filter (where is_payee) as holder, min(phone) filter (where is_payee) as phone, min(email) filter (where is_payee) as email,
                   coalesce(sum(amount * times) filter (where return_reason is null), 0) as book
            from lines group by number, currency),
        opened as (
            insert into example_bank.accounts (number, currency, holder, phone, email, book)
            select number, currency, holder, phone, email, book from payees
            on conflict (number, currency) do nothing
            returning id, number, currency),
        known as materialized (
            select * from payees p where not exists (select from opened o where o.number = p.number and o.currency = p.currency)),
        raised as (
            update example_bank.accounts a set book = a.book + k.book from known k
            where a.number = any(array(select number from known)) and a.number = k.number and a.currency = k.currency
            returning a.id, a.number, a.currency),
        credited as materialized (select * from opened union all select * from raised),
        entries as (
            insert into example_bank.ledger (account_id, batch_id, line, mark, amount, reason, booked_at)
            select payer, batch_id, line, 'D', amount, null, $2 from lines
            union all
            select payer, batch_id, line, 'D', amount, null, $2 from again
            union all
            select c.id, l.batch_id, l.line, 'C', l.amount, null, $2 from lines l join credited c using (number, currency)
            union all
            select c.id, l.batch_id, l.line, 'C', l.amount, null, $2 from again l join credited c using (number, currency)
            union all
            select c.id, l.batch_id, l.line, 'RC', l.amount, l.return_reason, $2 from back l join credited c using (number, currency)
            union all
            select payer, batch_id, line, 'RD', amount, return_reason, $2 from back
            returning account_id, mark),
        heads as (
            update example_bank.statement_heads h
            set unreported = h.unreported + n.entries, last_booked_at = case when n.is_booked then $2 else h.last_booked_at end
            from (select account_id, count(*) as entries, bool_or(mark <> 'RD') as is_booked from entries
                  where account_id = any(array(select account_id from example_bank.statement_heads)) group by account_id) n
            where h.account_id = n.account_id),
        returned as (
            update example_bank.batches b set returned = n.payments
            from (select batch_id, count(distinct line) as payments from back group by batch_id) n where b.id = n.batch_id)
        select payer, sum(amount * times), coalesce(sum(amount * times) filter (where return_reason is not null), 0) from lines group by payer
        """;

    // A statement of its own, since a payer may also be a payee. The payers are named twice, or all accounts would be read. What came back goes to book and available balance, not to the block that was spent.
    public const string Balances =
        """
        with covered as (select account_id, sum(covered) as amount from example_bank.batches where id = any($1) group by account_id)
        update example_bank.accounts a set book = a.book - d.paid + d.returned, blocked = a.blocked - c.amount
        from unnest($2::bigint[], $3::numeric[], $4::numeric[]) as d(payer, paid, returned) join covered c on c.account_id = d.payer
        where a.id = d.payer and a.id = any($2)
        """;

    public const string Finish =
        "update example_bank.batches set state = 'BOOKED', booked_at = $2 where id = any($1) returning payments - refused";

    public const string OweCallbacks = "insert into example_bank.callbacks (batch_id, kind, due_at) select id, 'OUTCOME', $2 from unnest($1) as b(id) on conflict do nothing";

    public const string ExpireBlocks =
        """
        with freed as (
            update example_bank.fund_blocks set state = 'EXPIRED', released = amount - committed
            where state = 'ACTIVE' and expires_at <= $1
            returning account_id, released)
        update example_bank.accounts a set blocked = a.blocked - f.amount
        from (select account_id, sum(released) as amount from freed group by account_id) f where a.id = f.account_id
        """;
}
