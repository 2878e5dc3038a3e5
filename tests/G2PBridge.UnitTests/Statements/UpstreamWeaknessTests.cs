using System.Text;
using G2PBridge.Statements;

namespace G2PBridge.UnitTests.Statements;

/// <summary>Statements on which the OpenG2P bridge of 2024-2026 fails or goes wrong without a word, each by name.</summary>
internal sealed class UpstreamWeaknessTests
{
    private static readonly BankProfile Example = StatementFiles.Profile("example-bank");

    private static Task<ReadResult> Read(string entries, string closing = "62F:C260619USD100,00", BankProfile? profile = null) =>
        StatementFiles.ReadTextAsync($":20:1\n:25:T\n:28C:1/1\n:60F:C260619USD100,00\n{entries}\n:{closing}", profile ?? Example);

    [Test]
    public async Task An_entry_without_text_does_not_stop_the_statement()
    {
        var result = await Read(":61:2606190619D10,00NTRFG2P0000000000001//B1\n:61:2606190619D20,00NTRFG2P0000000000002//B2\n:86:N\nP\nC\nBENE\n\n", "62F:C260619USD70,00");
        Assert.That(result.Entries.Select(e => (e.Signed, e.Reference!.Value.Value)), Is.EqualTo(new[] { (-10m, "G2P0000000000001"), (-20m, "G2P0000000000002") }));
        Assert.That(result.Verdict, Is.EqualTo(Verdict.Accept));
    }

    [Test]
    public async Task A_structured_text_of_a_German_bank_does_not_stop_the_statement()
    {
        var result = await Read(":61:2606190619D10,00NTRFNONREF\n:86:166?00GUTSCHRIFT?20EREF+G2P0000000000009?21SVWZ+Cash transfer?32A BENEFICIARY", "62F:C260619USD90,00", StatementFiles.Profile("german-gvc"));
        var entry = result.Entries.Single();
        Assert.That((entry.Reference!.Value.Value, entry.Beneficiary), Is.EqualTo(("G2P0000000000009", "A BENEFICIARY")));
        Assert.That(result.Verdict, Is.EqualTo(Verdict.Accept));
    }

    [Test]
    public async Task An_entry_without_entry_date_is_read()
    {
        var result = await Read(":61:260619D10,00NTRFREF//B\n:86:N", "62F:C260619USD90,00");
        Assert.That((result.Entries.Single().EntryDate, result.Entries.Single().ValueDate), Is.EqualTo(((DateOnly?)null, new DateOnly(2026, 6, 19))));
        Assert.That(result.Verdict, Is.EqualTo(Verdict.Accept));
    }

    [TestCase(":86:ONE")]
    [TestCase(":86:ONE\nTWO\nTHREE")]
    [TestCase(":86:")]
    public async Task Fewer_than_four_text_lines_are_read(string text)
    {
        var result = await Read($":61:2606190619RD10,00NTRFREF//B\n{text}", "62F:C260619USD110,00");
        Assert.That(result.Entries.Single().Beneficiary, Is.Null);
        Assert.That(result.Verdict, Is.EqualTo(Verdict.Accept));
    }

    [Test]
    public async Task A_customer_reference_over_16_characters_is_read_whole_and_warned_about()
    {
        var result = await Read(":61:2606190619D10,00NTRF0f85c43c-52d0-4f25-a4de-2597a9a3251e//B\n:86:N", "62F:C260619USD90,00");
        Assert.That(result.Entries.Single().CustomerReference, Is.EqualTo("0f85c43c-52d0-4f25-a4de-2597a9a3251e"));
        Assert.That(result.Statements.Single().Findings.Single().Code, Is.EqualTo("customer-reference-long"));
    }

    [Test]
    public async Task A_reference_shorter_than_16_characters_ends_at_the_slashes()
    {
        var result = await Read(":61:2606190619D10,00NTRFDISB_001//V1StGXR8_Z5jdHi6B-myT\n:86:N", "62F:C260619USD90,00");
        Assert.That((result.Entries.Single().CustomerReference, result.Entries.Single().BankReference), Is.EqualTo(("DISB_001", "V1StGXR8_Z5jdHi6B-myT")));
    }

