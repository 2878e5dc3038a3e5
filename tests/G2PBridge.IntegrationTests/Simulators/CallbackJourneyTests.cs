using G2PBridge.Connectors;
using G2PBridge.Modules.Disbursement;
using G2PBridge.Modules.Disbursement.Contracts;
using G2PBridge.Simulators;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace G2PBridge.IntegrationTests.Simulators;

/// <summary>
/// The bridge and the Example Bank over real HTTP, the bank's answer lost each time and no inquiry possible: only its callbacks tell, and
/// they come as badly as callbacks come.
/// </summary>
internal sealed class CallbackJourneyTests : IntegrationTest
{
    private const string Secret = "shared with the bank";
    private const int Lines = 6;

    private TestSimulators _bank = null!;
    private WebApplication _bridge = null!;

    [SetUp]
    public async Task StartAsync()
    {
        _bank = await TestSimulators.StartAsync(options =>
        {
            options.ReturnShare = 0;
            options.OutcomeCallbackUrl = "http://127.0.0.1:9/";
            options.OutcomeCallbackSecret = Secret;
        });
        _bridge = TestHost.Build(
            TestHost.ConnectionString,
            services =>
            {
                services.AddSingleton<TimeProvider>(Clock);
                services.AddSingleton<IMapperConnector>(Mapper);
            },
            ("SponsorBanks:Banks:EXAMPLE-BANK:BaseUrl", _bank.Bank.BaseAddress!.ToString()), ("SponsorBanks:Banks:EXAMPLE-BANK:CanInquire", "false"),
            ("SponsorBanks:Banks:EXAMPLE-BANK:TimeoutSeconds", "1"), ("SponsorBanks:Banks:EXAMPLE-BANK:CallbackSecret", Secret));
        await _bridge.StartAsync();
        _bank.Services.GetRequiredService<IOptions<SimulatorsOptions>>().Value.ExampleBank.OutcomeCallbackUrl = $"{_bridge.Urls.First()}/v1/banks/EXAMPLE-BANK/callbacks";
    }

    [TearDown]
    public async Task StopAsync()
    {
        await _bank.DisposeAsync();
        await _bridge.DisposeAsync();
    }

    [TestCase("""{"kind":"callback-twice","times":4}""")]
    [TestCase("""{"kind":"callback-out-of-order"}""")]
    [TestCase("""{"kind":"callback-late","delay_ms":500}""")]
    [TestCase("""{"kind":"callback-unknown-reference"}""")]
    public async Task What_the_lost_answer_would_have_said_is_learnt_from_callbacks(string fault)
    {
        await _bank.FaultAsync($$"""[{"kind":"timeout-after-accepting","endpoint":"initiate_payment","delay_ms":60000},{"kind":"refuse-later","reference_pattern":"[02468ACEGIKMOQSUWY]$","reason":"ACCOUNT_CLOSED"},{{fault}}]""");
        await Journey.ReceiveAsync("E", Lines, 10);
        await TestHost.WorkAsync(_bridge.Services);
        Assert.That(await ScalarAsync<long>("select count(*) from disbursement.chunk_history where from_state = 'Sending' and to_state = 'Unknown'"), Is.EqualTo(1), "the answer was lost");

        var judged = await _bank.WhenBookedAsync(Lines);
        await TestSimulators.UntilAsync("both callbacks are heard", async () => await ScalarAsync<long>("select count(*) from disbursement.bank_callback where line is not null") == 2 * Lines);
        Clock.Advance(TimeSpan.FromMinutes(1));
        await TestHost.WorkAsync(DisbursementModule.ApplyCallbacks, _bridge.Services);

        var progress = await ProgressAsync();
        Assert.That((progress.Unknown, (long)progress.Sent, (long)progress.Refused), Is.EqualTo((0, (long)judged["paid"]!, (long)judged["refused"]!)));
        Assert.That((long)judged["paid_more_than_once"]!, Is.Zero);
    }

    private static async Task<DispatchProgress> ProgressAsync() => (await SendAsync(new ReadDispatchProgress(["E"]))).Single();
}
