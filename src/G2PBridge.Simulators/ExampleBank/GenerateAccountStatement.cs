using System.Globalization;
using G2PBridge.Simulators.ExampleBank.Statements;
using G2PBridge.Simulators.Faults;
using G2PBridge.Simulators.Platform;

namespace G2PBridge.Simulators.ExampleBank;

/// <summary>Reports now what is unreported. An account without news gets an empty statement, where upstream breaks down.</summary>
internal static class GenerateAccountStatement
{
    private const string Endpoint = "generate_account_statement";

    public static void Map(IEndpointRouteBuilder routes, FaultGate gate) => routes.MapPost(Endpoint, gate.Guard(Endpoint, HandleAsync));

    internal sealed record Request(string ProgramAccountNumber);

    internal sealed record Response(string Status, string AccountStatementId, string ErrorMessage);

    private static async Task HandleAsync(HttpContext context)
    {
        var body = await JsonBody.ReadAsync(context);
        if (!JsonBody.TryParse(body.Span, BankJson.Default.GenerateAccountStatementRequest, out var request, out var problem)
            || request.ProgramAccountNumber is null)
        {
            await JsonBody.WriteInvalidAsync(context, problem);
            return;
        }

        var ct = context.RequestAborted;
        var services = context.RequestServices;
        await using var connection = await services.GetRequiredService<SimulatorsDatabase>().OpenAsync(ct);
        var account = await connection.ScalarAsync<long?>(
            "select id from example_bank.accounts where number = $1 order by seeded desc, id limit 1", ct, request.ProgramAccountNumber);
        if (account is not { } id)
        {
            await JsonBody.WriteAsync(context, new Response("failed", "", "Account not found"), BankJson.Default.GenerateAccountStatementResponse);
            return;
        }

        await connection.ExecuteAsync(
            """
            insert into example_bank.statement_heads (account_id, pushed, closing)
            select id, false, opening from example_bank.accounts where id = $1 on conflict do nothing
            """,
            ct, id);
        var statements = await services.GetRequiredService<StatementCutter>().CutAllAsync(connection, id, allowEmpty: true, ct);
        services.GetRequiredService<BankSignals>().StatementCut.Set();
        await JsonBody.WriteAsync(
            context,
            new Response("success", statements[^1].ToString(CultureInfo.InvariantCulture), ""),
            BankJson.Default.GenerateAccountStatementResponse);
    }
}
