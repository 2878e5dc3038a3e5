using System.Diagnostics;
using System.Globalization;
using G2PBridge.Statements;

namespace G2PBridge.Commands.Bench;

/// <summary>
/// Each stage alone: the bridge is restarted between them with one thing held back: the jobs, then the sending, then the bank's
/// booking, then its statements. What a stage takes is then its own.
/// </summary>
internal sealed class StagedRun(BenchPlan plan, BenchDatabases databases, ProcessMeter meter)
{
    private const string Never = "1.00:00:00";
    private const int WarmUp = 2_000;
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private readonly IReadOnlyList<BenchEnvelope> _envelopes = plan.Envelopes("STAGES", plan.StageDisbursements);
    private readonly List<StageResult> _stages = [];

    private decimal _treasury;

    public double HostPeak { get; private set; }

    public bool AllAccountedFor { get; private set; }

    public async Task<StagedResult> RunAsync(BenchProgress progress, CancellationToken cancellationToken)
    {
        var lines = plan.StageDisbursements;
        var pause = 0L;
        await OnHostAsync(new() { ["Jobs:Enabled"] = "false" }, async (host, client) =>
        {
            pause = await client.PauseAsync(cancellationToken);
            // The first call of a fresh host compiles its code.
            await client.CreateEnvelopesAsync([.. _envelopes, new BenchEnvelope("BENCH-STAGES-WARM", 0, 2 * WarmUp)], cancellationToken);
            await client.CreateLinesAsync([new BenchEnvelope("BENCH-STAGES-WARM", 0, WarmUp)], plan with { BatchSize = WarmUp / 5 }, cancellationToken);
            await MeasureAsync("intake", lines, host, progress, _ => client.CreateLinesAsync(_envelopes, plan, cancellationToken), cancellationToken);
        }, cancellationToken);
        await OnHostAsync(new() { ["Simulators:ExampleBank:BookingDelay"] = Never }, async (host, client) =>
        {
            await MeasureAsync("resolution", lines, host, progress, report => UntilAsync(client, sums => sums.Resolved, lines, report, cancellationToken), cancellationToken);
            await MeasureAsync("funds", lines, host, progress, report => UntilAsync(client, sums => sums.Funded, lines, report, cancellationToken), cancellationToken);
            await client.ResumeAsync(pause, cancellationToken);
            await MeasureAsync("dispatch", lines, host, progress, report => UntilAsync(client, sums => sums.Sent, lines, report, cancellationToken), cancellationToken);
            _treasury = await client.TreasuryAsync(cancellationToken);
        }, cancellationToken);
        return new StagedResult(_stages, await StatementsAsync(lines, progress, cancellationToken));
    }

    private async Task<double> StatementsAsync(int lines, BenchProgress progress, CancellationToken cancellationToken)
    {
        var (cold, since) = (0d, TimeProvider.System.GetUtcNow());
        var half = (lines / 2).ToString(CultureInfo.InvariantCulture);
        await OnHostAsync(new() { ["Simulators:ExampleBank:StatementCallbackUrl"] = "", ["Simulators:ExampleBank:StatementQuietPeriod"] = Never, ["Simulators:ExampleBank:MaxEntriesPerStatement"] = half }, async (host, client) =>
        {
            var before = await client.SeeAsync(_envelopes, cancellationToken);
            await BookAsync(lines, since, client, progress, cancellationToken);
            var last = await client.CutStatementsAsync(cancellationToken);
            var statements = await CollectAsync(client, last, lines, cancellationToken);
            await ReadAsync(host, progress, statements, cancellationToken);
            foreach (var (statement, entries) in statements)
            {
                var name = statements.Count > 1 && statement == statements[0].Content ? "reconciliation, first" : "reconciliation";
                await MeasureAsync(name, entries, host, progress, async _ => await UploadAsync(client, statement, cancellationToken), cancellationToken);
                if (_stages.Count(stage => stage.Name.StartsWith("reconciliation", StringComparison.Ordinal)) == 2)
                {
                    break;
                }
            }

            foreach (var (statement, _) in statements.Skip(2))
            {
                await UploadAsync(client, statement, cancellationToken);
            }

            var after = await client.SeeAsync(_envelopes, cancellationToken);
            AllAccountedFor = before.Sent == lines && after.AccountedFor == lines && after.Debited == lines;
        }, cancellationToken);
        if (_stages.Find(stage => stage.Name == "reconciliation, first") is { } first)
        {
            cold = first.PerSecond;
            _stages.Remove(first);
        }

        return cold;
    }

