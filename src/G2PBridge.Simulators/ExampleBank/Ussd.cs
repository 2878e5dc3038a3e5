using System.Globalization;
using System.Text;
using G2PBridge.Simulators.Faults;
using G2PBridge.Simulators.Platform;
using Npgsql;

namespace G2PBridge.Simulators.ExampleBank;

/// <summary>The menu a person sees who dials the bank's short code: balance and last credits of the account with that phone number.</summary>
internal static class Ussd
{
    private const string Endpoint = "ussd";

    public static void Map(IEndpointRouteBuilder routes, FaultGate gate) => routes.MapPost(Endpoint, gate.Guard(Endpoint, HandleAsync));

    private static async Task HandleAsync(HttpContext context)
    {
        var ct = context.RequestAborted;
        var form = context.Request.HasFormContentType ? await context.Request.ReadFormAsync(ct) : FormCollection.Empty;
        await using var connection = await context.RequestServices.GetRequiredService<SimulatorsDatabase>().OpenAsync(ct);
        var answer = form["text"].ToString().Trim() switch
        {
            "" => "CON Welcome to Example Bank\n1. Balance\n2. Last credits",
            "1" => await BalanceAsync(connection, form["phoneNumber"].ToString(), ct),
            "2" => await CreditsAsync(connection, form["phoneNumber"].ToString(), ct),
            _ => "END Unknown choice",
        };
        var bytes = Encoding.UTF8.GetBytes(answer);
        context.Response.ContentType = "text/plain; charset=utf-8";
        context.Response.ContentLength = bytes.Length;
        await context.Response.Body.WriteAsync(bytes, ct);
    }

    private static async Task<string> BalanceAsync(NpgsqlConnection connection, string phone, CancellationToken ct)
    {
        var accounts = await connection.ListAsync(
            "select number, currency, book - blocked from example_bank.accounts where phone = $1 order by id limit 5",
            r => string.Create(CultureInfo.InvariantCulture, $"{r.GetString(0)}: {r.GetString(1)} {r.GetDecimal(2):0.00}"), ct, phone);
        return accounts.Count == 0 ? "END No account for this number" : "END " + string.Join('\n', accounts);
    }

    private static async Task<string> CreditsAsync(NpgsqlConnection connection, string phone, CancellationToken ct)
    {
        var credits = await connection.ListAsync(
            """
            select l.booked_at, a.currency, l.amount from example_bank.accounts a
            join example_bank.ledger l on l.account_id = a.id and l.mark = 'C'
            where a.phone = $1 order by l.id desc limit 5
            """,
            r => string.Create(CultureInfo.InvariantCulture, $"{r.GetFieldValue<DateTimeOffset>(0):yyyy-MM-dd} {r.GetString(1)} {r.GetDecimal(2):0.00}"), ct, phone);
        return credits.Count == 0 ? "END No credits yet" : "END " + string.Join('\n', credits);
    }
}
