using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json.Nodes;
using G2PBridge.Connectors;
using G2PBridge.IntegrationTests.Disbursement;
using G2PBridge.Modules.Disbursement.Domain;
using G2PBridge.Modules.Disbursement.Features;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace G2PBridge.IntegrationTests.Safety;

/// <summary>Several hosts, people and stopped processes at one time.</summary>
internal sealed class RaceTests : DisbursementTest
{
    private const int Hosts = 5;

    [Test]
    public async Task Five_hosts_on_one_database_send_each_line_once_and_share_the_work()
    {
        Bank.Capabilities = Bank.Capabilities with { MostPaymentsPerOrder = 2 };
        await ReadyAsync(60);
        var sentBy = new ConcurrentDictionary<int, int>();
        // Nobody is answered before everybody has called, so that no host can be done before the others begin.
        var everybody = new Meeting();
        var hosts = new List<WebApplication>();
        try
        {
            for (var number = 0; number < Hosts; number++)
            {
                var bank = new CountingBank(Bank, number, sentBy, everybody);
                hosts.Add(TestHost.Build(TestHost.ConnectionString, services =>
                {
                    services.AddSingleton<TimeProvider>(Clock);
                    services.AddSingleton<IMapperConnector>(Mapper);
                    services.AddSingleton(new BankConnectorKind("example-bank", (_, _, _) => bank));
                }));
            }

            await Task.WhenAll(hosts.Select(host => Task.Run(async () =>
            {
                while (await TestHost.SendAsync(new SendNextChunk.Command(), host.Services))
                {
                }
            })));
        }
        finally
        {
            foreach (var host in hosts)
            {
                await host.DisposeAsync();
            }
        }

        Assert.Multiple(() =>
        {
            Assert.That(Bank.Books, Has.Count.EqualTo(60));
            NobodyIsPaidTwice();
            Assert.That(sentBy, Has.Count.EqualTo(Hosts), "hosts that sent something");
            Assert.That(sentBy.Values.Sum(), Is.EqualTo(30), "orders");
        });
        IsProgress(await ProgressAsync(), sent: 60);
    }

    [Test]
    public async Task An_order_that_another_host_is_just_claiming_is_passed_over_and_not_waited_for()
    {
        Bank.Capabilities = Bank.Capabilities with { MostPaymentsPerOrder = 1 };
        await ReadyAsync(2);
        await using var other = await TestHost.Source.OpenConnectionAsync();
        await using var claiming = await other.BeginTransactionAsync();
        await using (var claim = new NpgsqlCommand("select id from disbursement.chunk order by id limit 1 for update", other))
        {
            await claim.ExecuteNonQueryAsync();
        }

        Assert.That(await SendOneAsync().WaitAsync(TimeSpan.FromSeconds(20)), Is.True);
        Assert.That(await ChunkStateAsync(), Is.EqualTo("Pending,Sent"));
    }

    [Test]
    public async Task A_cancellation_waits_for_an_intent_that_is_being_written_and_then_sees_it()
    {
        await ReadyAsync(3);
        Task<JsonNode>? cancelling = null;
        Crash.At(SendStep.LinesRead, () =>
        {
            cancelling = Task.Run(() => PostAsync("cancel_disbursement_envelope", Wire.Request(new JsonArray(new JsonObject { ["id"] = Envelope }))));
            WaitUntilSomebodyWaitsAsync(cancelling).GetAwaiter().GetResult();
        });
        await SendOneAsync();
        Assert.That((await cancelling!).Code(), Is.EqualTo("DISBURSEMENT_ALREADY_SENT"));
        IsProgress(await ProgressAsync(), sent: 3);
    }

