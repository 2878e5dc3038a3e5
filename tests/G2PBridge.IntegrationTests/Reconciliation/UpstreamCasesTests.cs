namespace G2PBridge.IntegrationTests.Reconciliation;

/// <summary>Statements on which the bridge that went before fails, each by name.</summary>
internal sealed class UpstreamCasesTests : ReconciliationTest
{
    [TearDown]
    public Task TheInvariantsHold() => AssertInvariantsHoldAsync();

    [Test]
    public async Task An_entry_without_a_text_field_is_matched()
    {
        var payments = await PayAsync(2);

        await ImportAsync(new StatementText().Entry("D", payments[0].Reference, 1000m, "B1").Debit(payments[1]));

        Assert.That(await ProgressAsync(), Is.EqualTo(Counts(2, 2000m)));
    }

    [Test]
    public async Task A_text_in_numbered_subfields_is_read()
    {
        var payments = await PayAsync(1);

        await ImportAsync(new StatementText().Entry("D", payments[0].Reference, 1000m, "B1", "166?00TRANSFER?20JUNE?32SOMEBODY"));

        Assert.That(await MatchesAsync(payments[0]), Has.Count.EqualTo(1));
    }

    [Test]
    public async Task An_entry_without_an_entry_date_is_matched()
    {
        var payments = await PayAsync(1);

        await ImportAsync(new StatementText().Raw($":61:260619D000000001000,00NTRF{payments[0].Reference}//B1\n", -1000m));

        Assert.That((await MatchesAsync(payments[0])).Single(), Has.Property("EntryDate").Null.And.Property("ValueDate").EqualTo(new DateOnly(2026, 6, 19)));
    }

    [Test]
    public async Task A_text_of_fewer_than_four_lines_is_read()
    {
        var payments = await PayAsync(1);

        await ImportAsync(new StatementText().Entry("D", payments[0].Reference, 1000m, "B1", "June", "CASHX"));

        Assert.That((await MatchesAsync(payments[0])).Single().NameFromBank, Is.Null);
    }

    [Test]
    public async Task A_customer_reference_over_sixteen_characters_does_not_lose_the_statement()
    {
        var payments = await PayAsync(2);

        await ImportAsync(new StatementText().Entry("D", "X" + payments[0].Reference + "LONGER", 1000m, "B1", "June").Debit(payments[1]));

        Assert.That(await ProgressAsync(), Is.EqualTo(Counts(2, 2000m)));
    }

    [Test]
    public async Task A_return_booked_as_a_credit_of_type_RTI_is_a_return()
    {
        var payments = await PayAsync(1);

        await ImportAsync(new StatementText().Debit(payments[0]).Typed("C", "NRTI", payments[0].Reference, 1000m, "B2", "/RTRN/AC04/"));

        Assert.That(await ProgressAsync(), Is.EqualTo(Counts(1, 1000m, 1, 1000m)));
    }

    [Test]
    public async Task An_empty_first_line_moves_no_other_line()
    {
        var payments = await PayAsync(1);
        var lines = StatementText.Lines(payments[0], "");
        lines[0] = "";

        await ImportAsync(new StatementText().Entry("D", "STUB", 1000m, "B1", lines));

        Assert.That((await MatchesAsync(payments[0])).Single().NameFromBank, Is.EqualTo(payments[0].BeneficiaryId));
    }

    [Test]
    public async Task A_reversal_of_the_2024_layout_is_not_read_as_its_own_reason()
    {
        var payments = await PayAsync(1);

        await ImportAsync(new StatementText().Debit(payments[0])
            .Entry("RD", payments[0].Reference, 1000m, "B2", "June", "CASHX", "2026-06", payments[0].BeneficiaryId, "", "ACCOUNT_CLOSED"));

        Assert.That((await MatchesAsync(payments[0]))[1], Has.Property("Reason").EqualTo("ACCOUNT_CLOSED").And.Property("ReasonCode").EqualTo("AC04"));
    }

    [Test]
    public async Task A_short_customer_reference_does_not_swallow_the_bank_reference()
    {
        var payments = await PayAsync(1);

        await ImportAsync(new StatementText().Entry("D", "E-D1", 1000m, "V1StGXR8Z5jdHi6B-myTabc"));

        Assert.That((await MatchesAsync(payments[0])).Single().BankReference, Is.EqualTo("V1StGXR8Z5jdHi6B-myTabc"));
    }

    [Test]
    public async Task The_partners_id_in_the_fifth_line_or_the_customer_reference_is_recognised()
    {
        var payments = await PayAsync(2);

        await ImportAsync(new StatementText()
            .Entry("D", "E-D1", 1000m, "B1", "June", "CASHX", "2026-06", "B1", "", "")
            .Entry("D", "FIRSTSIXTEENCHAR", 1000m, "B2", "June", "CASHX", "2026-06", "B2", "E-D2", "")
            .Entry("RD", "FIRSTSIXTEENCHAR", 1000m, "B3", "None", "None", "None", "B2", "E-D2", "ACCOUNT_NOT_FOUND"));

        Assert.Multiple(async () =>
        {
            Assert.That(await ProgressAsync(), Is.EqualTo(Counts(2, 2000m, 1, 1000m)));
            Assert.That((await MatchesAsync(payments[1]))[1].ReasonCode, Is.EqualTo("AC01"));
        });
    }

    [Test]
    public async Task One_odd_line_does_not_lose_the_statement()
    {
        var payments = await PayAsync(2);

        var file = await ImportAsync(new StatementText().Debit(payments[0]).Raw(":61:GARBAGE\n:86:nobody can read this\n").Debit(payments[1]));

        Assert.Multiple(async () =>
        {
            Assert.That(await ProgressAsync(), Is.EqualTo(Counts(2, 2000m)));
            Assert.That((int)file["statements"]![0]!["bad_entries"]!, Is.EqualTo(1));
            Assert.That((int)file["file"]!["unmatched"]!, Is.EqualTo(1));
        });
    }

    [Test]
    public async Task Bytes_that_are_not_utf8_are_read()
    {
        var payments = await PayAsync(1);

        await ImportAsync(new StatementText().Entry("D", payments[0].Reference, 1000m, "B1", "Juni", "X", "Y", "M\u00fcller", "", ""));

        Assert.That((await MatchesAsync(payments[0])).Single().NameFromBank, Is.EqualTo("M\u00fcller"));
    }

    [Test]
    public async Task An_error_of_a_return_keeps_its_sequence_and_dates()
    {
        var payments = await PayAsync(1);

        await ImportAsync(new StatementText(number: "7/2").Return(payments[0]));

        var error = (await UnmatchedAsync(payments[0])).Single();
        Assert.That((error.StatementNumber, error.StatementSequence, error.EntryNo, error.ValueDate), Is.EqualTo(("7", "2", 1, (DateOnly?)new DateOnly(2026, 6, 19))));
    }
}
