using System.Text.Json.Nodes;
using G2PBridge.Connectors;
using G2PBridge.Modules.Disbursement;
using G2PBridge.Modules.Disbursement.Contracts;
using G2PBridge.Modules.Disbursement.Domain;
using G2PBridge.Platform.Jobs;
using G2PBridge.Platform.Verification;
using G2PBridge.SharedKernel;
using Microsoft.Extensions.DependencyInjection;

namespace G2PBridge.IntegrationTests.Disbursement;

/// <summary>Refused lines are paid again, each under a new reference, as often as their failure is proved and no more.</summary>
internal sealed class RetryTests : DisbursementTest
{
    private const string Path = "v1/envelopes/E/payments/retry";

    [Test]
    public async Task A_refused_line_is_paid_under_its_next_generation_and_everything_adds_up()
    {
        await TwoOfFiveRefusedAsync();

        var answer = await RetryAsync("LIMIT_EXCEEDED");
        await SendRetriesAsync();

        Assert.That(((int)answer["lines"]!, (decimal)answer["amount"]!), Is.EqualTo((2, 2000m)));
        IsProgress(await ProgressAsync(), sent: 5);
        Assert.That(Bank.Orders.Last().Payments.Select(GenerationOf), Is.EqualTo(new[] { 2, 2 }));
        Assert.That(Bank.Books, Has.Count.EqualTo(5));
        NobodyIsPaidTwice();
        Assert.That((string?)(await GetAsync("v1/disbursements/E-D1"))!["state"], Is.EqualTo("SENT"));
        Assert.That((await GetAsync("v1/envelopes/E/exceptions"))!["items"]!.AsArray(), Is.Empty);
        await VerifiesAsync();
    }

    [Test]
    public async Task A_line_that_is_refused_again_can_be_paid_a_third_time()
    {
        await TwoOfFiveRefusedAsync();
        await RetryAsync("LIMIT_EXCEEDED");
        Bank.NextPayment(new PaymentAnswer.Refused("LIMIT_EXCEEDED", "again"));
        await SendRetriesAsync();
        IsProgress(await ProgressAsync(), sent: 3, refused: 2);
        await VerifiesAsync();

        await RetryAsync("LIMIT_EXCEEDED");
        await SendRetriesAsync();

        IsProgress(await ProgressAsync(), sent: 5);
        Assert.That(Bank.Orders.Last().Payments.Select(GenerationOf), Is.EqualTo(new[] { 3, 3 }));
        await VerifiesAsync();
    }