    [Test]
    public async Task A_sender_that_was_stopped_after_its_intent_until_its_lease_is_nearly_over_does_not_call_the_bank()
    {
        await ReadyAsync(3);
        await using var host = TestHost.Build(TestHost.ConnectionString, services =>
        {
            services.AddSingleton<TimeProvider>(Clock);
            services.AddSingleton<IMapperConnector>(Mapper);
            Bank.Register(services);
            services.AddSingleton<ISendObserver>(Crash);
        }, ("Disbursement:CallTimeout", "00:00:00.050"), ("Disbursement:Lease", "00:00:00.100"));
        Crash.At(SendStep.IntentCommitted, () =>
        {
            for (var since = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(since) < TimeSpan.FromMilliseconds(60);)
            {
                Thread.SpinWait(1000);
            }
        });
        await TestHost.SendAsync(new SendNextChunk.Command(), host.Services);
        Assert.That(Bank.Orders, Is.Empty);
        Assert.That(await ChunkStateAsync(), Is.EqualTo("Prepared").Or.EqualTo("Sending"), "proved unsent, or left to whoever takes the lease");

        await LaterAsync();
        await PassSettleWindowAsync();
        await LaterAsync();
        NobodyIsPaidTwice();
        IsProgress(await ProgressAsync(), sent: 3);
    }

    [TestCase(1)]
    [TestCase(-1)]
    public async Task A_hosts_clock_that_jumps_a_day_ends_no_lease_and_pays_nobody_twice(int days)
    {
        await ReadyAsync(3);
        Bank.NextPayment(async _ =>
        {
            Clock.Advance(TimeSpan.FromDays(days));
            await WorkAsync();
            Assert.That(await ChunkStateAsync(), Is.EqualTo("Sending"), "the database's clock decides about leases");
            return null;
        });
        await SendOneAsync();
        Assert.That(Bank.Orders, Has.Count.EqualTo(1));
        NobodyIsPaidTwice();
        IsProgress(await ProgressAsync(), sent: 3);
    }

    /// <summary>Until the other one waits behind a lock, or is over because nothing held it.</summary>
    private static async Task WaitUntilSomebodyWaitsAsync(Task other)
    {
        while (!other.IsCompleted && await ScalarAsync<long>("select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'") == 0)
        {
            await Task.Yield();
        }
    }

    private sealed class Meeting
    {
        private readonly TaskCompletionSource _all = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _here;

        public Task WaitAsync()
        {
            if (Interlocked.Increment(ref _here) == Hosts)
            {
                _all.SetResult();
            }

            return _all.Task.WaitAsync(TimeSpan.FromSeconds(60));
        }
    }

    /// <summary>One host's way to the one bank.</summary>
    private sealed class CountingBank(ScriptedBank bank, int host, ConcurrentDictionary<int, int> sentBy, Meeting everybody) : IBankConnector
    {
        public BankCapabilities Capabilities => bank.Capabilities;

        public Task<FundsCheck> CheckFundsAsync(FundsRequest request, CancellationToken cancellationToken) => bank.CheckFundsAsync(request, cancellationToken);

        public Task<FundsBlock> BlockFundsAsync(FundsRequest request, CancellationToken cancellationToken) => bank.BlockFundsAsync(request, cancellationToken);

        public Task<BlockRelease> ReleaseBlockAsync(string blockReference, CancellationToken cancellationToken) => bank.ReleaseBlockAsync(blockReference, cancellationToken);

        public async Task<PaymentAnswer> InitiatePaymentsAsync(PaymentOrder order, CancellationToken cancellationToken)
        {
            if (sentBy.AddOrUpdate(host, 1, (_, orders) => orders + 1) == 1)
            {
                await everybody.WaitAsync();
            }

            return await bank.InitiatePaymentsAsync(order, cancellationToken);
        }

        public Task<IReadOnlyList<PaymentInquiry>> InquireAsync(IReadOnlyList<string> references, CancellationToken cancellationToken) => bank.InquireAsync(references, cancellationToken);

        public RecognisedEntry Recognise(StatementEntryText entry) => bank.Recognise(entry);
    }
}
