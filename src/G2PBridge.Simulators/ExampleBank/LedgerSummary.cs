using G2PBridge.Simulators.Platform;

namespace G2PBridge.Simulators.ExampleBank;

/// <summary>The judge's verdict on a remitting account, or on all: totals, and by name every reference that was paid more than once.</summary>
internal static class LedgerSummary
{
    private const int MostNamed = 100;

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("ledger/summary", HandleAsync);

    internal sealed record Response(
        long Payments, long Accepted, long Refused, long Paid, long Returned,
        long Debits, decimal Debited, long Returns, decimal ReturnedAmount,
        decimal Opening, decimal Book, decimal Blocked, decimal Available,
        bool BalancesMatchLedger, bool LegsMatch,
        long PaidMoreThanOnce, long PaidOtherAmount, IReadOnlyList<string> Offenders);

    private static async Task HandleAsync(HttpContext context)
    {
        var ct = context.RequestAborted;
        var account = context.Request.Query["remitting_account"].ToString();
        await using var connection = await context.RequestServices.GetRequiredService<SimulatorsDatabase>().OpenAsync(ct);
        await using var command = connection.Command(
            """
            with remitters as (
                select id, opening, book, blocked from example_bank.accounts where case when $1 = '' then seeded else number = $1 end),
            judged as (
                select p.reference, p.amount, p.refusal, b.state,
                       count(l.id) filter (where l.mark = 'D') as debits, coalesce(sum(l.amount) filter (where l.mark = 'D'), 0) as debited,
                       count(l.id) filter (where l.mark = 'RD') as returns, coalesce(sum(l.amount) filter (where l.mark = 'RD'), 0) as returned
                from example_bank.batches b
                join example_bank.payments p on p.batch_id = b.id
                left join example_bank.ledger l on l.batch_id = p.batch_id and l.line = p.line and l.mark in ('D', 'RD')
                where b.account_id in (select id from remitters)
                group by p.batch_id, p.line, p.reference, p.amount, p.refusal, b.state),
            offenders as (
                select reference from judged where debits - returns > 1 or (debits > 0 and debited <> amount * debits) order by reference limit $2),
            ledger as (
                select account_id, sum(case when mark in ('C', 'RD') then amount else -amount end) as change
                from example_bank.ledger where account_id in (select id from remitters) group by account_id),
            legs as (select sum(case when mark in ('C', 'RD') then amount else -amount end) as rest from example_bank.ledger)
            select count(*), count(*) filter (where refusal is null and state = 'ACCEPTED'), count(*) filter (where refusal is not null),
                   count(*) filter (where debits > returns), count(*) filter (where debits > 0 and returns >= debits),
                   coalesce(sum(debits), 0)::bigint, coalesce(sum(debited), 0), coalesce(sum(returns), 0)::bigint, coalesce(sum(returned), 0),
                   (select coalesce(sum(opening), 0) from remitters), (select coalesce(sum(book), 0) from remitters),
                   (select coalesce(sum(blocked), 0) from remitters), (select coalesce(sum(book - blocked), 0) from remitters),
                   not exists (select from remitters r left join ledger l on l.account_id = r.id where r.book <> r.opening + coalesce(l.change, 0)),
                   coalesce((select rest from legs), 0) = 0,
                   count(*) filter (where debits - returns > 1), count(*) filter (where debits > 0 and debited <> amount * debits),
                   array(select reference from offenders)
            from judged
            """,
            account, MostNamed);
        command.CommandTimeout = 0;
        await using var r = await command.ExecuteReaderAsync(ct);
        await r.ReadAsync(ct);
        await JsonBody.WriteAsync(
            context,
            new Response(
                r.GetInt64(0), r.GetInt64(1), r.GetInt64(2), r.GetInt64(3), r.GetInt64(4),
                r.GetInt64(5), r.GetDecimal(6), r.GetInt64(7), r.GetDecimal(8),
                r.GetDecimal(9), r.GetDecimal(10), r.GetDecimal(11), r.GetDecimal(12),
                r.GetBoolean(13), r.GetBoolean(14), r.GetInt64(15), r.GetInt64(16), r.GetFieldValue<string[]>(17)),
            BankJson.Default.LedgerSummaryResponse);
    }
}
