using System.Diagnostics;

namespace G2PBridge.Commands.Bench;

/// <summary>What a person or a programme waits for while the bridge has nothing else to do.</summary>
internal sealed class QuietRun(BenchPlan plan, BenchClient client)
{
    public const int Ids = 1_000;
    public const int ManyIds = 10_000;

    private const int SmallEnvelope = 1_000;
    private const int WarmUpLines = 5_000;
    private const int StatusQuestions = 200;

    /// <summary>One for so many lines until hardly a page is left that nobody has read: an envelope of 100,000 is asked about 20 times, and has some 40 lines on a page.</summary>
    private const int LinesForEachLook = 5_000;
    private const int LongStatusQuestions = 30;
    private const int EnvelopeQuestions = 1_000;
    private const int Journeys = 5;

    /// <summary>Whoever measures less than this wants to see whether it works, and is asked fewer questions.</summary>
    private const int EnoughToAskAll = 20_000;
    private const int LeastQuestions = 10;
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(3);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    public static async Task<double> TimeAsync(Func<Task> call)
    {
        var started = Stopwatch.GetTimestamp();
        await call();
        return Stopwatch.GetElapsedTime(started).TotalMilliseconds;
    }

    /// <summary>So many different lines, or all where there are fewer.</summary>
    public static List<string> Some(BenchEnvelope envelope, int ids, Random random)
    {
        var people = new HashSet<int>();
        while (people.Count < Math.Min(ids, envelope.Lines))
        {
            people.Add(envelope.FirstPerson + random.Next(envelope.Lines));
        }

        return [.. people.Select(person => BenchBodies.LineId(envelope, person))];
    }

    /// <summary>Envelopes that are not counted: a bridge in service has its code compiled and its connections open.</summary>
    public async Task WarmUpAsync(BenchProgress progress, CancellationToken cancellationToken)
    {
        var step = progress.Begin("Warm up");
        for (var i = 0; i < 2; i++)
        {
            await PayAsync(new BenchEnvelope($"BENCH-WARM-{i}", 0, Math.Min(WarmUpLines, plan.Disbursements)), cancellationToken);
        }

        step.End("done");
    }

    public async Task<QuietResult> RunAsync(IReadOnlyList<BenchEnvelope> paid, BenchProgress progress, CancellationToken cancellationToken)
    {
        var questions = Share(StatusQuestions);
        var looks = (paid.Sum(envelope => envelope.Lines) + LinesForEachLook - 1) / LinesForEachLook;
        var asked = (2 * questions) + looks;
        var step = progress.Begin("Quiet bridge", asked + Journeys);
        var (longStatus, envelopeStatus, random) = (new List<double>(), new List<double>(), new Random(11));
        async Task<double> AskAsync(BenchEnvelope envelope)
        {
            var ids = Some(envelope, Ids, random);
            return await TimeAsync(() => client.AskStatusAsync(ids, cancellationToken));
        }

        async Task<List<double>> AskAnyAsync(int before)
        {
            var times = new List<double>(questions);
            for (var i = 0; i < questions; i++)
            {
                times.Add(await AskAsync(paid[random.Next(paid.Count)]));
                step.Report(before + i);
            }

            return times;
        }

        var firstLook = await AskAnyAsync(0);
        for (var i = 0; i < looks; i++)
        {
            await AskAsync(paid[i % paid.Count]);
            step.Report(questions + i);
        }

        var status = await AskAnyAsync(questions + looks);
        for (var i = 0; i < Share(LongStatusQuestions); i++)
        {
            var ids = Some(paid[random.Next(paid.Count)], ManyIds, random);
            longStatus.Add(await TimeAsync(() => client.AskStatusAsync(ids, cancellationToken)));
        }

        for (var i = 0; i < Share(EnvelopeQuestions); i++)
        {
            envelopeStatus.Add(await TimeAsync(() => client.AskEnvelopeStatusAsync(paid[random.Next(paid.Count)].Id, cancellationToken)));
        }

        var journeys = new List<(double Paid, double Reconciled)>();
        for (var i = 0; i < Journeys; i++)
        {
            journeys.Add(await PayAsync(new BenchEnvelope($"BENCH-SMALL-{i}", 0, SmallEnvelope), cancellationToken));
            step.Report(asked + i);
        }

        journeys.Sort();
        step.End("done");
        return new QuietResult(
            Latency.Of(firstLook), Latency.Of(status), Latency.Of(longStatus), Latency.Of(envelopeStatus), journeys[Journeys / 2].Paid, journeys.Select(journey => journey.Reconciled).Order().ElementAt(Journeys / 2));
    }

    private int Share(int questions) => Math.Clamp((int)((long)questions * plan.Disbursements / EnoughToAskAll), LeastQuestions, questions);

    private async Task<(double Paid, double Reconciled)> PayAsync(BenchEnvelope envelope, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        await client.CreateEnvelopesAsync([envelope], cancellationToken);
        await client.CreateLinesAsync([envelope], plan, cancellationToken);
        double? paid = null;
        while (true)
        {
            var sums = await client.SeeAsync([envelope], cancellationToken);
            var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
            paid ??= sums.Sent == envelope.Lines ? seconds : null;
            if (paid is { } since && sums.AccountedFor == envelope.Lines)
            {
                return (since, seconds);
            }

            if (seconds > Patience.TotalSeconds)
            {
                throw new BenchFailedException($"A small envelope was not reconciled within {Patience.TotalMinutes:0} minutes: {sums.Sent} sent, {sums.Debited} debited of {envelope.Lines}.");
            }

            await Task.Delay(Look, cancellationToken);
        }
    }
}
