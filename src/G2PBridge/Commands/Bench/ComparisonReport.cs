using System.Globalization;
using System.Text.Json.Nodes;
using Spectre.Console;

namespace G2PBridge.Commands.Bench;

/// <summary>The table for a person and the line for a program.</summary>
internal static class ComparisonReport
{
    public static void Write(IAnsiConsole console, ComparisonResult result)
    {
        var (what, plan) = (result.Comparison.What, result.Plan);
        console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{result.Comparison.Rounds} rounds of {plan.Disbursements:#,0} disbursements, {plan.BatchSize:#,0} in a request, {plan.Clients} clients; {result.Machine}."));
        var table = new Table().Border(TableBorder.Rounded).AddColumn(what == BenchComparison.Signatures ? "Intake" : "Create to reconciled");
        foreach (var heading in new[] { "Rows/s", "host CPU s/million", "PostgreSQL CPU s/million", "WAL bytes/row" })
        {
            table.AddColumn(new TableColumn(heading).RightAligned());
        }

        foreach (var (side, turns) in new[] { ("with", result.With), ("without", result.Without) })
        {
            table.AddRow(
                $"{side} {what}", Number(ComparisonResult.Rate(turns), "#,0"), Number(ComparisonResult.PerMillion(turns, turn => turn.HostCpu), "#,0.0"),
                Number(ComparisonResult.PerMillion(turns, turn => turn.PostgresCpu), "#,0.0"), Number(turns.Average(turn => turn.LogBytesPerRow), "#,0"));
        }

        console.Write(table);
        var rounds = result.RoundRatios;
        console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"Throughput with {what} is {result.ThroughputRatio * 100:0.0} % of that without (rounds {rounds[0] * 100:0} to {rounds[^1] * 100:0} %, median {Median(rounds) * 100:0.0} %)."));
        if (result.ProcessorRatio is { } processor)
        {
            console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Processor time of host and database with it is {processor * 100:0.0} % of that without."));
        }
    }

    public static string Json(ComparisonResult result) => new JsonObject
    {
        ["compared"] = result.Comparison.What,
        ["rounds"] = result.Comparison.Rounds,
        ["disbursements_per_round"] = result.Plan.Disbursements,
        ["batch_size"] = result.Plan.BatchSize,
        ["clients"] = result.Plan.Clients,
        ["machine"] = result.Machine,
        ["throughput_ratio"] = Round(result.ThroughputRatio, 4),
        ["throughput_ratio_median"] = Round(Median(result.RoundRatios), 4),
        ["throughput_ratio_rounds"] = new JsonArray([.. result.RoundRatios.Select(ratio => (JsonNode?)Round(ratio, 4))]),
        ["cpu_ratio"] = Round(result.ProcessorRatio, 4),
        ["with"] = Side(result.With),
        ["without"] = Side(result.Without),
    }.ToJsonString();

    private static JsonObject Side(IReadOnlyList<StageResult> turns) => new()
    {
        ["rows_per_s"] = Round(ComparisonResult.Rate(turns), 1),
        ["host_cpu_s_per_million"] = Round(ComparisonResult.PerMillion(turns, turn => turn.HostCpu), 2),
        ["postgres_cpu_s_per_million"] = Round(ComparisonResult.PerMillion(turns, turn => turn.PostgresCpu), 2),
        ["wal_bytes_per_row"] = Round(turns.Average(turn => turn.LogBytesPerRow), 1),
    };

    private static double Median(IReadOnlyList<double> ordered) => (ordered[(ordered.Count - 1) / 2] + ordered[ordered.Count / 2]) / 2;

    private static string Number(double? value, string format) => value?.ToString(format, CultureInfo.InvariantCulture) ?? "not seen";

    private static double? Round(double? value, int digits) => value is { } given && double.IsFinite(given) ? Math.Round(given, digits) : null;
}