    [Test]
    public async Task Thirtieth_of_February_is_moved_to_the_months_end()
    {
        var result = await Read(":61:2602300302D10,00NTRFREF//B\n:86:N", "62F:C260619USD90,00");
        Assert.That(result.Entries.Single().ValueDate, Is.EqualTo(new DateOnly(2026, 2, 28)));
        Assert.That(result.Verdict, Is.EqualTo(Verdict.Warn));
    }

    [Test]
    public async Task An_entry_date_after_new_year_has_the_new_year()
    {
        var result = await Read(":61:2512310102D10,00NTRFREF//B\n:86:N", "62F:C260619USD90,00");
        Assert.That(result.Entries.Single().EntryDate, Is.EqualTo(new DateOnly(2026, 1, 2)));
    }

    [Test]
    public async Task Two_accounts_in_one_file_keep_their_own_entries()
    {
        var result = await StatementFiles.ReadFileAsync(Path.Combine(StatementFiles.Samples(), "edge", "two-accounts.sta"), Example);
        Assert.That(result.Statements.Select(s => (s.Header.Account, s.Entries)), Is.EqualTo(new[] { ("ACC1", 1), ("ACC2", 1) }));
        Assert.That(result.Entries.Select(e => e.Statement), Is.EqualTo(new[] { 1, 2 }));
    }

    [TestCase("C25,00NRTIEREF//B9", "/EREF/G2P0000000000001/RTRN/AC04/BENM//NAME/A BENEFICIARY", ReturnKind.ReasonGiven, "AC04", TestName = "Return_booked_as_credit_of_type_RTI")]
    [TestCase("C25,00N657NONREF", "/TRTP/SEPA OVERBOEKING/RTRN/AC01/EREF/G2P0000000000001", ReturnKind.ReasonGiven, "AC01", TestName = "Return_booked_as_credit_of_the_banks_own_type")]
    [TestCase("C25,00NRTIG2P0000000000001//B9", "UNKNOWN", ReturnKind.ReturnType, null, TestName = "Return_type_without_reason")]
    [TestCase("C25,00NMSCG2P0000000000001//B9", "RETURN OF PAYMENT", ReturnKind.Words, null, TestName = "Return_by_words_only_is_a_suggestion")]
    public async Task A_return_booked_as_a_credit_is_recognised(string line, string text, ReturnKind kind, string? code)
    {
        var result = await Read($":61:2606190619{line}\n:86:{text}", "62F:C260619USD125,00", StatementFiles.Profile("sepa-slash"));
        var entry = result.Entries.Single();
        Assert.That((entry.Return.Kind, entry.Return.ReasonCode, entry.Return.IsPayoutReturn), Is.EqualTo((kind, code, true)));
        Assert.That(entry.Return.IsCertain, Is.EqualTo(kind != ReturnKind.Words));
        Assert.That(entry.Reference!.Value.Value, Is.EqualTo("G2P0000000000001"));
    }

    [TestCase("D12,35NRTINONREF", ReturnKind.CollectionReturned)]
    [TestCase("D12,35 NRTINONREF", ReturnKind.CollectionReturned)]
    [TestCase("RC12,35NTRFNONREF", ReturnKind.ReceiptReversed)]
    public async Task What_is_not_the_return_of_a_payout_is_not_taken_for_one(string line, ReturnKind kind)
    {
        var result = await Read($":61:2606190619{line}\n:86:X", "62F:C260619USD87,65");
        Assert.That((result.Entries.Single().Return.Kind, result.Entries.Single().Return.IsPayoutReturn), Is.EqualTo((kind, false)));
    }

