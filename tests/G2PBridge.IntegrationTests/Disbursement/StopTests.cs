using System.Text.Json.Nodes;
using G2PBridge.Modules.Disbursement.Domain;
using G2PBridge.Modules.Envelopes.Contracts;

namespace G2PBridge.IntegrationTests.Disbursement;

/// <summary>Stopping against sending: whichever comes first, the other one is told.</summary>
internal sealed class StopTests : DisbursementTest
{
    [Test]
    public async Task A_cancelled_envelope_is_never_sent_and_its_block_is_given_back()
    {
        await ReadyAsync(3);
        Assert.That((await CancelAsync()).Succeeded());
        await WorkAsync();
        Assert.That(Bank.Orders, Is.Empty);
        Assert.That(await ChunkStateAsync(), Is.EqualTo("Empty"));
        Assert.That((await ProgressAsync()).Complete);
        Assert.That(Bank.Releases, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task A_cancelled_line_is_not_paid()
    {
        await Journey.ReceiveAsync(Envelope, 3, change: envelope => envelope["disbursement_schedule_date"] = "2026-06-20");
        await WorkAsync();
        var answer = await PostAsync("cancel_disbursements", Wire.Request(new JsonArray(new JsonObject { ["disbursement_id"] = "E-D2" })));
        Assert.That(answer.Succeeded(), answer.ToJsonString());
        await PostAsync("create_disbursements", Wire.Request(new JsonArray(Wire.Line(Envelope, "E-D4", "B4", 1000m)), "E-BATCH2"));
        Clock.Advance(TimeSpan.FromDays(1));
        await WorkAsync();
        Assert.That(Bank.Orders.SelectMany(order => order.Payments).Select(payment => payment.DisbursementId), Is.EquivalentTo(new[] { "E-D1", "E-D3", "E-D4" }));
        IsProgress(await ProgressAsync(), sent: 3);
        Assert.That((await ProgressAsync()).Complete);
    }

    [Test]
    public async Task A_cancellation_during_the_call_is_refused()
    {
        await ReadyAsync(3);
        JsonNode? cancellation = null;
        Bank.NextPayment(async _ =>
        {
            cancellation = await CancelAsync();
            return null;
        });
        await SendOneAsync();
        Assert.That(cancellation!.Code(), Is.EqualTo("DISBURSEMENT_ALREADY_SENT"));
        IsProgress(await ProgressAsync(), sent: 3);
    }

    [Test]
    public async Task Lines_with_an_instruction_are_named_to_whoever_wants_to_stop_them()
    {
        await ReadyAsync(3);
        var lines = await LinesAsync();
        Assert.That(await SendAsync(new FindLinesWithInstruction(Envelope, null)), Is.Empty);
        Assert.That(await SendAsync(new FindLinesWithInstruction(Envelope, lines)), Is.Empty);
        Crash.At(SendStep.IntentCommitted);
        Assert.That(SendOneAsync, Throws.TypeOf<SimulatedCrashException>());
        Assert.That(await SendAsync(new FindLinesWithInstruction(Envelope, null)), Has.Count.EqualTo(1));
        Assert.That(await SendAsync(new FindLinesWithInstruction(Envelope, [lines[1], 4711])), Is.EqualTo(new[] { lines[1] }));
    }

    [Test]
    public async Task Cancelling_and_sending_at_once_has_one_winner([Range(1, 8)] int round)
    {
        await ReadyAsync(3);
        var cancel = Task.Run(CancelAsync);
        var send = Task.Run(SendOneAsync);
        await Task.WhenAll(cancel, send);
        Assert.That((await cancel).Succeeded(), Is.EqualTo(Bank.Orders.IsEmpty), $"round {round}");
    }

    private static Task<JsonNode> CancelAsync() =>
        PostAsync("cancel_disbursement_envelope", Wire.Request(new JsonArray(new JsonObject { ["id"] = Envelope })));

    private static async Task<long[]> LinesAsync() =>
        [.. (await SendAsync(new FindLinesById(["E-D1", "E-D2", "E-D3"]))).Select(line => line.Seq).Order()];
}
