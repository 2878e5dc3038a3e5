using System.Globalization;
using System.Text.Json.Nodes;
using G2PBridge.IntegrationTests.Disbursement;
using G2PBridge.Platform.Audit;
using G2PBridge.Platform.Persistence;
using G2PBridge.Platform.Verification;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace G2PBridge.IntegrationTests.Audit;

/// <summary>What the trail holds after real work, and that nobody who has every right in the database, but not the key, can change it unseen.</summary>
internal sealed class AuditTrailTests : DisbursementTest
{
    private const string Chain = "blocks";

    [Test]
    public async Task Every_change_has_a_block_that_says_who_made_it_and_what_was_before()
    {
        await ReadyAsync(3);
        await WorkAsync();
        using var paused = await SendAsAsync("grace", "v1/pauses", new JsonObject { ["scope"] = "ENVELOPE", ["value"] = Envelope, ["reason"] = "a question" });
        Assert.That((int)paused.StatusCode, Is.LessThan(300));
        // Jobs are named by the scheduler, which is off here.
        Assert.That(await ScalarAsync<string[]>("select array_agg(distinct actor order by actor) from audit.block where number > 1"), Is.SupersetOf(new[] { "caller grace", "partner TEST_PBMS" }));
        Assert.That(await ScalarAsync<bool>("select exists (select from audit.change c join audit.block b using (transaction) where c.table_name = 'envelopes.envelope' and c.operation = 'update' and c.before ->> 'status' = 'Open' and c.after ->> 'status' = 'Sealed')"));
        Assert.That(await ScalarAsync<long>("select sum(rows) from audit.change where table_name = 'envelopes.disbursement' and operation = 'set'"), Is.EqualTo(3));
        Assert.That(await BrokenAsync(), Is.Empty);
        Assert.That((await VerifyAsync()).Where(result => result.NotApplicable is null).Sum(result => result.Looked), Is.GreaterThan(40));
    }

    [Test]
    public async Task A_row_changed_behind_the_bridges_back_is_named_with_the_block_that_knew_it()
    {
        await ReadyAsync(3);
        var block = await ScalarAsync<long>("select max(b.number) from audit.change c join audit.block b using (transaction) where c.table_name = 'envelopes.disbursement'");
        var line = await ScalarAsync<long>("select min(seq) + 1 from envelopes.disbursement");
        await TamperAsync($"update envelopes.disbursement set beneficiary_id = 'somebody else' where seq = {line}");
        Assert.That(await BrokenAsync(), Is.EqualTo(new[] { $"envelopes: block {block}: envelopes.disbursement seq {line} is not as it was left" }));
    }

    [Test]
    public async Task A_change_that_no_host_has_sealed_is_not_committed()
    {
        await ReadyAsync(1);
        var refused = Assert.ThrowsAsync<PostgresException>(async () =>
        {
            await using var command = TestHost.Source.CreateCommand("update envelopes.envelope set total_quantity = 1000000");
            await command.ExecuteNonQueryAsync();
        });
        Assert.That(refused!.SqlState, Is.EqualTo("23000"));
        Assert.That(refused.MessageText, Does.Contain("no audit block"));
        Assert.That(await BrokenAsync(), Is.Empty);
    }

    [TestCase("is missing", "delete from audit.block where number = {0}; delete from audit.change c where not exists (select from audit.block b where b.transaction = c.transaction)")]
    [TestCase("is not what was sealed", "update audit.block set actor = 'nobody' where number = {0}")]
    [TestCase("is not what was sealed", "update audit.block set at = at + interval '1 day' where number = {0}")]
    [TestCase("is not what was sealed", "update audit.block set seal = sha256(seal) where number = {0}")]
    [TestCase("does not follow", "update audit.block set hash = sha256(hash) where number = {0}")]
    [TestCase("is sealed with the key 0000000000000000", "update audit.block set key_id = '0000000000000000' where number = {0}")]
    [TestCase("has other records", "delete from audit.change where transaction = (select transaction from audit.block where number = {0})")]
    [TestCase("has other records", "update audit.change set operation = 'archive' where no = (select min(no) from audit.change where transaction = (select transaction from audit.block where number = {0}))")]
    [TestCase("is not what was sealed", "update audit.change set before = '{{}}' where transaction = (select transaction from audit.block where number = {0}); update audit.block b set digest = (select sha256(string_agg(audit.image(c), '' order by c.no)) from audit.change c where c.transaction = b.transaction) where number = {0}")]
    public async Task A_broken_block_is_the_first_that_is_named(string what, string tampering)
    {
        await ReadyAsync(3);
        var middle = await ScalarAsync<long>("select max(number) - 5 from audit.block");
        await TamperAsync(string.Format(CultureInfo.InvariantCulture, tampering, middle));
        var chain = (await VerifyAsync()).Single(result => result.Place == Chain);
        Assert.That(chain.IsBroken);
        Assert.That(chain.Offenders[0], Does.StartWith($"block {middle}").And.Contain(what));
    }

