using System.Text.Json;
using System.Text.Json.Serialization;
using G2PBridge.Simulators.Faults;
using G2PBridge.Simulators.Platform;
using Npgsql;

namespace G2PBridge.Simulators.ExampleBank;

internal static class BlockFunds
{
    private const string Endpoint = "block_funds";

    public static void Map(IEndpointRouteBuilder routes, FaultGate gate) => routes.MapPost(Endpoint, gate.Guard(Endpoint, HandleAsync));

    internal sealed record Request(string AccountNumber, string Currency, decimal Amount);

    internal sealed record Response(string Status, string BlockReferenceNo, string ErrorMessage)
    {
        /// <summary>Only when less was granted than asked for, and the bank says so.</summary>
        [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
        public decimal? GrantedAmount { get; init; }
    }

    private static async Task HandleAsync(HttpContext context)
    {
        var services = context.RequestServices;
        var clock = services.GetRequiredService<TimeProvider>();
        var faults = services.GetRequiredKeyedService<FaultBook>(ExampleBankMount.PartyKey);
        var body = await JsonBody.ReadAsync(context);
        if (!JsonBody.TryParse(body.Span, BankJson.Default.BlockFundsRequest, out var request, out var problem)
            || request.AccountNumber is null || request.Currency is null)
        {
            await JsonBody.WriteInvalidAsync(context, problem);
            return;
        }

        await Idempotency.AnswerOnceAsync(context, Endpoint, body, services.GetRequiredService<SimulatorsDatabase>(), clock, async (connection, _, ct) =>
            JsonSerializer.SerializeToUtf8Bytes(await BlockAsync(connection, request, faults, clock, ct), BankJson.Default.BlockFundsResponse));
    }

    private static async Task<Response> BlockAsync(
        NpgsqlConnection connection, Request request, FaultBook faults, TimeProvider clock, CancellationToken ct)
    {
        if (request.Amount < 0 || decimal.Round(request.Amount, 4) != request.Amount)
            return new Response("failed", "", "Invalid amount");

        var lie = faults.Hit(FaultKind.BlockGrantedLess, Endpoint, request.AccountNumber);
        var granted = lie is null ? request.Amount : lie.Amount ?? decimal.Round(request.Amount * lie.Factor, 2);
        var expiry = faults.Hit(FaultKind.BlockExpired, Endpoint, request.AccountNumber);
        var reference = Guid.CreateVersion7().ToString();
        var now = clock.GetUtcNow();
        var blocked = await connection.ScalarAsync<string>(
            """
            with account as (
                update example_bank.accounts set blocked = blocked + $3
                where number = $1 and currency = $2 and book - blocked >= $3
                returning id)
            insert into example_bank.fund_blocks (reference, account_id, amount, created_at, expires_at)
            select $4, id, $3, $5, $6 from account
            returning reference
            """,
            ct,
            request.AccountNumber, request.Currency, granted, reference, now,
            expiry is null ? null : now.AddMilliseconds(expiry.DelayMs));
        if (blocked is not null)
            return new Response("success", reference, "") { GrantedAmount = lie is null or { Silent: true } ? null : granted };

        var known = await connection.ScalarAsync<long?>(
            "select id from example_bank.accounts where number = $1 and currency = $2", ct, request.AccountNumber, request.Currency);
        return new Response("failed", "", known is null ? "Account not found" : "Insufficient funds");
    }
}
