using System.Net;
using static G2PBridge.IntegrationTests.Simulators.TestSimulators;

namespace G2PBridge.IntegrationTests.Simulators;

internal sealed class FundBlockTests
{
    private const string SameBlock = """{"account_number":"SPONSOR0001","currency":"USD","amount":100}""";

    [Test]
    public async Task Twenty_parallel_blocks_never_overdraw()
    {
        await using var simulators = await StartAsync(o => o.Accounts.Add(new() { Number = "SPONSOR0001", OpeningBalance = 1_000m }));
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => simulators.BankAsync("block_funds", SameBlock)));
        Assert.That(answers.Count(a => (string)a["status"]! == "success"), Is.EqualTo(10));
        var account = await simulators.GetBankAsync("accounts/SPONSOR0001");
        Assert.That(((decimal)account["available"]!, (decimal)account["blocked"]!), Is.EqualTo((0m, 1_000m)));
    }

    [Test]
    public async Task Without_a_key_two_calls_are_two_blocks_and_with_one_they_are_one()
    {
        await using var simulators = await StartAsync();
        var first = await simulators.PostBankAsync("block_funds", SameBlock);
        var second = await simulators.PostBankAsync("block_funds", SameBlock);
        Assert.That(second, Is.Not.EqualTo(first));
        var keyed = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => simulators.PostBankAsync("block_funds", SameBlock, ("Idempotency-Key", "k"))));
        Assert.That(keyed.Distinct().Count(), Is.EqualTo(1));
        Assert.That((decimal)(await simulators.GetBankAsync("accounts/SPONSOR0001"))["blocked"]!, Is.EqualTo(300m));
        using var other = await simulators.Bank.SendAsync(Post("block_funds", SameBlock.Replace("100", "101", StringComparison.Ordinal), ("Idempotency-Key", "k")));
        Assert.That(other.StatusCode, Is.EqualTo(HttpStatusCode.Conflict));
    }

    [Test]
    public async Task A_release_gives_back_what_no_payment_claimed_and_only_once()
    {
        await using var simulators = await StartAsync();
        var block = await simulators.BlockAsync(2_500m);
        await simulators.PayAsync(Payment("R1", 1_000m, block: block));
        await simulators.WhenBookedAsync(1);
        var release = $$"""{"block_reference_no":"{{block}}"}""";
        var first = await simulators.PostBankAsync("release_block", release);
        Assert.That(first, Is.EqualTo($$"""{"status":"success","block_reference_no":"{{block}}","released_amount":1500.0,"error_message":""}"""));
        Assert.That(await simulators.PostBankAsync("release_block", release), Is.EqualTo(first));
        var account = await simulators.GetBankAsync("accounts/SPONSOR0001");
        Assert.That(
            ((decimal)account["book"]!, (decimal)account["available"]!, (decimal)account["blocked"]!),
            Is.EqualTo((9_999_000m, 9_999_000m, 0m)));
        Assert.That(await simulators.PostBankAsync("release_block", """{"block_reference_no":"nope"}"""), Does.Contain("Fund block not found"));
    }

    [Test]
    public async Task A_released_block_still_frees_what_was_accepted_and_is_booked_later()
    {
        await using var simulators = await StartAsync(o => o.BookingDelay = TimeSpan.FromMilliseconds(300));
        var block = await simulators.BlockAsync(2_000m);
        await simulators.PayAsync(Payment("L1", 500m, block: block));
        await simulators.BankAsync("release_block", $$"""{"block_reference_no":"{{block}}"}""");
        await simulators.WhenBookedAsync(1);
        var account = await simulators.GetBankAsync("accounts/SPONSOR0001");
        Assert.That(((decimal)account["book"]!, (decimal)account["blocked"]!), Is.EqualTo((9_999_500m, 0m)));
    }

    [Test]
    public async Task Verified_blocks_must_exist_fit_and_suffice()
    {
        await using var simulators = await StartAsync(o => o.VerifyFundBlocks = true);
        var block = await simulators.BlockAsync(1_500m);
        Assert.That((string)(await simulators.PayAsync(Payment("V0", 1m, block: "nope")))["error_message"]!, Is.EqualTo("Invalid funds block reference or mismatch in details"));
        Assert.That((string)(await simulators.PayAsync(Payment("V1", 1_000m, block: block)))["status"]!, Is.EqualTo("success"));
        Assert.That((string)(await simulators.PayAsync(Payment("V2", 1_000m, block: block)))["status"]!, Is.EqualTo("failed"));
        Assert.That((string)(await simulators.PayAsync(Payment("V3", 500m, block: block)))["status"]!, Is.EqualTo("success"));
        var perLine = await simulators.PayPerLineAsync(Payment("V4", 1m, block: block));
        Assert.That((string)perLine["payments"]![0]!["reason"]!, Is.EqualTo("INVALID_FUND_BLOCK"));
        await simulators.WhenBookedAsync(3);
        Assert.That((decimal)(await simulators.GetBankAsync("accounts/SPONSOR0001"))["blocked"]!, Is.Zero);
    }

    [Test]
    public async Task Parallel_payments_never_use_a_verified_block_beyond_its_amount()
    {
        await using var simulators = await StartAsync(o => o.VerifyFundBlocks = true);
        var block = await simulators.BlockAsync(1_000m);
        var answers = await Task.WhenAll(Enumerable.Range(0, 12).Select(i => simulators.PayAsync(Payments($"P{i}-", 2, 100m, block: block))));
        Assert.That(answers.Count(a => (string)a["status"]! == "success"), Is.EqualTo(5));
        await simulators.WhenBookedAsync(10);
        var account = await simulators.GetBankAsync("accounts/SPONSOR0001");
        Assert.That(((decimal)account["book"]!, (decimal)account["blocked"]!), Is.EqualTo((9_999_000m, 0m)));
    }
}
