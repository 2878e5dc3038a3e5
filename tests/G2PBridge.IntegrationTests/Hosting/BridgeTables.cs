using G2PBridge.Platform.Persistence;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace G2PBridge.IntegrationTests;

/// <summary>The tables of a host, as tests need them: empty, or with a past that the bridge itself would not make.</summary>
internal static class BridgeTables
{
    private const string Schemas = "'access', 'envelopes', 'resolution', 'funds', 'disbursement', 'reconciliation', 'in_kind', 'notifications'";

    /// <summary>As if the migrations had just run: past every trigger, those of the audit trail too, whose first blocks say how each table is watched.</summary>
    public static async Task EmptyAsync(NpgsqlDataSource source)
    {
        await using var connection = await source.OpenConnectionAsync();
        await using var empty = new NpgsqlBatch(connection)
        {
            BatchCommands =
            {
                new("set session_replication_role = replica"),
                new($"""
                    do $$ begin execute (
                        select 'truncate ' || string_agg(format('%I.%I', n.nspname, c.relname), ', ') || ' restart identity cascade'
                          from pg_class c join pg_namespace n on n.oid = c.relnamespace
                         where c.relkind in ('r', 'p') and not c.relispartition and n.nspname in ({Schemas}) and c.relname not in ('{ModuleDbContext.HistoryTable}', 'installation')); end $$
                    """),
                new("delete from audit.change where transaction > (select max(transaction) from audit.change where operation = 'shape')"),
                new("delete from audit.block where transaction > (select max(transaction) from audit.change where operation = 'shape')"),
                new("set session_replication_role = origin"),
            },
        };
        await empty.ExecuteNonQueryAsync();
    }

    /// <summary>Recorded and sealed, as if somebody entitled had done it.</summary>
    public static async Task<int> ExecuteAsync(IServiceProvider services, string sql, params object[] parameters)
    {
        await using var connection = await services.GetRequiredService<NpgsqlDataSource>().OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        foreach (var parameter in parameters)
        {
            command.Parameters.Add(new NpgsqlParameter { Value = parameter });
        }

        var affected = await command.ExecuteNonQueryAsync();
        await services.GetRequiredService<BridgeDatabase>().CommitAsync(transaction, CancellationToken.None);
        return affected;
    }
}
