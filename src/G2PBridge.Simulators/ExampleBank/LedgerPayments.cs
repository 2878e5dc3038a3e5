using System.Globalization;
using G2PBridge.Simulators.Platform;

namespace G2PBridge.Simulators.ExampleBank;

/// <summary>
/// The judge, line by line: how often and for how much each reference was debited and given back, whatever anybody else's
/// books say. Pages are in order of acceptance; <c>next</c> is the <c>after</c> of the following page.
/// </summary>
internal static class LedgerPayments
{
    private const int MostPerPage = 50_000;

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("ledger/payments", HandleAsync);

    internal sealed record Response(IReadOnlyList<JudgedPayment> Payments, string? Next);

    internal sealed record JudgedPayment(
        string PaymentReferenceNumber, string Status, string? Reason, decimal Amount, string Currency,
        long Debits, decimal Debited, long Returns, decimal Returned, string BlockReferenceNo);

    private static async Task HandleAsync(HttpContext context)
    {
        var ct = context.RequestAborted;
        var query = context.Request.Query;
        var limit = int.TryParse(query["limit"], NumberStyles.None, CultureInfo.InvariantCulture, out var l) ? Math.Clamp(l, 1, MostPerPage) : 1_000;
        var after = query["after"].ToString().Split('.');
        var afterBatch = after.Length == 2 && long.TryParse(after[0], NumberStyles.None, CultureInfo.InvariantCulture, out var b) ? b : 0;
        var afterLine = after.Length == 2 && int.TryParse(after[1], NumberStyles.None, CultureInfo.InvariantCulture, out var n) ? n : 0;
        await using var connection = await context.RequestServices.GetRequiredService<SimulatorsDatabase>().OpenAsync(ct);
        var rows = await connection.ListAsync(
            """
            select p.reference,
                   case when p.refusal is not null then 'REFUSED' when b.state = 'ACCEPTED' then 'ACCEPTED'
                        when l.returns >= l.debits then 'RETURNED' else 'PAID' end,
                   coalesce(p.refusal, l.reason), p.amount, b.currency, l.debits, l.debited, l.returns, l.returned, b.block_reference, p.batch_id, p.line
            from (select p.* from example_bank.payments p
                  where (p.batch_id, p.line) > ($1, $2)
                    and ($3 = '' or p.batch_id in (
                        select id from example_bank.batches where account_id in (select id from example_bank.accounts where number = $3)))
                  order by p.batch_id, p.line limit $4) p
            join example_bank.batches b on b.id = p.batch_id
            cross join lateral (
                select count(*) filter (where mark = 'D') as debits, coalesce(sum(amount) filter (where mark = 'D'), 0) as debited,
                       count(*) filter (where mark = 'RD') as returns, coalesce(sum(amount) filter (where mark = 'RD'), 0) as returned,
                       max(reason) as reason
                from example_bank.ledger l where l.batch_id = p.batch_id and l.line = p.line and l.mark in ('D', 'RD')) l
            order by p.batch_id, p.line
            """,
            r => (Payment: new JudgedPayment(r.GetString(0), r.GetString(1), r.TextOrNull(2), r.GetDecimal(3), r.GetString(4),
                    r.GetInt64(5), r.GetDecimal(6), r.GetInt64(7), r.GetDecimal(8), r.GetString(9)),
                Cursor: string.Create(CultureInfo.InvariantCulture, $"{r.GetInt64(10)}.{r.GetInt32(11)}")),
            ct, afterBatch, afterLine, query["remitting_account"].ToString(), limit);
        await JsonBody.WriteAsync(
            context,
            new Response(rows.ConvertAll(r => r.Payment), rows.Count == limit ? rows[^1].Cursor : null),
            BankJson.Default.LedgerPaymentsResponse);
    }
}
