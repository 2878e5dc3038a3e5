using System.Text.Json;
using System.Text.Json.Serialization;
using G2PBridge.Simulators.Faults;
using G2PBridge.Simulators.Platform;

namespace G2PBridge.Simulators.ExampleBank;

/// <summary>
/// Takes a bare array of payments, stores it and answers; booking follows on its own. As upstream the array is accepted or
/// refused as a whole, unless the caller asks for the truth of each line with <c>X-Per-Line-Results: true</c>.
/// </summary>
internal static class InitiatePayment
{
    private const string Endpoint = "initiate_payment";
    private const string PerLineHeader = "X-Per-Line-Results";

    public static void Map(IEndpointRouteBuilder routes, FaultGate gate) => routes.MapPost(Endpoint, gate.Guard(Endpoint, HandleAsync));

    internal sealed record Response(string Status, string ErrorMessage)
    {
        [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
        public IReadOnlyList<Line>? Payments { get; init; }
    }

    internal sealed record Line(string PaymentReferenceNumber, string Status, string? Reason);

    private static async Task HandleAsync(HttpContext context)
    {
        var services = context.RequestServices;
        var body = await JsonBody.ReadAsync(context);
        if (!JsonBody.TryParse(body.Span, BankJson.Default.ListPaymentLine, out var lines, out var problem))
        {
            await JsonBody.WriteInvalidAsync(context, problem);
            return;
        }

        var perLine = string.Equals(context.Request.Headers[PerLineHeader], "true", StringComparison.OrdinalIgnoreCase);
        await Idempotency.AnswerOnceAsync(
            context,
            Endpoint,
            body,
            services.GetRequiredService<SimulatorsDatabase>(),
            services.GetRequiredService<TimeProvider>(),
            async (connection, transaction, ct) => JsonSerializer.SerializeToUtf8Bytes(
                await services.GetRequiredService<PaymentIntake>().AcceptAsync(lines, perLine, connection, transaction, ct),
                BankJson.Default.InitiatePaymentResponse));
        services.GetRequiredService<BankSignals>().BatchAccepted.Set();
        services.GetRequiredService<BankSignals>().CallbackDue.Set();
    }
}
