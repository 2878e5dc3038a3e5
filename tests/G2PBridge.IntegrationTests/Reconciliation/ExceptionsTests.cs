using System.Text.Json.Nodes;
using G2PBridge.Connectors;
using G2PBridge.Modules.Disbursement.Contracts;
using G2PBridge.Modules.Reconciliation.Domain;

namespace G2PBridge.IntegrationTests.Reconciliation;

internal sealed class ExceptionsTests : ReconciliationTest
{
    [TearDown]
    public Task TheInvariantsHold() => AssertInvariantsHoldAsync();

    [Test]
    public async Task The_queue_shows_entry_reason_and_the_payments_of_the_same_amount()
    {
        var payments = await PayAsync(2, 750m);
        await PayAsync(1, 20m, "F");
        await ImportAsync(new StatementText().Debit(payments[0]).Entry("D", "NONREF", 750m, "B1", "WHO KNOWS"));

        var page = (await GetAsync("v1/exceptions"))!;

        var item = page["items"]!.AsArray().Single()!;
        Assert.Multiple(() =>
        {
            Assert.That(((string?)item["state"], (string?)item["reason"], (string?)item["error_reason"]), Is.EqualTo(("OPEN", "UnknownReference", "INVALID_RECONCILIATION_ID")));
            Assert.That(((decimal)item["entry"]!["amount"]!, (string?)item["entry"]!["bank_reference"], (bool)item["entry"]!["adds_to_balance"]!), Is.EqualTo((750m, "B1", false)));
            Assert.That(item["candidates"]!.AsArray().Select(candidate => ((string?)candidate!["payment_reference"], (string?)candidate["ground"])), Is.EqualTo(new[] { (payments[1].Reference, "SAME_AMOUNT") }));
            Assert.That((bool)page["candidates_complete"]!, Is.True);
        });
    }

    [Test]
    public async Task The_queue_is_filtered_and_paged()
    {
        var payments = await PayAsync(2);
        await ImportAsync(new StatementText().Debit(payments[0], 1m).Debit(payments[1], 2m).Entry("D", "NONREF", 5m, "B1"));

        var differs = (await GetAsync("v1/exceptions?reason=AmountDiffers&limit=1"))!;
        var rest = (await GetAsync($"v1/exceptions?reason=AmountDiffers&limit=1&after={differs["next"]}"))!;

        Assert.Multiple(async () =>
        {
            Assert.That((decimal)differs["items"]![0]!["entry"]!["amount"]!, Is.EqualTo(1m));
            Assert.That((string?)differs["items"]![0]!["candidates"]![0]!["ground"], Is.EqualTo("REFERENCE"));
            Assert.That(((decimal)rest["items"]![0]!["entry"]!["amount"]!, rest["next"]), Is.EqualTo((2m, (JsonNode?)null)));
            Assert.That((await GetAsync("v1/exceptions?reason=INVALID_RECONCILIATION_ID"))!["items"]!.AsArray(), Has.Count.EqualTo(1));
            Assert.That((await GetAsync("v1/exceptions?account=SPONSOR0001"))!["items"]!.AsArray(), Has.Count.EqualTo(3));
            Assert.That((await GetAsync("v1/exceptions?account=OTHER"))!["items"]!.AsArray(), Is.Empty);
            Assert.That((await GetAsync("v1/exceptions?state=written_off"))!["items"]!.AsArray(), Is.Empty);
        });
    }

    [Test]
    public async Task A_confirmed_match_books_as_an_automatic_one_does()
    {
        Bank.NextPayment(order =>
        {
            Bank.Take(order);
            return Task.FromResult<PaymentAnswer?>(new PaymentAnswer.NotKnown("time-out"));
        });
        Bank.Inquiry = _ => null;
        var payments = await PayAsync(1);
        await ImportAsync(new StatementText().Entry("D", "NONREF", 1000m, "B1"));
        var id = await FirstAsync();

        var proposed = await ProposeAsync(id, Match(payments[0]));
        var before = (await ProgressAsync(), await StateAsync(payments[0]));
        var confirmed = await ConfirmAsync(id, proposed);
        await ReadAsync();

        Assert.Multiple(async () =>
        {
            Assert.That(before, Is.EqualTo((Counts(0, 0), LineState.Unknown)));
            Assert.That(((string?)confirmed["state"], (string?)confirmed["confirmed_by"]), Is.EqualTo(("CONFIRMED", "ben")));
            Assert.That(await ProgressAsync(), Is.EqualTo(Counts(1, 1000m)));
            Assert.That((await MatchesAsync(payments[0])).Single().BankReference, Is.EqualTo("B1"));
            Assert.That(await StateAsync(payments[0]), Is.EqualTo(LineState.Sent));
            Assert.That((await GetAsync("v1/exceptions"))!["items"]!.AsArray(), Is.Empty);
            Assert.That((string?)(await GetAsync($"v1/exceptions/{id}"))!["decisions"]![0]!["confirmed_by"], Is.EqualTo("ben"));
            Assert.That(await ScalarAsync<string>("select string_agg(to_state || ' ' || actor, ', ' order by id) from reconciliation.decision_history"), Is.EqualTo("Proposed ana, Confirmed ben"));
            Assert.That(await ScalarAsync<long>("select count(*) from reconciliation.decision where told_at is null"), Is.Zero);
        });
    }

