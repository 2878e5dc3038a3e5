using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using G2PBridge.Modules.Disbursement.Contracts;
using G2PBridge.Modules.Envelopes.Contracts;

namespace G2PBridge.IntegrationTests.Disbursement;

/// <summary>Whoever changes, cancels, returns or pays again while something else goes on: one order of events, and the loser is told.</summary>
internal sealed class StopRaceTests : DisbursementTest
{
    [Test]
    public async Task Amending_and_asking_for_the_money_at_once_has_one_winner([Range(1, 6)] int round)
    {
        await Journey.ReceiveAsync(Envelope, 2, change: envelope => envelope["disbursement_schedule_date"] = "2026-06-25");
        var amend = Task.Run(() => AmendAsync(lines: 3, total: 3000m));
        var seal = Task.Run(() => SendAsync(new SealEnvelope(Envelope)));
        await Task.WhenAll(amend, seal);
        var (amended, isSealed) = ((await amend).Succeeded(), !(await seal).IsRefused);
        Assert.That(amended, Is.Not.EqualTo(isSealed), $"round {round}");
        Assert.That(amended || (await amend).Code() == "ENVELOPE_FUNDS_ALREADY_BLOCKED");
        Assert.That(await ScalarAsync<string>("select status || ' ' || number_of_disbursements from envelopes.envelope"), Is.EqualTo(amended ? "Open 3" : "Sealed 2"));
    }

    [Test]
    public async Task Amending_and_receiving_at_once_never_declares_less_than_there_is([Range(1, 6)] int round)
    {
        await PostAsync("create_disbursement_envelopes", Wire.Request(new JsonArray(Wire.Envelope(Envelope, 2, 2000m, envelope => envelope["disbursement_schedule_date"] = "2026-06-25"))));
        await PostAsync("create_disbursements", Wire.Request(new JsonArray(Wire.Line(Envelope, "E-D1", "B1", 1000m)), "E-BATCH"));
        var amend = Task.Run(() => AmendAsync(lines: 1, total: 1000m));
        var receive = Task.Run(() => PostAsync("create_disbursements", Wire.Request(new JsonArray(Wire.Line(Envelope, "E-D2", "B2", 1000m)), "E-BATCH2")));
        await Task.WhenAll(amend, receive);
        var (amended, received) = ((await amend).Succeeded(), (await receive).Succeeded());
        Assert.That(amended, Is.Not.EqualTo(received), $"round {round}");
        Assert.That(amended ? (await receive).Code() : (await amend).Code(), Is.EqualTo(amended ? "NO_OF_DISBUESEMENTS_EXCEEDS_DECLARED" : "AMEND_BELOW_RECEIVED"));
    }

    [Test]
    public async Task Returning_and_cancelling_at_once_refuses_the_cancellation([Range(1, 4)] int round)
    {
        await ReadyAsync(1);
        await WorkAsync();
        var reference = (await ReferencesAsync()).Single();
        var give = Task.Run(() => SendAsync(new RecordReturned([new ReturnedPayment(reference, "AC04", "statement")])));
        var cancel = Task.Run(() => PostAsync("cancel_disbursement_envelope", Wire.Request(new JsonArray(new JsonObject { ["id"] = Envelope }))));
        await Task.WhenAll(give, cancel);
        Assert.That((await cancel).Code(), Is.EqualTo("DISBURSEMENT_ALREADY_SENT"), $"round {round}");
        Assert.That(await LineStatesAsync([reference]), Is.EqualTo(new Dictionary<LineState, int> { [LineState.Returned] = 1 }));
    }

    [Test]
    public async Task Returning_and_following_up_at_once_pays_nobody_twice([Range(1, 4)] int round)
    {
        await ReadyAsync(1);
        await WorkAsync();
        var reference = (await ReferencesAsync()).Single();
        var give = Task.Run(() => SendAsync(new RecordReturned([new ReturnedPayment(reference, "AC04", "statement")])));
        var follow = Task.Run(FollowUpAsync);
        await Task.WhenAll(give, follow);
        var later = await FollowUpAsync();
        Assert.That((await follow, later), Is.AnyOf((HttpStatusCode.Created, HttpStatusCode.OK), (HttpStatusCode.Conflict, HttpStatusCode.Created)), $"round {round}");
        Assert.That(await ScalarAsync<long>("select count(*) from envelopes.follow_up_line"), Is.EqualTo(1));
    }

    [Test]
    public async Task Sending_and_following_up_at_once_takes_only_what_was_refused([Range(1, 4)] int round)
    {
        await ReadyAsync(2);
        Bank.NextPayment(order =>
        {
            Bank.Take(order with { Payments = [order.Payments[0]] });
            return Task.FromResult<Connectors.PaymentAnswer?>(new Connectors.PaymentAnswer.Accepted([new Connectors.PaymentRefusal(order.Payments[1].Reference, "AC01", null)], []));
        });
        await Task.WhenAll(Task.Run(SendOneAsync), Task.Run(FollowUpAsync));
        // While the envelope is open, what was refused may still be paid again from it.
        await WorkAsync();
        await FollowUpAsync();
        await WorkAsync();
        Assert.That(await ScalarAsync<long>("select count(*) from envelopes.follow_up_line"), Is.EqualTo(1), $"round {round}");
        Assert.That(Bank.Books, Has.Count.EqualTo(2));
        NobodyIsPaidTwice();
    }

    private static Task<JsonNode> AmendAsync(int lines, decimal total) => PostAsync(
        "amend_disbursement_envelope",
        Wire.Request(new JsonArray(Wire.Envelope(Envelope, lines, total, envelope => envelope["disbursement_schedule_date"] = "2026-06-25"))));

    private static async Task<HttpStatusCode> FollowUpAsync()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(TestHost.Address, $"v1/envelopes/{Envelope}/follow-up")) { Content = JsonContent.Create(new JsonObject { ["reason"] = "corrected" }) };
        request.Headers.Add("X-Actor", "amina");
        using var response = await Http.SendAsync(request);
        return response.StatusCode;
    }
}
