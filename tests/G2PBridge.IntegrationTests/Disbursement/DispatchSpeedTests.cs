using System.Diagnostics;
using System.Text.Json.Nodes;
using G2PBridge.Platform.Jobs;

namespace G2PBridge.IntegrationTests.Disbursement;

/// <summary>What the send path costs beside the bank's own time. Run by hand: it measures, it does not judge.</summary>
[Explicit]
internal sealed class DispatchSpeedTests : DisbursementTest
{
    private const int PerCall = 10_000;

    [TestCase(200_000, 2)]
    [TestCase(200_000, 1)]
    public async Task Lines_a_second_to_a_bank_that_answers_at_once(int lines, int workers)
    {
        await PostAsync("create_disbursement_envelopes", Wire.Request(new JsonArray(Wire.Envelope(Envelope, lines, lines * 10m))));
        for (var from = 1; from <= lines; from += PerCall)
        {
            await PostAsync("create_disbursements", Wire.Request(Wire.Lines(Envelope, PerCall, 10m, from), $"{Batch}{from}"));
        }

        await MakeReadyAsync();
        var watch = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, workers).Select(_ => Task.Run(() => WorkAsync(Work.SendChunks))));
        watch.Stop();
        IsProgress(await ProgressAsync(), sent: lines);
        var chunks = Bank.Orders.Count;
        TestContext.Out.WriteLine($"{workers} workers: {lines} lines in {chunks} chunks, {watch.ElapsedMilliseconds} ms, {lines / watch.Elapsed.TotalSeconds:N0} lines/s, {watch.ElapsedMilliseconds * workers / chunks} ms a chunk");
    }
}
