using G2PBridge.Statements;

namespace G2PBridge.UnitTests.Statements;

/// <summary>Forms of fields and frames that banks use, one by one.</summary>
internal sealed class MtFormTests
{
    private static Task<ReadResult> Read(string line, string currency = "EUR", string closing = "100,00", string opening = "100,00", string profile = "generic") =>
        StatementFiles.ReadTextAsync($":20:1\n:25:T\n:28C:1/1\n:60F:C260101{currency}{opening}\n:61:{line}\n:62F:C260102{currency}{closing}\n", StatementFiles.Profile(profile));

    [TestCase("2601020102C10,00NTRFA", 10)]
    [TestCase("2601020102D10,00NTRFA", -10)]
    [TestCase("2601020102RC10,00NTRFA", -10)]
    [TestCase("2601020102RD10,00NTRFA", 10)]
    [TestCase("2601020102CR10,00NTRFA", 10)]
    [TestCase("2601020102DR10,00NTRFA", -10)]
    [TestCase("2601020102RCR10,00NTRFA", -10)]
    [TestCase("2601020102RDR10,00NTRFA", 10)]
    [TestCase("260102CR10,00NTRFA", 10)]
    [TestCase("260102D-10,00NTRFA", 10)]
    [TestCase("2601020102rd10,00NTRFA", 10)]
    public async Task Marks_and_funds_codes(string line, int effect)
    {
        var result = await Read(line, closing: $"{100 + effect},00");
        Assert.That((result.Entries.Single().Signed, result.Statements.Single().Difference), Is.EqualTo(((decimal)effect, 0m)));
    }

    [TestCase("2601020102D10,00NTRF", null, null, "NTRF")]
    [TestCase("2601020102D10,00NTRFNONREF", "NONREF", null, "NTRF")]
    [TestCase("2601020102D10,00NTRFA//B//C", "A", "B//C", "NTRF")]
    [TestCase("2601020102D10,00NOV NONREF", "NONREF", null, "NOV")]
    [TestCase("2601020102D10,00N051REF//", "REF", null, "N051")]
    [TestCase("2601020102D10,00//B", null, "B", null)]
    [TestCase("2601020102D10,00ACHP123", "123", null, "ACHP")]
    [TestCase("2601020102D10,00S103REF//B", "REF", "B", "S103")]
    public async Task Types_and_references(string line, string? customer, string? bank, string? type)
    {
        var entry = (await Read(line, closing: "90,00")).Entries.Single();
        Assert.That((entry.CustomerReference, entry.BankReference, entry.Type), Is.EqualTo((customer, bank, type)));
    }

    [TestCase("D1.234.567,89", "1234567.89")]
    [TestCase("D000000000000010,00", "10.00")]
    [TestCase("D1,", "1")]
    [TestCase("D1234", "1234")]
    [TestCase("D,5", "0.5")]
    public async Task Amounts_that_are_read(string amount, string value) =>
        Assert.That(-(await Read("2601020102" + amount + "NTRFA")).Entries.Single().Signed, Is.EqualTo(decimal.Parse(value, System.Globalization.CultureInfo.InvariantCulture)));

    [TestCase("D1,2,3")]
    [TestCase("D12.34,56")]
    [TestCase("D1.02")]
    [TestCase("D1.025")]
    [TestCase("DNTRF")]
    [TestCase("D,NTRF")]
    [TestCase("D1234567890123456,00")]
    [TestCase("D--5,00")]
    public async Task Amounts_that_are_refused(string amount)
    {
        var result = await Read("2601020102" + amount + "NTRFA");
        Assert.That((result.Entries.Count, result.Bad.Count, result.Verdict), Is.EqualTo((0, 1, Verdict.Reject)));
    }

    [TestCase("100.00", "D10.50", "89.50", 10.50)]
    [TestCase("100,00", "D10.50", "89,50", 10.50)]
    [TestCase("2000,00", "D1.025", "975,00", 1025)]
    [TestCase("2000,00", "D1.025", "1998,975", 1.025)]
    public async Task Points_are_settled_by_the_style_or_the_sum_of_the_balances(string opening, string amount, string closing, double value)
    {
        var result = await Read("2601020102" + amount + "NTRFA", closing: closing, opening: opening);
        Assert.That(-result.Entries.Single().Signed, Is.EqualTo((decimal)value), string.Join('\n', result.Trace));
        Assert.That(result.Verdict, Is.EqualTo(Verdict.Warn));
    }

