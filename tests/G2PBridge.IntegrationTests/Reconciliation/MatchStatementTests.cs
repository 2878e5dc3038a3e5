using G2PBridge.Modules.Disbursement.Contracts;
using G2PBridge.Modules.Reconciliation.Contracts;

namespace G2PBridge.IntegrationTests.Reconciliation;

internal sealed class MatchStatementTests : ReconciliationTest
{
    [TearDown]
    public Task TheInvariantsHold() => AssertInvariantsHoldAsync();

    [Test]
    public async Task Every_debit_is_matched_and_counted()
    {
        var payments = await PayAsync(3);

        var file = await ImportAsync(payments.Aggregate(new StatementText(), (text, payment) => text.Debit(payment)));

        var match = (await MatchesAsync(payments[1])).Single();
        Assert.Multiple(async () =>
        {
            Assert.That((string?)file["file"]!["state"], Is.EqualTo("PROCESSED"));
            Assert.That((int)file["file"]!["matched"]!, Is.EqualTo(3));
            Assert.That(await ProgressAsync(), Is.EqualTo(Counts(3, 3000m)));
            Assert.That(match, Is.EqualTo(new MatchedEntry(
                await LineOfAsync(payments[1]), 1, false, Guid.Parse((string)file["file"]!["id"]!), "1", "1", 2, new DateOnly(2026, 6, 19), new DateOnly(2026, 6, 19),
                "DEBIT" + payments[1].Reference, payments[1].BeneficiaryId, null, null, 1000m)));
            Assert.That(await ScalarAsync<long>("select count(*) from reconciliation.unmatched"), Is.Zero);
        });
    }

    [Test]
    public async Task A_debit_that_differs_by_a_cent_is_no_match_and_both_figures_are_shown()
    {
        var payments = await PayAsync(1);

        await ImportAsync(new StatementText().Debit(payments[0], 999.99m));

        var error = (await UnmatchedAsync(payments[0])).Single();
        Assert.Multiple(async () =>
        {
            Assert.That(await MatchesAsync(payments[0]), Is.Empty);
            Assert.That(error.ErrorReason, Is.EqualTo("INVALID_DISBURSEMENT_QUANTITY"));
            Assert.That(error.Detail, Is.EqualTo("999.99 USD debited, 1000.00 USD ordered."));
            Assert.That(await ProgressAsync(), Is.EqualTo(Counts(0, 0)));
        });
    }

    [Test]
    public async Task A_debit_in_another_currency_is_no_match()
    {
        var payments = await PayAsync(1);

        await ImportAsync(new StatementText(currency: "EUR").Debit(payments[0]));

        var error = (await UnmatchedAsync(payments[0])).Single();
        Assert.That((error.ErrorReason, error.Detail), Is.EqualTo(("INVALID_DISBURSEMENT_CURRENCY_CODE", "1000.00 EUR debited, 1000.00 USD ordered.")));
    }

    [Test]
    public async Task A_second_debit_of_one_payment_is_a_duplicate_within_and_across_statements()
    {
        var payments = await PayAsync(1);

        await ImportAsync(new StatementText().Debit(payments[0], bankReference: "FIRST").Debit(payments[0], bankReference: "SECOND"));
        await ImportAsync(new StatementText(day: "260620").Debit(payments[0], bankReference: "THIRD"));

        var errors = await UnmatchedAsync(payments[0]);
        Assert.Multiple(async () =>
        {
            Assert.That(errors.Select(error => (error.ErrorReason, error.BankReference)), Is.EqualTo(new[] { ("DUPLICATE_DISBURSEMENT", "SECOND"), ("DUPLICATE_DISBURSEMENT", "THIRD") }));
            Assert.That((await MatchesAsync(payments[0])).Single().BankReference, Is.EqualTo("FIRST"));
            Assert.That(await ProgressAsync(), Is.EqualTo(Counts(1, 1000m)));
        });
    }

    [Test]
    public async Task Two_identical_entries_of_one_statement_are_two_movements()
    {
        var payments = await PayAsync(1);

        await ImportAsync(new StatementText().Debit(payments[0]).Debit(payments[0]));

        Assert.That((await UnmatchedAsync(payments[0])).Single().ErrorReason, Is.EqualTo("DUPLICATE_DISBURSEMENT"));
    }

