using System.Diagnostics;

namespace G2PBridge.Commands.Bench;

/// <summary>
/// All stages at once, as in production: from the first request until the bank's statements have shown every debit and every return.
/// The end is judged by the bank's own book: what the bridge has reconciled must be what left the account, to the cent.
/// </summary>
internal sealed class WholeRun(string name, BenchPlan plan, BenchClient client, IReadOnlyList<BenchHost> hosts, ProcessMeter meter)
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan BetweenQuestions = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan BetweenLongQuestions = TimeSpan.FromSeconds(10);

    /// <summary>Five hundred a minute.</summary>
    private static readonly TimeSpan BetweenEnvelopes = TimeSpan.FromMilliseconds(120);

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private static readonly string[] Bars = ["Received over HTTP", "Resolved", "Sent to the bank", "Reconciled"];

    private readonly List<Moment> _course = [];

    public IReadOnlyList<BenchEnvelope> Envelopes { get; } = plan.Envelopes(name, plan.Disbursements);

    public bool AllAccountedFor { get; private set; }

    public async Task<WholeResult> RunAsync(BenchProgress progress, CancellationToken cancellationToken)
    {
        var treasury = await client.TreasuryAsync(cancellationToken);
        var from = await meter.ReadAsync(hosts, cancellationToken);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await client.CreateEnvelopesAsync(Envelopes, cancellationToken);
        var sending = SendAsync(cancellationToken);
        var asking = AskAsync(stop.Token);
        var last = await WatchAsync(progress, treasury, from.At, sending, cancellationToken);
        var to = await meter.ReadAsync(hosts, cancellationToken);
        await stop.CancelAsync();
        var load = await asking;
        var intakeSeconds = Stopwatch.GetElapsedTime(from.At, await sending).TotalSeconds;
        AllAccountedFor = last.AccountedFor == plan.Disbursements && last.Debited == plan.Disbursements;
        var paid = _course.First(moment => moment.Sent >= plan.Disbursements).Seconds;
        return new WholeResult(
            StageResult.Between("all", false, plan.Disbursements, from, to),
            [
                new StageResult("intake", false, plan.Disbursements, intakeSeconds, null, null, null, null),
                Window("resolution", moment => moment.Resolved),
                Window("dispatch", moment => moment.Sent),
                Window("reconciliation", moment => moment.Debited),
            ],
            plan.Disbursements / intakeSeconds, plan.Disbursements / paid, last.Returned, load, _course);
    }

    private async Task<long> SendAsync(CancellationToken cancellationToken)
    {
        await client.CreateLinesAsync(Envelopes, plan, cancellationToken);
        return Stopwatch.GetTimestamp();
    }

    private async Task<EnvelopeSums> WatchAsync(BenchProgress progress, decimal treasury, long since, Task<long> sending, CancellationToken cancellationToken)
    {
        var bars = Bars.Select(name => progress.Begin(name, plan.Disbursements)).ToArray();
        var (previous, changed) = ((EnvelopeSums?)null, Stopwatch.GetTimestamp());
        while (true)
        {
            if (sending.IsFaulted || sending.IsCanceled)
            {
                await sending;
            }

            var sums = await client.SeeAsync(Envelopes, cancellationToken);
            var at = Stopwatch.GetElapsedTime(since).TotalSeconds;
            _course.Add(new Moment(at, sums.Received, sums.Resolved, sums.Sent, sums.Debited));
            int[] done = [sums.Received, sums.Resolved, sums.Sent, sums.Debited];
            for (var i = 0; i < bars.Length; i++)
            {
                bars[i].Report(done[i]);
            }

            if (sums.AccountedFor == plan.Disbursements && sums.NetPaid == treasury - await client.TreasuryAsync(cancellationToken))
            {
                for (var i = 0; i < bars.Length; i++)
                {
                    bars[i].EndWithRate(plan.Disbursements, plan.Disbursements / _course.First(moment => Of(moment, i) == plan.Disbursements).Seconds, "since the first request");
                }

                return sums;
            }

            (previous, changed) = Same(sums, previous) ? (previous, changed) : (sums, Stopwatch.GetTimestamp());
            if (Stopwatch.GetElapsedTime(changed) > Patience)
            {
                throw new BenchFailedException(
                    $"Nothing has moved for {Patience.TotalMinutes:0} minutes: {sums.Received} received, {sums.Resolved} resolved, {sums.Sent} sent, {sums.Debited} reconciled; the envelopes are {string.Join(", ", sums.Stages)}.");
            }

            await Task.Delay(Look, cancellationToken);
        }
    }

    /// <summary>From the look before the first movement to the look that saw the last.</summary>
    private StageResult Window(string name, Func<Moment, int> of)
    {
        var first = _course.FindIndex(moment => of(moment) > 0);
        var end = _course.FindIndex(moment => of(moment) == plan.Disbursements);
        var start = first > 0 ? _course[first - 1].Seconds : 0;
        return new StageResult(name, false, plan.Disbursements, _course[end].Seconds - start, null, null, null, null);
    }

    /// <summary>Programme systems that always want to know how it stands.</summary>
    private async Task<UnderLoad> AskAsync(CancellationToken cancellationToken)
    {
        var (some, many, envelopes) = (new Random(7), new Random(8), new Random(9));
        var status = AskAsync(BetweenQuestions, () => AskStatusAsync(QuietRun.Some(Any(some), QuietRun.Ids, some)), cancellationToken);
        var longStatus = AskAsync(BetweenLongQuestions, () => AskStatusAsync(QuietRun.Some(Any(many), QuietRun.ManyIds, many)), cancellationToken);
        var envelopeStatus = AskAsync(BetweenEnvelopes, () => QuietRun.TimeAsync(() => client.AskEnvelopeStatusAsync(Any(envelopes).Id, cancellationToken)), cancellationToken);
        return new UnderLoad(Latency.Of(await status), Latency.Of(await longStatus), Latency.Of(await envelopeStatus));

        Task<double> AskStatusAsync(List<string> ids) => QuietRun.TimeAsync(() => client.AskStatusAsync(ids, cancellationToken));
    }

    private BenchEnvelope Any(Random random) => Envelopes[random.Next(Envelopes.Count)];

    /// <summary>By the clock, not one after the other: a slow answer must not keep the next question back, or it would be counted once where many waited.</summary>
    private static async Task<List<double>> AskAsync(TimeSpan interval, Func<Task<double>> ask, CancellationToken cancellationToken)
    {
        var asked = new List<Task<double>>();
        try
        {
            using var timer = new PeriodicTimer(interval);
            while (await timer.WaitForNextTickAsync(cancellationToken))
            {
                asked.Add(ask());
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The run is over; what has no answer yet is not counted.
        }

        await ((Task)Task.WhenAll(asked)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await Task.WhenAll(asked.Where(answer => answer.IsFaulted));
        return [.. await Task.WhenAll(asked.Where(answer => answer.IsCompletedSuccessfully))];
    }

    private static int Of(Moment moment, int bar) => bar switch { 0 => moment.Received, 1 => moment.Resolved, 2 => moment.Sent, _ => moment.Debited };

    private static bool Same(EnvelopeSums sums, EnvelopeSums? previous) => previous is not null && sums with { Stages = previous.Stages } == previous;
}
