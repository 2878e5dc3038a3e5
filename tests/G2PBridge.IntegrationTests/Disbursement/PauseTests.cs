using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using G2PBridge.Commands;
using G2PBridge.Connectors;
using G2PBridge.Modules.Disbursement.Domain;
using G2PBridge.Platform.Jobs;
using Microsoft.Extensions.DependencyInjection;

namespace G2PBridge.IntegrationTests.Disbursement;

/// <summary>A pause holds its scope and nothing else, and once it is acknowledged nothing of it is sent.</summary>
internal sealed class PauseTests : DisbursementTest
{
    [TestCase("all", null, "")]
    [TestCase("bank", "example-bank", "")]
    [TestCase("programme", "CASH-ONE", "E2")]
    [TestCase("envelope", "E", "E2")]
    public async Task A_pause_stops_its_scope_and_nothing_else(string scope, string? value, string paid)
    {
        await TwoReadyAsync();
        var (status, pause) = await PauseAsync(scope, value);
        await WorkAsync(Work.SendChunks);
        Assert.Multiple(async () =>
        {
            Assert.That(status, Is.EqualTo(HttpStatusCode.OK));
            Assert.That((bool)pause["acknowledged"]!, pause.ToJsonString());
            Assert.That(PaidEnvelopes(), Is.EqualTo(paid));
            Assert.That(await PausedAsync("E"), Is.EqualTo($"{scope.ToUpperInvariant()}: bank is closed"));
            Assert.That(await PausedAsync("E2"), Is.EqualTo(paid.Length == 0 ? await PausedAsync("E") : ""));
        });
        Assert.That(await ResumeAsync(pause), Is.EqualTo(HttpStatusCode.OK));
        await WorkAsync(Work.SendChunks);
        Assert.That(PaidEnvelopes(), Is.EqualTo("E,E2"));
        Assert.That(await PausedAsync("E"), Is.Empty);
        NobodyIsPaidTwice();
    }

    [Test]
    public async Task A_pause_of_another_bank_or_programme_holds_nothing()
    {
        await TwoReadyAsync();
        await PauseAsync("programme", "SOMETHING-ELSE");
        Assert.That((await PauseAsync("bank", "NO-SUCH-BANK")).Status, Is.EqualTo(HttpStatusCode.UnprocessableEntity));
        await WorkAsync(Work.SendChunks);
        Assert.That(PaidEnvelopes(), Is.EqualTo("E,E2"));
    }

    [Test]
    public async Task It_is_acknowledged_only_when_nothing_is_on_its_way()
    {
        await ReadyAsync(2);
        var during = default((HttpStatusCode Status, JsonNode Pause));
        Bank.NextPayment(async _ =>
        {
            during = await PauseAsync("envelope", Envelope);
            return null;
        });
        await SendOneAsync();
        var after = (await GetAsync("v1/pauses"))!["items"]![0]!;
        Assert.Multiple(() =>
        {
            Assert.That(during.Status, Is.EqualTo(HttpStatusCode.Accepted));
            Assert.That((string?)during.Pause!["state"], Is.EqualTo("STOPPING"));
            Assert.That((string?)after["state"], Is.EqualTo("PAUSED"));
            Assert.That((bool)after["acknowledged"]!);
        });
    }

    [Test]
    public async Task An_order_whose_sender_died_does_not_keep_a_pause_from_being_acknowledged()
    {
        await ReadyAsync(2);
        Crash.At(SendStep.IntentCommitted);
        Assert.That(SendOneAsync, Throws.TypeOf<SimulatedCrashException>());
        var (whileLeased, _) = await PauseAsync("all", null);
        await ExpireLeasesAsync();
        var (whenDead, _) = await PauseAsync("all", null);
        Assert.That((whileLeased, whenDead), Is.EqualTo((HttpStatusCode.Accepted, HttpStatusCode.OK)));
        await LaterAsync();
        Assert.That(Bank.Orders, Is.Empty, "What the bank proves it never had waits for the end of the pause too.");
        await ResumeAsync((await GetAsync("v1/pauses"))!["items"]![0]!);
        await PassSettleWindowAsync();
        await LaterAsync();
        IsProgress(await ProgressAsync(), sent: 2);
        NobodyIsPaidTwice();
    }

