using System.Net;

namespace G2PBridge.IntegrationTests.Simulators;

/// <summary>The published endpoints of the Example Bank, to the character.</summary>
internal sealed class ExampleBankContractTests
{
    private TestSimulators _simulators = null!;

    [OneTimeSetUp]
    public async Task StartAsync() => _simulators = await TestSimulators.StartAsync();

    [OneTimeTearDown]
    public async Task StopAsync() => await _simulators.DisposeAsync();

    [TestCase("SPONSOR0001", "2000.0", """{"status":"success","account_number":"SPONSOR0001","has_sufficient_funds":true,"error_message":""}""")]
    [TestCase("SPONSOR0001", "1e12", """{"status":"failed","account_number":"SPONSOR0001","has_sufficient_funds":false,"error_message":"Insufficient funds"}""")]
    [TestCase("NOBODY", "1", """{"status":"failed","account_number":"NOBODY","has_sufficient_funds":false,"error_message":"Account not found"}""")]
    public async Task Check_funds_answers_as_published(string account, string needed, string expected) =>
        Assert.That(
            await _simulators.PostBankAsync("check_funds", $$"""{"account_number":"{{account}}","account_currency":"USD","total_funds_needed":{{needed}}}"""),
            Is.EqualTo(expected));

    [Test]
    public async Task Check_funds_looks_at_the_account_number_alone_whatever_the_currency() =>
        Assert.That(
            await _simulators.PostBankAsync("check_funds", """{"account_number":"SPONSOR0001","account_currency":"XYZ","total_funds_needed":1}"""),
            Does.Contain("\"status\":\"success\""));

    [Test]
    public async Task Block_funds_answers_as_published()
    {
        var answer = await _simulators.PostBankAsync("block_funds", """{"account_number":"SPONSOR0001","currency":"USD","amount":2000.0}""");
        Assert.That(answer, Does.Match("""^\{"status":"success","block_reference_no":"[0-9a-f-]{36}","error_message":""\}$"""));
    }

    [TestCase("SPONSOR0001", "EUR", "1", "Account not found")]
    [TestCase("NOBODY", "USD", "1", "Account not found")]
    [TestCase("SPONSOR0001", "USD", "10000000000", "Insufficient funds")]
    public async Task Block_funds_refuses_as_published(string account, string currency, string amount, string message) =>
        Assert.That(
            await _simulators.PostBankAsync("block_funds", $$"""{"account_number":"{{account}}","currency":"{{currency}}","amount":{{amount}}}"""),
            Is.EqualTo($$"""{"status":"failed","block_reference_no":"","error_message":"{{message}}"}"""));

    [Test]
    public async Task Initiate_payment_answers_as_published()
    {
        var published = System.Text.Json.JsonSerializer.Serialize(new[] { TestSimulators.Payment("CONTRACT-1") });
        Assert.That(await _simulators.PostBankAsync("initiate_payment", published), Is.EqualTo("""{"status":"success","error_message":""}"""));
    }

    [Test]
    public async Task Initiate_payment_accepts_an_empty_array() =>
        Assert.That(await _simulators.PostBankAsync("initiate_payment", "[]"), Is.EqualTo("""{"status":"success","error_message":""}"""));

    [TestCase("initiate_payment", """{"payments":[]}""")]
    [TestCase("initiate_payment", """[{"payment_reference_number":"X"}]""")]
    [TestCase("block_funds", "nonsense")]
    public async Task An_unreadable_body_is_answered_with_400_and_a_code(string path, string body)
    {
        using var response = await _simulators.Bank.SendAsync(TestSimulators.Post(path, body));
        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.BadRequest));
        Assert.That(await response.Content.ReadAsStringAsync(), Does.StartWith("""{"errors":[{"code":"G2P-REQ-102","message":"Invalid Input. """));
    }

    [Test]
    public async Task A_statement_of_an_unknown_account_is_refused() =>
        Assert.That(
            await _simulators.PostBankAsync("generate_account_statement", """{"program_account_number":"NOBODY"}"""),
            Is.EqualTo("""{"status":"failed","account_statement_id":"","error_message":"Account not found"}"""));

    [Test]
    public async Task An_account_without_news_gets_an_empty_statement()
    {
        await using var fresh = await TestSimulators.StartAsync();
        var answer = await fresh.PostBankAsync("generate_account_statement", """{"program_account_number":"SPONSOR0001"}""");
        Assert.That(answer, Does.Match("""^\{"status":"success","account_statement_id":"\d+","error_message":""\}$"""));
        Assert.That(await fresh.Bank.GetStringAsync("statements/1"), Does.Match(@"^:20:1\n:25:SPONSOR0001\n:28C:1/1\n:60F:C\d{6}USD10000000,00\n:62F:C\d{6}USD10000000,00\n$"));
    }

    [Test]
    public async Task Ussd_shows_a_menu_and_a_balance()
    {
        await _simulators.PayAsync(TestSimulators.Payment("USSD1", 12.5m));
        await TestSimulators.UntilAsync("USSD1 is paid", async () => (string)(await _simulators.InquireAsync("USSD1"))[0]!["status"]! == "PAID");
        Assert.That(await UssdAsync(""), Does.StartWith("CON "));
        Assert.That(await UssdAsync("1"), Is.EqualTo("END ACC-USSD1: USD 12.50"));
        Assert.That(await UssdAsync("2"), Does.Match(@"^END \d{4}-\d\d-\d\d USD 12\.50$"));
        Assert.That(await UssdAsync("9"), Does.StartWith("END "));
    }

    [Test]
    public async Task Ping_answers_pong() => Assert.That(await _simulators.Bank.GetStringAsync("ping"), Is.EqualTo("\"pong\""));

    [Test]
    public async Task The_page_shows_accounts_blocks_payments_and_statements()
    {
        var page = await _simulators.Bank.GetStringAsync("");
        foreach (var part in (string[])["SPONSOR0001", "Fund blocks", "Payments", "Statements", "width=device-width"])
            Assert.That(page, Does.Contain(part));
    }

    [Test]
    public async Task An_account_tells_its_balances()
    {
        var account = await _simulators.GetBankAsync("accounts/SPONSOR0001");
        Assert.That((decimal)account["book"]!, Is.EqualTo((decimal)account["available"]! + (decimal)account["blocked"]!));
        using var unknown = await _simulators.Bank.GetAsync("accounts/NOBODY");
        Assert.That(unknown.StatusCode, Is.EqualTo(HttpStatusCode.NotFound));
    }

    private async Task<string> UssdAsync(string text)
    {
        using var form = new FormUrlEncodedContent(new Dictionary<string, string>
        {
            ["sessionId"] = "s",
            ["serviceCode"] = "*1#",
            ["phoneNumber"] = "+1555USSD1",
            ["networkCode"] = "n",
            ["text"] = text,
        });
        using var response = await _simulators.Bank.PostAsync("ussd", form);
        Assert.That(response.Content.Headers.ContentType!.MediaType, Is.EqualTo("text/plain"));
        return await response.Content.ReadAsStringAsync();
    }
}
