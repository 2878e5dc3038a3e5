using System.Globalization;
using System.Text.Json.Nodes;
using Spectre.Console;

namespace G2PBridge.Commands.Bench;

/// <summary>The table for a person and the line for a program.</summary>
internal static class BenchReport
{
    public static void Write(IAnsiConsole console, BenchResult result)
    {
        console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{result.Plan.Disbursements:#,0} disbursements, {result.Plan.BatchSize:#,0} in a request, {result.Plan.Clients} clients, {result.Plan.Hosts} {(result.Plan.Hosts == 1 ? "host" : "hosts")}{(result.Plan.RandomIds ? ", ids in no order" : "")}; {result.Machine}. COPY ceiling {result.CeilingBefore:#,0} rows/s before, {result.CeilingAfter:#,0} after."));
        var stages = new Table().Border(TableBorder.Rounded).Title("Stages").AddColumn("Stage");
        foreach (var heading in new[] { "Rows", "Rows/s", "of the ceiling", "host CPU s/million", "PostgreSQL CPU s/million", "WAL bytes/row" })
        {
            stages.AddColumn(new TableColumn(heading).RightAligned());
        }

        foreach (var stage in result.Staged?.Stages ?? [])
        {
            AddRow(stages, stage.Name == "statement reading" ? "statement reading (in the client)" : $"{stage.Name}, alone", stage, result.Ceiling);
        }

        foreach (var stage in result.Whole.Windows)
        {
            AddRow(stages, $"{stage.Name}, all at once", stage, result.Ceiling);
        }

        AddRow(stages, "create to reconciled, all at once", result.Whole.EndToEnd, result.Ceiling);
        console.Write(stages);

        var figures = new Table().Border(TableBorder.Rounded).AddColumn("Figure").AddColumn(new TableColumn("Value").RightAligned());
        foreach (var (name, value) in Figures(result))
        {
            figures.AddRow(name, value);
        }

        console.Write(figures);
        if (result.HugePages is { AreUsed: false, Wanted: var wanted })
        {
            console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"PostgreSQL's shared memory lies on small pages. From some millions of payments on it is quicker on huge ones: 'sysctl -w vm.nr_hugepages={wanted}' as root, then start PostgreSQL again (docs/growth.md)."));
        }

