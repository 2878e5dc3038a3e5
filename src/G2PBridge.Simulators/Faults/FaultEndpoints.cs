using System.Text.RegularExpressions;
using G2PBridge.Simulators.Platform;

namespace G2PBridge.Simulators.Faults;

/// <summary>POST, GET and DELETE /faults; never subject to faults themselves.</summary>
internal static class FaultEndpoints
{
    public static void MapFaults(this IEndpointRouteBuilder routes, FaultBook book)
    {
        routes.MapGet("faults", context => WriteAsync(context, book));
        routes.MapDelete("faults", context =>
        {
            book.Clear();
            return WriteAsync(context, book);
        });
        routes.MapPost("faults", async context =>
        {
            var body = await JsonBody.ReadAsync(context);
            if (!JsonBody.TryParse(body.Span, FaultJson.Default.ListFaultRule, out var rules, out var problem) || !ArePatternsReadable(rules, out problem))
            {
                await JsonBody.WriteInvalidAsync(context, problem);
                return;
            }

            book.Add(rules);
            await WriteAsync(context, book);
        });
    }

    private static Task WriteAsync(HttpContext context, FaultBook book) =>
        JsonBody.WriteAsync(context, book.List(), FaultJson.Default.ListFaultRule);

    private static bool ArePatternsReadable(List<FaultRule> rules, out string problem)
    {
        foreach (var rule in rules)
        {
            try
            {
                _ = new Regex(rule.ReferencePattern ?? "", RegexOptions.NonBacktracking);
            }
            catch (Exception e) when (e is ArgumentException or NotSupportedException)
            {
                problem = $"reference_pattern of {rule.Kind}: {e.Message}";
                return false;
            }
        }

        problem = "";
        return true;
    }
}
