using System.CommandLine;
using Spectre.Console;

namespace G2PBridge.Commands.Bench;

/// <summary>
/// <c>g2pbridge bench</c>: how much this machine carries. Starts a bridge of its own as a separate process on databases of its own,
/// pays generated people through the real HTTP API, and measures every stage beside what PostgreSQL can do at most in the same
/// minutes. Exit code 0: measured and every line accounted for; 1: not; 2: it could not begin.
/// </summary>
internal static class BenchCommand
{
    public static Command Create()
    {
        var disbursements = new Option<int>("--disbursements") { Description = "How many people are paid (1,000 to 20,000,000).", DefaultValueFactory = _ => 100_000 };
        var batchSize = new Option<int>("--batch-size") { Description = "Disbursements in one request.", DefaultValueFactory = _ => 10_000 };
        var clients = new Option<int>("--clients") { Description = "Requests at once.", DefaultValueFactory = _ => 4 };
        var stages = new Option<int?>("--stage-disbursements") { Description = "Disbursements of the second run, in which every stage works alone (default: 200,000 at most; 0: no second run)." };
        var simulators = new Option<string?>("--simulators") { Description = "Address of simulators that run elsewhere and send their statements to --urls (default: inside the bridge). Every stage alone needs them inside." };
        var hosts = new Option<int>("--hosts") { Description = "Bridges that share the one database, as replicas do; the clients take turns among them. Every stage alone needs one.", DefaultValueFactory = _ => 1 };
        var ids = new Option<string>("--ids") { Description = "What a programme system gives as disbursement_id: 'counted', numbers that follow each other, or 'random', UUIDs, whose index is in no order.", DefaultValueFactory = _ => BenchPlan.Counted };
        var json = new Option<bool>("--json") { Description = "Print one line of JSON instead of the table; progress goes to standard error." };
        var keep = new Option<bool>("--keep") { Description = "Leave the databases of the measurement in place." };
        var picture = new Option<FileInfo?>("--picture") { Description = "Write a picture of the throughput to this SVG file." };
        var results = new Option<FileInfo?>("--results") { Description = "Adds the JSON line of this measurement to this file; --picture then shows the throughput of all measurements in it, by size." };
        var baseline = new Option<FileInfo?>("--baseline") { Description = "A JSON line recorded earlier: says which stages now reach clearly less of the COPY ceiling. Only warns." };
        var compare = new Option<string?>("--compare") { Description = "Measures what a protection costs instead: hosts with it and without take turns. 'signatures': intake with RS256 signatures checked; 'audit': create to reconciled with the audit trail." };
        var rounds = new Option<int>("--rounds") { Description = "How many turns each side of --compare has, --disbursements in each.", DefaultValueFactory = _ => 5 };
        var bench = new Command("bench", "Measures what this machine carries: a bridge of its own with a database of its own, paid through the real HTTP API, each stage beside the database's own limit. Settings may follow, such as --ConnectionStrings:G2PBridge=….")
        {
            disbursements, batchSize, clients, stages, simulators, hosts, ids, json, keep, picture, results, baseline, compare, rounds,
        };
        bench.TreatUnmatchedTokensAsErrors = false;
        bench.SetAction((parsed, cancellationToken) => RunAsync(
            ComparisonPlan.Of(parsed.GetValue(compare), parsed.GetValue(rounds)),
            BenchPlan.Of(
                parsed.GetValue(disbursements), parsed.GetValue(batchSize), parsed.GetValue(clients),
                parsed.GetValue(simulators) is null && parsed.GetValue(hosts) == 1 ? parsed.GetValue(stages) : 0, parsed.GetValue(keep), parsed.GetValue(picture), parsed.GetValue(hosts),
                parsed.GetValue(ids)!),
            parsed.GetValue(simulators), parsed.GetValue(json), parsed.GetValue(results), parsed.GetValue(baseline), parsed.UnmatchedTokens, cancellationToken));
        return bench;
    }

    private static async Task<int> RunAsync(ComparisonPlan? comparison, BenchPlan plan, string? simulators, bool json, FileInfo? results, FileInfo? baseline, IReadOnlyList<string> settings, CancellationToken cancellationToken)
    {
        // Standard output belongs to the result alone where a program reads it.
        var console = json ? AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) }) : AnsiConsole.Console;
        if (json ? Console.IsErrorRedirected : Console.IsOutputRedirected)
        {
            console.Profile.Width = 400;
        }

        try
        {
            await using var databases = await BenchDatabases.CreateAsync(settings, plan.Keep, cancellationToken);
            if (comparison is not null)
            {
                return await CompareAsync(new BenchComparison(comparison, plan, databases), console, json, cancellationToken);
            }

            var run = new BenchRun(plan, databases, simulators);
            var result = await BenchProgress.ShowAsync(console, progress => run.RunAsync(progress, cancellationToken));
            if (json)
            {
                await Console.Out.WriteLineAsync(BenchReport.Json(result));
            }
            else
            {
                BenchReport.Write(console, result);
            }

            foreach (var slower in baseline is null ? [] : BenchBaseline.Compare(baseline.FullName, BenchReport.Json(result)))
            {
                await Console.Error.WriteLineAsync("WARNING: " + slower);
            }

            if (results is not null)
            {
                await SizePicture.AppendAsync(results.FullName, BenchReport.Json(result), cancellationToken);
            }

            if (plan.Picture is { } file)
            {
                await File.WriteAllTextAsync(file.FullName, results is null ? BenchPicture.Draw(result) : await SizePicture.DrawAsync(results.FullName, cancellationToken), cancellationToken);
            }

            return result.AllAccountedFor ? 0 : 1;
        }
        catch (Exception exception) when (exception is BenchFailedException or HttpRequestException)
        {
            await Console.Error.WriteLineAsync(exception.Message);
            return 1;
        }
    }

    private static async Task<int> CompareAsync(BenchComparison comparison, IAnsiConsole console, bool json, CancellationToken cancellationToken)
    {
        var result = await BenchProgress.ShowAsync(console, progress => comparison.RunAsync(progress, cancellationToken));
        if (json)
        {
            await Console.Out.WriteLineAsync(ComparisonReport.Json(result));
        }
        else
        {
            ComparisonReport.Write(console, result);
        }

        return 0;
    }
}

/// <summary>The measurement did not come to its end; the message says where.</summary>
internal sealed class BenchFailedException(string message) : Exception(message);