    [Test]
    public async Task Whoever_takes_a_block_out_and_links_and_numbers_the_others_anew_is_found()
    {
        await ReadyAsync(3);
        var middle = await ScalarAsync<long>("select max(number) - 5 from audit.block");
        // All that can be computed without the key: numbers, links, and the row as it was.
        await TamperAsync($"""
            delete from audit.change where transaction = (select transaction from audit.block where number = {middle});
            delete from audit.block where number = {middle};
            do $$ declare b record; begin
                for b in select number from audit.block where number > {middle} order by number loop
                    update audit.block set number = b.number - 1, follows = follows - 1,
                        hash = sha256((select p.hash from audit.block p where p.number = b.number - 2) || int8send(b.number - 1) || seal) where number = b.number;
                end loop;
            end $$
            """);
        var chain = (await VerifyAsync()).Single(result => result.Place == Chain);
        Assert.That(chain.Offenders[0], Does.StartWith($"block {middle} is not what was sealed"));
    }

    [Test]
    public async Task A_block_that_was_made_with_another_key_is_not_believed()
    {
        await ReadyAsync(1);
        await using var stranger = Host(("Audit:Keys", AuditKeys.Make()));
        await stranger.Services.GetRequiredService<BridgeDatabase>().ExecuteAsync("update envelopes.envelope set total_quantity = 5000000", [], CancellationToken.None);
        Assert.That((await VerifyAsync()).Single(result => result.Place == Chain).Offenders[0], Does.Contain("is sealed with the key"));
    }

    [Test]
    public async Task An_older_backup_in_the_place_of_the_database_is_told_by_the_notes_outside_it()
    {
        var file = Path.Combine(TestContext.CurrentContext.WorkDirectory, $"anchors-{Guid.CreateVersion7():N}");
        await using var host = Host(("Audit:AnchorFile", file));
        await ReadyAsync(3);
        await host.Services.GetRequiredService<AuditAnchors>().NoteAsync(CancellationToken.None);
        await host.Services.GetRequiredService<AuditAnchors>().NoteAsync(CancellationToken.None);
        Assert.That(await File.ReadAllLinesAsync(file), Has.Length.EqualTo(1), "nothing new, no note");
        Assert.That(Broken(await VerifyAsync(host.Services)), Is.Empty);
        var head = await ScalarAsync<long>("select max(number) from audit.block");

        // As it was before: whole, and every row in order.
        await TestHost.ResetAsync();
        Assert.That(Broken(await VerifyAsync(host.Services)), Is.EqualTo(new[] { $"anchors: line 1: block {head} of 2026-06-19T10:15:00.000000Z is not there: an older state of the database was put back, or blocks were taken away" }));
        Assert.That(await BrokenAsync(), Is.Empty, "the database alone cannot tell");
    }

    [Test]
    public async Task The_last_blocks_cut_off_with_their_rows_are_told_too()
    {
        var file = Path.Combine(TestContext.CurrentContext.WorkDirectory, $"anchors-{Guid.CreateVersion7():N}");
        await using var host = Host(("Audit:AnchorFile", file));
        await ReadyAsync(2);
        var before = await ScalarAsync<long>("select max(transaction) from audit.block");
        await ExecuteAsync("insert into disbursement.pause (scope, value, reason, actor, state, since) values ('Bank', 'X', 'x', 'x', 'Stopping', now())");
        await host.Services.GetRequiredService<AuditAnchors>().NoteAsync(CancellationToken.None);
        await TamperAsync($"delete from disbursement.pause; delete from audit.change where transaction > {before}; delete from audit.block where transaction > {before}");
        Assert.That(Broken(await VerifyAsync(host.Services)), Has.Length.EqualTo(1).And.One.Contains("is not there: an older state"));
    }

