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
            select n.nspname || '.' || c.relname, a.attname::text, case when array_position(i.indkey::int2[], a.attnum) < i.indnkeyatts then array_position(i.indkey::int2[], a.attnum) else -1 end
              from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
              left join pg_index i on i.indrelid = c.oid and i.indisprimary
             where c.oid = any(select to_regclass(name) from unnest($1) name)
             order by 1, a.attnum
            """,
            [tables.Select(table => table.Name).ToArray()], reader => (Table: reader.GetString(0), Column: reader.GetString(1), Key: reader.GetInt32(2)), cancellationToken)).ToLookup(row => row.Table);
        return [.. tables.Select(table => Shape(table, [.. columns[table.Name].Select(row => (row.Column, row.Key))]))];
    }

    /// <summary>
    /// Tables whose triggers are not as they must be. To be asked when no migration is missing. A column that only a newer version knows is that
    /// version's to record: this one starts beside it.
    /// </summary>
    public async Task<IReadOnlyList<string>> PendingAsync(CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        return [.. (await FindAsync(connection, cancellationToken)).Where(change => !change.IsWiderOnly).Select(change => $"audit/{change.Table}")];
    }

    /// <summary>To be called after all migrations, by one host at a time. Blocks writers of a table while its trail begins.</summary>
    public async Task ApplyAsync(CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        foreach (var (table, shape, isNew, _) in await FindAsync(connection, cancellationToken))
        {
            await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
            await using var batch = new NpgsqlBatch(connection, transaction) { Timeout = 0 };
            batch.Add($"lock table {table} in share row exclusive mode");
            batch.Add($"set local {AuditShape.InOrder}");
            foreach (var statement in shape?.Create() ?? AuditShape.Drop(table))
            {
                batch.Add(statement);
            }

            if (shape is not null && isNew)
            {
                batch.Add("insert into audit.change (transaction, table_name, operation, after) values (audit.current_transaction(), $1, 'shape', $2::jsonb)", table, shape.Description);
                batch.Add(shape.Adopt());
                LogBegun(table);
            }

            await batch.ExecuteNonQueryAsync(cancellationToken);
            await seal.CommitAsync(transaction, cancellationToken);
        }
    }

    /// <summary>Records that the rows of a partition, which nobody can change any more, are taken out. From the commit on they are no longer looked for.</summary>
    /// <param name="numbers">Of the partition: whatever may lie in it.</param>
    public async Task ArchiveAsync(NpgsqlConnection connection, string table, string partition, SeqRange numbers, CancellationToken cancellationToken)
    {
        if (!seal.IsOn)
        {
            return;
        }

        var shape = (await ShapesAsync(connection, cancellationToken)).Single(shape => shape.Table.Name == table);
        await using var record = connection.Statement(shape.Archive(partition, numbers));
        record.CommandTimeout = 0;
        await record.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>
    /// What has to be done: triggers to be made, a trail to be begun with them where the shape is new, or triggers to go. Triggers that somebody
    /// has removed are made again and nothing more, so that what was changed without them stays unknown, and is named.
    /// </summary>
    private async Task<List<(string Table, AuditShape? Shape, bool IsNew, bool IsWiderOnly)>> FindAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var known = await KnownAsync(connection, cancellationToken);
        return seal.IsOn
            ?
            [
                .. from shape in await ShapesAsync(connection, cancellationToken)
                   let found = known.GetValueOrDefault(shape.Table.Name)
                   let isNew = found.Shape != shape.Description
                   let isComplete = found.Triggers >= AuditShape.Triggers.Count
                   where isNew || !isComplete
                   select (shape.Table.Name, (AuditShape?)shape, isNew, isComplete && shape.IsWiderThan(found.Shape)),
            ]
            : [.. known.Where(table => table.Value.Triggers > 0).Select(table => (table.Key, (AuditShape?)null, false, false))];
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

    /// <summary>How each table's trail last began, and how many of its triggers are awake.</summary>
    private static async Task<Dictionary<string, (string? Shape, int Triggers)>> KnownAsync(NpgsqlConnection connection, CancellationToken cancellationToken) => (await connection.QueryAsync(
        """
        select coalesce(s.table_name, t.table_name), s.shape, coalesce(t.triggers, 0)
          from (select distinct on (c.table_name) c.table_name, c.after::text as shape from audit.change c where c.operation = 'shape' order by c.table_name, c.no desc) s
          full join (select n.nspname || '.' || r.relname as table_name, count(*)::int as triggers
                       from pg_trigger t join pg_class r on r.oid = t.tgrelid join pg_namespace n on n.oid = r.relnamespace
                      where t.tgname = any($1) and t.tgenabled <> 'D' group by 1) t using (table_name)
        """,
        [AuditShape.Triggers.ToArray()], reader => (Table: reader.GetString(0), Shape: reader.TextOrNull(1), Triggers: reader.GetInt32(2)), cancellationToken))
        .ToDictionary(row => row.Table, row => (Normal(row.Shape), row.Triggers), StringComparer.Ordinal);

    /// <summary>jsonb has an order of its own.</summary>
    public static string? Normal(string? description) => description is null ? null : AuditShape.Describe(JsonSerializer.Deserialize<AuditDescription>(description)!);

    [LoggerMessage(140, LogLevel.Information, "The audit trail of {Table} begins")]
    private partial void LogBegun(string table);
}
