using G2PBridge.Simulators.ExampleBank.Booking;
using G2PBridge.Simulators.Platform;

namespace G2PBridge.Simulators.ExampleBank;

/// <summary>An operator's lever: payments booked long ago come back today. What is unbooked or already back is left alone.</summary>
internal static class ReturnPayments
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("return_payments", HandleAsync);

    internal sealed record Request(IReadOnlyList<string> PaymentReferenceNumbers, string Reason = "ACCOUNT_CLOSED");

    internal sealed record Response(string Status, int ReturnedPayments);

    private static async Task HandleAsync(HttpContext context)
    {
        var body = await JsonBody.ReadAsync(context);
        if (!JsonBody.TryParse(body.Span, BankJson.Default.ReturnPaymentsRequest, out var request, out var problem)
            || request.PaymentReferenceNumbers is null)
        {
            await JsonBody.WriteInvalidAsync(context, problem);
            return;
        }

        var ct = context.RequestAborted;
        var services = context.RequestServices;
        await using var connection = await services.GetRequiredService<SimulatorsDatabase>().OpenAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        // A booking locks the remitter before the payees, whatever their order; so the two take turns.
        await connection.ExecuteAsync(BookingSql.TakeTurn, ct);
        await connection.ExecuteAsync(
            """
            select a.id from example_bank.accounts a
            where a.id in (
                select l.account_id from example_bank.payments p
                join example_bank.ledger l on l.batch_id = p.batch_id and l.line = p.line and l.mark = 'D'
                where p.reference = any($1)
                union
                select c.id from example_bank.payments p join example_bank.batches b on b.id = p.batch_id
                join example_bank.accounts c on c.number = p.credit_to and c.currency = b.currency
                where p.reference = any($1))
            order by a.id for update
            """,
            ct, [request.PaymentReferenceNumbers.ToArray()]);
        var returned = await connection.ScalarAsync<long>(
            """
            with back as (
                select p.batch_id, p.line, b.account_id as remitter, c.id as payee, coalesce(p.booked_amount, p.amount) as amount
                from example_bank.payments p
                join example_bank.batches b on b.id = p.batch_id and b.state = 'BOOKED'
                join example_bank.accounts c on c.number = p.credit_to and c.currency = b.currency
                where p.reference = any($1) and p.refusal is null and not exists (
                    select from example_bank.ledger l where l.batch_id = p.batch_id and l.line = p.line and l.mark = 'RD')),
            legs as (
                insert into example_bank.ledger (account_id, batch_id, line, mark, amount, reason, booked_at)
                select case when mark = 'RD' then remitter else payee end, batch_id, line, mark, amount, $2, $3
                from back cross join (values ('RD'), ('RC')) m (mark) order by mark, batch_id, line
                returning account_id, mark, amount),
            heads as (
                update example_bank.statement_heads h set unreported = h.unreported + n.entries, last_booked_at = $3
                from (select account_id, count(*) as entries from legs group by account_id) n where h.account_id = n.account_id),
            batches as (
                update example_bank.batches b set returned = b.returned + n.payments
                from (select batch_id, count(*) as payments from back group by batch_id) n where b.id = n.batch_id),
            balances as (
                update example_bank.accounts a set book = a.book + s.amount
                from (select account_id, sum(case mark when 'RD' then amount else -amount end) as amount from legs group by account_id) s
                where a.id = s.account_id)
            select count(*) from back
            """,
            ct, request.PaymentReferenceNumbers.ToArray(), request.Reason, services.GetRequiredService<TimeProvider>().GetUtcNow());
        await transaction.CommitAsync(ct);
        services.GetRequiredService<BankSignals>().Booked.Set();
        await JsonBody.WriteAsync(context, new Response("success", (int)returned), BankJson.Default.ReturnPaymentsResponse);
    }
}