    [Test]
    public async Task Hosts_that_seal_at_the_same_moment_make_one_chain_without_a_gap()
    {
        await using var other = Host();
        BridgeDatabase[] hosts = [TestHost.Services.GetRequiredService<BridgeDatabase>(), other.Services.GetRequiredService<BridgeDatabase>()];
        var before = await ScalarAsync<long>("select max(number) from audit.block");
        await Parallel.ForAsync(0, 200, new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (i, cancellationToken) => await hosts[i % 2].ExecuteAsync(
            "insert into disbursement.pause (scope, value, reason, actor, state, since) values ('Bank', $1, 'x', 'x', 'Stopping', now())", [i.ToString(CultureInfo.InvariantCulture)], cancellationToken));
        Assert.That(await ScalarAsync<long>("select max(number) from audit.block"), Is.EqualTo(before + 200));
        Assert.That(await BrokenAsync(), Is.Empty);
    }

    [Test]
    public async Task A_host_that_dies_before_the_commit_leaves_no_gap()
    {
        await ReadyAsync(1);
        var before = await ScalarAsync<long>("select max(number) from audit.block");
        await using (var connection = await TestHost.Source.OpenConnectionAsync())
        {
            await using var transaction = await connection.BeginTransactionAsync();
            await using var change = new NpgsqlCommand("update envelopes.envelope set cycle_id = 7", connection);
            await change.ExecuteNonQueryAsync();
            await using var block = new NpgsqlCommand("select audit.seal(u.transaction, u.changes, u.digest, 'x', now(), u.head, 'x', '\\x00') from audit.unsealed() u", connection);
            Assert.That(await block.ExecuteScalarAsync(), Is.EqualTo(before + 1));
            // Here it dies.
        }

        await ExecuteAsync("update envelopes.envelope set cycle_id = 8");
        Assert.That(await ScalarAsync<long>("select max(number) from audit.block"), Is.EqualTo(before + 1));
        Assert.That(await BrokenAsync(), Is.Empty);
    }

    [Test]
    public async Task What_is_rolled_back_to_a_savepoint_leaves_no_record_and_what_comes_after_the_block_is_refused()
    {
        await ReadyAsync(1);
        var database = TestHost.Services.GetRequiredService<BridgeDatabase>();
        await using var connection = await TestHost.Source.OpenConnectionAsync();
        await using (var transaction = await connection.BeginTransactionAsync())
        {
            await transaction.SaveAsync("before");
            await new NpgsqlCommand("update envelopes.envelope set cycle_id = 7", connection).ExecuteNonQueryAsync();
            await transaction.RollbackAsync("before");
            await new NpgsqlCommand("update envelopes.envelope set cycle_id = 8", connection).ExecuteNonQueryAsync();
            await database.CommitAsync(transaction, CancellationToken.None);
        }

        Assert.That(await BrokenAsync(), Is.Empty);
        Assert.That(await ScalarAsync<int>("select cycle_id from envelopes.envelope"), Is.EqualTo(8));
        await using var late = await connection.BeginTransactionAsync();
        await new NpgsqlCommand("update envelopes.envelope set cycle_id = 9", connection).ExecuteNonQueryAsync();
        await new NpgsqlCommand("select audit.seal(u.transaction, u.changes, u.digest, 'x', now(), u.head, 'x', '\\x00') from audit.unsealed() u", connection).ExecuteNonQueryAsync();
        Assert.That(() => new NpgsqlCommand("update envelopes.envelope set cycle_id = 10", connection).ExecuteNonQuery(), Throws.TypeOf<PostgresException>().With.Message.Contains("after the audit block"));
    }

    [Test]
    public async Task A_new_key_seals_and_the_old_one_is_still_believed()
    {
        await ReadyAsync(1);
        var fresh = AuditKeys.Make();
        await using var rotated = Host(("Audit:Keys", $"{fresh},{TestHost.AuditKey}"));
        await rotated.Services.GetRequiredService<BridgeDatabase>().ExecuteAsync("update envelopes.envelope set cycle_id = 9", [], CancellationToken.None);
        Assert.That(await ScalarAsync<long>("select count(distinct key_id) from audit.block"), Is.EqualTo(2));
        Assert.That(Broken(await VerifyAsync(rotated.Services)), Is.Empty);
    }

