using static G2PBridge.IntegrationTests.Simulators.TestSimulators;

namespace G2PBridge.IntegrationTests.Simulators;

internal sealed class ReturnTests
{
    [Test]
    public async Task The_same_seed_returns_the_same_payments_for_the_same_reasons()
    {
        var first = await OutcomesAsync(seed: 1);
        Assert.That(await OutcomesAsync(seed: 1), Is.EqualTo(first));
        Assert.That(await OutcomesAsync(seed: 2), Is.Not.EqualTo(first));
        Assert.That(first.Count(o => o.Status == "RETURNED"), Is.InRange(20, 70));
        Assert.That(first.Select(o => o.Reason).OfType<string>().Distinct().Count(), Is.EqualTo(4));

        static async Task<List<(string Status, string? Reason)>> OutcomesAsync(long seed)
        {
            await using var simulators = await TestSimulators.StartAsync(o => o.Seed = seed);
            var payments = Payments("RT", 150, 10m, bank: "OTHER").ToList();
            await simulators.PayAsync(payments);
            await simulators.WhenBookedAsync(150);
            var states = await simulators.InquireAsync(payments.Select(p => (string)p["payment_reference_number"]!));
            return [.. states.Select(s => ((string)s!["status"]!, (string?)s["reason"]))];
        }
    }

    [Test]
    public async Task Payments_to_the_banks_own_customers_never_come_back()
    {
        await using var simulators = await TestSimulators.StartAsync(o => o.ReturnShare = 1);
        await simulators.PayAsync(Payments("OWN", 20));
        Assert.That((long)(await simulators.WhenBookedAsync(20))["returned"]!, Is.Zero);
    }

    [Test]
    public async Task Returned_money_is_available_again_and_not_blocked()
    {
        await using var simulators = await TestSimulators.StartAsync(o => o.ReturnShare = 1);
        var block = await simulators.BlockAsync(300m);
        await simulators.PayAsync(Payments("BACK", 3, 100m, bank: "OTHER", block: block));
        var summary = await simulators.WhenBookedAsync(3);
        var account = await simulators.GetBankAsync("accounts/SPONSOR0001");
        Assert.That(
            ((decimal)account["book"]!, (decimal)account["available"]!, (decimal)account["blocked"]!),
            Is.EqualTo((10_000_000m, 10_000_000m, 0m)));
        Assert.That(((long)summary["returned"]!, (bool)summary["legs_match"]!), Is.EqualTo((3, true)));
    }

    [Test]
    public async Task A_payment_can_come_back_long_after_it_was_booked_but_only_once()
    {
        await using var simulators = await TestSimulators.StartAsync();
        await simulators.PayAsync(Payment("LATE1", 80m), Payment("LATE2", 20m));
        await simulators.WhenBookedAsync(2);
        const string Ask = """{"payment_reference_numbers":["LATE1","UNKNOWN"],"reason":"ACCOUNT_DECEASED"}""";
        Assert.That(await simulators.PostBankAsync("return_payments", Ask), Is.EqualTo("""{"status":"success","returned_payments":1}"""));
        Assert.That(await simulators.PostBankAsync("return_payments", Ask), Is.EqualTo("""{"status":"success","returned_payments":0}"""));
        var late = (await simulators.InquireAsync("LATE1"))[0]!;
        Assert.That(((string)late["status"]!, (string)late["reason"]!), Is.EqualTo(("RETURNED", "ACCOUNT_DECEASED")));
        var summary = await simulators.GetBankAsync("ledger/summary");
        Assert.That(
            ((decimal)summary["book"]!, (bool)summary["balances_match_ledger"]!, (bool)summary["legs_match"]!),
            Is.EqualTo((9_999_980m, true, true)));
        Assert.That((decimal)(await simulators.GetBankAsync("accounts/ACC-LATE1"))["book"]!, Is.Zero);
    }
}
