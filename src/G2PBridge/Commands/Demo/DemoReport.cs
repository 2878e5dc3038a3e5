using System.Globalization;
using System.Text.Json.Nodes;
using Spectre.Console;

namespace G2PBridge.Commands.Demo;

/// <summary>The table at the end of a demonstration, and the verdict: every line accounted for to the cent, or not.</summary>
internal static class DemoReport
{
    private const int NamedPeople = 10;

    public static async Task<bool> WriteAsync(IAnsiConsole console, DemoClient client, DemoPeople people, TimeSpan elapsed, CancellationToken cancellationToken)
    {
        var envelope = await client.SeeEnvelopeAsync(cancellationToken);
        var funnel = envelope["funnel"]!;
        var unresolved = await client.SeeExceptionsAsync("UNRESOLVED", NamedPeople, cancellationToken);
        var (debited, returned) = await client.CountOnStatementsAsync(cancellationToken);
        var table = new Table().Border(TableBorder.Rounded)
            .AddColumn("Outcome").AddColumn(new TableColumn("People").RightAligned()).AddColumn(new TableColumn(Markup.Escape($"Amount ({people.Currency})")).RightAligned()).AddColumn("Reasons");
        AddRow(table, "Paid", funnel["paid"]!, "");
        AddRow(table, "Returned", funnel["returned"]!, Reasons(unresolved, "RETURNED"));
        AddRow(table, "Refused", funnel["refused"]!, Reasons(unresolved, "REFUSED"));
        AddRow(table, "Unresolved", funnel["unresolved"]!, Reasons(unresolved, "UNRESOLVED"));
        AddRow(table, "Unknown", funnel["unknown"]!, Reasons(unresolved, "UNKNOWN"));
        AddRow(table, "Accounted for", funnel["accounted_for"]!, "");
        AddRow(table, "Sent by the programme", funnel["received"]!, "");
        console.Write(table);
        foreach (var person in unresolved["items"]!.AsArray())
        {
            console.WriteLine($"  {person!["beneficiary_id"]}: {person["reason"] ?? person["reason_code"]}");
        }

        var more = Lines(funnel["unresolved"]!) - unresolved["items"]!.AsArray().Count;
        if (more > 0)
        {
            console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  … and {more} more; GET /v1/envelopes/{envelope["id"]}/exceptions lists them all."));
        }

        console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{people.People.Count} disbursements in {elapsed.TotalSeconds:0.0} s: {people.People.Count / elapsed.TotalSeconds:0} a second from the first request to the matched statement."));
        return Judge(console, funnel, people, debited, returned);
    }

    private static bool Judge(IAnsiConsole console, JsonNode funnel, DemoPeople people, int debited, int returned)
    {
        var accounted = funnel["accounted_for"]!;
        var agrees = Lines(accounted) == people.People.Count && Amount(accounted) == people.Total
            && debited == Lines(funnel["paid"]!) + Lines(funnel["returned"]!) && returned == Lines(funnel["returned"]!);
        console.WriteLine(agrees
            ? "Every line is accounted for, to the cent."
            : string.Create(CultureInfo.InvariantCulture,
                $"NOT every line is accounted for: {Lines(accounted)} of {people.People.Count} lines, {Amount(accounted)} of {people.Total} {people.Currency}; the statements show {debited} debits and {returned} returns."));
        return agrees;
    }

    private static void AddRow(Table table, string outcome, JsonNode share, string reasons) => table.AddRow(
        outcome, Lines(share).ToString(CultureInfo.InvariantCulture), Amount(share).ToString("#,0.00", CultureInfo.InvariantCulture), Markup.Escape(reasons));

    private static int Lines(JsonNode share) => share["lines"]!.GetValue<int>();

    private static decimal Amount(JsonNode share) => share["amount"]!.GetValue<decimal>();

    private static string Reasons(JsonNode exceptions, string kind) => string.Join(", ", exceptions["groups"]!.AsArray()
        .Where(group => (string?)group!["kind"] == kind)
        .Select(group => $"{group!["lines"]} {group["reason_code"]}"));
}
