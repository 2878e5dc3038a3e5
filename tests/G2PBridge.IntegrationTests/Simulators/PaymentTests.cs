using System.Net;
using System.Text.Json;
using static G2PBridge.IntegrationTests.Simulators.TestSimulators;

namespace G2PBridge.IntegrationTests.Simulators;

internal sealed class PaymentTests
{
    private TestSimulators _simulators = null!;

    [SetUp]
    public async Task StartAsync() => _simulators = await TestSimulators.StartAsync(o => o.ReturnShare = 0);

    [TearDown]
    public async Task StopAsync() => await _simulators.DisposeAsync();

    [Test]
    public async Task A_booked_payment_debits_the_remitter_and_credits_the_payee()
    {
        var block = await _simulators.BlockAsync(2_000m);
        await _simulators.PayAsync(Payment("D1", 1_000m, block: block), Payment("D2", 250.55m, block: block));
        var summary = await _simulators.WhenBookedAsync(2);
        var remitter = await _simulators.GetBankAsync("accounts/SPONSOR0001");
        Assert.That(
            ((decimal)remitter["book"]!, (decimal)remitter["available"]!, (decimal)remitter["blocked"]!),
            Is.EqualTo((9_998_749.45m, 9_998_000m, 749.45m)));
        Assert.That((decimal)(await _simulators.GetBankAsync("accounts/ACC-D2"))["available"]!, Is.EqualTo(250.55m));
        Assert.That(((bool)summary["balances_match_ledger"]!, (bool)summary["legs_match"]!), Is.EqualTo((true, true)));
    }

    [Test]
    public async Task Other_banks_and_wallets_are_credited_to_their_clearing_account()
    {
        var wallet = Payment("W1", 10m);
        (wallet["beneficiary_account_type"], wallet["beneficiary_mobile_wallet_provider"], wallet["beneficiary_account"], wallet["beneficiary_bank_code"]) = ("MOBILE_WALLET", "MPESA", null, null);
        var mail = Payment("W2", 20m);
        (mail["beneficiary_account_type"], mail["beneficiary_email_wallet_provider"], mail["beneficiary_account"]) = ("EMAIL_WALLET", "MAILPAY", null);
        await _simulators.PayAsync(wallet, mail, Payment("O1", 30m, bank: "OTHER"), Payment("O2", 40m, bank: "OTHER"));
        await _simulators.WhenBookedAsync(4);
        foreach (var (account, amount) in new[] { ("CLEARING - MPESA", 10m), ("CLEARING - MAILPAY", 20m), ("CLEARING - OTHER", 70m) })
            Assert.That((decimal)(await _simulators.GetBankAsync("accounts/" + Uri.EscapeDataString(account)))["book"]!, Is.EqualTo(amount), account);
    }

    [Test]
    public async Task A_repeated_reference_is_refused_and_nothing_of_its_array_is_stored()
    {
        await _simulators.PayAsync(Payment("X1"));
        Assert.That(
            (await _simulators.PayAsync(Payment("X2"), Payment("X1"))).ToJsonString(),
            Is.EqualTo("""{"status":"failed","error_message":"DUPLICATE_REFERENCE: X1"}"""));
        Assert.That((string)(await _simulators.PayAsync(Payment("X3"), Payment("X3")))["status"]!, Is.EqualTo("failed"));
        var states = await _simulators.InquireAsync("X2", "X3");
        Assert.That(states.Select(s => (string)s!["status"]!), Is.All.EqualTo("NOT_FOUND"));
    }