    [Test]
    public async Task An_empty_first_text_line_shifts_nothing()
    {
        var result = await Read(":61:2606190619D10,00NTRFREF//B\n:86:\nPROG\nCYCLE\nBENE_1\nDISB_1\n", "62F:C260619USD90,00");
        Assert.That(result.Entries.Single().Lines, Is.EqualTo(new[] { "", "PROG", "CYCLE", "BENE_1", "DISB_1", "" }));
        Assert.That(result.Entries.Single().Beneficiary, Is.EqualTo("BENE_1"));
    }

    [Test]
    public async Task The_reason_of_an_old_layout_reversal_is_never_taken_for_the_payment()
    {
        // 2024: line 5 is empty. Upstream's library drops it and reads ACCOUNT_CLOSED as the id.
        var result = await Read(":61:2606190619RD10,00NTRF1728381398014392//35bf992d-c9e9-46\n:86:N\nP\nC\nBENE_1\n\nACCOUNT_CLOSED", "62F:C260619USD110,00");
        var entry = result.Entries.Single();
        Assert.That((entry.Reference!.Value.Value, entry.Return.RawReason, entry.Return.ReasonCode, entry.Beneficiary), Is.EqualTo(("1728381398014392", "ACCOUNT_CLOSED", "AC04", "BENE_1")));
    }

    [TestCase("N\nP\nC\nBENE\nDISB\nACCOUNT_CLOSED", "AC04")]
    [TestCase("N\nP\nC\nBENE\nDISB\nACCOUNT_CLOSED\n", "AC04")]
    [TestCase("N\nP\nC\nACCOUNT_CLOSED", "AC04")]
    [TestCase("N\nP\nC\nBENE\nDISB\n", null)]
    [TestCase("N\nP\nC\nBENE\nDISB", null)]
    public async Task The_reason_is_line_six_or_a_known_last_line_and_never_an_id(string text, string? code)
    {
        var result = await Read($":61:2606190619RD10,00NTRFREF//B\n:86:{text}", "62F:C260619USD110,00");
        Assert.That(result.Entries.Single().Return.ReasonCode, Is.EqualTo(code));
        if (code is null) Assert.That(result.Entries.Single().Return.RawReason, Is.Null);
    }

    [Test]
    public async Task Both_the_stub_and_the_full_id_are_offered_when_the_reference_was_cut()
    {
        var result = await StatementFiles.ReadFileAsync(Path.Combine(StatementFiles.Samples(), "openg2p", "openg2p-v2-10.sta"), Example);
        await using var reader = await StatementReader.OpenAsync(new MemoryStream(File.ReadAllBytes(Path.Combine(StatementFiles.Samples(), "openg2p", "openg2p-v2-10.sta"))), Example);
        while (await reader.ReadAsync() && reader.Event != StatementEvent.Entry)
        {
        }
        Assert.That(reader.Entry.References().Select(r => r.Value), Is.EqualTo(new[] { "TEST_SANITY_2026", "TEST_SANITY_20260604T101500_a1b2c3_DISB_000001" }));
        Assert.That(result.Entries, Has.Count.EqualTo(10));
    }

    [Test]
    public async Task A_text_in_another_character_set_is_read_and_said_so()
    {
        var bytes = Encoding.Latin1.GetBytes(":20:1\n:25:T\n:28C:1/1\n:60F:C260619USD100,00\n:61:2606190619D10,00NTRFREF//B\n:86:MÜLLER\n:62F:C260619USD90,00");
        var result = await StatementFiles.ReadBytesAsync(bytes, Example);
        Assert.That(result.Entries.Single().Narrative, Is.EqualTo("MÜLLER"));
        Assert.That((result.Verdict, result.Statements.Single().CharacterSet), Is.EqualTo((Verdict.Warn, "windows-1252")));
    }

    [Test]
    public async Task Balances_are_checked()
    {
        var result = await Read(":61:2606190619D10,00NTRFREF//B\n:86:N", "62F:C260619USD91,00");
        Assert.That((result.Statements.Single().Difference, result.Statements.Single().Verdict), Is.EqualTo((1m, Verdict.Warn)));
        var strict = StatementFiles.Profile("example-bank");
        strict.BalancePolicy = FindingPolicy.Hold;
        Assert.That((await Read(":61:2606190619D10,00NTRFREF//B\n:86:N", "62F:C260619USD91,00", strict)).Verdict, Is.EqualTo(Verdict.Hold));
    }

