using System.Text.Json.Nodes;
using G2PBridge.Connectors;
using G2PBridge.Modules.Disbursement.Features;
using G2PBridge.Platform.Jobs;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace G2PBridge.IntegrationTests.Disbursement;

/// <summary>Limits pause by themselves, say why, and wait for a person.</summary>
internal sealed class LimitTests : DisbursementTest
{
    [TestCase(true, "REFUSED_SHARE: 6 of the last 10 payments were refused, more than 50 %.")]
    [TestCase(false, "UNKNOWN_SHARE: of 6 of the last 10 payments the bank did not say what became of them, more than 50 %.")]
    public async Task Too_many_bad_answers_pause_the_bank_until_a_person_lifts_it(bool refused, string cause)
    {
        await using var host = Host(("Limits:Default:MostRefusedPercent", "50"), ("Limits:Default:MostUnknownPercent", "50"), ("Limits:Default:FewestPayments", "8"), ("Disbursement:ChunkSize", "2"));
        await TakeAsync(host, 14);
        await SendAsync(host, 2);
        for (var i = 0; i < 5; i++)
        {
            Bank.NextPayment(refused ? new PaymentAnswer.Refused("NO", "no") : new PaymentAnswer.NotKnown("time-out"));
        }

        await TestHost.WorkAsync(Work.SendChunks, host.Services);

        Assert.That(Bank.Orders, Has.Count.EqualTo(5), "two good and three bad ones; then it is paused");
        var pause = (await GetAsync("v1/pauses"))!["items"]![0]!;
        Assert.That(((string?)pause["scope"], (string?)pause["value"], (string?)pause["actor"], (string?)pause["reason"], (bool)pause["acknowledged"]!), Is.EqualTo(("BANK", "EXAMPLE-BANK", "limit", cause, true)));
        Assert.That((await GetAsync("v1/envelopes/E"))!["paused"]![0]!["reason"]!.ToString(), Is.EqualTo(cause));

        Bank.Reset();
        await Http.DeleteAsync(new Uri(TestHost.Address, $"v1/pauses/{pause["id"]}"));
        await TestHost.WorkAsync(Work.SendChunks, host.Services);
        Assert.That(Bank.Orders, Has.Count.EqualTo(2), "what was seen before it was lifted counts no more");
        Assert.That((await GetAsync("v1/pauses"))!["items"]!.AsArray(), Is.Empty);
    }

    [Test]
    public async Task A_few_bad_answers_among_many_good_ones_pause_nothing()
    {
        await using var host = Host(("Limits:Default:MostRefusedPercent", "50"), ("Limits:Default:FewestPayments", "4"), ("Disbursement:ChunkSize", "2"));
        await TakeAsync(host, 10);
        Bank.NextPayment(new PaymentAnswer.Refused("NO", "no"));
        await TestHost.WorkAsync(Work.SendChunks, host.Services);
        Assert.That(Bank.Orders, Has.Count.EqualTo(5));
    }

    [Test]
    public async Task Only_the_last_payments_count()
    {
        await using var host = Host(("Limits:Default:MostRefusedPercent", "50"), ("Limits:Default:FewestPayments", "4"), ("Limits:Default:LastPayments", "4"), ("Disbursement:ChunkSize", "2"));
        await TakeAsync(host, 20);
        await SendAsync(host, 5);
        Bank.NextPayment(new PaymentAnswer.Refused("NO", "no"));
        Bank.NextPayment(new PaymentAnswer.Refused("NO", "no"));
        await TestHost.WorkAsync(Work.SendChunks, host.Services);
        Assert.That(Bank.Orders, Has.Count.EqualTo(7));
    }