    [TestCase("{1:F01AAAABBCCAXXX0000000000}{2:I940AAAABBCCXXXXN}{4:|M|-}{5:{CHK:1}}$", 1, TestName = "RJE with a trailing dollar")]
    [TestCase("{1:F01AAAABBCCAXXX0000000000}{2:I940AAAABBCCXXXXN}{4:|M|-}${1:F01AAAABBCCAXXX0000000000}{2:I940AAAABBCCXXXXN}{4:|M|-}", 2, TestName = "RJE with two messages")]
    [TestCase("{1:F21AAAABBCCAXXX0000000000}{4:{177:2601011200}{451:0}}{1:F01AAAABBCCAXXX0000000000}{2:O9401200260101AAAABBCCAXXX00000000002601011200N}{4:|M|-}", 1, TestName = "Acknowledgement before the message")]
    [TestCase("ä1:F01AAAABBCCAXXX0000000000åä2:I940AAAABBCCXXXXNåä4:|M|-å", 1, TestName = "Swedish seven-bit braces")]
    [TestCase("ABNANL2A|940|ABNANL2A|M|-|ABNANL2A|940|ABNANL2A|M|-", 2, TestName = "Bank header lines between messages")]
    [TestCase("M|-XXX|M|-XXX", 2, TestName = "Dash with letters ends a message")]
    [TestCase("M|M", 2, TestName = "Nothing between messages")]
    [TestCase("{1:F01AAAABBCCAXXX0000000000}|{2:I940AAAABBCCXXXXN}|{4:|M|-}", 1, TestName = "Blocks on lines of their own")]
    [TestCase("\u0001{1:F01AAAABBCCAXXX0000000000}{2:I940AAAABBCCXXXXN}{4:|M|-}\u0003        \u0001{1:F01AAAABBCCAXXX0000000000}{2:I940AAAABBCCXXXXN}{4:|M|-}\u0003   ", 2, TestName = "Two padded DOS-PCC messages")]
    public async Task Frames(string frame, int statements)
    {
        const string Message = ":20:R\n:25:A\n:28C:1/1\n:60F:C260101EUR100,00\n:61:2601020102D25,00NTRFPAY1//B1\n:86:HELLO\n:62F:C260102EUR75,00";
        foreach (var newline in new[] { "\n", "\r\n", "\r", "\r\r\n" })
        {
            var text = frame.Replace("|", newline, StringComparison.Ordinal).Replace(newline + "M", newline + "\u0007", StringComparison.Ordinal);
            if (text[0] == 'M') text = "\u0007" + text[1..];
            text = text.Replace("\u0007", Message.Replace("\n", newline, StringComparison.Ordinal), StringComparison.Ordinal);
            var result = await StatementFiles.ReadTextAsync(text);
            Assert.That(result.Statements.Select(s => (s.Entries, s.Difference)), Is.EqualTo(Enumerable.Repeat((1, (decimal?)0m), statements)), string.Join('\n', result.Trace));
            Assert.That(result.Entries.Select(e => e.Narrative), Has.All.EqualTo("HELLO"));
        }
    }

    [Test]
    public async Task Text_that_looks_like_a_field_stays_text_and_a_tag_cut_by_the_line_width_is_found()
    {
        var result = await StatementFiles.ReadTextAsync(
            ":20:1\n:25:T\n:28C:1/1\n:60F:C260101EUR100,00\n:61:2601020102D25,00NTRFA//B\n:86:AT 12\n:30 O'CLOCK\n:LINE\n:99 X\n:60F:C260101EUR1,00\n:99Z:Y\n" +
            ":61:2601020102D5,00NTRFA//B\n:\n86:SECOND\n:8\n6:MORE\n:62F:C260102EUR70,00\n");
        Assert.That(result.Entries[0].Lines, Is.EqualTo(new[] { "AT 12", ":30 O'CLOCK", ":LINE", ":99 X", ":60F:C260101EUR1,00", ":99Z:Y" }));
        Assert.That(result.Entries[1].Lines, Is.EqualTo(new[] { "SECOND", "MORE" }), string.Join('\n', result.Trace));
        Assert.That(result.Statements.Single().Difference, Is.Zero);
    }

    [Test]
    public async Task Codes_of_the_text_are_found_through_wraps()
    {
        var slash = NarrativeCodes.Parse(["/TRTP/SEPA CT/IBAN/NL00/NAME/J. D", "OE/REMI/USTD//A/B/C/EREF/X", "1"], NarrativeDialect.Auto);
        Assert.That(slash.Dialect, Is.EqualTo(NarrativeDialect.Slash));
        Assert.That((slash.Find("NAME"), slash.Find("EREF"), slash.Find("IBAN")), Is.EqualTo(("J. DOE", "X1", "NL00")));

        var gvc = NarrativeCodes.Parse(["166?00GUTSCHRIFT?109310?20EREF+E-1?21KREF+K?22-1?23SVWZ+CA", "SH?30BANK?31ACCT?32NA?33ME?34901"], NarrativeDialect.Auto);
        Assert.That(gvc.Dialect, Is.EqualTo(NarrativeDialect.Gvc));
        Assert.That((gvc.Find("GVC"), gvc.Find("EREF"), gvc.Find("KREF"), gvc.Find("SVWZ"), gvc.Find("NAME"), gvc.Find("?34")), Is.EqualTo(("166", "E-1", "K-1", "CASH", "NAME", "901")));

        var free = NarrativeCodes.Parse(["Just a text 12:30"], NarrativeDialect.Auto);
        Assert.That((free.Dialect, free.All.Count), Is.EqualTo((NarrativeDialect.FreeText, 0)));
        await Task.CompletedTask;
    }