    [TestCase(SendStep.Claimed)]
    [TestCase(SendStep.AddressesRead)]
    [TestCase(SendStep.GateTaken)]
    public async Task A_chunk_that_was_claimed_before_the_pause_is_given_back(SendStep step)
    {
        await ReadyAsync(2);
        HttpStatusCode? status = null;
        Crash.At(step, () => status = PauseAsync("envelope", Envelope).GetAwaiter().GetResult().Status);
        await SendOneAsync();
        Assert.Multiple(async () =>
        {
            Assert.That(status, Is.EqualTo(HttpStatusCode.OK));
            Assert.That(Bank.Orders, Is.Empty);
            Assert.That(await ChunkStateAsync(), Is.EqualTo("Pending"));
            Assert.That(await ChunkErrorAsync(), Is.EqualTo("PAUSED"));
            Assert.That(await SendOneAsync(), Is.False, "It is not claimed again while the pause holds.");
        });
    }

    [Test]
    public async Task A_pause_waits_for_an_intent_that_is_being_written_and_then_sees_it()
    {
        await ReadyAsync(2);
        Task<(HttpStatusCode Status, JsonNode Pause)>? pausing = null;
        Crash.At(SendStep.LinesRead, () =>
        {
            pausing = Task.Run(() => PauseAsync("all", null));
            WaitForWaiterAsync().GetAwaiter().GetResult();
        });
        HttpStatusCode? during = null;
        Bank.NextPayment(async _ =>
        {
            during = (await pausing!).Status;
            return null;
        });
        await SendOneAsync();
        Assert.That(during, Is.EqualTo(HttpStatusCode.Accepted));
        IsProgress(await ProgressAsync(), sent: 2);
    }

    [Test]
    public async Task Pausing_and_sending_at_once_has_one_order([Range(1, 8)] int round)
    {
        await ReadyAsync(3);
        var sentWhenAcknowledged = -1;
        var pause = Task.Run(async () =>
        {
            var (status, _) = await PauseAsync("envelope", Envelope);
            sentWhenAcknowledged = status == HttpStatusCode.OK ? Bank.Orders.Count : -1;
        });
        await Task.WhenAll(pause, Task.Run(SendOneAsync));
        await WorkAsync(Work.SendChunks);
        if (sentWhenAcknowledged >= 0)
        {
            Assert.That(Bank.Orders, Has.Count.EqualTo(sentWhenAcknowledged), $"round {round}");
        }

        NobodyIsPaidTwice();
    }

    [Test]
    public async Task An_order_that_did_not_reach_the_bank_is_not_repeated_while_a_pause_holds()
    {
        await ReadyAsync(2);
        Bank.NextPayment(new PaymentAnswer.NotSent("refused connection", null));
        await SendOneAsync();
        var (_, pause) = await PauseAsync("bank", "EXAMPLE-BANK");
        await LaterAsync();
        Assert.That(Bank.Orders, Has.Count.EqualTo(1));
        await ResumeAsync(pause);
        await LaterAsync();
        IsProgress(await ProgressAsync(), sent: 2);
        NobodyIsPaidTwice();
    }

    [Test]
    public async Task A_pause_holds_in_a_host_that_starts_later()
    {
        await ReadyAsync(2);
        await PauseAsync("all", null);
        await using var other = TestHost.Build(TestHost.ConnectionString, services =>
        {
            services.AddSingleton<TimeProvider>(Clock);
            services.AddSingleton<IMapperConnector>(Mapper);
            Bank.Register(services);
        });
        Assert.That(await TestHost.WorkAsync(Work.SendChunks, other.Services), Is.Zero);
        Assert.That(Bank.Orders, Is.Empty);
    }