    [Test]
    public async Task Rows_that_were_archived_are_no_longer_looked_for_and_all_others_are()
    {
        await ReadyAsync(4);
        await Journey.ReceiveAsync("E2", 3);
        var (first, last) = (await ScalarAsync<long>("select first_seq from envelopes.batch where envelope_id = 'E'"), await ScalarAsync<long>("select last_seq from envelopes.batch where envelope_id = 'E'"));
        await using (var connection = await TestHost.Source.OpenConnectionAsync())
        {
            await using var transaction = await connection.BeginTransactionAsync();
            await TestHost.Services.GetRequiredService<AuditTables>().ArchiveAsync(
                connection, "envelopes.disbursement", $"(select * from envelopes.disbursement where seq between {first} and {last})", new(first, last), CancellationToken.None);
            // As a partition that is detached: no trigger hears of it.
            await new NpgsqlCommand($"set local session_replication_role = replica; delete from envelopes.disbursement where seq between {first} and {last}; set local session_replication_role = origin", connection).ExecuteNonQueryAsync();
            await TestHost.Services.GetRequiredService<BridgeDatabase>().CommitAsync(transaction, CancellationToken.None);
        }

        Assert.That(await BrokenAsync(), Is.Empty);
        await TamperAsync("delete from envelopes.disbursement where seq = (select max(seq) from envelopes.disbursement)");
        Assert.That(await BrokenAsync(), Has.Length.EqualTo(1).And.One.Contains("is gone"));
    }

    [Test]
    public async Task Triggers_that_somebody_has_removed_are_missed()
    {
        await ReadyAsync(1);
        var tables = TestHost.Services.GetRequiredService<AuditTables>();
        try
        {
            await TamperAsync("drop trigger audit_update on envelopes.envelope");
            await ExecuteAsync("update envelopes.envelope set cycle_id = 9");
            Assert.That(await BrokenAsync(), Has.Length.EqualTo(1).And.One.Contains("envelopes.envelope"));
        }
        finally
        {
            Assert.That(await tables.PendingAsync(CancellationToken.None), Is.EqualTo(new[] { "audit/envelopes.envelope" }));
            await tables.ApplyAsync(CancellationToken.None);
            Assert.That(await tables.PendingAsync(CancellationToken.None), Is.Empty);
        }

        Assert.That(await BrokenAsync(), Has.Length.EqualTo(1).And.One.Contains("envelopes.envelope"), "what was done meanwhile stays unknown");
    }

    [Test]
    public async Task Applying_the_triggers_again_changes_nothing()
    {
        var before = await ScalarAsync<long>("select max(number) from audit.block");
        var tables = TestHost.Services.GetRequiredService<AuditTables>();
        Assert.That(await tables.PendingAsync(CancellationToken.None), Is.Empty);
        await tables.ApplyAsync(CancellationToken.None);
        Assert.That(await ScalarAsync<long>("select max(number) from audit.block"), Is.EqualTo(before));
    }

    [Test]
    public void An_audited_table_is_not_truncated() =>
        Assert.That(() => TestHost.Source.CreateCommand("truncate disbursement.line_history").ExecuteNonQuery(), Throws.TypeOf<PostgresException>().With.Message.Contains("not truncated"));

    private static WebApplication Host(params (string Key, string Value)[] settings) =>
        TestHost.Build(TestHost.ConnectionString, services => services.AddSingleton<TimeProvider>(Clock), settings);

    private static async Task<List<InvariantResult>> VerifyAsync(IServiceProvider? services = null) =>
        [.. (await (services ?? TestHost.Services).GetRequiredService<InvariantVerification>().RunAsync(CancellationToken.None)).Where(result => result.Id == "I7")];

    private static async Task<string[]> BrokenAsync() => Broken(await VerifyAsync());

    private static string[] Broken(IEnumerable<InvariantResult> results) => [.. results.SelectMany(result => result.Offenders.Select(offender => $"{result.Place}: {offender}"))];

    /// <summary>As somebody who owns the database, with its triggers asleep.</summary>
    private static async Task TamperAsync(string sql)
    {
        await using var command = TestHost.Source.CreateCommand($"set session_replication_role = replica; {sql}; set session_replication_role = origin");
        await command.ExecuteNonQueryAsync();
    }
}
