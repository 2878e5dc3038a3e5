using G2PBridge.Simulators.Faults;
using G2PBridge.Simulators.Platform;

namespace G2PBridge.Simulators.ExampleBank;

internal static class CheckFunds
{
    private const string Endpoint = "check_funds";

    public static void Map(IEndpointRouteBuilder routes, FaultGate gate) => routes.MapPost(Endpoint, gate.Guard(Endpoint, HandleAsync));

    internal sealed record Request(string AccountNumber, string? AccountCurrency, decimal TotalFundsNeeded);

    internal sealed record Response(string Status, string AccountNumber, bool HasSufficientFunds, string ErrorMessage);

    private static async Task HandleAsync(HttpContext context)
    {
        var body = await JsonBody.ReadAsync(context);
        if (!JsonBody.TryParse(body.Span, BankJson.Default.CheckFundsRequest, out var request, out var problem) || request.AccountNumber is null)
        {
            await JsonBody.WriteInvalidAsync(context, problem);
            return;
        }

        await using var connection = await context.RequestServices.GetRequiredService<SimulatorsDatabase>().OpenAsync(context.RequestAborted);
        // Upstream looks at the number alone; the asked currency only decides between accounts of one number.
        var available = await connection.ScalarAsync<decimal?>(
            "select book - blocked from example_bank.accounts where number = $1 order by currency is not distinct from $2 desc, id limit 1",
            context.RequestAborted,
            request.AccountNumber,
            request.AccountCurrency ?? "");
        var error = available is null ? "Account not found" : available < request.TotalFundsNeeded ? "Insufficient funds" : "";
        await JsonBody.WriteAsync(
            context,
            new Response(error.Length == 0 ? "success" : "failed", request.AccountNumber, error.Length == 0, error),
            BankJson.Default.CheckFundsResponse);
    }
}
