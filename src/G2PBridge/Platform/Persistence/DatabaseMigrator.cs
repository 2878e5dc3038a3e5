using System.Reflection;
using G2PBridge.Platform.Audit;
using G2PBridge.Platform.Growth;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Npgsql;

namespace G2PBridge.Platform.Persistence;

/// <summary>
/// Brings every module's schema to this version, one module after the other, under one advisory lock, so that two replicas
/// or an operator and a deployment cannot do it at the same time. Forward only.
/// </summary>
internal sealed partial class DatabaseMigrator(
    NpgsqlDataSource source, IServiceScopeFactory scopes, IEnumerable<MigratedContext> contexts, IEnumerable<OptionalIndex> indexes, AuditTables audit, Partitions partitions, ILogger<DatabaseMigrator> logger)
{
    private const long AdvisoryLock = 0x6732_7062_7269_6467;

    /// <summary>The migrations that the database lacks, as <c>schema/migration</c>, the indexes, as <c>schema.index</c>, and the tables whose audit triggers are not of this version; empty when it is up to date.</summary>
    public async Task<IReadOnlyList<string>> PendingAsync(CancellationToken cancellationToken)
    {
        var applied = await AppliedAsync(cancellationToken);
        List<string> pending = [.. Known().Where(migration => !applied.Contains(migration)), .. (await MissingAsync(cancellationToken)).Select(index => $"{index.Schema}.{index.Name}")];
        return pending.Count > 0 ? pending : await audit.PendingAsync(cancellationToken);
    }

    public async Task MigrateAsync(CancellationToken cancellationToken)
    {
        // The usual start finds nothing to do; asking the history tables costs milliseconds, building seven EF models does not.
        if ((await PendingAsync(cancellationToken)).Count > 0)
        {
            await ApplyAsync(cancellationToken);
        }

        await partitions.KeepAsync(cancellationToken);
    }

    private async Task ApplyAsync(CancellationToken cancellationToken)
    {
        await using var guard = await source.OpenConnectionAsync(cancellationToken);
        // A lock of the transaction: one of the session would outlive this in the pool, and the next host would wait for it.
        await using var transaction = await guard.BeginTransactionAsync(cancellationToken);
        await using var take = new NpgsqlCommand("select pg_advisory_xact_lock($1)", guard) { Parameters = { new() { Value = AdvisoryLock } }, CommandTimeout = 0 };
        await take.ExecuteNonQueryAsync(cancellationToken);
        foreach (var context in contexts)
        {
            await using var scope = scopes.CreateAsyncScope();
            var database = ((ModuleDbContext)scope.ServiceProvider.GetRequiredService(context.ContextType)).Database;
            database.SetCommandTimeout(TimeSpan.FromHours(1));
            await database.MigrateAsync(cancellationToken);
            LogMigrated(context.Schema);
        }

        foreach (var index in await MissingAsync(cancellationToken))
        {
            // On a connection of its own: what the lock's transaction held on a table would stand in the way of what follows.
            await using var connection = await source.OpenConnectionAsync(cancellationToken);
            await using var create = new NpgsqlCommand(index.Create, connection) { CommandTimeout = 0 };
            await create.ExecuteNonQueryAsync(cancellationToken);
            LogIndexed(index.Name, index.Schema);
        }

        await audit.ApplyAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    private async Task<List<OptionalIndex>> MissingAsync(CancellationToken cancellationToken)
    {
        var wanted = indexes.Where(index => index.IsWanted).ToList();
        if (wanted.Count == 0)
        {
            return [];
        }

        var present = await source.QueryAsync(
            "select schemaname, indexname from pg_indexes where indexname = any($1)", [wanted.Select(index => index.Name).ToArray()], reader => (reader.GetString(0), reader.GetString(1)), cancellationToken);
        return [.. wanted.Where(index => !present.Contains((index.Schema, index.Name)))];
    }

    /// <summary>Of the modules of this host: one that is switched off has no context here, and its tables are nobody's to miss.</summary>
    private IEnumerable<string> Known() =>
        from type in typeof(DatabaseMigrator).Assembly.GetTypes()
        let migration = type.GetCustomAttribute<MigrationAttribute>()
        let context = type.GetCustomAttribute<DbContextAttribute>()
        where migration is not null && context is not null && contexts.Any(known => known.ContextType == context.ContextType)
        select $"{context.ContextType.Name}/{migration.Id}";

    private async Task<HashSet<string>> AppliedAsync(CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        var present = new HashSet<string>(StringComparer.Ordinal);
        await using (var tables = new NpgsqlCommand("select schemaname from pg_tables where tablename = $1", connection) { Parameters = { new() { Value = ModuleDbContext.HistoryTable } } })
        await using (var reader = await tables.ExecuteReaderAsync(cancellationToken))
        {
            while (await reader.ReadAsync(cancellationToken))
            {
                present.Add(reader.GetString(0));
            }
        }

        var applied = new HashSet<string>(StringComparer.Ordinal);
        foreach (var context in contexts.Where(context => present.Contains(context.Schema)))
        {
            await using var history = new NpgsqlCommand($"""select "MigrationId" from {context.Schema}.{ModuleDbContext.HistoryTable}""", connection);
            await using var reader = await history.ExecuteReaderAsync(cancellationToken);
            while (await reader.ReadAsync(cancellationToken))
            {
                applied.Add($"{context.ContextType.Name}/{reader.GetString(0)}");
            }
        }

        return applied;
    }

    [LoggerMessage(110, LogLevel.Information, "Schema {Schema} is at this version")]
    private partial void LogMigrated(string schema);

    [LoggerMessage(111, LogLevel.Information, "Index {Index} of schema {Schema} was made")]
    private partial void LogIndexed(string index, string schema);
}