    [Test]
    public void Accounts_are_compared_in_one_spelling()
    {
        var profile = StatementFiles.Profile("generic");
        profile.AccountAliases["12345678/000123"] = "TREASURY";
        Assert.That(profile.NormaliseAccount(" nl69 ingb 0123 4567 89 EUR"), Is.EqualTo("NL69INGB0123456789"));
        Assert.That(profile.NormaliseAccount("NL20INGB0001234567EUR"), Is.EqualTo("NL20INGB0001234567"));
        Assert.That(profile.NormaliseAccount("12345678/000123"), Is.EqualTo("TREASURY"));
        Assert.That(profile.NormaliseAccount("TREASURY_ACC_1"), Is.EqualTo("TREASURY_ACC_1"));
    }

    [Test]
    public async Task Missing_pages_are_named_at_the_end_of_the_file()
    {
        var result = await StatementFiles.ReadTextAsync(
            ":20:1\n:25:T\n:28C:12/1\n:60F:C260101EUR100,00\n:62M:C260102EUR100,00\n-\n:20:2\n:25:T\n:28C:12/3\n:60M:C260101EUR80,00\n:62F:C260102EUR80,00\n-\n");
        Assert.That(result.File.Findings.Single().Code, Is.EqualTo(FindingCodes.PagesMissing));
        Assert.That(result.Verdict, Is.EqualTo(Verdict.Warn));
    }

    [Test]
    public async Task A_profile_is_bound_from_configuration()
    {
        var settings = new Dictionary<string, string?>
        {
            ["Statements:Profiles:my-bank:CodePage"] = "iso-8859-2",
            ["Statements:Profiles:my-bank:Dialect"] = "Slash",
            ["Statements:Profiles:my-bank:BalancePolicy"] = "Hold",
            ["Statements:Profiles:my-bank:References:0:Place"] = "NarrativeCode",
            ["Statements:Profiles:my-bank:References:0:Code"] = "EREF",
            ["Statements:Profiles:my-bank:ReferencePattern:Prefix"] = "G2P",
            ["Statements:Profiles:my-bank:AccountAliases:OLD"] = "NEW",
            ["Statements:Profiles:my-bank:Csv:Delimiter"] = ";",
            ["Statements:Profiles:my-bank:Csv:Narrative:0"] = "Text",
        };
        var configuration = Microsoft.Extensions.Configuration.MemoryConfigurationBuilderExtensions.AddInMemoryCollection(new Microsoft.Extensions.Configuration.ConfigurationBuilder(), settings).Build();
        var profile = Microsoft.Extensions.Configuration.ConfigurationBinder.Get<Dictionary<string, BankProfile>>(configuration.GetSection("Statements:Profiles"))!["my-bank"];
        Assert.That((profile.Dialect, profile.BalancePolicy, profile.References.Single().Code, profile.ReferencePattern.Prefix, profile.NormaliseAccount("old"), profile.Csv!.Delimiter, profile.Csv.Narrative.Single()),
            Is.EqualTo((NarrativeDialect.Slash, FindingPolicy.Hold, "EREF", "G2P", "NEW", ';', "Text")));
        Assert.That(StatementReader.IsKnownCodePage(profile.CodePage!), Is.True);
        Assert.That(StatementReader.IsKnownCodePage("no-such-page"), Is.False);
        await Task.CompletedTask;
    }

    [Test]
    public void Every_reason_has_a_sentence_and_an_action()
    {
        Assert.That(ReasonCatalogue.All, Has.Count.GreaterThan(50));
        foreach (var reason in ReasonCatalogue.All)
        {
            Assert.That(reason.Code, Has.Length.EqualTo(4));
            Assert.That(reason.Sentence, Does.EndWith("."));
        }
        Assert.That(ReasonCatalogue.Map("returned: AC04, closed"), Is.EqualTo("AC04"));
        Assert.That(ReasonCatalogue.Map("CUST"), Is.EqualTo("CUST"));
        Assert.That(ReasonCatalogue.Map("no reason known"), Is.Null);
        Assert.That(ReasonCatalogue.Map(""), Is.Null);
        Assert.That(ReasonCatalogue.Map("own words", new BankProfile { ReasonAliases = { ["own words"] = "AC06" } }), Is.EqualTo("AC06"));
    }
}