    [TestCase("Limits:Banks:EXAMPLE-BANK:AmountPerDay", "BANK")]
    [TestCase("Limits:Default:AmountPerDay", "BANK")]
    [TestCase("Limits:Programmes:CASHX:AmountPerDay", "PROGRAMME")]
    public async Task The_amount_of_a_day_is_never_passed_by_hosts_that_send_at_once(string setting, string scope)
    {
        await using var first = Host((setting, "7000"), ("Disbursement:ChunkSize", "2"), ("Disbursement:Parallelism", "8"));
        await using var second = Host((setting, "7000"), ("Disbursement:ChunkSize", "2"), ("Disbursement:Parallelism", "8"));
        await TakeAsync(first, 20);

        await Task.WhenAll(new[] { first, second }.SelectMany(host => Enumerable.Range(0, 8).Select(_ => DrainAsync(host))));

        Assert.That(Bank.Books.Values.Sum(entry => entry.Amount), Is.EqualTo(6000m), "the fourth order of 2000 would have passed it");
        var pauses = (await GetAsync("v1/pauses"))!["items"]!.AsArray();
        Assert.That(pauses.Select(pause => ((string?)pause!["scope"], (bool)pause["acknowledged"]!)), Is.EqualTo(new[] { (scope, true) }));
        Assert.That((string?)pauses[0]!["reason"], Is.EqualTo("AMOUNT_PER_DAY: with one more order, more than 7000 USD would be ordered for 2026-06-19."));
    }

    [Test]
    public async Task On_the_next_day_it_goes_on_when_a_person_lifts_the_pause()
    {
        await using var host = Host(("Limits:Default:AmountPerDay", "4000"), ("Disbursement:ChunkSize", "2"));
        await TakeAsync(host, 8);
        await TestHost.WorkAsync(Work.SendChunks, host.Services);
        Assert.That(Bank.Orders, Has.Count.EqualTo(2));

        await LiftAsync();
        await TestHost.WorkAsync(Work.SendChunks, host.Services);
        Assert.That(Bank.Orders, Has.Count.EqualTo(2), "the day is not over: it pauses again");

        Clock.Advance(TimeSpan.FromDays(1));
        await LiftAsync();
        await TestHost.WorkAsync(Work.SendChunks, host.Services);
        Assert.That(Bank.Orders, Has.Count.EqualTo(4));
    }

    [Test]
    public async Task What_was_ordered_before_there_was_a_limit_counts()
    {
        await using var free = Host(("Disbursement:ChunkSize", "2"));
        await TakeAsync(free, 8);
        await SendAsync(free, 2);

        await using var limited = Host(("Limits:Default:AmountPerDay", "6000"), ("Disbursement:ChunkSize", "2"));
        await TestHost.WorkAsync(Work.SendChunks, limited.Services);

        Assert.That(Bank.Orders, Has.Count.EqualTo(3));
    }

    [Test]
    public async Task An_order_that_goes_out_on_another_day_counts_for_that_day()
    {
        await using var host = Host(("Limits:Default:AmountPerDay", "4000"), ("Disbursement:ChunkSize", "2"));
        await TakeAsync(host, 6);
        Bank.NextPayment(new PaymentAnswer.NotSent("no connection", null));
        await SendAsync(host, 1);
        Clock.Advance(TimeSpan.FromDays(1));

        await TestHost.WorkAsync(Work.SendChunks, host.Services);

        Assert.That(Bank.Books.Values.Sum(entry => entry.Amount), Is.EqualTo(4000m));
        Assert.That(await ScalarAsync<decimal>("select amount from disbursement.amount_per_day where day = '2026-06-20'"), Is.EqualTo(4000m));
    }

    private static async Task LiftAsync()
    {
        var pause = (await GetAsync("v1/pauses"))!["items"]![0]!;
        await Http.DeleteAsync(new Uri(TestHost.Address, $"v1/pauses/{pause["id"]}"));
    }

    private static async Task TakeAsync(WebApplication host, int lines)
    {
        await Journey.ReceiveAsync(Envelope, lines);
        foreach (var job in new[] { Work.TakeBatches, Work.ResolveSlices, Work.TakeEnvelopesDue, Work.FundEnvelopes, Work.TakeFundedWork })
        {
            await TestHost.WorkAsync(job, host.Services);
        }
    }

    private static async Task SendAsync(WebApplication host, int chunks)
    {
        for (var i = 0; i < chunks; i++)
        {
            await TestHost.SendAsync(new SendNextChunk.Command(), host.Services);
        }
    }

    private static async Task DrainAsync(WebApplication host)
    {
        while (await TestHost.SendAsync(new SendNextChunk.Command(), host.Services))
        {
        }
    }

    private static WebApplication Host(params (string Key, string Value)[] settings) => TestHost.Build(TestHost.ConnectionString, services =>
    {
        services.AddSingleton<TimeProvider>(Clock);
        services.AddSingleton<IMapperConnector>(Mapper);
        Bank.Register(services);
    }, settings);
}
