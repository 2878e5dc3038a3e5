using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using static G2PBridge.IntegrationTests.Simulators.TestSimulators;

namespace G2PBridge.IntegrationTests.Simulators;

/// <summary>What the Example Bank calls back, and each way in which it calls back wrongly.</summary>
internal sealed class CallbackFaultTests
{
    private const string Secret = "the bank's own secret";

    private readonly ConcurrentQueue<(string Statuses, bool IsSigned, JsonArray Payments)> _calls = new();
    private WebApplication _bridge = null!;
    private TestSimulators _simulators = null!;

    [SetUp]
    public async Task StartAsync()
    {
        _calls.Clear();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _bridge = builder.Build();
        _bridge.MapPost("/callbacks", TakeAsync);
        await _bridge.StartAsync();
        _simulators = await TestSimulators.StartAsync(o =>
        {
            o.ReturnShare = 0;
            o.OutcomeCallbackUrl = _bridge.Urls.Single() + "/callbacks";
            o.OutcomeCallbackSecret = Secret;
        });
    }

    [TearDown]
    public async Task StopAsync()
    {
        await _simulators.DisposeAsync();
        await _bridge.DisposeAsync();
    }

    [Test]
    public async Task A_batch_is_called_back_when_it_is_accepted_and_when_it_is_booked()
    {
        await _simulators.PayAsync(Payments("CB", 2));
        await HeardAsync("ACCEPTED,ACCEPTED", "PAID,PAID");
        Assert.That(_calls.Select(call => call.IsSigned), Is.All.True);
    }

    [Test]
    public async Task Refused_later_is_accepted_first_and_never_paid()
    {
        await _simulators.FaultAsync("""[{"kind":"refuse-later","reference_pattern":"1$","reason":"ACCOUNT_CLOSED"}]""");
        var answer = await _simulators.PayPerLineAsync(Payments("RL", 2));
        Assert.That((string)answer["status"]!, Is.EqualTo("success"));
        await HeardAsync("ACCEPTED,ACCEPTED", "REFUSED,PAID");
        Assert.That((string)(await _simulators.InquireAsync("RL00001"))[0]!["status"]!, Is.EqualTo("REFUSED"));
        Assert.That((long)(await _simulators.WhenBookedAsync(2))["paid"]!, Is.EqualTo(1));
    }

    [Test]
    public async Task Out_of_order_the_first_comes_last()
    {
        await _simulators.FaultAsync("""[{"kind":"callback-out-of-order"}]""");
        await _simulators.PayAsync(Payment("OO1"));
        await HeardAsync("PAID", "ACCEPTED");
    }

    [Test]
    public async Task Twice_is_as_often_as_the_rule_says()
    {
        await _simulators.FaultAsync("""[{"kind":"callback-twice","times":2,"count":1}]""");
        await _simulators.PayAsync(Payment("TW1"));
        await HeardAsync("ACCEPTED", "ACCEPTED", "ACCEPTED", "PAID");
    }

    [Test]
    public async Task Late_comes_after_the_other()
    {
        await _simulators.FaultAsync("""[{"kind":"callback-late","delay_ms":1500,"count":1}]""");
        await _simulators.PayAsync(Payment("LA1"));
        await HeardAsync("PAID", "ACCEPTED");
    }

    [Test]
    public async Task Unknown_references_other_amounts_and_forged_signatures_are_called_back_too()
    {
        await _simulators.FaultAsync("""[{"kind":"callback-unknown-reference","count":1},{"kind":"callback-different-amount","count":1,"amount":1.5},{"kind":"callback-forged","count":1}]""");
        await _simulators.PayAsync(Payment("UK1"));
        await HeardAsync("ACCEPTED,PAID", "PAID");
        Assert.That(_calls.Select(call => call.IsSigned), Is.EqualTo(new[] { false, true }));
        Assert.That((decimal)_calls.First().Payments[0]!["amount"]!, Is.EqualTo(1.5m));
    }

    private async Task HeardAsync(params string[] expected)
    {
        await UntilAsync($"{expected.Length} callbacks are heard", () => Task.FromResult(_calls.Count >= expected.Length));
        Assert.That(_calls.Select(call => call.Statuses), Is.EqualTo(expected));
    }

    private async Task TakeAsync(HttpContext context)
    {
        using var reader = new StreamReader(context.Request.Body);
        var body = await reader.ReadToEndAsync();
        var payments = JsonNode.Parse(body)!["payments"]!.AsArray();
        var signature = "sha256=" + Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(Secret), Encoding.UTF8.GetBytes(body)));
        _calls.Enqueue((string.Join(',', payments.Select(payment => (string?)payment!["status"])), context.Request.Headers["X-Signature"] == signature, payments));
    }
}
