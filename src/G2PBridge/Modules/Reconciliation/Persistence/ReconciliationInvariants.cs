using G2PBridge.Platform.Growth;
using G2PBridge.Platform.Persistence;
using G2PBridge.Platform.Verification;

namespace G2PBridge.Modules.Reconciliation.Persistence;

/// <summary>Reconciliation's invariants, from single entries and matches. Reads whole tables, some seconds for a million entries.</summary>
internal sealed class ReconciliationInvariants(BridgeDatabase source) : IInvariantCheck
{
    public async Task<IReadOnlyList<InvariantResult>> CheckAsync(CancellationToken cancellationToken)
    {
        await using var snapshot = await InvariantSnapshot.OpenAsync(source, ReconciliationModule.Schema, cancellationToken);
        return
        [
            await snapshot.CheckAsync(
                "I4", "No statement entry is dropped", "select count(*) from reconciliation.entry",
                // What has a kind of its own is classified; a debit for a whole order is so only where its payments are entries themselves.
                $"""
                select 'entry ' || e.file || '-' || e.no from reconciliation.entry e
                join reconciliation.statement s on s.file = e.file and s.no = e.statement and s.state = 'Booked'
                where e.kind not between 3 and 6 and not (e.kind = 9 and e.cause is null)
                    and not (e.kind = 2 and not exists (select from reconciliation.batch_part p where p.file = e.file and p.entry_no = e.no))
                    and not exists (select from reconciliation.unmatched u where u.file = e.file and u.entry_no = e.no)
                    and not (e.line is not null and {ArchivedNumbers.IsGone(NumberSeries.Lines, "e.line")})
                    and not exists (select from reconciliation.batch_part p where p.file = e.file and p.entry_no = e.no and {ArchivedNumbers.IsGone(NumberSeries.Lines, "p.line")})
                    and not exists (select from reconciliation.match m where m.line = e.line and m.generation = e.generation and m.file = e.file and m.entry_no = e.no)
                    and not exists (
                        select from reconciliation.batch_part p
                        join reconciliation.match m on m.line = p.line and m.generation = p.generation and m.file = p.file and m.entry_no = p.entry_no
                        where p.file = e.file and p.entry_no = e.no)
                """,
                cancellationToken),
            await snapshot.CheckAsync(
                "I4", "A match repeats its entry", "select count(*) from reconciliation.match where statement is not null",
                $"""
                select 'line ' || m.line from reconciliation.match m
                join reconciliation.entry e on e.file = m.file and e.no = m.entry_no
                where m.statement is not null
                    and (m.statement, m.ordinal, m.entry_date, m.value_date, m.bank_reference, m.sealed is null) is distinct from (e.statement, e.ordinal, e.entry_date, e.value_date, e.bank_reference, e.sealed is null)
                """,
                cancellationToken),
            await snapshot.CheckAsync(
                "I6", "Totals are the sums of their lines", "select count(*) from reconciliation.match",
                $"""
                select 'envelope ' || p.envelope_id
                from reconciliation.envelope_progress p
                left join (
                    select envelope, count(*) filter (where kind = 0) as debits, coalesce(sum(amount) filter (where kind = 0), 0) as debited,
                        count(*) filter (where kind = 1) as returns, coalesce(sum(amount) filter (where kind = 1), 0) as returned
                    from reconciliation.match group by envelope) m on m.envelope = p.id
                where not {ArchivedNumbers.HasGone("p.envelope_id")} and (p.reconciled, p.reconciled_amount, p.returned, p.returned_amount) <> (coalesce(m.debits, 0), coalesce(m.debited, 0), coalesce(m.returns, 0), coalesce(m.returned, 0))
                """,
                cancellationToken),
            await snapshot.CheckAsync(
                "I8", "Nobody confirms what he proposed", "select (select count(*) from reconciliation.decision) + (select count(*) from reconciliation.statement_decision)",
                """
                select 'decision ' || d.id from (
                    select id, proposed_by, confirmed_by from reconciliation.decision union all select id, proposed_by, confirmed_by from reconciliation.statement_decision) d
                where lower(trim(d.proposed_by)) = lower(trim(d.confirmed_by))
                """,
                cancellationToken),
        ];
    }
}
