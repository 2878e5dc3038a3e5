using System.Text.Json.Nodes;
using G2PBridge.Modules.Disbursement.Contracts;

namespace G2PBridge.IntegrationTests.Reconciliation;

/// <summary>What the queue offers, and that an offer can be taken.</summary>
internal sealed class CandidateTests : ReconciliationTest
{
    [Test]
    public async Task Payments_of_an_amount_come_newest_first_in_pages_and_without_those_that_are_proved_unpaid()
    {
        Bank.NextPayment(order => Task.FromResult<Connectors.PaymentAnswer?>(new Connectors.PaymentAnswer.Accepted([new Connectors.PaymentRefusal(order.Payments[3].Reference, "AC01", null)], [])));
        var payments = await PayAsync(5, 750m);
        await PayAsync(1, 20m, "F");
        var lines = new List<long>();
        foreach (var payment in payments)
        {
            lines.Add(await LineOfAsync(payment));
        }

        var first = await SendAsync(new FindOpenInstructions("SPONSOR0001", "USD", 750m, 2));
        var second = await SendAsync(new FindOpenInstructions("SPONSOR0001", "USD", 750m, 10, first.Payments[^1].Line));

        Assert.Multiple(async () =>
        {
            Assert.That(first.Payments.Select(payment => payment.Line), Is.EqualTo(new[] { lines[4], lines[2] }));
            Assert.That(second.Payments.Select(payment => payment.Line), Is.EqualTo(new[] { lines[1], lines[0] }));
            Assert.That(await SendAsync(new FindOpenInstructions("SPONSOR0001", "EUR", 750m, 10)), Has.Property("Payments").Empty.And.Property("IsComplete").True);
            Assert.That(await SendAsync(new FindOpenInstructions("OTHER", "USD", 750m, 10)), Has.Property("Payments").Empty);
        });
    }

    [Test]
    public async Task What_a_statement_shows_already_is_no_candidate_and_a_return_is_offered_what_was_debited_once()
    {
        var payments = await PayAsync(4, 750m);
        await ImportAsync(new StatementText().Debit(payments[0]).Debit(payments[1]).Return(payments[1]).Entry("D", "NONREF", 750m, "B1", "WHO").Entry("C", "NONREF", 750m, "B2", "KNOWS"));

        var items = await OpenAsync();

        Assert.That(
            items.Select(item => item!["candidates"]!.AsArray().Select(candidate => (string?)candidate!["payment_reference"])),
            Is.EqualTo(new[] { new[] { payments[3].Reference, payments[2].Reference }, [payments[0].Reference] }));
    }

    [Test]
    public async Task A_candidate_is_matched_by_its_reference()
    {
        var payments = await PayAsync(1, 750m);
        await ImportAsync(new StatementText().Entry("D", "NONREF", 750m, "B1", "WHO KNOWS"));
        var exception = (await OpenAsync()).Single()!;
        var id = (string)exception["id"]!;

        var proposed = await PostAsActorAsync(
            $"v1/exceptions/{id}/decisions", "ana", new JsonObject { ["kind"] = "MATCH", ["payment_reference"] = (string?)exception["candidates"]![0]!["payment_reference"], ["reason"] = "only one" });
        await PostAsActorAsync($"v1/exceptions/{id}/decisions/{proposed["id"]}/confirm", "ben", null);

        Assert.That((await MatchesAsync(payments[0])).Single().BankReference, Is.EqualTo("B1"));
    }

    [Test]
    public async Task A_programme_that_pays_everybody_the_same_still_finds_the_one_that_is_missing()
    {
        var payments = await PayAsync(1_200);
        var text = new StatementText();
        foreach (var payment in payments.Where((_, index) => index != 17))
        {
            text.Debit(payment);
        }

        await ImportAsync(text.Entry("D", "NONREF", 1000m, "B1", "WHO KNOWS"));

        var page = (await GetAsync("v1/exceptions"))!;
        Assert.That(
            (page["items"]![0]!["candidates"]!.AsArray().Select(candidate => (string?)candidate!["payment_reference"]), (bool)page["candidates_complete"]!),
            Is.EqualTo((new[] { payments[17].Reference }, true)));
    }
}