    [Test]
    public async Task An_unknown_reference_is_found_by_its_text()
    {
        await PayAsync(1);

        await ImportAsync(new StatementText().Entry("D", "NOBODY0000000001", 5m, "B1", "June", "X", "Y", "B9", "NOBODY-0000-0000-0001", ""));

        var byText = (await UnmatchedAsync("NOBODY-0000-0000-0001")).Single();
        Assert.Multiple(async () =>
        {
            Assert.That((byText.ErrorReason, byText.ReconciliationId, byText.EntryNo, byText.Amount), Is.EqualTo(("INVALID_RECONCILIATION_ID", "NOBODY-0000-0000-0001", 1, 5m)));
            Assert.That(await UnmatchedAsync("NOBODY0000000001"), Has.Count.EqualTo(1));
        });
    }

    [Test]
    public async Task A_return_in_the_same_statement_is_matched_with_its_reason_and_the_line_is_proved_unpaid()
    {
        var payments = await PayAsync(2);

        await ImportAsync(new StatementText().Debit(payments[0]).Debit(payments[1]).Return(payments[1]));

        var back = (await MatchesAsync(payments[1]))[1];
        Assert.Multiple(async () =>
        {
            Assert.That((back.IsReturn, back.ReasonCode, back.Reason, back.Amount), Is.EqualTo((true, "AC04", "ACCOUNT_CLOSED", 1000m)));
            Assert.That(await ProgressAsync(), Is.EqualTo(Counts(2, 2000m, 1, 1000m)));
            Assert.That(await StateAsync(payments[1]), Is.EqualTo(LineState.Returned));
            Assert.That(await StateAsync(payments[0]), Is.EqualTo(LineState.Sent));
            Assert.That(await SendAsync(new CountReturnsByReason(Envelope)), Is.EqualTo(new[] { new ReturnCount("AC04", 1, 1000m) }));
            Assert.That((await SendAsync(new ListReturned(Envelope, 0, 10, "AC04"))).Single(), Is.EqualTo(back));
            Assert.That(await SendAsync(new ListReturned(Envelope, 0, 10, "AC01")), Is.Empty);
        });
    }

    [Test]
    public async Task A_return_before_its_debit_in_one_statement_is_matched()
    {
        var payments = await PayAsync(1);

        await ImportAsync(new StatementText().Return(payments[0]).Debit(payments[0]));

        Assert.That((await MatchesAsync(payments[0])).Select(match => match.IsReturn), Is.EqualTo(new[] { false, true }));
    }

    [Test]
    public async Task A_return_waits_for_the_debit_of_a_later_statement()
    {
        var payments = await PayAsync(1);

        await ImportAsync(new StatementText().Return(payments[0]));
        var waiting = (await UnmatchedAsync(payments[0])).Single();
        var stateWhileWaiting = await StateAsync(payments[0]);
        await ImportAsync(new StatementText(day: "260620").Debit(payments[0]));

        Assert.Multiple(async () =>
        {
            Assert.That(waiting.ErrorReason, Is.EqualTo("INVALID_REVERSAL"));
            Assert.That(stateWhileWaiting, Is.EqualTo(LineState.Sent));
            Assert.That((await MatchesAsync(payments[0])).Select(match => match.IsReturn), Is.EqualTo(new[] { false, true }));
            Assert.That(await UnmatchedAsync(payments[0]), Is.Empty);
            Assert.That(await ProgressAsync(), Is.EqualTo(Counts(1, 1000m, 1, 1000m)));
            Assert.That(await StateAsync(payments[0]), Is.EqualTo(LineState.Returned));
        });
    }

    [Test]
    public async Task A_return_that_comes_twice_is_two_events_and_one_returned_line()
    {
        var payments = await PayAsync(1);

        await ImportAsync(new StatementText().Debit(payments[0]).Return(payments[0], bankReference: "ONE"));
        await ImportAsync(new StatementText(day: "260620").Return(payments[0], bankReference: "TWO"));

        Assert.Multiple(async () =>
        {
            Assert.That((await MatchesAsync(payments[0])).Select(match => match.BankReference), Is.EqualTo(new[] { "DEBIT" + payments[0].Reference, "ONE", "TWO" }));
            Assert.That(await ProgressAsync(), Is.EqualTo(Counts(1, 1000m, 1, 1000m)));
        });
    }

    [Test]
    public async Task A_return_smaller_than_the_payment_waits_for_a_person()
    {
        var payments = await PayAsync(1);

        await ImportAsync(new StatementText().Debit(payments[0]).Return(payments[0], amount: 990m));

        var error = (await UnmatchedAsync(payments[0])).Single();
        Assert.Multiple(async () =>
        {
            Assert.That((error.ErrorReason, error.Detail), Is.EqualTo(("INVALID_REVERSAL", "990.00 USD returned, 1000.00 USD ordered.")));
            Assert.That(await StateAsync(payments[0]), Is.EqualTo(LineState.Sent));
        });
    }

