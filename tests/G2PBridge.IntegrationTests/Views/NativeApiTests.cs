using System.Net;
using System.Text.Json.Nodes;
using G2PBridge.Connectors;
using G2PBridge.IntegrationTests.Reconciliation;

namespace G2PBridge.IntegrationTests.Views;

/// <summary>What screens and the command line read under /v1.</summary>
internal sealed class NativeApiTests : ReconciliationTest
{
    [Test]
    public async Task The_funnel_accounts_for_every_line_to_the_cent()
    {
        Mapper.Unlinked["B4"] = "succ.fa.not_linked_to_id";
        Bank.NextPayment(order =>
        {
            Bank.Take(order with { Payments = [.. order.Payments.Take(2)] });
            return Task.FromResult<PaymentAnswer?>(new PaymentAnswer.Accepted([new PaymentRefusal(order.Payments[2].Reference, "AC04", "closed")], []));
        });
        var payments = await PayAsync(4, 1000.25m);
        var during = (await GetAsync("v1/envelopes/E"))!;
        await ImportAsync(new StatementText().Debit(payments[0]).Debit(payments[1]).Return(payments[1]));
        var envelope = (await GetAsync("v1/envelopes/E"))!;

        (int, decimal) Share(string name) => (envelope["funnel"]![name]!["lines"]!.GetValue<int>(), envelope["funnel"]![name]!["amount"]!.GetValue<decimal>());
        Assert.Multiple(() =>
        {
            Assert.That((string?)during["stage"], Is.EqualTo("AWAITING_STATEMENT"));
            Assert.That((string?)envelope["stage"], Is.EqualTo("DONE"), envelope.ToJsonString());
            Assert.That(Share("received"), Is.EqualTo((4, 4001.00m)));
            Assert.That(Share("resolved"), Is.EqualTo((3, 3000.75m)));
            Assert.That(Share("unresolved"), Is.EqualTo((1, 1000.25m)));
            Assert.That(Share("refused"), Is.EqualTo((1, 1000.25m)));
            Assert.That(Share("paid"), Is.EqualTo((1, 1000.25m)));
            Assert.That(Share("returned"), Is.EqualTo((1, 1000.25m)));
            Assert.That(Share("accounted_for"), Is.EqualTo(Share("received")));
        });
    }

    [Test]
    public async Task Exceptions_are_grouped_by_reason_and_paged_in_line_order()
    {
        for (var i = 1; i <= 5; i++)
        {
            Mapper.Unlinked[$"B{i}"] = i <= 3 ? "succ.fa.not_linked_to_id" : "rjct.id.invalid";
        }

        var payments = await PayAsync(7);
        await ImportAsync(new StatementText().Debit(payments[0]).Return(payments[0]).Debit(payments[1]));

        var all = (await GetAsync("v1/envelopes/E/exceptions"))!;
        var first = (await GetAsync("v1/envelopes/E/exceptions?limit=4"))!;
        var second = (await GetAsync($"v1/envelopes/E/exceptions?limit=4&after={first["next"]}"))!;
        var returned = (await GetAsync("v1/envelopes/E/exceptions?kind=returned"))!;
        string[] Ids(JsonNode page) => [.. page["items"]!.AsArray().Select(item => (string)item!["disbursement_id"]!)];

        Assert.Multiple(() =>
        {
            Assert.That(all["groups"]!.AsArray().Select(group => $"{group!["kind"]} {group["reason_code"]} {group["lines"]}"), Is.EquivalentTo(new[]
            {
                "UNRESOLVED succ.fa.not_linked_to_id 3", "UNRESOLVED rjct.id.invalid 2", "RETURNED AC04 1",
            }));
            Assert.That(Ids(all), Is.EqualTo(new[] { "E-D1", "E-D2", "E-D3", "E-D4", "E-D5", "E-D6" }));
            Assert.That(Ids(first).Concat(Ids(second)), Is.EqualTo(Ids(all)));
            Assert.That(second["next"], Is.Null);
            Assert.That(Ids(returned), Is.EqualTo(new[] { "E-D6" }));
        });
    }

    [Test]
    public async Task A_disbursement_tells_its_whole_story_and_hides_the_account()
    {
        var payments = await PayAsync(1);
        await ImportAsync(new StatementText().Debit(payments[0]).Return(payments[0]));

        var line = (await GetAsync("v1/disbursements/E-D1"))!;

        Assert.Multiple(() =>
        {
            Assert.That((string?)line["state"], Is.EqualTo("RETURNED"));
            Assert.That((string?)line["payment_reference"], Is.EqualTo(payments[0].Reference));
            Assert.That((string?)line["reason_code"], Is.EqualTo("AC04"));
            Assert.That((string?)line["address"]!["account"], Is.EqualTo("****-B1"));
            Assert.That(line.ToJsonString(), Does.Not.Contain("ACC-B1"));
            Assert.That(line["timeline"]!.AsArray().Select(happened => (string)happened!["what"]!), Is.SupersetOf(new[] { "received", "resolved", "debited", "returned" }));
        });
    }

