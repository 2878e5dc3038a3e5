using G2PBridge.Simulators.Platform;

namespace G2PBridge.Simulators.ExampleBank;

internal static class GetAccount
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("accounts/{number}", HandleAsync);

    internal sealed record Response(string AccountNumber, string Currency, string? Holder, decimal Opening, decimal Book, decimal Available, decimal Blocked);

    private static async Task HandleAsync(HttpContext context)
    {
        var ct = context.RequestAborted;
        await using var connection = await context.RequestServices.GetRequiredService<SimulatorsDatabase>().OpenAsync(ct);
        var found = await connection.ListAsync(
            """
            select number, currency, holder, opening, book, book - blocked, blocked from example_bank.accounts
            where number = $1 order by currency = $2 desc, id limit 1
            """,
            r => new Response(r.GetString(0), r.GetString(1), r.TextOrNull(2), r.GetDecimal(3), r.GetDecimal(4), r.GetDecimal(5), r.GetDecimal(6)),
            ct, (string)context.Request.RouteValues["number"]!, context.Request.Query["currency"].ToString());
        if (found.Count == 0)
            await JsonBody.WriteAsync(context, Refusal.Because("Account not found"), BankJson.Default.Refusal, StatusCodes.Status404NotFound);
        else
            await JsonBody.WriteAsync(context, found[0], BankJson.Default.GetAccountResponse);
    }
}