    [Test]
    public async Task A_credit_with_a_return_signal_is_a_return_and_one_without_is_asked_about()
    {
        var payments = await PayAsync(2);

        await ImportAsync(new StatementText()
            .Debit(payments[0]).Debit(payments[1])
            .Typed("C", "NRTI", payments[0].Reference, 1000m, "RTI1", "/RTRN/AC01//REMI/back/")
            .Entry("C", payments[1].Reference, 1000m, "PLAIN", "hello"));

        Assert.Multiple(async () =>
        {
            Assert.That((await MatchesAsync(payments[0]))[1], Has.Property("IsReturn").True.And.Property("ReasonCode").EqualTo("AC01"));
            Assert.That((await UnmatchedAsync(payments[1])).Single().ErrorReason, Is.EqualTo("INVALID_REVERSAL"));
        });
    }

    [Test]
    public async Task A_statement_proves_that_a_payment_without_an_answer_is_with_the_bank()
    {
        Bank.NextPayment(order =>
        {
            Bank.Take(order);
            return Task.FromResult<Connectors.PaymentAnswer?>(new Connectors.PaymentAnswer.NotKnown("time-out"));
        });
        Bank.Inquiry = _ => null;
        var payments = await PayAsync(2);
        var before = await StateAsync(payments[0]);

        await ImportAsync(new StatementText().Debit(payments[0]));

        Assert.That((before, await StateAsync(payments[0]), await StateAsync(payments[1])), Is.EqualTo((LineState.Unknown, LineState.Sent, LineState.Unknown)));
    }

    [TestCase("lower case")]
    [TestCase("blanks")]
    [TestCase("other field")]
    [TestCase("wrapped")]
    [TestCase("inside a text")]
    public async Task Our_reference_survives_what_banks_do_to_it(string how)
    {
        var payment = (await PayAsync(1))[0];
        var reference = payment.Reference;
        var text = how switch
        {
            "lower case" => new StatementText().Entry("D", reference.ToLowerInvariant(), 1000m, "B"),
            "blanks" => new StatementText().Entry("D", "NONREF", 1000m, "B", "June", $"REF {reference[..4]} {reference[4..8]} {reference[8..12]} {reference[12..]}"),
            "other field" => new StatementText().Entry("D", "NONREF", 1000m, reference),
            "wrapped" => new StatementText().Entry("D", "NONREF", 1000m, "B", "PAYMENT OF JUNE " + reference[..7], reference[7..] + " THANKS"),
            _ => new StatementText().Entry("D", "NONREF", 1000m, "B", $"BENEFIT/{reference}/JUNE"),
        };

        await ImportAsync(text);

        Assert.That(await MatchesAsync(payment), Has.Count.EqualTo(1));
    }

    [Test]
    public async Task Fees_interest_and_top_ups_are_classified_and_what_nobody_knows_is_queued()
    {
        await PayAsync(1);

        var file = await ImportAsync(new StatementText()
            .Typed("D", "NCHG", "NONREF", 12.50m, "F1", "MONTHLY")
            .Typed("C", "NINT", "NONREF", 3m, "I1", "INTEREST")
            .Entry("C", "NONREF", 5000m, "T1", "TREASURY TOP-UP")
            .Entry("C", "NONREF", 7m, "U1", "WHO KNOWS"));

        Assert.That(((int)file["file"]!["classified"]!, (int)file["file"]!["unmatched"]!), Is.EqualTo((3, 1)));
    }

    [Test]
    public async Task A_debit_on_another_account_of_ours_is_no_match()
    {
        var payments = await PayAsync(1);
        await using var other = await OtherHost.StartAsync(("SponsorBanks:Accounts:0:ProgramId", "7"), ("SponsorBanks:Accounts:0:AccountNumber", "SPONSOR0002"), ("SponsorBanks:Accounts:0:SponsorBankCode", "EXAMPLE-BANK"));

        await UploadAsync(System.Text.Encoding.ASCII.GetBytes(new StatementText("SPONSOR0002").Debit(payments[0]).ToString()), address: other.Address);
        await TestHost.WorkAsync("read-statements", other.Services);

        Assert.That((await UnmatchedAsync(payments[0])).Single().ErrorReason, Is.EqualTo("INVALID_ACCOUNT_NUMBER"));
    }
}
