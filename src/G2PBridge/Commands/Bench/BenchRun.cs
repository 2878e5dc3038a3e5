using System.Globalization;
using System.Runtime.InteropServices;

namespace G2PBridge.Commands.Bench;

/// <summary>The measurement from beginning to end: ceiling, all stages at once, the quiet bridge, each stage alone, ceiling.</summary>
internal sealed class BenchRun(BenchPlan plan, BenchDatabases databases, string? simulators)
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(500);

    private readonly ProcessMeter _meter = new(databases);

    public async Task<BenchResult> RunAsync(BenchProgress progress, CancellationToken cancellationToken)
    {
        using var watching = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var memory = WatchMemoryAsync(watching.Token);
        var before = await CeilingAsync("COPY ceiling before", progress, cancellationToken);
        var (whole, quiet, peak, accounted) = await WholeAsync(progress, cancellationToken);
        StagedResult? staged = null;
        if (plan.StageDisbursements > 0)
        {
            var run = new StagedRun(plan, databases, _meter);
            staged = await run.RunAsync(progress, cancellationToken);
            peak = Math.Max(peak, run.HostPeak);
            accounted &= run.AllAccountedFor;
        }

        var after = await CeilingAsync("COPY ceiling after", progress, cancellationToken);
        await watching.CancelAsync();
        return new BenchResult(plan, Machine(), before, after, whole, quiet, staged, peak, await memory, accounted, await HugePagesAsync(cancellationToken));
    }

    private async Task<(WholeResult Whole, QuietResult Quiet, double HostPeak, bool Accounted)> WholeAsync(BenchProgress progress, CancellationToken cancellationToken)
    {
        var hosts = await BenchHost.StartAllAsync(databases, simulators, plan.Hosts, cancellationToken);
        try
        {
            return await WholeAsync(hosts, progress, cancellationToken);
        }
        finally
        {
            await BenchHost.StopAllAsync(hosts);
        }
    }

    private async Task<(WholeResult Whole, QuietResult Quiet, double HostPeak, bool Accounted)> WholeAsync(IReadOnlyList<BenchHost> hosts, BenchProgress progress, CancellationToken cancellationToken)
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromMinutes(10) };
        var client = new BenchClient(http, [.. hosts.Select(host => host.Address)], simulators is null ? hosts[0].Address : new Uri(simulators));
        var linking = progress.Begin("Make the people known to the mapper", plan.Disbursements);
        await client.LinkAsync(plan.Disbursements, done => linking.Report(done), cancellationToken);
        linking.End(string.Create(CultureInfo.InvariantCulture, $"{plan.Disbursements:#,0} people"));
        var quietRun = new QuietRun(plan, client);
        var run = new WholeRun("ALL", plan, client, hosts, _meter);
        try
        {
            await quietRun.WarmUpAsync(progress, cancellationToken);
            var whole = await run.RunAsync(progress, cancellationToken);
            var settling = progress.Begin("Vacuum and checkpoint");
            await databases.SettleAsync(cancellationToken);
            settling.End("done");
            var quiet = await quietRun.RunAsync(run.Envelopes, progress, cancellationToken);
            return (whole, quiet, hosts.Max(ProcessMeter.HostPeak), run.AllAccountedFor);
        }
        catch (BenchFailedException failed)
        {
            throw new BenchFailedException($"{failed.Message} The bridge said: {string.Join('\n', hosts.Select(host => host.Words))}");
        }
    }

    /// <summary>Null where the server cannot be seen, or its system has no huge pages.</summary>
    private async Task<HugePages?> HugePagesAsync(CancellationToken cancellationToken) =>
        await _meter.HasHugePagesAsync(cancellationToken) is { } areUsed && await databases.HugePagesWantedAsync(cancellationToken) is > 0 and var wanted ? new HugePages(areUsed, wanted) : null;

    private async Task<double> CeilingAsync(string name, BenchProgress progress, CancellationToken cancellationToken)
    {
        var step = progress.Begin(name);
        var rows = await CopyCeiling.MeasureAsync(databases, plan, cancellationToken);
        step.End(string.Create(CultureInfo.InvariantCulture, $"{rows:#,0} rows a second"));
        return rows;
    }

    /// <summary>The most that the server held at any look; null where it cannot be seen.</summary>
    private async Task<double?> WatchMemoryAsync(CancellationToken cancellationToken)
    {
        double? most = null;
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                most = await _meter.PostgresMemoryAsync(cancellationToken) is { } held ? Math.Max(most ?? 0, held) : most;
                await Task.Delay(Look, cancellationToken);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                break;
            }
        }

        return most;
    }

    public static string Machine() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Environment.ProcessorCount} cores, {GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 1073741824d:0} GiB, {RuntimeInformation.OSDescription}, .NET {Environment.Version}");
}
