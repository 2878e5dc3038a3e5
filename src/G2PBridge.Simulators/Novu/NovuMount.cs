using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using G2PBridge.Simulators.Faults;
using G2PBridge.Simulators.Platform;

namespace G2PBridge.Simulators.Novu;

/// <summary>
/// A sink in the shape of Novu's API: it takes events, tells each transaction id once, and shows what it received. Novu's own rule for a repeated transaction id is
/// kept: it is one message, and the repetition is answered with an error that says so.
/// </summary>
internal static class NovuMount
{
    public const string PartyKey = "novu";
    private const int MostEvents = 100;
    private const int Shown = 50;

    public static IServiceCollection AddNovu(this IServiceCollection services) => services.AddKeyedSingleton<FaultBook>(PartyKey);

    public static void MapNovu(this IEndpointRouteBuilder routes)
    {
        var book = routes.ServiceProvider.GetRequiredKeyedService<FaultBook>(PartyKey);
        var gate = new FaultGate(book, routes.ServiceProvider.GetRequiredService<TimeProvider>());
        routes.MapPost("v1/events/trigger", gate.Guard("trigger", context => TakeAsync(context, isBulk: false)));
        routes.MapPost("v1/events/trigger/bulk", gate.Guard("bulk", context => TakeAsync(context, isBulk: true)));
        routes.MapFaults(book);
        routes.MapGet("summary", SummaryAsync);
        routes.MapGet("", PageAsync);
    }

    private static async Task TakeAsync(HttpContext context, bool isBulk)
    {
        if (!context.Request.Headers.Authorization.ToString().StartsWith("ApiKey ", StringComparison.Ordinal))
        {
            await AnswerAsync(context, StatusCodes.Status401Unauthorized, writer => writer.WriteString("message", "Unauthorized"));
            return;
        }

        var body = await JsonBody.ReadAsync(context);
        List<JsonElement> events;
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(body);
            events = isBulk ? [.. document.RootElement.GetProperty("events").EnumerateArray()] : [document.RootElement];
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            await AnswerAsync(context, StatusCodes.Status400BadRequest, writer => writer.WriteString("message", e.Message));
            return;
        }

