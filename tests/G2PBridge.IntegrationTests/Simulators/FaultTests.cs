using System.Diagnostics;
using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using static G2PBridge.IntegrationTests.Simulators.TestSimulators;

namespace G2PBridge.IntegrationTests.Simulators;

/// <summary>Each way to misbehave, seen from outside, with the judge telling what really happened.</summary>
internal sealed class FaultTests
{
    private TestSimulators _simulators = null!;

    [SetUp]
    public async Task StartAsync() => _simulators = await TestSimulators.StartAsync(o => o.ReturnShare = 0);

    [TearDown]
    public async Task StopAsync() => await _simulators.DisposeAsync();

    [Test]
    public async Task Timeout_after_accepting_pays_although_nobody_hears()
    {
        await _simulators.FaultAsync("""[{"kind":"timeout-after-accepting","endpoint":"initiate_payment","delay_ms":60000}]""");
        using var impatient = new CancellationTokenSource(TimeSpan.FromMilliseconds(500));
        using var request = Post("initiate_payment", Body("TA1"));
        Assert.That(async () => await _simulators.Bank.SendAsync(request, impatient.Token), Throws.InstanceOf<OperationCanceledException>());
        Assert.That((long)(await _simulators.WhenBookedAsync(1))["paid"]!, Is.EqualTo(1));
        Assert.That(await FiredAsync(), Is.EqualTo(1));
    }

    [Test]
    public async Task Timeout_after_accepting_answers_who_waits_long_enough()
    {
        await _simulators.FaultAsync("""[{"kind":"timeout-after-accepting","endpoint":"initiate_payment","delay_ms":200,"count":1}]""");
        var started = Stopwatch.GetTimestamp();
        Assert.That((string)(await _simulators.PayAsync(Payment("TA2")))["status"]!, Is.EqualTo("success"));
        Assert.That(Stopwatch.GetElapsedTime(started), Is.GreaterThan(TimeSpan.FromMilliseconds(190)));
        await _simulators.PayAsync(Payment("TA3"));
        Assert.That(await FiredAsync(), Is.EqualTo(1));
    }

    [Test]
    public async Task Timeout_before_pays_nothing()
    {
        await _simulators.FaultAsync("""[{"kind":"timeout-before","endpoint":"initiate_payment","delay_ms":100}]""");
        Assert.That(async () => await _simulators.PayAsync(Payment("TB1")), Throws.InstanceOf<HttpRequestException>());
        Assert.That((string)(await _simulators.InquireAsync("TB1"))[0]!["status"]!, Is.EqualTo("NOT_FOUND"));
    }

    [Test]
    public async Task Reset_mid_answer_pays_and_breaks_the_answer()
    {
        await _simulators.FaultAsync("""[{"kind":"reset-mid-answer","endpoint":"initiate_payment"}]""");
        Assert.That(async () => await _simulators.PayAsync(Payment("RM1")), Throws.InstanceOf<HttpRequestException>().Or.InstanceOf<IOException>());
        Assert.That((long)(await _simulators.WhenBookedAsync(1))["paid"]!, Is.EqualTo(1));
    }

