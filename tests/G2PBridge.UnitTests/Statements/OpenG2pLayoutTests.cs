using System.Globalization;
using System.Text.Json;
using G2PBridge.Statements;

namespace G2PBridge.UnitTests.Statements;

/// <summary>Statements in the exact layout of the OpenG2P example bank.</summary>
internal sealed class OpenG2pLayoutTests
{
    [TestCase("openg2p-v1-10")]
    [TestCase("openg2p-v2-10")]
    [TestCase("openg2p-v1-1000")]
    [TestCase("openg2p-v2-1000")]
    public async Task Totals_are_those_of_the_generator(string name)
    {
        var expected = Expected(name);
        var result = await StatementFiles.ReadFileAsync(Path.Combine(StatementFiles.Samples(), "openg2p", name + ".sta"), StatementFiles.Profile("example-bank"));

        var s = result.Statements.Single();
        Assert.That(s.Header.Account, Is.EqualTo(expected.GetProperty("account").GetString()));
        Assert.That(s.Entries, Is.EqualTo(expected.GetProperty("entries").GetInt32()));
        Assert.That(s.Opening!.Amount, Is.EqualTo(Money(expected, "opening")));
        Assert.That(s.Closing!.Amount, Is.EqualTo(Money(expected, "closing")));
        Assert.That((s.Debits, s.Credits), Is.EqualTo((Money(expected, "sum_D"), Money(expected, "sum_RD"))));
        Assert.That(result.Entries.Count(e => e.Mark == EntryMark.ReversalOfDebit), Is.EqualTo(expected.GetProperty("reversals_of_debits").GetInt32()));
        Assert.That(result.Verdict, Is.EqualTo(Verdict.Accept), string.Join('\n', s.Findings));
    }

    [TestCase("openg2p-v1-10")]
    [TestCase("openg2p-v2-10")]
    public async Task Every_entry_has_its_fields_and_text_lines_in_place(string name)
    {
        var result = await StatementFiles.ReadFileAsync(Path.Combine(StatementFiles.Samples(), "openg2p", name + ".sta"), StatementFiles.Profile("example-bank"));

        var expected = Expected(name).GetProperty("entries_list").EnumerateArray().ToList();
        for (var i = 0; i < expected.Count; i++)
        {
            var (e, x) = (result.Entries[i], expected[i]);
            Assert.That(e.Mark, Is.EqualTo(x.GetProperty("mark").GetString() == "RD" ? EntryMark.ReversalOfDebit : EntryMark.Debit));
            Assert.That(Math.Abs(e.Signed), Is.EqualTo(Money(x, "amount")));
            Assert.That(e.CustomerReference, Is.EqualTo(x.GetProperty("customer_reference").GetString()));
            Assert.That(e.BankReference, Is.EqualTo(x.GetProperty("bank_reference").GetString()));
            Assert.That(e.Beneficiary, Is.EqualTo(x.GetProperty("beneficiary_name").GetString()));
            Assert.That(e.Type, Is.EqualTo("NTRF"));
            Assert.That(e.ValueDate.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture), Is.EqualTo(x.GetProperty("value_date").GetString()));
            Assert.That(e.Lines, Is.EqualTo(x.GetProperty("narratives").EnumerateArray().Select(n => n.GetString())));
            Assert.That(e.Return.RawReason, Is.EqualTo(x.GetProperty("reversal_reason").GetString()));
            Assert.That(e.Return.IsPayoutReturn, Is.EqualTo(e.Mark == EntryMark.ReversalOfDebit));
        }
    }

    [TestCase("ACCOUNT_CLOSED", "AC04")]
    [TestCase("ACCOUNT_NOT_FOUND", "AC01")]
    [TestCase("ACCOUNT_DORMANT", "AC06")]
    [TestCase("ACCOUNT_DECEASED", "MD07")]
    public async Task The_banks_reason_becomes_an_ISO_code_and_stays_as_written(string reason, string code)
    {
        var result = await StatementFiles.ReadTextAsync(
            ":20:1\n:25:T\n:28C:1/1\n:60F:C260619USD100,00\n:61:2606190619RD000000000001,00NTRFG2P0000000000001//B\n:86:N\nP\nC\nBENE\nDISB_1\n" + reason + "\n:62F:C260619USD101,00",
            StatementFiles.Profile("example-bank"));

        var entry = result.Entries.Single();
        Assert.That(entry.Return, Is.EqualTo(new ReturnSignal(ReturnKind.ReversalMark, reason, code)));
        Assert.That(entry.Reference, Is.EqualTo(new ReferenceCandidate("G2P0000000000001", ReferencePlace.CustomerReference, true)));
        Assert.That(ReasonCatalogue.Find(code)!.Sentence, Does.EndWith("."));
    }

    private static JsonElement Expected(string name)
    {
        using var json = JsonDocument.Parse(File.ReadAllText(Path.Combine(StatementFiles.Samples(), "openg2p", name + ".expected.json")));
        return json.RootElement.Clone();
    }

    private static decimal Money(JsonElement element, string name) => decimal.Parse(element.GetProperty(name).GetString()!, CultureInfo.InvariantCulture);
}
