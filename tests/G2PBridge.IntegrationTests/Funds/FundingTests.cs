using System.Text.Json.Nodes;
using G2PBridge.Connectors;
using G2PBridge.Modules.Funds;
using G2PBridge.Modules.Funds.Contracts;
using G2PBridge.Platform.Jobs;

namespace G2PBridge.IntegrationTests.Funds;

internal sealed class FundingTests : IntegrationTest
{
    private const string Envelope = "E";
    private static readonly string[] Jobs = [Work.TakeEnvelopesDue, FundsModule.Recover, Work.FundEnvelopes, FundsModule.ReleaseFunds, FundsModule.CloseCancelled];

    [Test]
    public async Task An_envelope_that_is_due_is_checked_blocked_and_handed_over_until_acknowledged()
    {
        await ReceiveAsync();
        await FundAsync();
        var status = await StatusAsync();
        Assert.That((status.Available, status.Blocked, status.BlockedAmount, status.Overdue), Is.EqualTo(("FUNDS_AVAILABLE", "FUNDS_BLOCK_SUCCESS", 3000m, false)));
        Assert.That((status.AvailableAttempts, status.BlockedAttempts, status.AvailableErrorCode, status.BlockedErrorCode), Is.EqualTo((1, 1, (string?)null, (string?)null)));

        var funded = await SendAsync(new ListNewFundedEnvelopes(10));
        Assert.That(funded.Single(), Is.EqualTo(new FundedEnvelope(Envelope, 1, new SponsorAccount("EXAMPLE-BANK", "SPONSOR0001", null, null), "USD", 3000m, status.BlockReference!)));
        await SendAsync(new AcknowledgeFundedEnvelopes([Envelope]));
        Assert.That(await SendAsync(new ListNewFundedEnvelopes(10)), Is.Empty);
        Assert.That(await StatesAsync(), Is.EqualTo("CheckPending,Checking,BlockPending,Blocking,Blocked"));
    }

    [Test]
    public async Task A_missed_day_is_funded_late_and_shown_as_overdue()
    {
        await ReceiveAsync();
        Clock.Advance(TimeSpan.FromDays(3));
        await FundAsync();
        Assert.That((await StatusAsync()).Overdue);
    }

    [Test]
    public async Task Money_that_is_not_there_is_waited_for_without_an_end()
    {
        await ReceiveAsync();
        for (var i = 0; i < 10; i++)
        {
            Bank.NextCheck(new FundsCheck.Insufficient("Insufficient funds"));
            await FundAsync();
            Assert.That((await StatusAsync()).Available, Is.EqualTo("FUNDS_NOT_AVAILABLE"));
            Clock.Advance(TimeSpan.FromMinutes(6));
        }

        Assert.That((await StatusAsync()).AvailableErrorCode, Is.EqualTo("FUNDS_NOT_AVAILABLE"));
        await FundAsync();
        var status = await StatusAsync();
        Assert.That((status.Available, status.AvailableAttempts, status.Blocked), Is.EqualTo(("FUNDS_AVAILABLE", 11, "FUNDS_BLOCK_SUCCESS")));
    }

    [Test]
    public async Task A_check_without_an_answer_becomes_an_error_that_heals()
    {
        await ReceiveAsync();
        foreach (var expected in new[] { "PENDING_CHECK", "PENDING_CHECK", "ERROR", "ERROR" })
        {
            Bank.NextCheck(new FundsCheck.NotKnown("time-out"));
            await FundAsync();
            Assert.That((await StatusAsync()).Available, Is.EqualTo(expected));
            Clock.Advance(TimeSpan.FromMinutes(6));
        }

        await FundAsync();
        Assert.That((await StatusAsync()).Available, Is.EqualTo("FUNDS_AVAILABLE"));
    }

    [Test]
    public async Task A_refused_block_is_asked_for_anew_under_another_key()
    {
        await ReceiveAsync();
        Bank.NextBlock(_ => new FundsBlock.Refused("Insufficient funds"));
        await FundAsync();
        Assert.That(((await StatusAsync()).Blocked, (await StatusAsync()).BlockedErrorCode), Is.EqualTo(("FUNDS_BLOCK_FAILURE", "FUNDS_BLOCK_REFUSED")));
        Clock.Advance(TimeSpan.FromMinutes(6));
        await FundAsync();
        Assert.That((await StatusAsync()).Blocked, Is.EqualTo("FUNDS_BLOCK_SUCCESS"));
        Assert.That(Keys().Distinct().Count(), Is.EqualTo(2));
    }

