using System.Diagnostics;
using System.Globalization;
using System.Text;
using G2PBridge.Connectors;
using G2PBridge.Modules.Reconciliation.Domain;
using G2PBridge.Platform.Jobs;

namespace G2PBridge.IntegrationTests.Reconciliation;

/// <summary>Measures upload to matched. Not a test of correctness alone: run it on a quiet machine, in Release.</summary>
[Explicit("a measurement")]
internal sealed class LoadTests : ReconciliationTest
{
    [TestCase(100_000, 10)]
    [TestCase(1_000_000, 10)]
    public async Task Upload_to_matched(int lines, int percentReturned)
    {
        var phases = new Phases();
        await using var host = await OtherHost.StartAsync(phases, ("Statements:MaxUploadBytes", "2147483648"));
        var payments = new List<Payment>(lines);
        for (var from = 0; from < lines; from += 100_000)
        {
            payments.AddRange(await PayAsync(Math.Min(100_000, lines - from), envelope: $"E{from / 100_000}"));
            Bank.Orders.Clear();
        }

        var statement = payments.Aggregate(new StatementText(), (text, payment) => text.Debit(payment));
        foreach (var payment in payments.Where((_, i) => i % 100 < percentReturned))
        {
            statement.Return(payment);
        }

        var content = Encoding.ASCII.GetBytes(statement.ToString());
        var entries = lines + (lines * percentReturned / 100);
        GC.Collect();
        var process = Process.GetCurrentProcess();
        var before = process.WorkingSet64;
        var peak = 0L;
        using var stop = new CancellationTokenSource();
        var watching = Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                process.Refresh();
                peak = Math.Max(peak, process.WorkingSet64);
                await Task.Delay(50);
            }
        });
        var (ownBefore, databaseBefore) = (process.TotalProcessorTime, await DatabaseSecondsAsync());
        var watch = Stopwatch.StartNew();
        await UploadAsync(content, address: host.Address);
        var uploaded = watch.Elapsed;
        await TestHost.WorkAsync(Work.ReadStatements, host.Services);
        watch.Stop();
        await stop.CancelAsync();
        await watching;

        process.Refresh();
        TestContext.Progress.WriteLine($"phases: {phases}; processor: host {(process.TotalProcessorTime - ownBefore).TotalSeconds:0.00} s, database {await DatabaseSecondsAsync() - databaseBefore:0.00} s");
        TestContext.Progress.WriteLine(
            $"{entries} entries, {content.Length / 1048576} MiB: upload {uploaded.TotalSeconds:0.00} s, all {watch.Elapsed.TotalSeconds:0.00} s, {entries / watch.Elapsed.TotalSeconds:0} entries/s, memory +{(peak - before) / 1048576} MiB");
        Assert.That(await ScalarAsync<long>("select count(*) from reconciliation.match"), Is.EqualTo(entries));
    }

    /// <summary>Processor time of the test server's processes so far; Linux only, elsewhere zero.</summary>
    private static async Task<double> DatabaseSecondsAsync()
    {
        if (!OperatingSystem.IsLinux())
        {
            return 0;
        }

        var backend = await ScalarAsync<int>("select pg_backend_pid()");
        var server = Stat(backend.ToString(CultureInfo.InvariantCulture))?[1];
        var living = Directory.EnumerateDirectories("/proc").Select(path => Path.GetFileName(path)).Where(name => char.IsAsciiDigit(name[0])).Select(Stat)
            .Where(stat => stat is not null && stat[1] == server).Sum(stat => Ticks(stat!, 11) + Ticks(stat!, 12));
        var ended = Stat(server!) is { } own ? Ticks(own, 13) + Ticks(own, 14) : 0;
        return (living + ended) / 100;

        static double Ticks(string[] stat, int field) => double.Parse(stat[field], CultureInfo.InvariantCulture);

        static string[]? Stat(string pid)
        {
            try
            {
                var text = File.ReadAllText($"/proc/{pid}/stat");
                return text[(text.LastIndexOf(')') + 2)..].Split(' ');
            }
            catch (IOException)
            {
                return null;
            }
        }
    }

    private sealed class Phases : IReadObserver
    {
        private readonly Stopwatch _watch = Stopwatch.StartNew();
        private readonly List<string> _seen = [];

        public void Reached(ReadStep step)
        {
            if (step == ReadStep.Claimed)
            {
                _watch.Restart();
            }

            if (step != ReadStep.SetWritten)
            {
                _seen.Add($"{step} {_watch.Elapsed.TotalSeconds:0.00} s");
            }
        }

        public override string ToString() => string.Join(", ", _seen);
    }
}