    [Test]
    public async Task Of_many_clicks_at_once_one_counts()
    {
        await TwoOfFiveRefusedAsync();
        var answers = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => PostAsync("Asha", Path, Body("LIMIT_EXCEEDED"))));
        Assert.That(answers.Sum(answer => (int?)answer["lines"] ?? 0), Is.EqualTo(2));
        await SendRetriesAsync();
        IsProgress(await ProgressAsync(), sent: 5);
        NobodyIsPaidTwice();
    }

    [Test]
    public async Task Only_what_is_named_goes_out_again()
    {
        await TwoOfFiveRefusedAsync();
        Assert.That((string?)(await PostAsync("Asha", Path, Body("ACCOUNT_CLOSED")))["code"], Is.EqualTo("NOTHING_TO_RETRY"));
        Assert.That((string?)(await PostAsync("Asha", Path, new JsonObject { ["reason"] = "why" }))["code"], Is.EqualTo("NOTHING_NAMED"));
        var one = await PostAsync("Asha", Path, new JsonObject { ["reason"] = "why", ["disbursement_ids"] = new JsonArray("E-D1", "E-D4") });
        Assert.That((int)one["lines"]!, Is.EqualTo(1));
        await SendRetriesAsync();
        IsProgress(await ProgressAsync(), sent: 4, refused: 1);
    }

    [Test]
    public async Task A_line_whose_debit_a_statement_shows_is_not_paid_again_even_when_it_waits_to_be()
    {
        await TwoOfFiveRefusedAsync();
        await RetryAsync("LIMIT_EXCEEDED");
        await SendAsync(new ConfirmSent([(await ReferencesAsync())[0]], "statement"));

        await SendRetriesAsync();

        IsProgress(await ProgressAsync(), sent: 5);
        Assert.That(Bank.Orders.Last().Payments, Has.Count.EqualTo(1));
        await VerifiesAsync();
    }

    [Test]
    public async Task An_unknown_line_is_not_paid_again_and_a_retry_that_becomes_unknown_is_asked_about()
    {
        await TwoOfFiveRefusedAsync();
        await RetryAsync("LIMIT_EXCEEDED");
        await WorkAsync(Work.TakeFundedWork);
        Crash.At(SendStep.CallAnswered);
        Assert.That(SendOneAsync, Throws.TypeOf<SimulatedCrashException>());
        await RecoverAsync();
        IsProgress(await ProgressAsync(), sent: 3, unknown: 2);
        Assert.That((string?)(await PostAsync("Asha", Path, Body("LIMIT_EXCEEDED")))["code"], Is.EqualTo("NOTHING_TO_RETRY"));
        await VerifiesAsync();

        await LaterAsync();

        IsProgress(await ProgressAsync(), sent: 5);
        NobodyIsPaidTwice();
        await VerifiesAsync();
    }

    [Test]
    public async Task A_complete_envelope_pays_nobody_again()
    {
        await TwoOfFiveRefusedAsync();
        await WorkAsync();
        Assert.That((await ProgressAsync()).Complete);
        Assert.That((string?)(await PostAsync("Asha", Path, Body("LIMIT_EXCEEDED")))["code"], Is.EqualTo("ENVELOPE_COMPLETE"));
    }

    [Test]
    public async Task An_envelope_is_kept_open_for_as_long_as_it_is_set_and_not_completed_over_a_retry()
    {
        await using var host = TestHost.Build(TestHost.ConnectionString, Register, ("Disbursement:KeepOpenForRetry", "02:00:00"));
        await TwoOfFiveRefusedAsync();
        Clock.Advance(TimeSpan.FromHours(1));
        await TestHost.WorkAsync(Work.FinishEnvelopes, host.Services);
        Assert.That((await ProgressAsync()).Complete, Is.False);

        await RetryAsync("LIMIT_EXCEEDED");
        Clock.Advance(TimeSpan.FromHours(2));
        await TestHost.WorkAsync(Work.FinishEnvelopes, host.Services);
        Assert.That((await ProgressAsync()).Complete, Is.False, "two lines wait to be paid again");
        await TestHost.WorkAsync(host.Services);

        Assert.That((await ProgressAsync()).Complete);
        IsProgress(await ProgressAsync(), sent: 5);
    }

    /// <summary>E-D1 and E-D2 are refused for a reason that can be mended; the envelope is still open.</summary>
    private static async Task TwoOfFiveRefusedAsync()
    {
        Bank.NextPayment(order =>
        {
            Bank.Take(order with { Payments = [.. order.Payments.Skip(2)] });
            return Task.FromResult<PaymentAnswer?>(new PaymentAnswer.Accepted([.. order.Payments.Take(2).Select(payment => new PaymentRefusal(payment.Reference, "LIMIT_EXCEEDED", null))], []));
        });
        await ReadyAsync(5);
        await SendOneAsync();
        IsProgress(await ProgressAsync(), sent: 3, refused: 2);
    }

    private static async Task SendRetriesAsync()
    {
        await WorkAsync(Work.TakeFundedWork);
        await WorkAsync(Work.SendChunks);
    }

    private static async Task<JsonNode> RetryAsync(string reasonCode)
    {
        var answer = await PostAsync("Asha", Path, Body(reasonCode));
        Assert.That(answer["lines"], Is.Not.Null, answer.ToJsonString());
        return answer;
    }

    private static JsonObject Body(string reasonCode) => new() { ["reason_codes"] = new JsonArray(reasonCode), ["reason"] = "the bank raised its limit" };

    private static int GenerationOf(Payment payment) =>
        PaymentReference.TryParse(payment.Reference, payment.Reference[..PaymentReference.PrefixLength], out var reference) ? reference.Generation : 0;

    private static async Task VerifiesAsync() => Assert.That(
        (await TestHost.Services.GetRequiredService<InvariantVerification>().RunAsync(CancellationToken.None)).Where(result => result.IsBroken).Select(result => $"{result.Id} {result.Place}: {string.Join(", ", result.Offenders)}"), Is.Empty);

    private static void Register(IServiceCollection services)
    {
        services.AddSingleton<TimeProvider>(Clock);
        services.AddSingleton<IMapperConnector>(Mapper);
        Bank.Register(services);
    }
}