        using (document)
        {
            if (events.Count > MostEvents)
            {
                await AnswerAsync(context, StatusCodes.Status422UnprocessableEntity, writer => writer.WriteString("message", $"events must contain no more than {MostEvents} elements"));
                return;
            }

            var told = await StoreAsync(context, events);
            if (!isBulk && told is [{ IsNew: false }])
            {
                await AnswerAsync(context, StatusCodes.Status400BadRequest, writer => writer.WriteString("message", "transactionId property is not unique, please make sure all triggers have a unique transactionId"));
                return;
            }

            await AnswerAsync(context, StatusCodes.Status201Created, writer =>
            {
                if (isBulk)
                {
                    writer.WriteStartArray("data");
                    foreach (var one in told)
                        WriteOne(writer, one);
                    writer.WriteEndArray();
                }
                else
                {
                    writer.WritePropertyName("data");
                    WriteOne(writer, told[0]);
                }
            });
        }
    }

    private static async Task<List<(string Id, bool IsNew)>> StoreAsync(HttpContext context, List<JsonElement> events)
    {
        await using var connection = await context.RequestServices.GetRequiredService<SimulatorsDatabase>().OpenAsync(context.RequestAborted);
        var ids = events.Select(e => e.TryGetProperty("transactionId", out var id) ? id.GetString()! : Guid.CreateVersion7().ToString()).ToArray();
        var fresh = (await connection.ListAsync(
            """
            with told as (
                insert into novu.message (transaction_id, workflow, recipient, payload, calls)
                select distinct on (id) id, workflow, recipient, payload::jsonb, 1 from unnest($1::text[], $2::text[], $3::text[], $4::text[]) as e(id, workflow, recipient, payload) order by id
                on conflict (transaction_id) do update set calls = message.calls + 1
                returning transaction_id, calls)
            select transaction_id from told where calls = 1
            """,
            r => r.GetString(0), context.RequestAborted, ids, events.Select(e => e.GetProperty("name").GetString()).ToArray(),
            events.Select(e => e.GetProperty("to").ToString()).ToArray(), events.Select(e => e.GetProperty("payload").GetRawText()).ToArray())).ToHashSet(StringComparer.Ordinal);
        return [.. ids.Select(id => (id, fresh.Contains(id)))];
    }

    private static void WriteOne(Utf8JsonWriter writer, (string Id, bool IsNew) told)
    {
        writer.WriteStartObject();
        writer.WriteBoolean("acknowledged", true);
        writer.WriteString("status", told.IsNew ? "processed" : "error");
        if (!told.IsNew)
        {
            writer.WriteStartArray("error");
            writer.WriteStringValue("transactionId property is not unique, please make sure all triggers have a unique transactionId");
            writer.WriteEndArray();
        }

        writer.WriteString("transactionId", told.Id);
        writer.WriteEndObject();
    }

    private static async Task SummaryAsync(HttpContext context)
    {
        await using var connection = await context.RequestServices.GetRequiredService<SimulatorsDatabase>().OpenAsync(context.RequestAborted);
        var benefit = context.Request.Query["benefit"].ToString();
        var cycles = context.Request.Query["cycle"].Select(cycle => cycle ?? "").ToArray();
        var rows = await connection.ListAsync(
            """
            select workflow, count(*), count(distinct (recipient, payload)), coalesce(sum((payload->>'total_quantity')::numeric), 0)
            from novu.message where ($1 = '' or payload->>'benefit_code_id' = $1) and (cardinality($2) = 0 or payload->>'disbursement_cycle_mnemonic' = any($2)) group by workflow order by workflow
            """,
            r => (Workflow: r.GetString(0), Messages: r.GetInt64(1), Distinct: r.GetInt64(2), Quantity: r.GetDecimal(3)), context.RequestAborted, benefit, cycles);
        await AnswerAsync(context, StatusCodes.Status200OK, writer =>
        {
            writer.WriteStartArray("workflows");
            foreach (var row in rows)
            {
                writer.WriteStartObject();
                writer.WriteString("workflow", row.Workflow);
                writer.WriteNumber("messages", row.Messages);
                writer.WriteNumber("distinct", row.Distinct);
                writer.WriteNumber("total_quantity", row.Quantity);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
        });
    }

    private static async Task PageAsync(HttpContext context)
    {
        await using var connection = await context.RequestServices.GetRequiredService<SimulatorsDatabase>().OpenAsync(context.RequestAborted);
        var counts = await connection.ListAsync(
            "select workflow, count(*), sum(calls) from novu.message group by workflow order by workflow",
            r => (Workflow: r.GetString(0), Messages: r.GetInt64(1), Calls: r.GetInt64(2)), context.RequestAborted);
        var latest = await connection.ListAsync(
            $"select received_at, workflow, recipient, payload::text, calls from novu.message order by received_at desc limit {Shown}",
            r => (At: r.GetDateTime(0), Workflow: r.GetString(1), To: r.GetString(2), Payload: r.GetString(3), Calls: r.GetInt32(4)), context.RequestAborted);
        var page = new StringBuilder("""
            <!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Novu sink</title>
            <style>body{font:16px/1.5 system-ui,sans-serif;margin:0 auto;padding:1rem;max-width:78rem}table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.3rem .6rem;border-bottom:1px solid #d8dee6}td.n{text-align:right}code{font-size:.8rem;word-break:break-all}</style>
            </head><body><h1>Novu sink</h1><p>A simulator. Nobody is told anything.</p><table><tr><th>Workflow</th><th>Messages</th><th>Calls</th></tr>
            """);
        foreach (var row in counts)
            page.Append(CultureInfo.InvariantCulture, $"<tr><td>{WebUtility.HtmlEncode(row.Workflow)}</td><td class=\"n\">{row.Messages}</td><td class=\"n\">{row.Calls}</td></tr>");
        page.Append(CultureInfo.InvariantCulture, $"</table><h2>Latest {Shown}</h2><table><tr><th>Received</th><th>Workflow</th><th>To</th><th>Calls</th><th>Payload</th></tr>");
        foreach (var row in latest)
        {
            page.Append(CultureInfo.InvariantCulture,
                $"<tr><td>{row.At:yyyy-MM-dd HH:mm:ss}</td><td>{WebUtility.HtmlEncode(row.Workflow)}</td><td>{WebUtility.HtmlEncode(row.To)}</td><td class=\"n\">{row.Calls}</td><td><code>{WebUtility.HtmlEncode(row.Payload)}</code></td></tr>");
        }

        page.Append("</table></body></html>");
        context.Response.ContentType = "text/html; charset=utf-8";
        await context.Response.WriteAsync(page.ToString(), context.RequestAborted);
    }

    private static Task AnswerAsync(HttpContext context, int status, Action<Utf8JsonWriter> write)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            write(writer);
            writer.WriteEndObject();
        }

        return JsonBody.WriteAsync(context, buffer.ToArray(), status);
    }
}
