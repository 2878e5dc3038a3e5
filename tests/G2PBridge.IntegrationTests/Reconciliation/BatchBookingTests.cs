using System.Text.Json.Nodes;
using G2PBridge.Connectors;
using G2PBridge.Modules.Disbursement.Contracts;

namespace G2PBridge.IntegrationTests.Reconciliation;

/// <summary>Banks that debit an order in one sum.</summary>
internal sealed class BatchBookingTests : ReconciliationTest
{
    [TearDown]
    public Task TheInvariantsHold() => AssertInvariantsHoldAsync();

    [Test]
    public async Task One_debit_with_its_payments_is_matched_payment_by_payment()
    {
        var payments = await PayAsync(3);

        var file = await ImportAsync(new CamtText().Batch(payments, null, detailed: true).ToString());

        Assert.Multiple(async () =>
        {
            Assert.That(await ProgressAsync(), Is.EqualTo(Counts(3, 3000m)));
            Assert.That(((int)file["file"]!["matched"]!, (int)file["file"]!["classified"]!, (int)file["file"]!["unmatched"]!), Is.EqualTo((3, 1, 0)));
            Assert.That((decimal)file["statements"]![0]!["debits"]!, Is.EqualTo(3000m), "the sum is booked once");
            Assert.That((await MatchesAsync(payments[1])).Single(), Has.Property("Amount").EqualTo(1000m).And.Property("BankReference").EqualTo("BATCH1"));
        });
    }

    [TestCase("as it was given")]
    [TestCase("without dashes")]
    [TestCase("MT940 text")]
    public async Task One_debit_that_names_the_order_and_is_its_sum_is_each_of_its_payments(string how)
    {
        var payments = await PayAsync(3);
        var key = Bank.Orders.Single().IdempotencyKey;
        var plain = key.Replace("-", "", StringComparison.Ordinal);

        var file = await ImportAsync(how switch
        {
            "as it was given" => new CamtText().Batch(payments, key, detailed: false).ToString(),
            "without dashes" => new CamtText().Batch(payments, plain.ToUpperInvariant(), detailed: false).ToString(),
            _ => new StatementText().Entry("D", "NONREF", 3000m, "BATCH1", "BULK PAYMENT JUNE", $"/PREF/{plain[..20]}", plain[20..]).ToString(),
        });
        await ImportAsync(new StatementText(day: "260620").Return(payments[1]));

        var match = (await MatchesAsync(payments[1]))[0];
        Assert.Multiple(async () =>
        {
            Assert.That(((int)file["file"]!["matched"]!, (int)file["file"]!["unmatched"]!), Is.EqualTo((3, 0)));
            Assert.That(await ProgressAsync(), Is.EqualTo(Counts(3, 3000m, 1, 1000m)));
            Assert.That((match.Amount, match.BankReference, match.EntryNo), Is.EqualTo((1000m, "BATCH1", 1)));
            Assert.That(await StateAsync(payments[1]), Is.EqualTo(LineState.Returned));
            Assert.That(await OpenAsync(), Is.Empty);
        });
    }

    [Test]
    public async Task Payments_that_the_bank_refused_are_no_part_of_the_sum()
    {
        Bank.NextPayment(order => Task.FromResult<PaymentAnswer?>(new PaymentAnswer.Accepted([new PaymentRefusal(order.Payments[1].Reference, "AC01", null)], [])));
        var payments = await PayAsync(3);

        await ImportAsync(new CamtText().Batch(payments, Bank.Orders.Single().IdempotencyKey, detailed: false, amount: 2000m).ToString());

        Assert.Multiple(async () =>
        {
            Assert.That(await ProgressAsync(), Is.EqualTo(Counts(2, 2000m)));
            Assert.That(await StateAsync(payments[1]), Is.EqualTo(LineState.Refused));
            Assert.That(await MatchesAsync(payments[1]), Is.Empty);
        });
    }

    [Test]
    public async Task An_order_without_an_answer_is_proved_sent_by_its_sum()
    {
        Bank.NextPayment(order =>
        {
            Bank.Take(order);
            return Task.FromResult<PaymentAnswer?>(new PaymentAnswer.NotKnown("time-out"));
        });
        Bank.Capabilities = Bank.Capabilities with { CanInquire = false };
        var payments = await PayAsync(2);

        await ImportAsync(new CamtText().Batch(payments, Bank.Orders.Single().IdempotencyKey, detailed: false).ToString());

        Assert.That((await StateAsync(payments[0]), await StateAsync(payments[1])), Is.EqualTo((LineState.Sent, LineState.Sent)));
    }

