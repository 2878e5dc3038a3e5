using System.Net;
using System.Text.Json.Nodes;
using G2PBridge.IntegrationTests.Disbursement;
using G2PBridge.Modules.Disbursement.Domain;
using Npgsql;

namespace G2PBridge.IntegrationTests.Safety;

/// <summary>
/// What a restart of PostgreSQL, a failover or a broken network does to a sender: all its connections end in the middle of a step. Nothing is
/// lost, nothing stays leased, and the same host goes on by itself. Real restarts of a real server are in tests/G2PBridge.ChaosRunner.
/// </summary>
internal sealed class LostConnectionTests : DisbursementTest
{
    [TestCaseSource(nameof(Steps))]
    public async Task Connections_that_break_at_any_step_of_sending_lose_nothing_and_pay_nobody_twice(SendStep step)
    {
        await ReadyAsync(5);
        Crash.At(step, BreakConnections);
        try
        {
            await SendOneAsync();
        }
        catch (Exception exception) when (exception is NpgsqlException or IOException)
        {
            // The job's loop logs it and goes on.
        }

        TestHost.Source.Clear();
        await GoOnAsync();
        NobodyIsPaidTwice();
        Assert.That(Bank.Books, Has.Count.EqualTo(5));
        IsProgress(await ProgressAsync(), sent: 5);
        Assert.That((await ProgressAsync()).Complete);
        Assert.That(await ScalarAsync<long>("select count(*) from disbursement.chunk where lease_until is not null"), Is.Zero);
    }

    [Test]
    public async Task A_commit_whose_answer_is_lost_does_not_send_without_its_intent()
    {
        await ReadyAsync(5);
        Crash.At(SendStep.BeforeIntentCommit, BreakConnections);
        Assert.That(SendOneAsync, Throws.InstanceOf<Exception>());
        TestHost.Source.Clear();
        Assert.That(Bank.Orders, Is.Empty);
        Assert.That(await ScalarAsync<long>("select count(*) from disbursement.instruction"), Is.Zero);
    }

    [TestCase("fund-envelopes")]
    [TestCase("resolve-slices")]
    [TestCase("inquire-unknown")]
    public async Task Connections_that_break_while_an_answer_is_awaited_are_made_up_for(string job)
    {
        switch (job)
        {
            case "fund-envelopes":
                Bank.NextCheck(new Connectors.FundsCheck.Sufficient());
                Bank.NextBlock(request =>
                {
                    BreakConnections();
                    return new Connectors.FundsBlock.Blocked($"BLOCK-{request.Key}", request.Amount);
                });
                break;
            case "resolve-slices":
                Mapper.Next(_ =>
                {
                    BreakConnections();
                    return null;
                });
                break;
            default:
                Bank.NextPayment(order =>
                {
                    Bank.Take(order);
                    return Task.FromResult<Connectors.PaymentAnswer?>(new Connectors.PaymentAnswer.NotKnown("time-out"));
                });
                Bank.Inquiry = _ =>
                {
                    Bank.Inquiry = null;
                    BreakConnections();
                    return null;
                };
                break;
        }

        await Journey.ReceiveAsync(Envelope, 5);
        await GoOnAsync();
        NobodyIsPaidTwice();
        Assert.That(Bank.Books, Has.Count.EqualTo(5));
        IsProgress(await ProgressAsync(), sent: 5);
        Assert.That(Bank.BlockRequests.Select(request => request.Key).Distinct().Count(), Is.EqualTo(1));
    }

    [Test]
    public async Task A_database_that_takes_no_writes_sends_nothing_and_everything_goes_on_when_it_does()
    {
        await ReadyAsync(5);
        var database = new NpgsqlConnectionStringBuilder(TestHost.ConnectionString).Database;
        await AdministerAsync($"alter database {database} set default_transaction_read_only = on");
        try
        {
            BreakConnections();
            TestHost.Source.Clear();
            Assert.That(SendOneAsync, Throws.InstanceOf<PostgresException>());
            Assert.That(Bank.Orders, Is.Empty);
            using var answer = await PostRawAsync("create_disbursement_envelopes", Wire.Request(new JsonArray(Wire.Envelope("E2", 1, 10m))));
            Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.ServiceUnavailable));
        }
        finally
        {
            await AdministerAsync($"alter database {database} reset default_transaction_read_only");
            BreakConnections();
            TestHost.Source.Clear();
        }

        await GoOnAsync();
        NobodyIsPaidTwice();
        IsProgress(await ProgressAsync(), sent: 5);
    }

    /// <summary>As <see cref="DisbursementTest.LaterAsync"/>, and a job that finds its connection broken is simply run again.</summary>
    private static async Task GoOnAsync()
    {
        for (var i = 0; i < 6; i++)
        {
            try
            {
                Clock.Advance(PastEveryPause);
                foreach (var table in new[] { "disbursement.chunk", "funds.envelope_funds", "resolution.slice" })
                {
                    await ExecuteAsync($"update {table} set lease_until = now() - interval '1 second' where lease_until is not null");
                }

                await PassSettleWindowAsync();
                await WorkAsync();
            }
            catch (Exception exception) when (exception is NpgsqlException or IOException)
            {
                TestHost.Source.Clear();
            }
        }
    }

    private static async Task AdministerAsync(string sql)
    {
        await using var source = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(TestHost.ConnectionString) { Pooling = false, Options = "-c default_transaction_read_only=off" });
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    private static void BreakConnections()
    {
        using var source = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(TestHost.ConnectionString) { Pooling = false });
        using var end = source.CreateCommand("select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()");
        end.ExecuteNonQuery();
    }

    private static SendStep[] Steps() => Enum.GetValues<SendStep>();
}