    [Test]
    public async Task Whoever_proposed_is_refused_as_the_second_person()
    {
        var payments = await PayAsync(1);
        await ImportAsync(new StatementText().Entry("D", "NONREF", 1000m, "B1"));
        var id = await FirstAsync();
        var proposed = await ProposeAsync(id, Match(payments[0]));

        var refused = await ConfirmAsync(id, proposed, "Ana");

        Assert.Multiple(async () =>
        {
            Assert.That((string?)refused["code"], Is.EqualTo("SECOND_PERSON_REQUIRED"));
            Assert.That(await MatchesAsync(payments[0]), Is.Empty);
            Assert.That((string?)(await ConfirmAsync(id, proposed, ""))["code"], Is.EqualTo("ACTOR_REQUIRED"));
        });
    }

    [Test]
    public async Task A_return_less_charges_is_split_and_the_line_is_proved_unpaid()
    {
        var payments = await PayAsync(1);
        await ImportAsync(new StatementText().Debit(payments[0]).Return(payments[0], amount: 990m));
        var id = await FirstAsync();

        await ConfirmAsync(id, await ProposeAsync(id, new JsonObject
        {
            ["kind"] = "SPLIT",
            ["reason"] = "the bank kept its charge",
            ["parts"] = new JsonArray(
                new JsonObject { ["class"] = "PAYMENT", ["payment_reference"] = payments[0].Reference },
                new JsonObject { ["class"] = "FEE", ["amount"] = -10m }),
        }));
        await ReadAsync();

        Assert.Multiple(async () =>
        {
            Assert.That(await ProgressAsync(), Is.EqualTo(Counts(1, 1000m, 1, 1000m)));
            Assert.That((await MatchesAsync(payments[0]))[1].ReasonCode, Is.EqualTo("AC04"));
            Assert.That(await StateAsync(payments[0]), Is.EqualTo(LineState.Returned));
        });
    }

    [Test]
    public async Task One_debit_is_split_over_several_payments()
    {
        var payments = await PayAsync(3);
        await ImportAsync(new StatementText().Entry("D", "NONREF", 3000m, "SUM"));
        var id = await FirstAsync();

        await ConfirmAsync(id, await ProposeAsync(id, new JsonObject
        {
            ["kind"] = "SPLIT",
            ["reason"] = "one sum",
            ["parts"] = new JsonArray([.. payments.Select(payment => new JsonObject { ["class"] = "PAYMENT", ["payment_reference"] = payment.Reference })]),
        }));

        Assert.That(await ProgressAsync(), Is.EqualTo(Counts(3, 3000m)));
    }

    [Test]
    public async Task What_does_not_fit_is_refused_with_a_code()
    {
        var payments = await PayAsync(1);
        await ImportAsync(new StatementText().Entry("D", "NONREF", 999m, "B1"));
        var id = await FirstAsync();

        Assert.Multiple(async () =>
        {
            Assert.That((string?)(await PostDecisionAsync(id, Match(payments[0])))["code"], Is.EqualTo("AMOUNT_DIFFERS"));
            Assert.That((string?)(await PostDecisionAsync(id, new JsonObject { ["kind"] = "MATCH", ["reason"] = "x", ["payment_reference"] = "NOBODY" }))["code"], Is.EqualTo("PAYMENT_NOT_FOUND"));
            Assert.That((string?)(await PostDecisionAsync(id, new JsonObject { ["kind"] = "CLASSIFY", ["reason"] = "x" }))["code"], Is.EqualTo("INCOMPLETE_DECISION"));
            Assert.That((string?)(await PostDecisionAsync(id, new JsonObject { ["kind"] = 99, ["reason"] = "x" }))["code"], Is.EqualTo("INCOMPLETE_DECISION"));
            Assert.That((string?)(await PostDecisionAsync(id, new JsonObject { ["kind"] = "SPLIT", ["reason"] = "x", ["parts"] = new JsonArray((JsonNode?)null) }))["code"], Is.EqualTo("INCOMPLETE_DECISION"));
            Assert.That((string?)(await PostDecisionAsync(id, new JsonObject { ["kind"] = "WRITE_OFF", ["reason"] = " " }))["code"], Is.EqualTo("REASON_REQUIRED"));
            Assert.That((string?)(await PostDecisionAsync("9-9", new JsonObject { ["kind"] = "WRITE_OFF", ["reason"] = "x" }))["code"], Is.EqualTo("EXCEPTION_NOT_FOUND"));
            Assert.That((string?)(await ConfirmAsync(id, Guid.Empty))["code"], Is.EqualTo("DECISION_NOT_FOUND"));
        });
    }

