using System.Globalization;
using System.Text.RegularExpressions;
using static G2PBridge.IntegrationTests.Simulators.TestSimulators;

namespace G2PBridge.IntegrationTests.Simulators;

internal sealed partial class StatementTests
{
    [Test]
    public async Task A_statement_has_the_published_layout()
    {
        await using var bridge = await BridgeStub.StartAsync();
        await using var simulators = await TestSimulators.StartAsync(o =>
        {
            o.StatementCallbackUrl = bridge.Url + "/upload_mt940";
            o.StatementCallbackHeaders["X-Api-Key"] = "secret";
            o.ReturnShare = 1;
        });
        var bare = Payment("D0002", 0.5m, bank: "OTHER");
        foreach (var name in (string[])["narrative_1", "narrative_2", "narrative_5", "narrative_6"])
            bare[name] = null;
        await simulators.PayAsync(Payment("A-REFERENCE-OF-MORE-THAN-16"), bare);
        await UntilAsync("the statement arrives", () => Task.FromResult(!bridge.Uploads.IsEmpty));
        var upload = bridge.Uploads.First();
        Assert.That((upload.Field, upload.FileName, upload.ContentType, upload.ApiKey), Is.EqualTo(("statement_file", "statement.mt940", "text/plain", "secret")));
        var today = DateInFirstEntry().Match(upload.Text).Groups[1].Value;
        var reason = Regex.Match(upload.Text, "ACCOUNT_[A-Z_]+").Value;
        Assert.That(upload.Text, Is.EqualTo(
            $"""
            :20:1
            :25:SPONSOR0001
            :28C:1/1
            :60F:C{today}USD10000000,00
            :61:{today}{today[2..]}D000000001000,00NTRFA-REFERENCE-OF-M//EB00000000000001
            :86:June
            CASHX
            2026-06
            B-A-REFERENCE-OF-MORE-THAN-16
            A-REFERENCE-OF-MORE-THAN-16

            :61:{today}{today[2..]}D000000000000,50NTRFD0002//EB00000000000002
            :86:

            2026-06
            B-D0002


            :61:{today}{today[2..]}RD000000000000,50NTRFD0002//EB00000000000006
            :86:

            2026-06
            B-D0002

            {reason}
            :62F:C{today}USD9999000,00

            """));
        Assert.That(reason, Is.AnyOf("ACCOUNT_CLOSED", "ACCOUNT_NOT_FOUND", "ACCOUNT_DORMANT", "ACCOUNT_DECEASED"));
    }

    [Test]
    public async Task Balances_chain_numbers_rise_and_all_equals_the_ledger()
    {
        await using var bridge = await BridgeStub.StartAsync();
        await using var simulators = await TestSimulators.StartAsync(o =>
        {
            o.StatementCallbackUrl = bridge.Url + "/upload_mt940";
            o.MaxEntriesPerStatement = 40;
        });
        for (var round = 0; round < 5; round++)
            await simulators.PayAsync(Payments($"C{round}-", 30, 12.34m, bank: round % 2 == 0 ? "OTHER" : "EXAMPLE-BANK"));
        var summary = await simulators.WhenBookedAsync(150);
        var entries = (long)summary["debits"]! + (long)summary["returns"]!;
        await UntilAsync("all entries are delivered", () => Task.FromResult(bridge.Uploads.Sum(u => Entry().Count(u.Text)) == entries));

        var closing = "10000000,00";
        var total = 10_000_000m;
        foreach (var (upload, index) in bridge.Uploads.Select((u, i) => (u.Text, i)))
        {
            Assert.That(upload, Does.Contain(string.Create(CultureInfo.InvariantCulture, $":28C:{index + 1}/1\n")));
            Assert.That(Opening().Match(upload).Groups[1].Value, Is.EqualTo(closing));
            Assert.That(Entry().Count(upload), Is.InRange(1, 40));
            total += Entry().Matches(upload).Sum(m => (m.Groups[1].Value == "RD" ? 1 : -1) * Number(m.Groups[2].Value));
            closing = Closing().Match(upload).Groups[1].Value;
            Assert.That(Number(closing), Is.EqualTo(total));
        }

        Assert.That(bridge.Uploads, Has.Count.GreaterThanOrEqualTo(4));
        Assert.That(Number(closing), Is.EqualTo((decimal)summary["book"]!));
    }

    [Test]
    public async Task A_refused_statement_is_sent_again_until_the_bridge_says_success_and_order_is_kept()
    {
        await using var bridge = await BridgeStub.StartAsync();
        bridge.IsRefusing = true;
        await using var simulators = await TestSimulators.StartAsync(o => o.StatementCallbackUrl = bridge.Url + "/upload_mt940");
        await simulators.PayAsync(Payment("F1"));
        await UntilAsync("three refusals", () => Task.FromResult(bridge.Uploads.Count >= 3));
        await simulators.PayAsync(Payment("F2"));
        await simulators.WhenBookedAsync(2);
        bridge.IsRefusing = false;
        await UntilAsync("both statements are taken", () => Task.FromResult(bridge.Uploads.Count(u => !u.IsRefused) == 2));
        Assert.That(bridge.Uploads.Where(u => u.IsRefused).Select(u => u.Text).Distinct().Count(), Is.EqualTo(1));
        var taken = bridge.Uploads.Where(u => !u.IsRefused).Select(u => u.Text).ToList();
        Assert.That((taken[0].Contains("NTRFF1//", StringComparison.Ordinal), taken[1].Contains("NTRFF2//", StringComparison.Ordinal)), Is.EqualTo((true, true)));
    }