    [TestCase(false, "NOT_FOUND")]
    [TestCase(true, "PAID")]
    public async Task Http_5xx_hides_whether_the_work_was_done(bool perform, string state)
    {
        await _simulators.FaultAsync($$"""[{"kind":"http-5xx","endpoint":"initiate_payment","status":503,"perform":{{(perform ? "true" : "false")}}}]""");
        using var response = await _simulators.Bank.SendAsync(Post("initiate_payment", Body("H1")));
        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.ServiceUnavailable));
        Assert.That(await response.Content.ReadAsStringAsync(), Does.StartWith("<html>"));
        await UntilAsync("H1 is " + state, async () => (string)(await _simulators.InquireAsync("H1"))[0]!["status"]! == state);
    }

    [Test]
    public async Task Garbage_200_pays_and_answers_no_json()
    {
        await _simulators.FaultAsync("""[{"kind":"garbage-200","endpoint":"initiate_payment"}]""");
        using var response = await _simulators.Bank.SendAsync(Post("initiate_payment", Body("G1")));
        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        Assert.That(async () => JsonNode.Parse(await response.Content.ReadAsStringAsync()), Throws.InstanceOf<JsonException>());
        Assert.That((long)(await _simulators.WhenBookedAsync(1))["paid"]!, Is.EqualTo(1));
    }

    [Test]
    public async Task Slow_drip_sends_the_true_answer_a_little_at_a_time()
    {
        await _simulators.FaultAsync("""[{"kind":"slow-drip","endpoint":"initiate_payment","delay_ms":300}]""");
        var started = Stopwatch.GetTimestamp();
        Assert.That((string)(await _simulators.PayAsync(Payment("SD1")))["status"]!, Is.EqualTo("success"));
        Assert.That(Stopwatch.GetElapsedTime(started), Is.GreaterThan(TimeSpan.FromMilliseconds(250)));
    }

    [Test]
    public async Task Too_many_requests_names_when_to_come_back_and_pays_nothing()
    {
        await _simulators.FaultAsync("""[{"kind":"too-many-requests","endpoint":"initiate_payment","retry_after_seconds":7,"count":1}]""");
        using var response = await _simulators.Bank.SendAsync(Post("initiate_payment", Body("T1")));
        Assert.That(((int)response.StatusCode, response.Headers.RetryAfter!.Delta), Is.EqualTo((429, TimeSpan.FromSeconds(7))));
        Assert.That((string)(await _simulators.PayAsync(Payment("T1")))["status"]!, Is.EqualTo("success"));
    }

    [Test]
    public async Task Maintenance_closes_everything_but_the_judge()
    {
        await _simulators.FaultAsync("""[{"kind":"maintenance","endpoint":"ping"}]""");
        using var ping = await _simulators.Bank.GetAsync("ping");
        using var check = await _simulators.Bank.SendAsync(Post("check_funds", """{"account_number":"SPONSOR0001","account_currency":"USD","total_funds_needed":1}"""));
        Assert.That((ping.StatusCode, check.StatusCode), Is.EqualTo((HttpStatusCode.ServiceUnavailable, HttpStatusCode.ServiceUnavailable)));
        Assert.That((long)(await _simulators.GetBankAsync("ledger/summary"))["payments"]!, Is.Zero);
        await _simulators.Bank.DeleteAsync("faults");
        Assert.That(await _simulators.Bank.GetStringAsync("ping"), Is.EqualTo("\"pong\""));
    }

    [Test]
    public async Task A_line_can_be_refused_with_a_reason()
    {
        await _simulators.FaultAsync("""[{"kind":"refuse-line","reference_pattern":"^BAD","reason":"AC04"}]""");
        var answer = await _simulators.PayPerLineAsync(Payment("GOOD1"), Payment("BAD1"));
        Assert.That((string)answer["status"]!, Is.EqualTo("partial"));
        Assert.That(answer["payments"]![1]!.ToJsonString(), Is.EqualTo("""{"payment_reference_number":"BAD1","status":"REFUSED","reason":"AC04"}"""));
        var plain = await _simulators.PayAsync(Payment("GOOD2"), Payment("BAD2"));
        Assert.That(plain.ToJsonString(), Is.EqualTo("""{"status":"failed","error_message":"AC04: BAD2"}"""));
        await _simulators.WhenBookedAsync(2);
        var states = (await _simulators.InquireAsync("GOOD1", "BAD1", "GOOD2")).Select(s => ((string)s!["status"]!, (string?)s["reason"]));
        Assert.That(states, Is.EqualTo(new (string, string?)[] { ("PAID", null), ("REFUSED", "AC04"), ("NOT_FOUND", null) }));
        Assert.That(await FiredAsync(), Is.EqualTo(2));
    }

    [Test]
    public async Task A_share_of_lines_is_drawn_by_seed_and_reference()
    {
        const string Rule = """[{"kind":"refuse-line","share":0.2,"seed":42}]""";
        await _simulators.FaultAsync(Rule);
        var first = await RefusedAsync("a");
        await using var other = await TestSimulators.StartAsync();
        await other.FaultAsync(Rule);
        var second = (await other.PayPerLineAsync(Payments("SH", 200)))["payments"]!.AsArray()
            .Where(p => (string)p!["status"]! == "REFUSED").Select(p => (string)p!["payment_reference_number"]!).ToList();
        Assert.That(second, Is.EqualTo(first));
        Assert.That(first, Has.Count.InRange(20, 65));

        async Task<List<string>> RefusedAsync(string key) =>
            [.. (await _simulators.BankAsync("initiate_payment", JsonSerializer.Serialize(Payments("SH", 200)), ("X-Per-Line-Results", "true"), ("Idempotency-Key", key)))
                ["payments"]!.AsArray().Where(p => (string)p!["status"]! == "REFUSED").Select(p => (string)p!["payment_reference_number"]!)];
    }

    [Test]
    public async Task Skip_and_count_say_which_calls_are_hit()
    {
        await _simulators.FaultAsync("""[{"kind":"http-5xx","endpoint":"ping","skip":1,"count":2}]""");
        var codes = new List<int>();
        for (var i = 0; i < 5; i++)
        {
            using var response = await _simulators.Bank.GetAsync("ping");
            codes.Add((int)response.StatusCode);
        }

        Assert.That(codes, Is.EqualTo(new[] { 200, 502, 502, 200, 200 }));
        Assert.That(await FiredAsync(), Is.EqualTo(2));
    }

    [Test]
    public async Task A_call_can_be_chosen_by_a_reference_in_its_body()
    {
        await _simulators.FaultAsync("""[{"kind":"http-5xx","endpoint":"initiate_payment","reference_pattern":"CHOSEN"}]""");
        Assert.That((string)(await _simulators.PayAsync(Payment("OTHER1")))["status"]!, Is.EqualTo("success"));
        using var response = await _simulators.Bank.SendAsync(Post("initiate_payment", Body("CHOSEN1")));
        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.BadGateway));
    }

    [Test]
    public async Task A_different_amount_is_paid_and_the_judge_names_it()
    {
        await _simulators.FaultAsync("""[{"kind":"pay-different-amount","reference_pattern":"^DA1$","factor":0.9},{"kind":"pay-different-amount","reference_pattern":"^DA2$","amount":77.77}]""");
        await _simulators.PayAsync(Payment("DA1", 100m), Payment("DA2", 100m), Payment("DA3", 100m));
        var summary = await _simulators.WhenBookedAsync(3);
        Assert.That(
            ((decimal)summary["debited"]!, (long)summary["paid_other_amount"]!, summary["offenders"]!.ToJsonString(), (bool)summary["balances_match_ledger"]!),
            Is.EqualTo((267.77m, 2L, """["DA1","DA2"]""", true)));
    }

    [Test]
    public async Task A_payment_made_twice_stands_twice_in_the_ledger()
    {
        await _simulators.FaultAsync("""[{"kind":"pay-twice","reference_pattern":"^TW2$"}]""");
        await _simulators.PayAsync(Payment("TW1", 100m), Payment("TW2", 100m));
        var summary = await _simulators.WhenBookedAsync(2);
        Assert.That(
            ((long)summary["debits"]!, (long)summary["paid_more_than_once"]!, summary["offenders"]!.ToJsonString(), (bool)summary["balances_match_ledger"]!, (bool)summary["legs_match"]!),
            Is.EqualTo((3L, 1L, """["TW2"]""", true, true)));
        Assert.That((decimal)(await _simulators.GetBankAsync("accounts/ACC-TW2"))["book"]!, Is.EqualTo(200m));
    }

    [Test]
    public async Task A_payment_made_twice_and_returned_comes_back_twice()
    {
        await using var simulators = await TestSimulators.StartAsync(o => o.ReturnShare = 1);
        await simulators.FaultAsync("""[{"kind":"pay-twice"}]""");
        await simulators.PayAsync(Payment("TR1", 100m, bank: "OTHER"));
        var summary = await simulators.WhenBookedAsync(1);
        Assert.That(
            ((long)summary["debits"]!, (long)summary["returns"]!, (decimal)summary["book"]!, (bool)summary["balances_match_ledger"]!, (bool)summary["legs_match"]!),
            Is.EqualTo((2L, 2L, 10_000_000m, true, true)));
    }

    [Test]
    public async Task An_inquiry_denies_each_reference_first_and_admits_it_later()
    {
        await _simulators.FaultAsync("""[{"kind":"inquiry-not-found-first","times":2}]""");
        await _simulators.PayAsync(Payment("Q1"), Payment("Q2"));
        await _simulators.WhenBookedAsync(2);
        var states = new List<string>();
        for (var i = 0; i < 3; i++)
            states.Add((string)(await _simulators.InquireAsync("Q1"))[0]!["status"]!);
        Assert.That(states, Is.EqualTo(new[] { "NOT_FOUND", "NOT_FOUND", "PAID" }));
        Assert.That((string)(await _simulators.InquireAsync("Q2"))[0]!["status"]!, Is.EqualTo("NOT_FOUND"));
    }

    [TestCase(false)]
    [TestCase(true)]
    public async Task A_block_can_be_granted_for_less(bool isSilent)
    {
        await using var simulators = await TestSimulators.StartAsync(o => o.VerifyFundBlocks = true);
        await simulators.FaultAsync($$"""[{"kind":"block-granted-less","factor":0.5,"silent":{{(isSilent ? "true" : "false")}}}]""");
        var answer = await simulators.BankAsync("block_funds", """{"account_number":"SPONSOR0001","currency":"USD","amount":1000}""");
        Assert.That((decimal?)answer["granted_amount"], Is.EqualTo(isSilent ? null : (decimal?)500m));
        Assert.That((decimal)(await simulators.GetBankAsync("accounts/SPONSOR0001"))["blocked"]!, Is.EqualTo(500m));
        var block = (string)answer["block_reference_no"]!;
        Assert.That((string)(await simulators.PayAsync(Payment("GL1", 600m, block: block)))["status"]!, Is.EqualTo("failed"));
        Assert.That((string)(await simulators.PayAsync(Payment("GL2", 500m, block: block)))["status"]!, Is.EqualTo("success"));
    }

    [Test]
    public async Task An_expired_block_frees_its_money_and_pays_nothing()
    {
        await _simulators.FaultAsync("""[{"kind":"block-expired","delay_ms":0}]""");
        var block = await _simulators.BlockAsync(1_000m);
        Assert.That(
            (await _simulators.PayAsync(Payment("EX1", 10m, block: block))).ToJsonString(),
            Is.EqualTo("""{"status":"failed","error_message":"Funds block expired"}"""));
        var perLine = await _simulators.PayPerLineAsync(Payment("EX2", 10m, block: block));
        Assert.That((string)perLine["payments"]![0]!["reason"]!, Is.EqualTo("FUND_BLOCK_EXPIRED"));
        await UntilAsync("the money is free", async () => (decimal)(await _simulators.GetBankAsync("accounts/SPONSOR0001"))["available"]! == 10_000_000m);
    }

    [TestCase("""[{"kind":"unheard-of"}]""")]
    [TestCase("""[{"kind":"pay-twice","reference_pattern":"("}]""")]
    [TestCase("""[{"kind":"pay-twice","misspelt":1}]""")]
    public async Task A_rule_that_cannot_be_read_is_refused(string rules)
    {
        using var response = await _simulators.Bank.SendAsync(Post("faults", rules));
        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.BadRequest));
    }

    private static string Body(string reference) => JsonSerializer.Serialize(new[] { Payment(reference) });

    private async Task<long> FiredAsync() => (long)(await _simulators.GetBankAsync("faults"))[0]!["fired"]!;
}