    [Test]
    public async Task An_unknown_block_is_asked_for_again_under_the_same_key()
    {
        await ReceiveAsync();
        Bank.NextBlock(_ => throw new TimeoutException());
        Bank.NextBlock(_ => new FundsBlock.NotSent("no connection"));
        for (var i = 0; i < 2; i++)
        {
            await FundAsync();
            Assert.That(((await StatusAsync()).Blocked, (await StatusAsync()).BlockedErrorCode), Is.EqualTo(("ERROR", "BLOCK_OUTCOME_UNKNOWN")));
            Clock.Advance(TimeSpan.FromMinutes(6));
        }

        await FundAsync();
        Assert.That((await StatusAsync()).Blocked, Is.EqualTo("FUNDS_BLOCK_SUCCESS"));
        Assert.That(Keys(), Has.Count.EqualTo(3));
        Assert.That(Keys().Distinct().Count(), Is.EqualTo(1));
    }

    [Test]
    public async Task An_unknown_block_at_a_bank_without_keys_waits_for_a_person()
    {
        Bank.Capabilities = Bank.Capabilities with { IdempotentBlock = false };
        await ReceiveAsync();
        Bank.NextBlock(_ => throw new TimeoutException());
        for (var i = 0; i < 5; i++)
        {
            await FundAsync();
            Clock.Advance(TimeSpan.FromHours(1));
        }

        Assert.That(Keys(), Has.Count.EqualTo(1));
        Assert.That(((await StatusAsync()).Blocked, (await StatusAsync()).BlockedErrorCode), Is.EqualTo(("ERROR", "BLOCK_OUTCOME_UNKNOWN")));
    }

    [TestCase(true, 2)]
    [TestCase(false, 1)]
    public async Task A_process_that_died_while_blocking_left_an_unknown_block(bool idempotent, int requests)
    {
        Bank.Capabilities = Bank.Capabilities with { IdempotentBlock = idempotent };
        await ReceiveAsync();
        Bank.NextBlock(request =>
        {
            DieAsync().GetAwaiter().GetResult();
            return new FundsBlock.Blocked("LATE", request.Amount);
        });
        for (var i = 0; i < 3; i++)
        {
            await FundAsync();
            Clock.Advance(TimeSpan.FromHours(1));
        }

        Assert.That(Keys(), Has.Count.EqualTo(requests));
        Assert.That(Keys().Distinct().Count(), Is.EqualTo(1));
        Assert.That((await StatusAsync()).Blocked, Is.EqualTo(idempotent ? "FUNDS_BLOCK_SUCCESS" : "ERROR"));
        Assert.That((await StatusAsync()).BlockReference, Is.Not.EqualTo("LATE"), "the late writer has no say");
    }

    [Test]
    public async Task A_process_that_died_while_checking_is_followed_by_another_check()
    {
        await ReceiveAsync();
        Bank.NextCheck(new FundsCheck.Sufficient());
        await WorkAsync(Work.TakeEnvelopesDue);
        await ExecuteAsync("update funds.envelope_funds set state = 'Checking', lease_until = now() - interval '1 second', due_at = null, fence = 7");
        await FundAsync();
        Assert.That((await StatusAsync()).Blocked, Is.EqualTo("FUNDS_BLOCK_SUCCESS"));
    }

    [Test]
    public async Task A_block_that_is_too_small_is_given_back_before_the_whole_is_asked_for_again()
    {
        await ReceiveAsync();
        Bank.NextBlock(request => new FundsBlock.Blocked("SMALL", request.Amount / 2));
        Bank.Release = _ => new BlockRelease.NotKnown("time-out");
        await FundAsync();
        Clock.Advance(TimeSpan.FromHours(1));
        await FundAsync();
        Assert.That(((await StatusAsync()).Blocked, (await StatusAsync()).BlockedErrorCode), Is.EqualTo(("FUNDS_BLOCK_FAILURE", "FUNDS_BLOCK_SHORT")));
        Assert.That(await SendAsync(new ListNewFundedEnvelopes(10)), Is.Empty);
        Assert.That(Keys(), Has.Count.EqualTo(1));

        Bank.Release = _ => new BlockRelease.Released(1500m);
        for (var i = 0; i < 3; i++)
        {
            Clock.Advance(TimeSpan.FromHours(1));
            await FundAsync();
        }

        Assert.That(Bank.Releases, Is.All.EqualTo("SMALL"));
        Assert.That(((await StatusAsync()).Blocked, (await StatusAsync()).BlockedAmount), Is.EqualTo(("FUNDS_BLOCK_SUCCESS", 3000m)));
        Assert.That(Keys().Distinct().Count(), Is.EqualTo(2));
    }

    [Test]
    public async Task A_block_that_is_too_small_and_cannot_be_given_back_waits_for_a_person()
    {
        Bank.Capabilities = Bank.Capabilities with { CanRelease = false };
        await ReceiveAsync();
        Bank.NextBlock(request => new FundsBlock.Blocked("SMALL", request.Amount / 2));
        for (var i = 0; i < 3; i++)
        {
            await FundAsync();
            Clock.Advance(TimeSpan.FromHours(1));
        }

        Assert.That(Keys(), Has.Count.EqualTo(1));
        Assert.That((await StatusAsync()).Blocked, Is.EqualTo("FUNDS_BLOCK_FAILURE"));
    }