    [Test]
    public async Task Pausing_twice_is_one_pause_and_resuming_twice_one_resumption()
    {
        var (_, first) = await PauseAsync("all", null);
        var (_, second) = await PauseAsync("ALL", "");
        Assert.That((long)second["id"]!, Is.EqualTo((long)first["id"]!));
        await ResumeAsync(first);
        Assert.That(await ResumeAsync(first), Is.EqualTo(HttpStatusCode.OK));
        Assert.That(await ResumeAsync(new JsonObject { ["id"] = 4711 }), Is.EqualTo(HttpStatusCode.NotFound));
        var (_, third) = await PauseAsync("all", null);
        Assert.That((long)third["id"]!, Is.Not.EqualTo((long)first["id"]!));
        Assert.That(
            await ScalarAsync<string>("select string_agg(to_state, ',' order by id) from disbursement.pause_history"), Is.EqualTo("Stopping,Paused,Lifted,Stopping,Paused"));
    }

    [TestCase("everything", null, "why", HttpStatusCode.UnprocessableEntity)]
    [TestCase("all", "E", "why", HttpStatusCode.UnprocessableEntity)]
    [TestCase("programme", "", "why", HttpStatusCode.UnprocessableEntity)]
    [TestCase("envelope", "NONE", "why", HttpStatusCode.NotFound)]
    [TestCase("all", null, " ", HttpStatusCode.UnprocessableEntity)]
    public async Task What_cannot_be_paused_is_refused(string scope, string? value, string reason, HttpStatusCode expected)
    {
        var (status, problem) = await PauseAsync(scope, value, reason);
        Assert.That(status, Is.EqualTo(expected));
        Assert.That((string?)problem["detail"], Is.Not.Empty);
    }

    [Test]
    public async Task The_commands_pause_and_resume_a_running_bridge()
    {
        await ReadyAsync(1);
        var url = TestHost.Address.ToString();
        Assert.That(await CommandLine.RunAsync(["pause", "envelope", Envelope, "--reason", "bank is closed", "--url", url]), Is.Zero);
        Assert.That(await SendOneAsync(), Is.False);
        Assert.That(await CommandLine.RunAsync(["resume", "envelope", Envelope, "--url", url]), Is.Zero);
        Assert.That(await SendOneAsync());
        Assert.That(await CommandLine.RunAsync(["resume", "all", "--url", url]), Is.EqualTo(CommandLine.Refused));
    }

    private static async Task TwoReadyAsync()
    {
        await Journey.ReceiveAsync("E", 2, change: envelope => envelope["benefit_program_mnemonic"] = "CASH-ONE");
        await Journey.ReceiveAsync("E2", 2, change: envelope => envelope["benefit_program_mnemonic"] = "CASH-TWO");
        await MakeReadyAsync();
    }

    private static async Task<(HttpStatusCode Status, JsonNode Pause)> PauseAsync(string scope, string? value, string reason = "bank is closed")
    {
        using var answer = await PostRawAsync("v1/pauses", new JsonObject { ["scope"] = scope, ["value"] = value, ["reason"] = reason });
        return (answer.StatusCode, (await answer.Content.ReadFromJsonAsync<JsonNode>())!);
    }

    private static async Task<HttpStatusCode> ResumeAsync(JsonNode pause)
    {
        using var answer = await Http.DeleteAsync(new Uri(TestHost.Address, $"v1/pauses/{pause["id"]}"));
        return answer.StatusCode;
    }

    private static async Task<string> PausedAsync(string envelope) => string.Join(
        ",", (await GetAsync($"v1/envelopes/{envelope}"))!["paused"]!.AsArray().Select(pause => $"{pause!["scope"]}: {pause["reason"]}"));

    private static string PaidEnvelopes() => string.Join(
        ",", Bank.Orders.SelectMany(order => order.Payments).Select(payment => payment.DisbursementId.Split('-')[0]).Distinct().Order(StringComparer.Ordinal));

    /// <summary>Until the database says that somebody waits for the gate.</summary>
    private static async Task WaitForWaiterAsync()
    {
        var begun = Stopwatch.GetTimestamp();
        while (await ScalarAsync<long>("select count(*) from pg_locks where locktype = 'advisory' and not granted") == 0)
        {
            Assert.That(Stopwatch.GetElapsedTime(begun), Is.LessThan(TimeSpan.FromSeconds(20)), "Nobody waits for the gate.");
            await Task.Yield();
        }
    }
}