    /// <summary>The bank's statements up to the last one that together hold the lines, in their order.</summary>
    private static async Task<List<(byte[] Content, int Entries)>> CollectAsync(BenchClient client, long last, int lines, CancellationToken cancellationToken)
    {
        var (statements, found) = (new List<(byte[], int)>(), 0);
        for (var id = last; id > 0 && found < lines; id--)
        {
            var content = await client.StatementAsync(id, cancellationToken);
            var entries = content.AsSpan().Count("\n:61:"u8);
            statements.Insert(0, (content, entries));
            found += entries;
        }

        return statements;
    }

    /// <summary>The reader alone, in this process: from memory to events.</summary>
    private async Task ReadAsync(BenchHost host, BenchProgress progress, List<(byte[] Content, int Entries)> statements, CancellationToken cancellationToken)
    {
        var all = statements.Select(statement => statement.Content).ToList();
        await MeasureAsync("statement reading", statements.Sum(statement => statement.Entries), host, progress, async _ =>
        {
            foreach (var content in all)
            {
                await using var reader = await StatementReader.OpenAsync(new MemoryStream(content), BankProfile.Shipped("example-bank")!, new ReaderLimits { FileBytes = long.MaxValue }, cancellationToken);
                while (await reader.ReadAsync(cancellationToken))
                {
                }
            }
        }, cancellationToken);
    }

    private static async Task UploadAsync(BenchClient client, byte[] statement, CancellationToken cancellationToken)
    {
        var id = await client.UploadAsync(statement, cancellationToken);
        for (var since = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(since) < Patience;)
        {
            var file = await client.SeeStatementAsync(id, cancellationToken);
            switch ((string?)file["state"])
            {
                case "PROCESSED":
                    return;
                case "ERROR":
                    throw new BenchFailedException($"A statement was not booked: {file["error_code"]} {file["error"]}");
                default:
                    await Task.Delay(Look, cancellationToken);
                    break;
            }
        }

        throw new BenchFailedException($"A statement was not matched within {Patience.TotalMinutes:0} minutes.");
    }

    private async Task UntilAsync(BenchClient client, Func<EnvelopeSums, int> of, int lines, Action<double> report, CancellationToken cancellationToken)
    {
        for (var since = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(since) < Patience;)
        {
            var done = of(await client.SeeAsync(_envelopes, cancellationToken));
            report(done);
            if (done >= lines)
            {
                return;
            }

            await Task.Delay(Look, cancellationToken);
        }

        throw new BenchFailedException($"A stage did not come to its end within {Patience.TotalMinutes:0} minutes.");
    }

    /// <summary>The bank begins while its host still starts, so its own books tell how long it took.</summary>
    private async Task BookAsync(int lines, DateTimeOffset since, BenchClient client, BenchProgress progress, CancellationToken cancellationToken)
    {
        var step = progress.Begin("Bank booking alone", lines);
        var (started, still, book) = (Stopwatch.GetTimestamp(), 0, _treasury);
        // Of the one person in ten who banks elsewhere a third comes back: when nine tenths are booked and the book stands still, all is.
        while (still < 25)
        {
            await Task.Delay(Look, cancellationToken);
            var now = await client.TreasuryAsync(cancellationToken);
            var booked = (_treasury - now) / BenchPlan.Amount;
            step.Report((double)booked);
            still = now == book && booked > lines * 0.9m ? still + 1 : 0;
            book = now;
            if (Stopwatch.GetElapsedTime(started) > Patience)
            {
                throw new BenchFailedException($"The bank did not book everything within {Patience.TotalMinutes:0} minutes.");
            }
        }

        if (await databases.BookedSinceAsync(since, cancellationToken) is not var (payments, seconds))
        {
            step.End("too few to measure");
            return;
        }

        _stages.Add(new StageResult("bank booking", true, payments, seconds, null, null, null, null));
        step.EndWithRate(payments, _stages[^1].PerSecond, "rows");
    }

    private async Task MeasureAsync(string name, int rows, BenchHost host, BenchProgress progress, Func<Action<double>, Task> stage, CancellationToken cancellationToken)
    {
        var step = progress.Begin($"{char.ToUpperInvariant(name[0])}{name[1..]} alone", rows);
        var from = await meter.ReadAsync(host, cancellationToken);
        await stage(step.Report);
        var result = StageResult.Between(name, true, rows, from, await meter.ReadAsync(host, cancellationToken));
        _stages.Add(result);
        step.EndWithRate(rows, result.PerSecond, "rows");
    }

    private async Task OnHostAsync(Dictionary<string, string?> changes, Func<BenchHost, BenchClient, Task> work, CancellationToken cancellationToken)
    {
        await using var host = await BenchHost.StartAsync(databases, null, changes, cancellationToken);
        using var http = new HttpClient { Timeout = TimeSpan.FromMinutes(10) };
        await work(host, new BenchClient(http, host.Address, host.Address));
        HostPeak = Math.Max(HostPeak, ProcessMeter.HostPeak(host));
    }
}