    [Test]
    public async Task One_reference_sent_by_twenty_callers_at_once_is_paid_once()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => _simulators.PayAsync(Payments("RACE", 50))));
        Assert.That(answers.Count(a => (string)a["status"]! == "success"), Is.EqualTo(1));
        var summary = await _simulators.WhenBookedAsync(50);
        Assert.That(((long)summary["payments"]!, (long)summary["debits"]!, (long)summary["paid_more_than_once"]!), Is.EqualTo((50, 50, 0)));
    }

    [Test]
    public async Task An_idempotency_key_gives_the_first_answer_again_and_refuses_another_body()
    {
        var body = JsonSerializer.Serialize(new[] { Payment("K1") });
        var key = ("Idempotency-Key", "chunk-1");
        var first = await _simulators.PostBankAsync("initiate_payment", body, key);
        using var again = await _simulators.Bank.SendAsync(Post("initiate_payment", body, key));
        Assert.That(await again.Content.ReadAsStringAsync(), Is.EqualTo(first));
        Assert.That(again.Headers.GetValues("Idempotency-Replayed"), Is.EqualTo(new[] { "true" }));
        using var other = await _simulators.Bank.SendAsync(Post("initiate_payment", JsonSerializer.Serialize(new[] { Payment("K2") }), key));
        Assert.That(other.StatusCode, Is.EqualTo(HttpStatusCode.Conflict));
        Assert.That((long)(await _simulators.WhenBookedAsync(1))["payments"]!, Is.EqualTo(1));
    }

    [Test]
    public async Task The_same_key_sent_by_many_at_once_has_one_effect_and_one_answer()
    {
        var body = JsonSerializer.Serialize(Payments("MANY", 100));
        var answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => _simulators.PostBankAsync("initiate_payment", body, ("Idempotency-Key", "one"))));
        Assert.That(answers, Is.All.EqualTo("""{"status":"success","error_message":""}"""));
        Assert.That((long)(await _simulators.WhenBookedAsync(100))["payments"]!, Is.EqualTo(100));
    }

    [Test]
    public async Task Per_line_results_tell_the_truth_of_each_line()
    {
        await _simulators.PayAsync(Payment("L0"));
        var unsupported = Payment("L2");
        unsupported["beneficiary_account_type"] = "BANK";
        var foreign = Payment("L5");
        foreign["remitting_account"] = "NOBODY";
        var answer = await _simulators.PayPerLineAsync(Payment("L1"), unsupported, Payment("L0"), Payment("L3", 0m), Payment("L4", 1.00001m), foreign);
        Assert.That(answer.ToJsonString(), Is.EqualTo(
            """{"status":"partial","error_message":"","payments":[{"payment_reference_number":"L1","status":"ACCEPTED","reason":null},"""
            + """{"payment_reference_number":"L2","status":"REFUSED","reason":"UNSUPPORTED_ACCOUNT_TYPE"},"""
            + """{"payment_reference_number":"L0","status":"REFUSED","reason":"DUPLICATE_REFERENCE"},"""
            + """{"payment_reference_number":"L3","status":"REFUSED","reason":"INVALID_AMOUNT"},"""
            + """{"payment_reference_number":"L4","status":"REFUSED","reason":"INVALID_AMOUNT"},"""
            + """{"payment_reference_number":"L5","status":"REFUSED","reason":"REMITTING_ACCOUNT_NOT_FOUND"}]}"""));
        await _simulators.WhenBookedAsync(3);
        var states = (await _simulators.InquireAsync("L1", "L2", "L0", "L3")).Select(s => (string)s!["status"]!);
        Assert.That(states, Is.EqualTo(new[] { "PAID", "REFUSED", "PAID", "NOT_FOUND" }));
    }

    [Test]
    public async Task Without_the_header_one_bad_line_refuses_the_array()
    {
        Assert.That(
            (await _simulators.PayAsync(Payment("A1"), Payment("A2", -5m))).ToJsonString(),
            Is.EqualTo("""{"status":"failed","error_message":"INVALID_AMOUNT: A2"}"""));
        Assert.That((string)(await _simulators.InquireAsync("A1"))[0]!["status"]!, Is.EqualTo("NOT_FOUND"));
    }

    [Test]
    public async Task Inquiry_tells_accepted_before_and_paid_after_booking()
    {
        await using var slow = await TestSimulators.StartAsync(o => o.BookingDelay = TimeSpan.FromMilliseconds(500));
        await slow.PayAsync(Payment("I1", 7.5m));
        Assert.That(
            (await slow.InquireAsync("I1")).ToJsonString(),
            Is.EqualTo("""[{"payment_reference_number":"I1","status":"ACCEPTED","reason":null,"amount":7.5,"currency":"USD"}]"""));
        await slow.WhenBookedAsync(1);
        Assert.That((string)(await slow.InquireAsync("I1"))[0]!["status"]!, Is.EqualTo("PAID"));
    }

    [Test]
    public async Task The_judge_pages_through_all_payments_of_an_account()
    {
        await _simulators.PayAsync(Payments("J", 25, 10m));
        await _simulators.PayAsync(Payments("K", 25, 10m));
        await _simulators.WhenBookedAsync(50);
        var references = new List<string>();
        for (string? after = ""; after is not null;)
        {
            var page = await _simulators.GetBankAsync($"ledger/payments?remitting_account=SPONSOR0001&limit=20&after={after}");
            references.AddRange(page["payments"]!.AsArray().Select(p => (string)p!["payment_reference_number"]!));
            Assert.That(page["payments"]!.AsArray().Select(p => ((long)p!["debits"]!, (decimal)p["debited"]!)), Is.All.EqualTo((1L, 10m)));
            after = (string?)page["next"];
        }

        Assert.That(references, Is.Unique);
        Assert.That(references, Has.Count.EqualTo(50));
        var nobody = await _simulators.GetBankAsync("ledger/payments?remitting_account=NOBODY");
        Assert.That(nobody["payments"]!.AsArray(), Is.Empty);
    }
}