    [Test]
    public async Task Envelopes_are_listed_newest_first_with_filters_and_pages()
    {
        for (var i = 1; i <= 5; i++)
        {
            await Journey.ReceiveAsync($"E{i}", 1, 10, envelope => envelope["cycle_code_mnemonic"] = i % 2 == 0 ? "even" : "odd");
        }

        await PostAsync("cancel_disbursement_envelope", Wire.Request(new JsonArray(new JsonObject { ["id"] = "E1" })));
        string[] Ids(JsonNode page) => [.. page["envelopes"]!.AsArray().Select(envelope => (string)envelope!["id"]!)];
        var first = (await GetAsync("v1/envelopes?limit=2"))!;
        var rest = (await GetAsync($"v1/envelopes?limit=10&before={first["next"]}"))!;

        Assert.Multiple(async () =>
        {
            Assert.That(Ids(first), Is.EqualTo(new[] { "E5", "E4" }));
            Assert.That(Ids(rest), Is.EqualTo(new[] { "E3", "E2", "E1" }));
            Assert.That(rest["next"], Is.Null);
            Assert.That(Ids((await GetAsync("v1/envelopes?cycle=even"))!), Is.EqualTo(new[] { "E4", "E2" }));
            Assert.That(Ids((await GetAsync("v1/envelopes?status=cancelled"))!), Is.EqualTo(new[] { "E1" }));
            Assert.That(Ids((await GetAsync("v1/envelopes?from=2026-06-20"))!), Is.Empty);
        });
    }

    [TestCase("v1/envelopes/NOPE", 404)]
    [TestCase("v1/envelopes/NOPE/exceptions", 404)]
    [TestCase("v1/disbursements/NOPE", 404)]
    [TestCase("v1/envelopes?limit=0", 422)]
    [TestCase("v1/envelopes?limit=many", 400)]
    [TestCase("v1/envelopes?status=lost", 422)]
    public async Task What_cannot_be_answered_is_a_problem_that_says_why(string path, int status)
    {
        using var response = await Http.GetAsync(new Uri(TestHost.Address, path));
        var problem = JsonNode.Parse(await response.Content.ReadAsStringAsync())!;

        Assert.Multiple(() =>
        {
            Assert.That((int)response.StatusCode, Is.EqualTo(status));
            Assert.That(response.Content.Headers.ContentType?.MediaType, Is.EqualTo("application/problem+json"));
            Assert.That((int)problem["status"]!, Is.EqualTo(status));
            Assert.That((string?)problem["detail"], Is.Not.Empty);
        });
    }

    [Test]
    public async Task Asking_the_mapper_again_finds_whoever_was_linked_meanwhile()
    {
        Mapper.Unlinked["B2"] = "succ.fa.not_linked_to_id";
        await PayAsync(2);
        Mapper.Unlinked.Clear();

        using var response = await Http.PostAsync(new Uri(TestHost.Address, "v1/envelopes/E/resolution/retry"), null);
        await WorkAsync();

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.Accepted));
        Assert.That(Bank.Books, Has.Count.EqualTo(2));
        Assert.That(Bank.Books.Values.Select(entry => entry.Times), Is.All.EqualTo(1));
    }

    [Test]
    public async Task A_missed_day_is_paid_late_and_shown_as_overdue_until_then()
    {
        await PostAsync("create_disbursement_envelopes", Wire.Request(new JsonArray(Wire.Envelope("E", 1, 10))));
        Clock.Advance(TimeSpan.FromDays(3));
        var waiting = (await GetAsync("v1/envelopes/E"))!;
        await PostAsync("create_disbursements", Wire.Request(Wire.Lines("E", 1, 10), "B-1"));
        await WorkAsync();

        Assert.That((bool)waiting["overdue"]!, Is.True);
        Assert.That(Bank.Books, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task An_envelope_waits_for_its_day_in_its_programmes_time_zone()
    {
        await Journey.ReceiveAsync("E", 1, 10, envelope => envelope["disbursement_schedule_date"] = "2026-06-20");
        await WorkAsync();
        var before = (await GetAsync("v1/envelopes/E"))!;
        Clock.Advance(TimeSpan.FromDays(1));
        await WorkAsync();

        Assert.That((string?)before["stage"], Is.EqualTo("WAITING_FOR_SCHEDULE_DATE"));
        Assert.That(Bank.Books, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task A_cancelled_line_and_a_cancelled_envelope_are_never_paid()
    {
        await Journey.ReceiveAsync("E", 2, 10, envelope => envelope["disbursement_schedule_date"] = "2026-06-20");
        await Journey.ReceiveAsync("F", 2, 10, envelope => envelope["disbursement_schedule_date"] = "2026-06-20");
        await WorkAsync();
        await PostAsync("cancel_disbursements", Wire.Request(new JsonArray(new JsonObject { ["disbursement_id"] = "E-D1" })));
        await PostAsync("create_disbursements", Wire.Request(new JsonArray(Wire.Line("E", "E-D3", "B3", 10)), "E-2"));
        await PostAsync("cancel_disbursement_envelope", Wire.Request(new JsonArray(new JsonObject { ["id"] = "F" })));
        Clock.Advance(TimeSpan.FromDays(1));
        await WorkAsync();

        Assert.That(Bank.Orders.SelectMany(order => order.Payments).Select(payment => payment.DisbursementId), Is.EquivalentTo(new[] { "E-D2", "E-D3" }));
        Assert.That((string?)(await GetAsync("v1/envelopes/F"))!["stage"], Is.EqualTo("CANCELLED"));
        Assert.That((string?)(await GetAsync("v1/disbursements/E-D1"))!["state"], Is.EqualTo("CANCELLED"));
    }
}
