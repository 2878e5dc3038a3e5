using System.Text.Json;
using G2PBridge.Platform.Persistence;
using G2PBridge.Platform.Protection;
using Npgsql;

namespace G2PBridge.Platform.Audit;

/// <summary>
/// Keeps the triggers of all audited tables as the modules describe them. A table that is new, or whose audited columns are others than
/// before, begins its trail anew: a record of its shape, and the rows that are there, in one sealed transaction.
/// </summary>
internal sealed partial class AuditTables(NpgsqlDataSource source, IEnumerable<AuditedTable> tables, IEnumerable<SealedColumn> sealedColumns, AuditSeal seal, ILogger<AuditTables> logger)
{
    public async Task<IReadOnlyList<AuditShape>> ShapesAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var columns = (await connection.QueryAsync(
            """
            select n.nspname || '.' || c.relname, a.attname::text, coalesce(array_position(i.indkey::int2[], a.attnum), -1)
              from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
              left join pg_index i on i.indrelid = c.oid and i.indisprimary
             where c.oid = any(select to_regclass(name) from unnest($1) name)
             order by 1, a.attnum
            """,
            [tables.Select(table => table.Name).ToArray()], reader => (Table: reader.GetString(0), Column: reader.GetString(1), Key: reader.GetInt32(2)), cancellationToken)).ToLookup(row => row.Table);
        return [.. tables.Select(table => Shape(table, [.. columns[table.Name].Select(row => (row.Column, row.Key))]))];
    }

    /// <summary>Tables whose triggers are not as they must be. To be asked when no migration is missing.</summary>
    public async Task<IReadOnlyList<string>> PendingAsync(CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        return [.. (await FindAsync(connection, cancellationToken)).Select(change => $"audit/{change.Table}")];
    }

    /// <summary>To be called after all migrations, by one host at a time. Blocks writers of a table while its trail begins.</summary>
    public async Task ApplyAsync(CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        foreach (var (table, shape) in await FindAsync(connection, cancellationToken))
        {
            await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
            await using var batch = new NpgsqlBatch(connection, transaction) { Timeout = 0 };
            batch.Add($"lock table {table} in share row exclusive mode");
            foreach (var statement in shape?.Create() ?? AuditShape.Drop(table))
            {
                batch.Add(statement);
            }

            if (shape is not null)
            {
                batch.Add("insert into audit.change (transaction, table_name, operation, after) values (audit.current_transaction(), $1, 'shape', $2::jsonb)", table, shape.Description);
                batch.Add(shape.Adopt());
                LogBegun(table);
            }

            await batch.ExecuteNonQueryAsync(cancellationToken);
            await seal.CommitAsync(transaction, cancellationToken);
        }
    }

    /// <summary>To be called in the transaction that detaches the partition with these rows.</summary>
    public async Task ArchiveAsync(NpgsqlConnection connection, string table, long first, long last, CancellationToken cancellationToken)
    {
        var shape = (await ShapesAsync(connection, cancellationToken)).Single(shape => shape.Table.Name == table);
        await using var record = connection.Statement(shape.Archive(), first, last);
        record.CommandTimeout = 0;
        await record.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>What has to be done: a shape to be made, or nothing in its place where triggers have to go.</summary>
    private async Task<List<(string Table, AuditShape? Shape)>> FindAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var known = await KnownAsync(connection, cancellationToken);
        return seal.IsOn
            ? [.. (await ShapesAsync(connection, cancellationToken)).Where(shape => known.GetValueOrDefault(shape.Table.Name) is not { } found || found != shape.Description).Select(shape => (shape.Table.Name, (AuditShape?)shape))]
            : [.. known.Keys.Select(table => (table, (AuditShape?)null))];
    }

    private AuditShape Shape(AuditedTable table, (string Column, int Key)[] columns)
    {
        // A ciphertext changes with its key and vouches for itself; its fingerprint is audited.
        table = table with { Technical = [.. table.Technical, .. sealedColumns.Where(column => column.Table == table.Name).Select(column => column.Column).Except(table.Technical)] };
        string[] named = [.. table.Technical, .. table.Scope, .. table.Line is { } line ? [line] : Array.Empty<string>()];
        return named.FirstOrDefault(name => !columns.Any(column => column.Column == name)) is { } missing
            ? throw new InvalidOperationException($"The audited table {table.Name} has no column {missing}.")
            : new(
                table,
                [.. columns.Where(column => column.Key >= 0).OrderBy(column => column.Key).Select(column => column.Column)],
                [.. columns.Select(column => column.Column).Except(table.Technical)]);
    }

    /// <summary>Tables with triggers, and the description with which each one's trail last began.</summary>
    private static async Task<Dictionary<string, string?>> KnownAsync(NpgsqlConnection connection, CancellationToken cancellationToken) => (await connection.QueryAsync(
        """
        select a.name, (select c.after::text from audit.change c where c.operation = 'shape' and c.table_name = a.name order by c.no desc limit 1)
          from pg_trigger t join pg_class r on r.oid = t.tgrelid join pg_namespace n on n.oid = r.relnamespace, lateral (select n.nspname || '.' || r.relname as name) a
         where t.tgname = 'audit_insert'
        """,
        [], reader => (Table: reader.GetString(0), Shape: reader.TextOrNull(1)), cancellationToken)).ToDictionary(row => row.Table, row => Normal(row.Shape), StringComparer.Ordinal);

    /// <summary>jsonb has an order of its own.</summary>
    private static string? Normal(string? description) => description is null ? null : AuditShape.Describe(JsonSerializer.Deserialize<AuditDescription>(description)!);

    [LoggerMessage(140, LogLevel.Information, "The audit trail of {Table} begins")]
    private partial void LogBegun(string table);
}