    [Test]
    public async Task The_same_statement_uploaded_twice_or_in_another_framing_is_recognised()
    {
        const string Fields = ":25:T\n:28C:1/1\n:60F:C260619USD100,00\n:61:2606190619D10,00NTRFREF//B\n:86:N\nP\n:62F:C260619USD90,00\n";
        var bare = await StatementFiles.ReadTextAsync(":20:1\n" + Fields, Example);
        var framed = await StatementFiles.ReadTextAsync(("{1:F01AAAABBCCAXXX0000000000}{2:O9401200260619AAAABBCCAXXX00000000002606191200N}{4:\n:20:OTHER\n" + Fields + "-}").Replace("\n", "\r\n", StringComparison.Ordinal), Example);
        var padded = await StatementFiles.ReadTextAsync((":20:1\n" + Fields).Replace("\n", "   \n", StringComparison.Ordinal).Replace("D10,00", "D10,", StringComparison.Ordinal), Example);
        var other = await StatementFiles.ReadTextAsync((":20:1\n" + Fields).Replace("REF//B", "REG//B", StringComparison.Ordinal), Example);
        Assert.That(framed.Statements.Single().ContentFingerprint, Is.EqualTo(bare.Statements.Single().ContentFingerprint));
        Assert.That(padded.Statements.Single().ContentFingerprint, Is.EqualTo(bare.Statements.Single().ContentFingerprint));
        Assert.That(other.Statements.Single().ContentFingerprint, Is.Not.EqualTo(bare.Statements.Single().ContentFingerprint));

        var twice = await StatementFiles.ReadTextAsync($":20:1\n{Fields}-\n:20:2\n{Fields}", Example);
        Assert.That(twice.Statements[1].Findings.Select(f => f.Code), Does.Contain(FindingCodes.Duplicate));
    }

    [Test]
    public async Task True_twins_have_one_fingerprint_and_two_occurrences()
    {
        var result = await Read(":61:2606190619D10,00NTRFNONREF//B\n:86:N\n:61:2606190619D10,00NTRFNONREF//B\n:86:N\n:61:2606190619D10,00NTRFNONREF//B\n:86:M", "62F:C260619USD70,00");
        var counter = new OccurrenceCounter();
        Assert.That(result.Entries.Select(e => counter.Next(e.Fingerprint)), Is.EqualTo(new[] { 1, 2, 1 }));
    }

    [Test]
    public async Task A_statement_without_closing_balance_is_not_processed()
    {
        var result = await StatementFiles.ReadTextAsync(":20:1\n:25:T\n:28C:1/1\n:60F:C260619USD100,00\n:61:2606190619D10,00NTRFREF//B\n:86:N", Example);
        Assert.That((result.Verdict, result.Statements.Single().Findings[0].Code), Is.EqualTo((Verdict.Reject, FindingCodes.NoClosing)));
    }

    [Test]
    public async Task One_unreadable_entry_is_reported_with_its_lines_and_the_others_are_read()
    {
        var result = await Read(":61:2606190619D10,00NTRFREF//B\n:86:N\n:61:2613010619D10,00NTRFBAD//B\n:86:RAW TEXT\n:61:2606190619D20,00NTRFREF2//B\n:86:N", "62F:C260619USD60,00");
        Assert.That(result.Entries.Select(e => (e.Ordinal, e.Signed)), Is.EqualTo(new[] { (1, -10m), (3, -20m) }));
        var bad = result.Bad.Single();
        Assert.That((bad.Ordinal, bad.Line, bad.Reason, bad.Raw), Is.EqualTo((2, 7L, "the value date is not a date", "2613010619D10,00NTRFBAD//B\nRAW TEXT")));
        Assert.That(result.Verdict, Is.EqualTo(Verdict.Reject));
    }
}
