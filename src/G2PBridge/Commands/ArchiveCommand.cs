using System.CommandLine;
using System.Globalization;
using System.Security.Cryptography;
using G2PBridge.Platform.Growth;
using G2PBridge.Platform.Hosting;
using G2PBridge.Platform.Persistence;
using Spectre.Console;

namespace G2PBridge.Commands;

/// <summary>
/// <c>g2pbridge archive</c>: takes old months out of the database, into files, while hosts pay. Exit code 0: what was asked for is done, or may
/// be; 1: some of it cannot be archived, or files are not what they should be; 2: refused.
/// </summary>
internal static class ArchiveCommand
{
    private const int NotAll = 1;

    public static Command Create()
    {
        var before = new Option<DateOnly?>("--before") { Description = "Archive what is over since before this day (UTC), such as 2026-01-01." };
        var to = new Option<string?>("--to") { Description = "Folder for the archives; each gets a folder of its own in it." };
        var run = new Option<bool>("--run") { Description = "Do it. Without this the plan is shown and nothing changes." };
        var again = new Option<bool>("--again") { Description = "With --run: write archives anew that were verified and whose files are lost or damaged, as long as their rows are there." };
        var list = new Option<bool>("--list") { Description = "List all archives instead." };
        var check = new Option<string?>("--check") { Description = "Check the files in this folder of an archive instead, and that they are the ones on record." };
        var archive = new Command(
            "archive", "Takes old months out of the database: exports them, reads the files back, puts it on record, detaches and drops them, while hosts pay. What is broken off is gone on with by the next run.")
        { before, to, run, again, list, check };
        archive.TreatUnmatchedTokensAsErrors = false;
        archive.SetAction(async (parsed, cancellationToken) =>
        {
            await using var bridge = await BridgeApplication.BuildAsync(new BridgeStart(parsed.UnmatchedTokens, CommandLine.Report) { QuietLog = true }, cancellationToken);
            if ((await bridge.Services.GetRequiredService<DatabaseMigrator>().PendingAsync(cancellationToken)).Count > 0)
            {
                throw new StartupRefusedException("The database is not at this version; run 'g2pbridge migrate' with the same settings, then archive.");
            }

            var console = AnsiConsole.Console;
            return parsed.GetValue(list) ? await ListAsync(bridge.Services, console, cancellationToken)
                : parsed.GetValue(check) is { } folder ? await CheckAsync(bridge.Services, folder, console, cancellationToken)
                : await RunAsync(bridge.Services, new(parsed.GetValue(before), parsed.GetValue(to), parsed.GetValue(run), parsed.GetValue(again)), console, cancellationToken);
        });
        return archive;
    }

    internal sealed record Wish(DateOnly? Before, string? Folder, bool Run, bool Again);

    public static async Task<int> RunAsync(IServiceProvider services, Wish wish, IAnsiConsole console, CancellationToken cancellationToken)
    {
        using var acting = Acting.AsCommand("archive");
        if (wish.Before is not { } before)
        {
            throw new StartupRefusedException("Say what is old enough: g2pbridge archive --before 2026-01-01, with --to FOLDER and --run to do it.");
        }

        if (before > DateOnly.FromDateTime(services.GetRequiredService<TimeProvider>().GetUtcNow().UtcDateTime))
        {
            throw new StartupRefusedException($"--before {before:yyyy-MM-dd} is in the future; choose a day that is over.");
        }

        if (wish.Run && (wish.Folder is null || !IsWritable(wish.Folder)))
        {
            throw new StartupRefusedException(wish.Folder is null ? "Say where to: --to FOLDER." : $"The folder {Path.GetFullPath(wish.Folder)} cannot be written to; choose another with --to, or give this user the right.");
        }

        var archiver = services.GetRequiredService<Archiver>();
        if (wish is { Run: true, Again: true } && await archiver.BeginAgainAsync(cancellationToken) is > 0 and var anew)
        {
            console.WriteLine($"{anew} archives are written anew.");
        }

        var plan = await archiver.PlanAsync(before, cancellationToken);
        Show(console, plan);
        if (!wish.Run || plan.Count == 0)
        {
            return plan.All(range => range.Objections.Count == 0) ? 0 : NotAll;
        }

        var refused = 0;
        foreach (var name in new[] { NumberSeries.Lines, NumberSeries.Files })
        {
            // Asked again for files: when the payments have gone, so may the statements that prove them.
            foreach (var range in (await archiver.PlanAsync(before, cancellationToken)).Where(range => range.Series == name))
            {
                if (range.Objections.Count > 0)
                {
                    refused++;
                    continue;
                }

                try
                {
                    await ArchiveProgress.ShowAsync(console, progress => archiver.RunAsync(range, before, wish.Folder!, progress, cancellationToken));
                    console.WriteLine($"{range.Name} is archived.");
                }
                catch (ArchiveException problem)
                {
                    refused++;
                    await Console.Error.WriteLineAsync(problem.Message);
                }
            }
        }

        return refused == 0 ? 0 : NotAll;
    }

