using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using G2PBridge.Connectors;
using G2PBridge.IntegrationTests.Simulators;
using G2PBridge.Modules.Disbursement.Contracts;
using G2PBridge.Modules.Disbursement.Features;
using G2PBridge.Modules.Envelopes.Contracts;
using G2PBridge.Modules.Funds.Contracts;
using G2PBridge.Modules.Reconciliation.Contracts;
using G2PBridge.Platform.Jobs;
using G2PBridge.Platform.Verification;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace G2PBridge.IntegrationTests.Safety;

/// <summary>
/// Every fault that a bank can be told to have, injected into the real example bank over real HTTP: the state that the bridge reaches at
/// once, the one it ends in, and what the bank's own ledger says in the end. Envelope E has three lines of 1000 USD.
/// </summary>
internal sealed class LyingBankTests : IntegrationTest
{
    private const string Envelope = "E";
    private const int Lines = 3;

    private TestSimulators _bank = null!;
    private WebApplication _host = null!;
    private NpgsqlDataSource _books = null!;
    private int _tests;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _bank = await TestSimulators.StartAsync(options => options.VerifyFundBlocks = true, await TestHost.FindDatabaseAsync("g2pbridge_test_lying_bank"));
        _books = NpgsqlDataSource.Create(_bank.ConnectionString);
        _host = TestHost.Build(TestHost.ConnectionString, services =>
        {
            services.AddSingleton<TimeProvider>(Clock);
            services.AddSingleton<IMapperConnector>(Mapper);
        }, ("SponsorBanks:Banks:EXAMPLE-BANK:BaseUrl", _bank.Bank.BaseAddress!.ToString()), ("SponsorBanks:Banks:EXAMPLE-BANK:TimeoutSeconds", "1"),
            ("SponsorBanks:Banks:EXAMPLE-BANK:ReadTries", "1"), ("SponsorBanks:Banks:EXAMPLE-BANK:FailuresBeforeBreak", "1000"), ("SponsorBanks:Banks:EXAMPLE-BANK:CallsPerSecond", "0"));
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await _host.DisposeAsync();
        await _books.DisposeAsync();
        await _bank.DisposeAsync();
    }

    /// <summary>The same line numbers come again with each test, so the bank has to forget its references too.</summary>
    [SetUp]
    public async Task AnHonestBankWithoutPayments()
    {
        using var honest = await _bank.Bank.DeleteAsync("faults");
        // The host remembers until when a bank wants to be left alone; it is later than that in every test.
        Clock.Advance(TimeSpan.FromMinutes(2 * ++_tests));
        for (var left = 5; ; left--)
        {
            try
            {
                await using var forget = _books.CreateCommand(
                    """
                    truncate example_bank.payments, example_bank.ledger, example_bank.batches, example_bank.fund_blocks, example_bank.idempotency_keys, example_bank.statements;
                    update example_bank.accounts set book = opening, blocked = 0;
                    update example_bank.statement_heads h set last_number = 0, closing = a.opening, reported_to = (select last_value from example_bank.ledger_id), unreported = 0, last_booked_at = null
                    from example_bank.accounts a where a.id = h.account_id
                    """);
                await forget.ExecuteNonQueryAsync();
                return;
            }
            catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.DeadlockDetected && left > 0)
            {
                // The bank's own booking was at work.
            }
        }
    }

    [Test]
    public async Task A_time_out_after_accepting_is_unknown_then_sent_once() =>
        await UnknownThenSentAsync("""{"kind":"timeout-after-accepting","endpoint":"initiate_payment","count":1,"delay_ms":5000}""", orders: 1);

    [Test]
    public async Task A_time_out_before_accepting_is_unknown_then_the_same_order_is_sent_once() =>
        await UnknownThenSentAsync("""{"kind":"timeout-before","endpoint":"initiate_payment","count":1,"delay_ms":5000}""", orders: 0);

    [Test]
    public async Task A_reset_in_mid_answer_is_unknown_then_sent_once() =>
        await UnknownThenSentAsync("""{"kind":"reset-mid-answer","endpoint":"initiate_payment","count":1}""", orders: 1);

    [Test]
    public async Task A_5xx_although_the_payment_was_made_is_unknown_then_sent_once() =>
        await UnknownThenSentAsync("""{"kind":"http-5xx","endpoint":"initiate_payment","count":1,"perform":true}""", orders: 1);

    [Test]
    public async Task A_5xx_without_a_payment_is_unknown_then_the_same_order_is_sent_once() =>
        await UnknownThenSentAsync("""{"kind":"http-5xx","endpoint":"initiate_payment","count":1,"perform":false}""", orders: 0);

    [Test]
    public async Task A_200_with_garbage_is_unknown_then_sent_once() =>
        await UnknownThenSentAsync("""{"kind":"garbage-200","endpoint":"initiate_payment","count":1}""", orders: 1);

    [Test]
    public async Task A_slow_drip_is_unknown_then_sent_once() =>
        await UnknownThenSentAsync("""{"kind":"slow-drip","endpoint":"initiate_payment","count":1,"delay_ms":20000}""", orders: 1);

    [TestCase("""{"kind":"too-many-requests","endpoint":"initiate_payment","count":1,"retry_after_seconds":30}""")]
    [TestCase("""{"kind":"maintenance","count":1,"retry_after_seconds":30}""")]
    public async Task Come_back_later_is_prepared_until_then_and_sent_once(string fault)
    {
        await ReadyAsync();
        await FaultAsync(fault);
        await SendOneAsync();
        Assert.That((await ChunkAsync(), await ErrorAsync()), Is.EqualTo(("Prepared", "BANK_NOT_REACHED")));
        Clock.Advance(TimeSpan.FromSeconds(29));
        Assert.That(await SendOneAsync(), Is.False, "the bank's wish is kept");
        Clock.Advance(TimeSpan.FromSeconds(2));
        await SendOneAsync();
        await IsSentOnceAsync();
    }

    [Test]
    public async Task Refusals_line_by_line_are_refused_with_the_banks_reason_and_the_others_sent()
    {
        await ReadyAsync();
        await FaultAsync("""{"kind":"refuse-line","count":1,"reason":"ACCOUNT_CLOSED"}""");
        await SendOneAsync();
        Assert.That(await LinesAsync(), Is.EquivalentTo(new[] { (LineState.Sent, (string?)null), (LineState.Sent, null), (LineState.Refused, "ACCOUNT_CLOSED") }));
        await BankDebitsAsync(2);
        await AllHoldsAsync();
    }

    [Test]
    public async Task An_inquiry_that_first_says_not_found_proves_nothing_and_the_payment_is_sent_once()
    {
        await ReadyAsync();
        await FaultAsync("""{"kind":"timeout-after-accepting","endpoint":"initiate_payment","count":1,"delay_ms":5000}""", """{"kind":"inquiry-not-found-first","times":1}""");
        await SendOneAsync();
        await PassSettlingTimeAsync();
        await InquireAsync();
        Assert.That(await LinesAsync(), Has.All.EqualTo((LineState.Unknown, (string?)"OUTCOME_UNKNOWN")).Or.All.EqualTo((LineState.Unknown, (string?)null)));
        await InquireAsync();
        await IsSentOnceAsync();
    }

    [TestCase("""{"kind":"garbage-200","endpoint":"inquire_payments","count":1}""")]
    [TestCase("""{"kind":"http-5xx","endpoint":"inquire_payments","count":1}""")]
    [TestCase("""{"kind":"timeout-before","endpoint":"inquire_payments","count":1,"delay_ms":5000}""")]
    public async Task An_inquiry_without_a_usable_answer_leaves_unknown_and_is_repeated(string fault)
    {
        await ReadyAsync();
        await FaultAsync("""{"kind":"reset-mid-answer","endpoint":"initiate_payment","count":1}""", fault);
        await SendOneAsync();
        await InquireAsync();
        Assert.That(await ChunkAsync(), Is.EqualTo("Unknown"));
        await InquireAsync();
        await IsSentOnceAsync();
    }

    [Test]
    public async Task A_block_of_less_is_given_back_and_asked_for_again_before_anything_is_sent()
    {
        await FaultAsync("""{"kind":"block-granted-less","count":1,"factor":0.5}""");
        await ReadyAsync();
        Assert.That((await FundsAsync()).BlockedErrorCode, Is.EqualTo("FUNDS_BLOCK_SHORT"));
        Assert.That(await SendOneAsync(), Is.False);
        await LaterAsync();
        Assert.That((await FundsAsync()).BlockedAmount, Is.EqualTo(3000m));
        await IsSentOnceAsync();
        Assert.That(await ScalarAsync(_books, "select count(*) from example_bank.fund_blocks where state = 'RELEASED'"), Is.EqualTo(1));
    }

    [Test]
    public async Task A_block_of_less_that_the_bank_is_silent_about_refuses_the_lines_unpaid()
    {
        await FaultAsync("""{"kind":"block-granted-less","count":1,"factor":0.5,"silent":true}""");
        await ReadyAsync();
        await SendOneAsync();
        Assert.That(await LinesAsync(), Has.All.EqualTo((LineState.Refused, "INVALID_FUND_BLOCK")));
        await BankDebitsAsync(0);
        await AllHoldsAsync();
    }

    [Test]
    public async Task An_expired_block_refuses_the_lines_unpaid()
    {
        await FaultAsync("""{"kind":"block-expired","count":1,"delay_ms":0}""");
        await ReadyAsync();
        await SendOneAsync();
        Assert.That(await LinesAsync(), Has.All.EqualTo((LineState.Refused, "FUND_BLOCK_EXPIRED")));
        await BankDebitsAsync(0);
        await AllHoldsAsync();
    }

    [TestCase("""{"kind":"timeout-after-accepting","endpoint":"block_funds","count":1,"delay_ms":5000}""")]
    [TestCase("""{"kind":"reset-mid-answer","endpoint":"block_funds","count":1}""")]
    [TestCase("""{"kind":"garbage-200","endpoint":"block_funds","count":1}""")]
    public async Task A_block_whose_answer_is_lost_is_unknown_then_the_one_block(string fault)
    {
        await FaultAsync(fault);
        await ReadyAsync();
        Assert.That((await FundsAsync()).BlockedErrorCode, Is.EqualTo("BLOCK_OUTCOME_UNKNOWN"));
        await LaterAsync();
        await IsSentOnceAsync();
        Assert.That(await ScalarAsync(_books, "select count(*) from example_bank.fund_blocks"), Is.EqualTo(1));
    }

    [Test]
    public async Task Maintenance_before_the_money_is_blocked_waits_and_everything_is_sent_once()
    {
        await FaultAsync("""{"kind":"maintenance"}""");
        await ReadyAsync();
        Assert.That((await FundsAsync()).AvailableErrorCode, Is.EqualTo("FUNDS_CHECK_NOT_ANSWERED"));
        using var over = await _bank.Bank.DeleteAsync("faults");
        await LaterAsync();
        await IsSentOnceAsync();
    }

    [Test]
    public async Task A_different_amount_is_an_exception_that_shows_both_figures_and_verification_names_it()
    {
        await ReadyAsync();
        await FaultAsync("""{"kind":"pay-different-amount","count":1,"amount":1500}""");
        await SendOneAsync();
        await BankDebitsAsync(Lines);
        await ReadStatementAsync();
        Assert.That(await UnmatchedAsync(), Is.EqualTo(new[] { ("INVALID_DISBURSEMENT_QUANTITY", "1500.00 USD debited, 1000.00 USD ordered.") }));
        Assert.That(await BrokenAsync(), Is.EqualTo(new[] { "B3" }));
    }

    [Test]
    public async Task A_payment_made_twice_is_an_exception_and_verification_names_it()
    {
        await ReadyAsync();
        await FaultAsync("""{"kind":"pay-twice","count":1}""");
        await SendOneAsync();
        await BankDebitsAsync(Lines + 1);
        await ReadStatementAsync();
        Assert.That(await UnmatchedAsync(), Has.Length.EqualTo(1));
        Assert.That(await BrokenAsync(), Is.EqualTo(new[] { "B1" }));
    }

    private async Task UnknownThenSentAsync(string fault, int orders)
    {
        await ReadyAsync();
        await FaultAsync(fault);
        await SendOneAsync();
        Assert.That((await ChunkAsync(), await ErrorAsync()), Is.EqualTo(("Unknown", "OUTCOME_UNKNOWN")));
        Assert.That(await ScalarAsync(_books, "select count(*) from example_bank.batches"), Is.EqualTo(orders), "what the bank has by now");
        Assert.That(await SendOneAsync(), Is.False, "unknown is not sent again");
        await LaterAsync();
        await IsSentOnceAsync();
    }

    private async Task ReadyAsync()
    {
        await Journey.ReceiveAsync(Envelope, Lines);
        foreach (var job in new[] { Work.TakeBatches, Work.ResolveSlices, Work.TakeEnvelopesDue, Work.FundEnvelopes, Work.TakeFundedWork })
        {
            await TestHost.WorkAsync(job, _host.Services);
        }
    }

    private async Task FaultAsync(params string[] rules) => await _bank.FaultAsync($"[{string.Join(',', rules)}]");

    private Task<bool> SendOneAsync() => TestHost.SendAsync(new SendNextChunk.Command(), _host.Services);

    private async Task InquireAsync()
    {
        Clock.Advance(TimeSpan.FromHours(1));
        await TestHost.WorkAsync(Work.InquireUnknown, _host.Services);
    }

    private async Task LaterAsync()
    {
        for (var i = 0; i < 3; i++)
        {
            Clock.Advance(TimeSpan.FromHours(1));
            await PassSettlingTimeAsync();
            await TestHost.WorkAsync(_host.Services);
        }
    }

    private static Task<int> PassSettlingTimeAsync() => ExecuteAsync("update disbursement.chunk set unknown_at = now() - interval '1 day' where unknown_at is not null");

    private static Task<string?> ChunkAsync() => ScalarAsync<string>("select string_agg(state, ',') from disbursement.chunk");

    private static Task<string?> ErrorAsync() => ScalarAsync<string>("select string_agg(last_error_code, ',') from disbursement.chunk");

    private static async Task<(LineState State, string? Code)[]> LinesAsync()
    {
        var lines = await SendAsync(new FindLinesById([.. Enumerable.Range(1, Lines).Select(line => $"{Envelope}-D{line}")]));
        return [.. (await SendAsync(new FindInstructionsOfLines([.. lines.Select(line => line.Seq)]))).Select(line => (line.State, line.ReasonCode))];
    }

    private static async Task<FundsStatus> FundsAsync() => (await SendAsync(new ReadFundsStatus([Envelope]))).Single();

    /// <summary>Everybody is sent, once by the bank's ledger, and every invariant holds.</summary>
    private async Task IsSentOnceAsync()
    {
        Assert.That(await LinesAsync(), Has.Length.EqualTo(Lines).And.All.EqualTo((LineState.Sent, (string?)null)));
        await BankDebitsAsync(Lines);
        await AllHoldsAsync();
    }

    private async Task BankDebitsAsync(int debits)
    {
        await TestSimulators.UntilAsync("the bank has booked what it took", async () => await ScalarAsync(_books, "select count(*) from example_bank.batches where state = 'ACCEPTED'") == 0);
        Assert.That(await ScalarAsync(_books, "select count(*) from example_bank.ledger where mark = 'D'"), Is.EqualTo(debits), "debits in the bank's ledger");
    }

    private async Task AllHoldsAsync()
    {
        var results = (await _host.Services.GetRequiredService<InvariantVerification>().RunAsync(CancellationToken.None)).Where(result => result.IsBroken).Select(result => result.Id);
        Assert.That(results.Concat(await BrokenAsync()), Is.Empty);
    }

    private async Task<string[]> BrokenAsync() =>
        [.. (await _host.Services.GetRequiredService<IBankLedgerCheck>().CompareAsync(_bank.ConnectionString, CancellationToken.None)).Where(result => result.IsBroken).Select(result => result.Id)];

    private async Task ReadStatementAsync()
    {
        await TestSimulators.UntilAsync("the bank has written its statement", async () => await ScalarAsync(_books, "select count(*) from example_bank.statements") == 1);
        var statement = await _bank.Bank.GetByteArrayAsync($"statements/{await ScalarAsync(_books, "select max(id) from example_bank.statements")}");
        using var file = new ByteArrayContent(statement);
        file.Headers.ContentType = new MediaTypeHeaderValue("text/plain");
        using var form = new MultipartFormDataContent { { file, "statement_file", "statement.mt940" } };
        using var response = await Http.PostAsync(new Uri(TestHost.Address, "upload_mt940"), form);
        Assert.That(JsonNode.Parse(await response.Content.ReadAsStringAsync())!.Succeeded());
        await TestHost.WorkAsync(Work.ReadStatements, _host.Services);
    }

    private static async Task<(string Reason, string Detail)[]> UnmatchedAsync()
    {
        var lines = await SendAsync(new FindLinesById([.. Enumerable.Range(1, Lines).Select(line => $"{Envelope}-D{line}")]));
        return [.. (await SendAsync(new FindUnmatched([.. lines.Select(line => line.Seq)], []))).Select(entry => (entry.ErrorReason, entry.Detail))];
    }

    private static async Task<long> ScalarAsync(NpgsqlDataSource source, string sql)
    {
        await using var command = source.CreateCommand(sql);
        return Convert.ToInt64(await command.ExecuteScalarAsync(), System.Globalization.CultureInfo.InvariantCulture);
    }
}