    [Test]
    public async Task Delivery_resumes_after_the_bridge_was_down_and_the_bank_restarted()
    {
        string address;
        await using (var reserved = await BridgeStub.StartAsync())
            address = reserved.Url;
        string connectionString;
        await using (var first = await TestSimulators.StartAsync(o => o.StatementCallbackUrl = address + "/upload_mt940"))
        {
            connectionString = first.ConnectionString;
            await first.PayAsync(Payment("DOWN1"));
            await UntilAsync("a delivery has failed", async () => (await first.Bank.GetStringAsync("")).Contains("refused", StringComparison.Ordinal));
        }

        await using var bridge = await BridgeStub.StartAsync(address);
        await using var second = await TestSimulators.StartAsync(o => o.StatementCallbackUrl = address + "/upload_mt940", connectionString);
        await UntilAsync("the statement arrives", () => Task.FromResult(!bridge.Uploads.IsEmpty));
        Assert.That(bridge.Uploads.Single().Text, Does.Contain("DOWN1"));
    }

    [Test]
    public async Task A_late_statement_is_overtaken_and_a_doubled_one_comes_twice()
    {
        await using var bridge = await BridgeStub.StartAsync();
        await using var simulators = await TestSimulators.StartAsync(o => o.StatementCallbackUrl = bridge.Url + "/upload_mt940");
        await simulators.FaultAsync("""[{"kind":"statement-late","count":1,"delay_ms":3000},{"kind":"statement-twice","count":1}]""");
        await simulators.PayAsync(Payment("S1"));
        await UntilAsync("the first statement is made", async () => (await simulators.Bank.GetStringAsync("")).Contains("PENDING", StringComparison.Ordinal));
        await simulators.PayAsync(Payment("S2"));
        await UntilAsync("three uploads", () => Task.FromResult(bridge.Uploads.Count >= 3));
        Assert.That(bridge.Uploads.Select(u => Regex.Match(u.Text, ":28C:(.*)").Groups[1].Value), Is.EqualTo(new[] { "2/1", "2/1", "1/1" }));
    }

    [Test]
    public async Task Narratives_cannot_forge_an_entry()
    {
        await using var simulators = await TestSimulators.StartAsync();
        var forger = Payment("FORGE1");
        forger["narrative_1"] = "June\n:61:2606190619D000000009999,00NTRFFAKE//FAKE";
        await simulators.PayAsync(forger);
        await simulators.WhenBookedAsync(1);
        var id = (string)(await simulators.BankAsync("generate_account_statement", """{"program_account_number":"SPONSOR0001"}"""))["account_statement_id"]!;
        var text = await simulators.Bank.GetStringAsync("statements/1");
        Assert.That(id, Is.Not.Empty);
        Assert.That(Entry().Count(text), Is.EqualTo(1));
    }

    [Test]
    public async Task A_credited_account_gets_C_and_RC_lines()
    {
        await using var simulators = await TestSimulators.StartAsync(o => o.ReturnShare = 1);
        await simulators.PayAsync(Payment("CR1", 5m, bank: "OTHER"), Payment("CR2", 7m));
        await simulators.WhenBookedAsync(2);
        var clearing = await StatementOfAsync("CLEARING - OTHER");
        Assert.That(clearing, Does.Match(@":60F:C\d{6}USD0,00\n:61:\d{10}C000000000005,00NTRFCR1//"));
        Assert.That(clearing, Does.Contain("RC000000000005,00NTRFCR1//").And.Match(@":62F:C\d{6}USD0,00\n$"));
        Assert.That(await StatementOfAsync("ACC-CR2"), Does.Match(@":62F:C\d{6}USD7,00\n$"));

        async Task<string> StatementOfAsync(string account)
        {
            var answer = await simulators.BankAsync("generate_account_statement", $$"""{"program_account_number":"{{account}}"}""");
            return await simulators.Bank.GetStringAsync("statements/" + (string)answer["account_statement_id"]!);
        }
    }

    private static decimal Number(string amount) => decimal.Parse(amount.Replace(',', '.'), CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^:61:\d{10}(D|RD)(\d{12},\d\d)NTRF", RegexOptions.Multiline)]
    private static partial Regex Entry();

    [GeneratedRegex(@"^:61:(\d{6})", RegexOptions.Multiline)]
    private static partial Regex DateInFirstEntry();

    [GeneratedRegex(@"^:60F:C\d{6}USD(.*)$", RegexOptions.Multiline)]
    private static partial Regex Opening();

    [GeneratedRegex(@"^:62F:C\d{6}USD(.*)$", RegexOptions.Multiline)]
    private static partial Regex Closing();
}
