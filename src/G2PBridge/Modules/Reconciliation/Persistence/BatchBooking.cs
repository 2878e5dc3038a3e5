using G2PBridge.Modules.Reconciliation.Domain;
using G2PBridge.Platform.Persistence;
using Npgsql;

namespace G2PBridge.Modules.Reconciliation.Persistence;

/// <summary>
/// Debits that name an order and no payment: one movement for all payments of the order. Each payment is a match of its own that points to
/// the one entry, so that returns, counts and questions work as for any other. Costs what its payments cost, and nothing in other files.
/// </summary>
internal static class BatchBooking
{
    public static async Task WriteAsync(NpgsqlConnection connection, long file, IEnumerable<ReadEntry> entries, CancellationToken cancellationToken)
    {
        await using var copy = await BinaryCopy.BeginAsync(
            connection, "copy reconciliation.batch_part (file, entry_no, line, generation, envelope, amount, tell) from stdin (format binary)", cancellationToken);
        foreach (var entry in entries)
        {
            foreach (var part in entry.Batch!)
            {
                await copy.StartRowAsync(7, cancellationToken);
                copy.Write(file);
                copy.Write(entry.No);
                copy.Write(part.Payment.Line);
                copy.Write((short)part.Payment.Generation);
                copy.Write(entry.Envelope);
                copy.Write(part.Amount);
                copy.Write(part.Tell);
            }
        }

        await copy.CompleteAsync(cancellationToken);
    }

    /// <summary>
    /// All payments of a batch or none: one that was debited before makes the whole an exception. Where every payment stands in an earlier
    /// statement as the same entry, or in a notification of single debits (camt.054, camt.052, MT942), the batch is a repetition.
    /// </summary>
    public const string Book =
        """
        with parts as (
            select p.*, e.statement, e.fingerprint, s.account, m.line is not null as is_debited, row_number() over (partition by p.line, p.generation order by p.entry_no) as nth,
                coalesce(
                    (m.fingerprint = e.fingerprint and (o.file, o.no) <> (s.file, s.no))
                    or (o.format in ('Camt054', 'Camt052', 'Mt942') and s.format not in ('Camt054', 'Camt052', 'Mt942')), false) as is_repeated
            from reconciliation.batch_part p
            join reconciliation.entry e on e.file = p.file and e.no = p.entry_no
            join reconciliation.statement s on s.file = e.file and s.no = e.statement and s.state = 'Booked'
            left join lateral (select * from reconciliation.match r where r.line = p.line and r.generation = p.generation and r.kind = 0 offset 0) m on true
            left join lateral (select * from reconciliation.entry r where r.file = m.file and r.no = m.entry_no offset 0) d on true
            left join reconciliation.statement o on o.file = d.file and o.no = d.statement
            where p.file = $1
                and not exists (select from reconciliation.match b where b.line = p.line and b.generation = p.generation and b.kind = 0 and b.file = p.file and b.entry_no = p.entry_no)
                and not exists (select from reconciliation.unmatched u where u.file = p.file and u.entry_no = p.entry_no)),
        judged as (
            select file, entry_no, statement, account, fingerprint, count(*) as payments, count(*) filter (where is_debited or nth > 1) as taken, bool_and(is_repeated) as is_repeated
            from parts group by file, entry_no, statement, account, fingerprint),
        booked as (
            insert into reconciliation.match (line, generation, kind, file, entry_no, envelope, amount, fingerprint, booked_by)
            select p.line, p.generation, 0, p.file, p.entry_no, p.envelope, p.amount, p.fingerprint, $1
            from parts p join judged j on j.file = p.file and j.entry_no = p.entry_no and j.taken = 0
            returning envelope, amount),
        totals as (select envelope, count(*) as lines, sum(amount) as amount from booked group by envelope),
        counted as (
            update reconciliation.envelope_progress p
            set reconciled = p.reconciled + t.lines, reconciled_amount = p.reconciled_amount + t.amount
            from totals t where p.id = t.envelope),
        queued as (
            insert into reconciliation.unmatched (file, entry_no, statement, state, account, error_reason, cause, detail, reference_keys, fingerprint, created_at, closed_at)
            select j.file, j.entry_no, j.statement, case when j.is_repeated then 'Closed' else 'Open' end, j.account, case when not j.is_repeated then 'DUPLICATE_DISBURSEMENT' end,
                case when j.is_repeated then 'Repeated' else 'DebitedBefore' end,
                case when j.is_repeated then 'The same movement stands in an earlier statement.'
                    else format('One debit for an order of %s payments, of which %s were debited before. None of them is booked with it.', j.payments, j.taken) end,
                coalesce((select e.reference_keys from reconciliation.entry e where e.file = j.file and e.no = j.entry_no), '{}'), j.fingerprint, $2, case when j.is_repeated then $2 end
            from judged j where j.taken > 0)
        select coalesce(sum(lines), 0)::int from totals
        """;

    /// <summary>Payments of booked batches of which the paying side did not know for sure that the bank has them.</summary>
    public const string Told =
        """
        select p.line, p.generation from reconciliation.batch_part p
        join reconciliation.match m on m.line = p.line and m.generation = p.generation and m.kind = 0 and m.file = p.file and m.entry_no = p.entry_no
        where p.file = $1 and p.tell and p.line > $2 order by p.line limit $3
        """;
}