    [Test]
    public async Task A_sum_that_is_a_cent_off_is_an_exception_with_both_figures_and_the_order()
    {
        var payments = await PayAsync(3);
        var key = Bank.Orders.Single().IdempotencyKey;

        await ImportAsync(new CamtText().Batch(payments, key, detailed: false, amount: 2999.99m).ToString());

        var exception = (await OpenAsync()).Single()!;
        Assert.Multiple(async () =>
        {
            Assert.That(await ProgressAsync(), Is.EqualTo(Counts(0, 0)));
            Assert.That(((string?)exception["reason"], (string?)exception["explanation"]), Is.EqualTo(("AmountDiffers", "2999.99 USD debited, 3000.00 USD ordered in 3 payments of one order.")));
            Assert.That(
                ((string?)exception["order_candidates"]![0]!["order_reference"], (int)exception["order_candidates"]![0]!["payments"]!, (string?)exception["order_candidates"]![0]!["ground"]),
                Is.EqualTo((key, 3, "REFERENCE")));
        });
    }

    [Test]
    public async Task A_sum_that_names_no_order_is_an_exception_with_the_orders_of_that_sum_and_is_matched_by_two_persons()
    {
        var payments = await PayAsync(3);
        await PayAsync(2, envelope: "F");
        await ImportAsync(new CamtText().Batch(payments, null, detailed: false).ToString());
        var exception = (await OpenAsync()).Single()!;
        var candidate = exception["order_candidates"]!.AsArray().Single()!;
        var id = (string)exception["id"]!;

        var proposed = await PostAsActorAsync(
            $"v1/exceptions/{id}/decisions", "ana", new JsonObject { ["kind"] = "MATCH", ["order_reference"] = (string?)candidate["order_reference"], ["reason"] = "the bank's list of the day" });
        var confirmed = await PostAsActorAsync($"v1/exceptions/{id}/decisions/{proposed["id"]}/confirm", "ben", null);

        Assert.Multiple(async () =>
        {
            Assert.That(((string?)exception["reason"], (string?)candidate["ground"], (int)candidate["payments"]!), Is.EqualTo(("UnknownReference", "SAME_AMOUNT", 3)));
            Assert.That((string?)confirmed["state"], Is.EqualTo("CONFIRMED"), confirmed.ToJsonString());
            Assert.That(await ProgressAsync(), Is.EqualTo(Counts(3, 3000m)));
            Assert.That(await OpenAsync(), Is.Empty);
            Assert.That(
                (string?)(await PostAsActorAsync($"v1/exceptions/{id}/decisions", "ana", new JsonObject { ["kind"] = "MATCH", ["order_reference"] = Guid.Empty.ToString(), ["reason"] = "x" }))["code"],
                Is.EqualTo("ORDER_NOT_FOUND"));
        });
    }

    [Test]
    public async Task An_order_that_was_debited_before_is_one_exception_and_not_one_per_payment()
    {
        var payments = await PayAsync(3);
        var key = Bank.Orders.Single().IdempotencyKey;

        await ImportAsync(new CamtText().Batch(payments, key, detailed: false).Batch(payments, key, detailed: false, bankReference: "BATCH2").ToString());
        await ImportAsync(new CamtText(day: "2026-06-20", number: "2").Batch(payments, key, detailed: false, bankReference: "BATCH3").ToString());

        Assert.Multiple(async () =>
        {
            Assert.That(await ProgressAsync(), Is.EqualTo(Counts(3, 3000m)));
            Assert.That(
                (await OpenAsync()).Select(item => ((string?)item!["reason"], (string?)item["entry"]!["bank_reference"])),
                Is.EqualTo(new[] { ("DebitedBefore", "BATCH2"), ("DebitedBefore", "BATCH3") }));
        });
    }

    [Test]
    public async Task The_same_sum_in_an_overlapping_statement_is_a_repetition()
    {
        var payments = await PayAsync(3);
        var key = Bank.Orders.Single().IdempotencyKey;
        await ImportAsync(new CamtText().Batch(payments, key, detailed: false).ToString());

        var again = await ImportAsync(new CamtText().Batch(payments, key, detailed: false).Entry("DBIT", 5m, "FEE1").ToString());

        Assert.Multiple(async () =>
        {
            Assert.That((int)again["file"]!["repeated"]!, Is.EqualTo(1));
            Assert.That(await ProgressAsync(), Is.EqualTo(Counts(3, 3000m)));
            Assert.That((await OpenAsync()).Select(item => (string?)item!["entry"]!["bank_reference"]), Is.EqualTo(new[] { "FEE1" }));
        });
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task A_sum_on_the_statement_and_its_payments_in_a_notification_are_one_movement_in_either_order(bool notificationFirst)
    {
        var payments = await PayAsync(3);
        var sum = new CamtText().Batch(payments, Bank.Orders.Single().IdempotencyKey, detailed: false).ToString();
        var single = new CamtText("054").Debit(payments[0], "N1").Debit(payments[1], "N2").Debit(payments[2], "N3").ToString();

        await ImportAsync(notificationFirst ? single : sum);
        await ImportAsync(notificationFirst ? sum : single);

        Assert.Multiple(async () =>
        {
            Assert.That(await ProgressAsync(), Is.EqualTo(Counts(3, 3000m)));
            Assert.That(await OpenAsync(), Is.Empty);
        });
    }
}
