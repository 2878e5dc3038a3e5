using G2PBridge.Simulators.Faults;
using G2PBridge.Simulators.Platform;

namespace G2PBridge.Simulators.ExampleBank;

/// <summary>An extension of ours: gives back what no payment has claimed. Asking twice changes nothing.</summary>
internal static class ReleaseBlock
{
    private const string Endpoint = "release_block";

    public static void Map(IEndpointRouteBuilder routes, FaultGate gate) => routes.MapPost(Endpoint, gate.Guard(Endpoint, HandleAsync));

    internal sealed record Request(string BlockReferenceNo);

    internal sealed record Response(string Status, string BlockReferenceNo, decimal ReleasedAmount, string ErrorMessage);

    private static async Task HandleAsync(HttpContext context)
    {
        var body = await JsonBody.ReadAsync(context);
        if (!JsonBody.TryParse(body.Span, BankJson.Default.ReleaseBlockRequest, out var request, out var problem) || request.BlockReferenceNo is null)
        {
            await JsonBody.WriteInvalidAsync(context, problem);
            return;
        }

        var ct = context.RequestAborted;
        await using var connection = await context.RequestServices.GetRequiredService<SimulatorsDatabase>().OpenAsync(ct);
        await connection.ExecuteAsync(
            """
            with freed as (
                update example_bank.fund_blocks set state = 'RELEASED', released = amount - committed
                where reference = $1 and state = 'ACTIVE'
                returning account_id, released)
            update example_bank.accounts a set blocked = a.blocked - f.released from freed f where a.id = f.account_id
            """,
            ct,
            request.BlockReferenceNo);
        var released = await connection.ScalarAsync<decimal?>(
            "select released from example_bank.fund_blocks where reference = $1", ct, request.BlockReferenceNo);
        await JsonBody.WriteAsync(
            context,
            released is { } amount
                ? new Response("success", request.BlockReferenceNo, amount, "")
                : new Response("failed", request.BlockReferenceNo, 0, "Fund block not found"),
            BankJson.Default.ReleaseBlockResponse);
    }
}
