using G2PBridge.Platform.Persistence;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace G2PBridge.IntegrationTests;

/// <summary>The tables of a host, as tests need them: empty, or with a past that the bridge itself would not make.</summary>
internal static class BridgeTables
{
    private static readonly string[] Schemas = ["access", "envelopes", "resolution", "funds", "disbursement", "reconciliation", "in_kind", "notifications", "growth"];

    /// <summary>Of each database its tables, and the statement that begins its sequences anew.</summary>
    private static readonly Dictionary<string, (List<string> Tables, string Sequences)> Known = new(StringComparer.Ordinal);

    /// <summary>As if the migrations had just run: past every trigger, those of the audit trail too, whose first blocks say how each table is watched and which keys this host entered.</summary>
    public static async Task EmptyAsync(NpgsqlDataSource source)
    {
        await using var connection = await source.OpenConnectionAsync();
        if (!Known.TryGetValue(source.ConnectionString, out var known))
        {
            var tables = await NamesAsync(
                connection,
                $"""
                select format('%I.%I', n.nspname, c.relname)
                  from pg_class c join pg_namespace n on n.oid = c.relnamespace
                 where c.relkind in ('r', 'p') and not c.relispartition and n.nspname = any(@schemas)
                   and c.relname not in ('{ModuleDbContext.HistoryTable}', 'installation')
                """);
            var sequences = await NamesAsync(connection, "select format('%I.%I', schemaname, sequencename) from pg_sequences where schemaname = any(@schemas)");
            Known[source.ConnectionString] = known = (tables, $"select {string.Join(", ", sequences.Select(sequence => $"setval('{sequence}', 1, false)"))}");
        }

        // A test fills a few tables out of many, and emptying all of them would take longer than many a test.
        var filled = await NamesAsync(connection, string.Join(" union all ", known.Tables.Select(table => $"(select '{table}' from {table} limit 1)")));
        // Truncating makes new files, after which every connection plans its statements anew; deleting a test's few rows does not.
        await using var empty = new NpgsqlCommand(
            $"""
            set session_replication_role = replica;
            {string.Concat(filled.Select(table => $"delete from {table};"))}
            {known.Sequences};
            delete from audit.block where transaction > (select max(transaction) from audit.change where operation = 'shape' or table_name = 'protection.data_key');
            delete from audit.change where transaction > (select max(transaction) from audit.change where operation = 'shape' or table_name = 'protection.data_key');
            set session_replication_role = origin
            """,
            connection);
        await empty.ExecuteNonQueryAsync();
    }

    /// <summary>After this a table takes no room; rows that were deleted leave their files behind.</summary>
    public static async Task TruncateAsync(NpgsqlDataSource source, IEnumerable<string> tables)
    {
        await using var truncate = source.CreateCommand($"set session_replication_role = replica; truncate {string.Join(", ", tables)} cascade; reset session_replication_role");
        await truncate.ExecuteNonQueryAsync();
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

    private static async Task<List<string>> NamesAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        if (sql.Contains("@schemas", StringComparison.Ordinal))
        {
            command.Parameters.AddWithValue("schemas", Schemas);
        }

        await using var reader = await command.ExecuteReaderAsync();
        var names = new List<string>();
        while (await reader.ReadAsync())
        {
            names.Add(reader.GetString(0));
        }

        return names;
    }
}
