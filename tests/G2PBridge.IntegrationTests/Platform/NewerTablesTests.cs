using G2PBridge.Modules.Disbursement.Contracts;
using G2PBridge.Platform.Persistence;
using Microsoft.Extensions.DependencyInjection;

namespace G2PBridge.IntegrationTests.Platform;

/// <summary>During an upgrade this program works on tables that a newer one has already migrated.</summary>
internal sealed class NewerTablesTests : IntegrationTest
{
    private const string Tables =
        """
        select string_agg(format('alter table %I.%I {0};', n.nspname, c.relname), ' ')
        from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where c.relkind in ('r', 'p') and not c.relispartition and n.nspname in ('envelopes', 'resolution', 'funds', 'disbursement', 'reconciliation')
        """;

    private const string Future = "99991231000000_FromTheFuture";

    [Test]
    public async Task An_envelope_is_paid_although_every_table_has_a_column_that_nobody_here_knows()
    {
        await ExecuteAsync((await ScalarAsync<string>(Tables.Replace("{0}", "add column from_the_future text default ''later''", StringComparison.Ordinal)))!);
        await ExecuteAsync($"insert into disbursement.{ModuleDbContext.HistoryTable} (\"MigrationId\", \"ProductVersion\") values ('{Future}', '99')");
        try
        {
            Assert.That(await TestHost.Services.GetRequiredService<DatabaseMigrator>().PendingAsync(CancellationToken.None), Is.Empty, "it starts beside a newer one");
            await Journey.ReceiveAsync("E", 3);
            await WorkAsync();
            var progress = (await SendAsync(new ReadDispatchProgress(["E"]))).Single();
            Assert.That((progress.Sent, progress.Complete), Is.EqualTo((3, true)));
            Assert.That(await ScalarAsync<long>("select count(*) from disbursement.instruction where from_the_future = 'later'"), Is.EqualTo(3));
        }
        finally
        {
            await ExecuteAsync($"delete from disbursement.{ModuleDbContext.HistoryTable} where \"MigrationId\" = '{Future}'");
            await ExecuteAsync((await ScalarAsync<string>(Tables.Replace("{0}", "drop column from_the_future", StringComparison.Ordinal)))!);
        }
    }
}
