using G2PBridge.Platform.Jobs;

namespace G2PBridge.IntegrationTests.Platform;

/// <summary>Work that is made on one host is taken by another that is idle, without a poll.</summary>
internal sealed class WorkBroadcastTests : IntegrationTest
{
    private const string Listeners = $"select count(*) from pg_stat_activity where datname = current_database() and query = 'listen {WorkBroadcast.Channel}'";

    [Test]
    public async Task What_one_host_takes_in_is_paid_by_another_that_would_not_look_for_an_hour()
    {
        await using var other = await StartAsync();

        await Journey.ReceiveAsync("E", 3);

        await IsPaidAsync("E");
        Assert.That(Bank.Books, Has.Count.EqualTo(3));
    }

    [Test]
    public async Task A_host_whose_listening_connection_was_cut_listens_again_and_looks_at_what_it_missed()
    {
        await using var other = await StartAsync();
        await ExecuteAsync($"select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and query = 'listen {WorkBroadcast.Channel}'");

        await Journey.ReceiveAsync("E", 3);

        await IsPaidAsync("E");
    }

    /// <summary>Other hosts of the tests listen too; the new one is one more.</summary>
    private static async Task<WorkingHost> StartAsync()
    {
        var before = await ScalarAsync<long>(Listeners);
        var other = await WorkingHost.StartAsync(_ => { });
        await WorkingHost.UntilAsync(async () => await ScalarAsync<long>(Listeners) > before, "The other host listens");
        return other;
    }

    private static Task IsPaidAsync(string envelope) => WorkingHost.UntilAsync(
        async () => await ScalarAsync<string>("select state from disbursement.chunk where envelope_id = $1", envelope) == "Sent", "The envelope is paid");
}