        console.WriteLine(result.AllAccountedFor ? "Every line is accounted for." : "NOT every line is accounted for.");
    }

    public static string Json(BenchResult result)
    {
        var stages = new JsonObject();
        foreach (var stage in (result.Staged?.Stages ?? []).Append(result.Whole.EndToEnd with { Name = "all_at_once" }))
        {
            stages[stage.Name.Replace(' ', '_')] = new JsonObject
            {
                ["rows"] = stage.Rows,
                ["rows_per_s"] = Round(stage.PerSecond),
                ["ratio_to_copy_ceiling"] = Round(stage.PerSecond / result.Ceiling, 4),
                ["host_cpu_s_per_million"] = Round(stage.PerMillion(stage.HostCpu)),
                ["postgres_cpu_s_per_million"] = Round(stage.PerMillion(stage.PostgresCpu)),
                ["client_cpu_s_per_million"] = Round(stage.PerMillion(stage.ClientCpu)),
                ["wal_bytes_per_row"] = Round(stage.LogBytesPerRow),
            };
        }

        var intake = result.Stage("intake")?.PerSecond ?? result.Whole.IntakePerSecond;
        return new JsonObject
        {
            ["disbursements"] = result.Plan.Disbursements,
            ["batch_size"] = result.Plan.BatchSize,
            ["ids"] = result.Plan.RandomIds ? BenchPlan.Random : BenchPlan.Counted,
            ["clients"] = result.Plan.Clients,
            ["hosts"] = result.Plan.Hosts,
            ["machine"] = result.Machine,
            ["copy_ceiling_rows_per_s"] = Round(result.Ceiling),
            ["copy_ceiling_before_rows_per_s"] = Round(result.CeilingBefore),
            ["copy_ceiling_after_rows_per_s"] = Round(result.CeilingAfter),
            ["intake_rows_per_s"] = Round(intake),
            ["intake_ratio_to_copy_ceiling"] = Round(intake / result.Ceiling, 4),
            ["intake_all_at_once_rows_per_s"] = Round(result.Whole.IntakePerSecond),
            ["create_to_paid_per_s"] = Round(result.Whole.CreateToPaidPerSecond),
            ["end_to_end_per_s"] = Round(result.Whole.EndToEnd.PerSecond),
            ["end_to_end_ratio_to_copy_ceiling"] = Round(result.Whole.EndToEnd.PerSecond / result.Ceiling, 4),
            ["reconcile_entries_per_s"] = Round((result.Stage("reconciliation") ?? result.Whole.Windows[^1]).PerSecond),
            ["reconcile_first_entries_per_s"] = Round(result.Staged?.ReconcileColdPerSecond),
            ["returned"] = result.Whole.Returned,
            ["status_1000_first_look_p50_ms"] = Round(result.Quiet.FirstLook.P50, 2),
            ["status_1000_first_look_p99_ms"] = Round(result.Quiet.FirstLook.P99, 2),
            ["status_1000_p50_ms"] = Round(result.Quiet.Status.P50, 2),
            ["status_1000_p99_ms"] = Round(result.Quiet.Status.P99, 2),
            ["status_1000_under_load_p50_ms"] = Round(result.Whole.Load.Status.P50, 2),
            ["status_1000_under_load_p99_ms"] = Round(result.Whole.Load.Status.P99, 2),
            ["status_1000_under_load_asked"] = result.Whole.Load.Status.Count,
            ["status_10000_p50_ms"] = Round(result.Quiet.LongStatus.P50, 2),
            ["status_10000_p99_ms"] = Round(result.Quiet.LongStatus.P99, 2),
            ["status_10000_under_load_p50_ms"] = Round(result.Whole.Load.LongStatus.P50, 2),
            ["status_10000_under_load_p99_ms"] = Round(result.Whole.Load.LongStatus.P99, 2),
            ["status_10000_under_load_asked"] = result.Whole.Load.LongStatus.Count,
            ["envelope_status_p50_ms"] = Round(result.Quiet.EnvelopeStatus.P50, 3),
            ["envelope_status_p99_ms"] = Round(result.Quiet.EnvelopeStatus.P99, 3),
            ["envelope_status_under_load_p50_ms"] = Round(result.Whole.Load.EnvelopeStatus.P50, 2),
            ["envelope_status_under_load_p99_ms"] = Round(result.Whole.Load.EnvelopeStatus.P99, 2),
            ["envelope_status_under_load_asked"] = result.Whole.Load.EnvelopeStatus.Count,
            ["envelope_status_under_load_asked_per_minute"] = Round(result.Whole.Load.EnvelopeStatus.Count * 60 / result.Whole.EndToEnd.Seconds),
            ["envelope_of_1000_create_to_paid_s"] = Round(result.Quiet.CreateToPaidSeconds, 3),
            ["envelope_of_1000_create_to_reconciled_s"] = Round(result.Quiet.CreateToReconciledSeconds, 3),
            ["host_peak_rss_mb"] = Round(result.HostPeak),
            ["postgres_peak_rss_mb"] = Round(result.PostgresPeak),
            ["postgres_huge_pages"] = result.HugePages?.AreUsed,
            ["wal_bytes_per_disbursement"] = Round(result.Whole.EndToEnd.LogBytesPerRow),
            ["all_accounted_for"] = result.AllAccountedFor,
            ["stages"] = stages,
        }.ToJsonString();
    }

    private static IEnumerable<(string Name, string Value)> Figures(BenchResult result)
    {
        static string Number(double? value, string format, string unit) => value is { } given && !double.IsNaN(given) ? given.ToString(format, CultureInfo.InvariantCulture) + unit : "not seen";
        var (whole, quiet) = (result.Whole, result.Quiet);
        yield return ("Create to paid (the bank has accepted), all at once", Number(whole.CreateToPaidPerSecond, "#,0", "/s"));
        yield return ("Create to reconciled, all at once", Number(whole.EndToEnd.PerSecond, "#,0", "/s"));
        yield return ("Reconciliation of the first statement after a start", Number(result.Staged?.ReconcileColdPerSecond, "#,0", " entries/s"));
        string Times(Latency latency) => $"{Number(latency.P50, "0.0", "")} / {Number(latency.P99, "0.0", " ms")}";
        string Asked(Latency latency) => string.Create(CultureInfo.InvariantCulture, $"{Times(latency)} ({latency.Count:#,0} times)");
        yield return ("Status of 1,000 ids, p50 / p99", Times(quiet.Status));
        yield return ("  the same, when nobody has asked before", Times(quiet.FirstLook));
        yield return ("  the same under load", Asked(whole.Load.Status));
        yield return ("Status of 10,000 ids, p50 / p99", Times(quiet.LongStatus));
        yield return ("  the same under load", Asked(whole.Load.LongStatus));
        yield return ("Envelope status, p50 / p99", $"{Number(quiet.EnvelopeStatus.P50, "0.00", "")} / {Number(quiet.EnvelopeStatus.P99, "0.00", " ms")}");
        yield return ("  the same under load, 500 a minute", Asked(whole.Load.EnvelopeStatus));
        yield return ("Envelope of 1,000 on a quiet bridge, create to paid", Number(quiet.CreateToPaidSeconds, "0.00", " s"));
        yield return ("  create to reconciled", Number(quiet.CreateToReconciledSeconds, "0.00", " s"));
        yield return ("Most memory of the host with the simulators in it", Number(result.HostPeak, "#,0", " MiB"));
        yield return ("Most memory of PostgreSQL, shared memory once", Number(result.PostgresPeak, "#,0", " MiB"));
    }

    private static void AddRow(Table table, string name, StageResult stage, double ceiling)
    {
        static string Number(double? value) => value?.ToString("#,0.0", CultureInfo.InvariantCulture) ?? "–";
        table.AddRow(
            name, stage.Rows.ToString("#,0", CultureInfo.InvariantCulture), stage.PerSecond.ToString("#,0", CultureInfo.InvariantCulture),
            (stage.PerSecond / ceiling).ToString("0.0 %", CultureInfo.InvariantCulture),
            Number(stage.PerMillion(stage.HostCpu)), Number(stage.PerMillion(stage.PostgresCpu)), Number(stage.LogBytesPerRow));
    }

    /// <summary>JSON knows no NaN.</summary>
    private static double? Round(double? value, int digits = 1) => value is { } given && double.IsFinite(given) ? Math.Round(given, digits) : null;
}