    [TestCase("CLASSIFY", "CLASSIFIED")]
    [TestCase("WRITE_OFF", "WRITTEN_OFF")]
    public async Task What_is_no_payment_is_settled_and_stays_so_when_it_is_shown_again(string kind, string state)
    {
        await PayAsync(1);
        var again = new StatementText(reference: "ROW2").Entry("D", "NONREF", 5m, "B1").Entry("D", "NONREF", 6m, "B2");
        await ImportAsync(new StatementText().Entry("D", "NONREF", 5m, "B1"));
        var id = await FirstAsync();

        await ConfirmAsync(id, await ProposeAsync(id, new JsonObject { ["kind"] = kind, ["class"] = "OTHER", ["reason"] = "stamp duty" }));
        await ImportAsync(again);

        Assert.Multiple(async () =>
        {
            Assert.That((string?)(await GetAsync($"v1/exceptions/{id}"))!["exception"]!["state"], Is.EqualTo(state));
            Assert.That((await GetAsync("v1/exceptions"))!["items"]!.AsArray().Select(item => (string?)item!["entry"]!["bank_reference"]), Is.EqualTo(new[] { "B2" }));
        });
    }

    [Test]
    public async Task A_movement_that_was_matched_by_hand_is_not_offered_again_when_it_is_repeated()
    {
        var payments = await PayAsync(2);
        await ImportAsync(new StatementText().Entry("D", "NONREF", 1000m, "B1"));
        var id = await FirstAsync();
        await ConfirmAsync(id, await ProposeAsync(id, Match(payments[0])));

        await ImportAsync(new StatementText(reference: "ROW2").Entry("D", "NONREF", 1000m, "B1").Debit(payments[1]));

        Assert.Multiple(async () =>
        {
            Assert.That((await GetAsync("v1/exceptions"))!["items"]!.AsArray(), Is.Empty);
            Assert.That(await ProgressAsync(), Is.EqualTo(Counts(2, 2000m)));
        });
    }

    [Test]
    public async Task A_later_proposal_takes_the_place_of_the_earlier_and_the_same_is_the_same()
    {
        var payments = await PayAsync(2);
        await ImportAsync(new StatementText().Entry("D", "NONREF", 1000m, "B1"));
        var id = await FirstAsync();

        var first = await ProposeAsync(id, Match(payments[0]));
        var repeated = await ProposeAsync(id, Match(payments[0]));
        var second = await ProposeAsync(id, Match(payments[1]));

        Assert.Multiple(async () =>
        {
            Assert.That(repeated, Is.EqualTo(first));
            Assert.That(second, Is.Not.EqualTo(first));
            Assert.That((string?)(await ConfirmAsync(id, first))["code"], Is.EqualTo("DECISION_SUPERSEDED"));
            Assert.That((string?)(await ConfirmAsync(id, second))["state"], Is.EqualTo("CONFIRMED"));
            Assert.That((string?)(await ConfirmAsync(id, second))["state"], Is.EqualTo("CONFIRMED"), "confirming again changes nothing");
            Assert.That(await ProgressAsync(), Is.EqualTo(Counts(1, 1000m)));
            Assert.That((string?)(await PostDecisionAsync(id, Match(payments[0])))["code"], Is.EqualTo("EXCEPTION_NOT_OPEN"));
        });
    }

    [Test]
    public async Task Two_entries_that_race_for_one_payment_book_it_once()
    {
        var payments = await PayAsync(1);
        await ImportAsync(new StatementText().Entry("D", "NONREF", 1000m, "B1").Entry("D", "NONREF", 1000m, "B2"));
        var ids = (await GetAsync("v1/exceptions"))!["items"]!.AsArray().Select(item => (string)item!["id"]!).ToList();
        var decisions = new List<(string Id, Guid Decision)>();
        foreach (var id in ids)
        {
            decisions.Add((id, await ProposeAsync(id, Match(payments[0]))));
        }

        var answers = await Task.WhenAll(decisions.Concat(decisions).Select(decision => ConfirmAsync(decision.Id, decision.Decision)));

        Assert.Multiple(async () =>
        {
            Assert.That(answers.Count(answer => (string?)answer["state"] == "CONFIRMED"), Is.EqualTo(2));
            Assert.That(answers.Count(answer => (string?)answer["code"] == "PAYMENT_NOT_OPEN"), Is.EqualTo(2));
            Assert.That(await ProgressAsync(), Is.EqualTo(Counts(1, 1000m)));
            Assert.That(await ScalarAsync<long>("select count(*) from reconciliation.unmatched where state = 'Open'"), Is.EqualTo(1));
            Assert.That(await ScalarAsync<long>("select count(*) from reconciliation.decision_history where to_state = 'Confirmed'"), Is.EqualTo(1));
        });
    }

