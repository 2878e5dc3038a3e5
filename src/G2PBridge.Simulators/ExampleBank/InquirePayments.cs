using G2PBridge.Simulators.Faults;
using G2PBridge.Simulators.Platform;

namespace G2PBridge.Simulators.ExampleBank;

/// <summary>An extension of ours: what became of payments, asked by the references of whoever sent them.</summary>
internal static class InquirePayments
{
    private const string Endpoint = "inquire_payments";

    public static void Map(IEndpointRouteBuilder routes, FaultGate gate) => routes.MapPost(Endpoint, gate.Guard(Endpoint, HandleAsync));

    internal sealed record Request(IReadOnlyList<string> PaymentReferenceNumbers);

    internal sealed record Response(string Status, string ErrorMessage, IReadOnlyList<Payment> Payments);

    internal sealed record Payment(string PaymentReferenceNumber, string Status, string? Reason, decimal? Amount, string? Currency);

    private static async Task HandleAsync(HttpContext context)
    {
        var body = await JsonBody.ReadAsync(context);
        if (!JsonBody.TryParse(body.Span, BankJson.Default.InquirePaymentsRequest, out var request, out var problem)
            || request.PaymentReferenceNumbers is null)
        {
            await JsonBody.WriteInvalidAsync(context, problem);
            return;
        }

        var ct = context.RequestAborted;
        await using var connection = await context.RequestServices.GetRequiredService<SimulatorsDatabase>().OpenAsync(ct);
        // A payment is returned when its account was given back at least as often as it was debited.
        var payments = await connection.ListAsync(
            """
            select r.reference,
                   case when p.reference is null then 'NOT_FOUND' when p.refusal is not null then 'REFUSED'
                        when b.state = 'ACCEPTED' then 'ACCEPTED' when l.reason is not null then 'RETURNED' else 'PAID' end,
                   coalesce(p.refusal, l.reason), coalesce(p.booked_amount, p.amount), b.currency
            from unnest($1::text[]) with ordinality as r (reference, place)
            left join example_bank.payments p on p.reference = r.reference
            left join example_bank.batches b on b.id = p.batch_id
            left join lateral (
                select max(reason) as reason from example_bank.ledger l
                where l.batch_id = p.batch_id and l.line = p.line and l.mark in ('D', 'RD')
                having count(*) filter (where mark = 'RD') >= count(*) filter (where mark = 'D')) l on true
            order by r.place
            """,
            r => new Payment(r.GetString(0), r.GetString(1), r.TextOrNull(2), r.IsDBNull(3) ? null : r.GetDecimal(3), r.TextOrNull(4)),
            ct,
            [request.PaymentReferenceNumbers.ToArray()]);

        var faults = context.RequestServices.GetRequiredKeyedService<FaultBook>(ExampleBankMount.PartyKey);
        if (faults.Has(FaultKind.InquiryNotFoundFirst))
        {
            payments = payments.ConvertAll(p => faults.Hit(FaultKind.InquiryNotFoundFirst, Endpoint, p.PaymentReferenceNumber) is null
                ? p
                : new Payment(p.PaymentReferenceNumber, "NOT_FOUND", null, null, null));
        }

        await JsonBody.WriteAsync(context, new Response("success", "", payments), BankJson.Default.InquirePaymentsResponse);
    }
}
