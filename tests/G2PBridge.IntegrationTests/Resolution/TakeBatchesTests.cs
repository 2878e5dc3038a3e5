using G2PBridge.Modules.Envelopes.Contracts;
using G2PBridge.Modules.Resolution.Features;
using G2PBridge.Platform.Jobs;
using Npgsql;

namespace G2PBridge.IntegrationTests.Resolution;

internal sealed class TakeBatchesTests : ResolutionTest
{
    [Test]
    public async Task A_batch_is_cut_into_slices_and_acknowledged()
    {
        await ReceiveAsync(25);
        await using var host = TestHost.Build(TestHost.ConnectionString, _ => { }, ("Resolution:SliceSize", "10"));

        Assert.That(await TestHost.SendAsync(new TakeBatches.Command(), host.Services), Is.True);

        Assert.That(await ScalarAsync<string>("select string_agg(lines::text, ',' order by first_seq) from resolution.slice"), Is.EqualTo("10,10,5"));
        Assert.That(await SendAsync(new ListNewBatches(10)), Is.Empty);
        Assert.That(await BatchStatusAsync(), Is.EqualTo("PENDING"));
    }

    [Test]
    public async Task Whoever_died_before_acknowledging_is_given_the_batch_again_and_cuts_nothing_twice()
    {
        await TakeAsync(25);
        await ExecuteAsync("update envelopes.batch set taken_at = null");
        await using var host = TestHost.Build(TestHost.ConnectionString, _ => { }, ("Resolution:SliceSize", "10"));

        await TestHost.WorkAsync(Work.TakeBatches, host.Services);

        Assert.That(await ScalarAsync<long>("select count(*) from resolution.slice"), Is.EqualTo(1));
        Assert.That(await SendAsync(new ListNewBatches(10)), Is.Empty);
    }

    [Test]
    public async Task The_database_refuses_a_second_slice_for_a_line()
    {
        await TakeAsync(5);

        Assert.That(
            () => ExecuteAsync("""
                insert into resolution.slice (envelope_id, batch_id, batch_number, first_seq, last_seq, status, attempts, failed_attempts, rounds, due_at, fence,
                                              lines, resolved, resolved_quantity, unresolved, created_at, updated_at)
                select envelope_id, 'another', 99, last_seq, last_seq + 5, 'Pending', 0, 0, 0, now(), 0, 6, 0, 0, 0, now(), now() from resolution.slice
                """),
            Throws.TypeOf<PostgresException>().With.Property("ConstraintName").EqualTo("ex_slice_lines"));
    }

    [Test]
    public async Task Nothing_new_is_nothing_to_do() => Assert.That(await SendAsync(new TakeBatches.Command()), Is.False);
}