    public static async Task<int> ListAsync(IServiceProvider services, IAnsiConsole console, CancellationToken cancellationToken)
    {
        var table = new Table().Border(TableBorder.Simple).AddColumns("archive", "state", "before", "rows", "MiB", "removed", "folder");
        foreach (var archive in await services.GetRequiredService<Archiver>().ListAsync(cancellationToken))
        {
            table.AddRow(
                string.Create(CultureInfo.InvariantCulture, $"{archive.Series}-{archive.No:D5}"), archive.State.ToString(), archive.Before.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
                archive.Rows?.ToString("#,0", CultureInfo.InvariantCulture) ?? "", archive.Bytes is { } bytes ? (bytes / 1048576.0).ToString("#,0.0", CultureInfo.InvariantCulture) : "",
                archive.RemovedAt?.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture) ?? "", Markup.Escape(archive.Folder));
        }

        console.Write(table);
        return 0;
    }

    public static async Task<int> CheckAsync(IServiceProvider services, string folder, IAnsiConsole console, CancellationToken cancellationToken)
    {
        var path = Path.Combine(folder, ArchiveManifest.FileName);
        if (!File.Exists(path) || ArchiveManifest.Read(await File.ReadAllBytesAsync(path, cancellationToken)) is not { } manifest)
        {
            throw new StartupRefusedException($"{Path.GetFullPath(folder)} is not the folder of an archive: it has no {ArchiveManifest.FileName} that can be read.");
        }

        var hash = SHA256.HashData(await File.ReadAllBytesAsync(path, cancellationToken));
        List<string> problems = [.. await manifest.CheckAsync(folder, deeply: true, cancellationToken)];
        var known = (await services.GetRequiredService<Archiver>().ListAsync(cancellationToken)).Find(archive => archive.Series == manifest.Series && archive.No == manifest.No);
        if (known?.ManifestHash is not { } onRecord || !hash.AsSpan().SequenceEqual(onRecord))
        {
            problems.Add("the manifest is not the one on record in this database");
        }

        foreach (var problem in problems)
        {
            console.WriteLine(problem);
        }

        console.WriteLine(problems.Count == 0 ? $"{manifest.Tables.Count} files with {manifest.Tables.Sum(table => table.Rows):#,0} rows are as they were written, and on record." : "The archive is not as it was written.");
        return problems.Count == 0 ? 0 : NotAll;
    }

    private static void Show(IAnsiConsole console, IReadOnlyList<ArchiveRange> plan)
    {
        if (plan.Count == 0)
        {
            console.WriteLine("Nothing is over that is not archived.");
            return;
        }

        var table = new Table().Border(TableBorder.Simple).AddColumns("range", "numbers", "rows, about", "may be archived");
        foreach (var range in plan)
        {
            var may = range switch
            {
                { Objections.Count: > 0 } => string.Join("\n", range.Objections.Select(objection => "no: " + objection)),
                { State: { } state } => $"yes; begun, {state.ToString().ToLowerInvariant()}",
                _ => "yes",
            };
            table.AddRow(
                range.Name, string.Create(CultureInfo.InvariantCulture, $"{range.Numbers.First} to {range.Numbers.Last}"), range.Rows.ToString("#,0", CultureInfo.InvariantCulture), Markup.Escape(may));
        }

        console.Write(table);
    }

    private static bool IsWritable(string folder)
    {
        try
        {
            Directory.CreateDirectory(folder);
            var probe = Path.Combine(folder, $".probe-{Environment.ProcessId}");
            File.WriteAllText(probe, "");
            File.Delete(probe);
            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>A bar for each step on a terminal, a line elsewhere.</summary>
    private sealed class ArchiveProgress(IAnsiConsole console, ProgressContext? bars) : IArchiveObserver
    {
        private ProgressTask? _bar;

        public static Task ShowAsync(IAnsiConsole console, Func<IArchiveObserver, Task> run) => console.Profile.Capabilities.Interactive
            ? console.Progress().AutoClear(false)
                .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new SpinnerColumn())
                .StartAsync(context => run(new ArchiveProgress(console, context)))
            : run(new ArchiveProgress(console, null));

        public void Begin(string step, long total)
        {
            if (_bar is not null)
            {
                _bar.IsIndeterminate = false;
                _bar.Value = _bar.MaxValue;
                _bar.StopTask();
            }

            if (bars is null)
            {
                console.WriteLine(step);
                return;
            }

            _bar = bars.AddTask(Markup.Escape(total > 0 ? string.Create(CultureInfo.InvariantCulture, $"{step}, {total:#,0} rows") : step), maxValue: Math.Max(1, total));
            _bar.IsIndeterminate = true;
        }

        public void Report(long done)
        {
            if (_bar is not null)
            {
                _bar.IsIndeterminate = false;
                _bar.Value = done;
            }
        }
    }
}