    [Test]
    public async Task Nothing_more_is_asked_for_a_cancelled_envelope()
    {
        await ReceiveAsync();
        Bank.NextCheck(new FundsCheck.Insufficient("Insufficient funds"));
        await FundAsync();
        await CancelAsync();
        Clock.Advance(TimeSpan.FromHours(1));
        await FundAsync();
        Assert.That(Keys(), Is.Empty);
        Assert.That(((await StatusAsync()).Available, (await StatusAsync()).Blocked), Is.EqualTo(("NOT_APPLICABLE", "NOT_APPLICABLE")));
    }

    [Test]
    public async Task The_block_of_an_envelope_that_is_cancelled_afterwards_is_given_back_once()
    {
        await ReceiveAsync();
        await FundAsync();
        await CancelAsync();
        Bank.Release = _ => new BlockRelease.Released(3000m);
        for (var i = 0; i < 3; i++)
        {
            Clock.Advance(TimeSpan.FromHours(1));
            await FundAsync();
        }

        Assert.That(Bank.Releases, Has.Count.EqualTo(1));
        Assert.That((await StatusAsync()).ReleasedAmount, Is.EqualTo(3000m));
    }

    [Test]
    public async Task What_is_not_used_is_given_back_once_and_what_is_used_up_not_at_all()
    {
        await ReceiveAsync();
        await FundAsync();
        Bank.Release = _ => new BlockRelease.Released(1000m);
        for (var i = 0; i < 2; i++)
        {
            await SendAsync(new ReleaseUnusedFunds(Envelope, 2000m));
            await FundAsync();
        }

        Assert.That(((await StatusAsync()).ReleasedAmount, Bank.Releases.Count), Is.EqualTo((1000m, 1)));
    }

    [Test]
    public async Task A_block_that_is_used_up_is_not_released()
    {
        await ReceiveAsync();
        await FundAsync();
        await SendAsync(new ReleaseUnusedFunds(Envelope, 3000m));
        await FundAsync();
        Assert.That(Bank.Releases, Is.Empty);
    }

    [Test]
    public async Task An_envelope_of_zero_is_funded_without_asking()
    {
        await PostAsync("create_disbursement_envelopes", Wire.Request(new JsonArray(Wire.Envelope(Envelope, 1, 0m))));
        await PostAsync("create_disbursements", Wire.Request(Wire.Lines(Envelope, 1, 0m), "E-BATCH"));
        await FundAsync();
        Assert.That(((await StatusAsync()).Blocked, Keys().Count), Is.EqualTo(("FUNDS_BLOCK_SUCCESS", 0)));
        await WorkAsync();
        Assert.That(Bank.Orders, Is.Empty);
    }

    [Test]
    public async Task Many_workers_on_one_envelope_block_once()
    {
        await ReceiveAsync();
        await WorkAsync(Work.TakeEnvelopesDue);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => WorkAsync(Work.FundEnvelopes))));
        Assert.That(Keys(), Has.Count.EqualTo(1));
    }

    [Test]
    public async Task Accounts_are_found_by_programme_and_by_number()
    {
        Assert.That((await SendAsync(new FindSponsorAccount(4711, 1)))!.AccountNumber, Is.EqualTo("SPONSOR0001"));
        Assert.That((await SendAsync(new FindSponsorAccountByNumber("SPONSOR0001")))!.SponsorBankCode, Is.EqualTo("EXAMPLE-BANK"));
        Assert.That(await SendAsync(new FindSponsorAccountByNumber("SPONSOR000")), Is.Null);
    }

    private static Task ReceiveAsync() => Journey.ReceiveAsync(Envelope, 3);

    private static async Task FundAsync()
    {
        foreach (var job in Jobs)
        {
            await WorkAsync(job);
        }
    }

    private static async Task CancelAsync() => await PostAsync("cancel_disbursement_envelope", Wire.Request(new JsonArray(new JsonObject { ["id"] = Envelope })));

    /// <summary>What the rest of the world does when a process is gone: its lease ends and is taken back.</summary>
    private static async Task DieAsync()
    {
        await ExecuteAsync("update funds.envelope_funds set lease_until = now() - interval '1 second' where lease_until is not null");
        await WorkAsync(FundsModule.Recover);
    }

    private static async Task<FundsStatus> StatusAsync() => (await SendAsync(new ReadFundsStatus([Envelope]))).Single();

    private static List<string> Keys() => [.. Bank.BlockRequests.Select(request => request.Key)];

    private static Task<string?> StatesAsync() => ScalarAsync<string>("select string_agg(to_state, ',' order by id) from funds.envelope_funds_history");
}