    [Test]
    public async Task A_return_that_waits_is_booked_with_the_debit_that_is_matched_by_hand()
    {
        var payments = await PayAsync(1);
        await ImportAsync(new StatementText().Entry("D", "NONREF", 1000m, "B1").Return(payments[0]));
        var id = await FirstAsync();

        await ConfirmAsync(id, await ProposeAsync(id, Match(payments[0])));
        await ReadAsync();

        Assert.Multiple(async () =>
        {
            Assert.That(await ProgressAsync(), Is.EqualTo(Counts(1, 1000m, 1, 1000m)));
            Assert.That(await StateAsync(payments[0]), Is.EqualTo(LineState.Returned));
        });
    }

    [Test]
    public async Task A_return_cannot_be_booked_before_its_debit()
    {
        var payments = await PayAsync(1);
        await ImportAsync(new StatementText().Entry("C", "NONREF", 1000m, "B1", "MONEY BACK"));
        var id = await FirstAsync();

        var answer = await ConfirmAsync(id, await ProposeAsync(id, Match(payments[0])));

        Assert.Multiple(async () =>
        {
            Assert.That((string?)answer["code"], Is.EqualTo("PAYMENT_NOT_OPEN"));
            Assert.That((string?)(await GetAsync($"v1/exceptions/{id}"))!["exception"]!["state"], Is.EqualTo("OPEN"));
        });
    }

    [Test]
    public async Task A_movement_that_was_decided_hides_only_itself_when_a_later_statement_shows_it_and_another()
    {
        var payments = await PayAsync(1);
        await ImportAsync(new StatementText().Debit(payments[0]).Return(payments[0], amount: 990m));
        var id = await FirstAsync();
        await ConfirmAsync(id, await ProposeAsync(id, new JsonObject
        {
            ["kind"] = "SPLIT",
            ["reason"] = "charge",
            ["parts"] = new JsonArray(new JsonObject { ["class"] = "PAYMENT", ["payment_reference"] = payments[0].Reference }, new JsonObject { ["class"] = "FEE", ["amount"] = -10m }),
        }));

        await ImportAsync(new StatementText(reference: "ROW2").Return(payments[0], amount: 990m).Return(payments[0], amount: 990m));

        Assert.That((await GetAsync("v1/exceptions"))!["items"]!.AsArray(), Has.Count.EqualTo(1));
    }

    [Test]
    public async Task A_host_that_dies_before_the_paying_side_was_told_only_delays_it()
    {
        await using var dying = await OtherHost.StartAsync(new DyingReader(ReadStep.Told));
        var payments = await PayAsync(1);
        await ImportAsync(new StatementText().Debit(payments[0]).Entry("C", "NONREF", 1000m, "B1", "MONEY BACK"));
        var id = await FirstAsync();
        await ConfirmAsync(id, await ProposeAsync(id, Match(payments[0])));

        Assert.That(async () => await TestHost.WorkAsync("read-statements", dying.Services), Throws.InstanceOf<IOException>());
        Clock.Advance(TimeSpan.FromMinutes(1));
        await ReadAsync();

        Assert.Multiple(async () =>
        {
            Assert.That(await StateAsync(payments[0]), Is.EqualTo(LineState.Returned));
            Assert.That(await ProgressAsync(), Is.EqualTo(Counts(1, 1000m, 1, 1000m)));
            Assert.That(await ScalarAsync<long>("select count(*) from reconciliation.decision where told_at is null"), Is.Zero);
        });
    }

    private static JsonObject Match(Payment payment) => new() { ["kind"] = "MATCH", ["payment_reference"] = payment.Reference, ["reason"] = "the bank said so" };

    private static async Task<string> FirstAsync() => (string)(await GetAsync("v1/exceptions"))!["items"]![0]!["id"]!;

    private static async Task<Guid> ProposeAsync(string id, JsonObject decision)
    {
        var answer = await PostDecisionAsync(id, decision);
        Assert.That((string?)answer["state"], Is.EqualTo("PROPOSED"), answer.ToJsonString());
        return (Guid)answer["id"]!;
    }

    private static Task<JsonNode> PostDecisionAsync(string id, JsonObject decision) => PostAsActorAsync($"v1/exceptions/{id}/decisions", "ana", decision);

    private static Task<JsonNode> ConfirmAsync(string id, Guid decision, string actor = "ben") => PostAsActorAsync($"v1/exceptions/{id}/decisions/{decision}/confirm", actor, null);
}
