using System.Globalization;
using G2PBridge.Platform.Audit;
using G2PBridge.Platform.Hosting;
using G2PBridge.Platform.Persistence;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace G2PBridge.IntegrationTests.InKind;

/// <summary>
/// Every table of every module, on the host that has all modules: three rows are written as the bridge writes them, then somebody who owns
/// the database, and has put its triggers to sleep, changes each column, takes rows away, adds one, puts an older one back. All in one
/// transaction that is never committed.
/// </summary>
internal sealed class TamperedRowTests : InKindTest
{
    /// <summary>Tables that nothing is recorded of, and why.</summary>
    private static readonly Dictionary<string, string> NotAudited = new(StringComparer.Ordinal)
    {
        ["access.seen_signature"] = "a memory against replays, which forgets by itself; it says nothing about anybody's money",
    };

    /// <summary>Columns that change without a trace, and why.</summary>
    private static readonly Dictionary<string, string> Technical = new(StringComparer.Ordinal)
    {
        ["lease_until"] = "until when a host works on it",
        ["owner"] = "which host that is",
        ["fence"] = "how often it was leased",
        ["due_at"] = "when it is looked at next",
        ["finish_due_at"] = "the same",
        ["release_due_at"] = "the same",
        ["watch_at"] = "the same",
        ["looked_at"] = "the same",
        ["sealed"] = "a ciphertext, which vouches for itself and its row; a fingerprint beside it is audited",
        ["warehouse_sealed"] = "the same",
        ["agency_sealed"] = "the same",
    };

    [Test]
    public async Task Every_table_of_every_module_is_audited_or_has_a_reason()
    {
        var audited = Tables().ToHashSet(StringComparer.Ordinal);
        await using var command = InKindHost.Source.CreateCommand(
            """
            select n.nspname || '.' || c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
             where c.relkind in ('r', 'p') and not c.relispartition and n.nspname not in ('pg_catalog', 'information_schema', 'audit') and n.nspname not like 'pg_%' and c.relname <> $1
            """);
        command.Parameters.Add(new() { Value = ModuleDbContext.HistoryTable });
        await using var reader = await command.ExecuteReaderAsync();
        var missing = new List<string>();
        while (await reader.ReadAsync())
        {
            if (!audited.Contains(reader.GetString(0)) && !NotAudited.ContainsKey(reader.GetString(0)))
            {
                missing.Add(reader.GetString(0));
            }
        }

        Assert.That(missing, Is.Empty);
        await using var connection = await InKindHost.Source.OpenConnectionAsync();
        var shapes = await InKindHost.Services.GetRequiredService<AuditTables>().ShapesAsync(connection, CancellationToken.None);
        Assert.That(shapes.SelectMany(shape => shape.Table.Technical).Except(Technical.Keys), Is.Empty);
    }

    [TestCaseSource(nameof(Tables))]
    public async Task What_is_done_to_a_row_behind_the_bridges_back_is_named(string table)
    {
        await using var connection = await InKindHost.Source.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        var shape = (await InKindHost.Services.GetRequiredService<AuditTables>().ShapesAsync(connection, CancellationToken.None)).Single(shape => shape.Table.Name == table);
        var types = await TypesAsync(connection, table);
        await RunAsync(connection, "set local timezone = 'UTC'");
        // Of its rules only uniqueness stays, so that nothing but the trail stands in the way of what is tried.
        await DropConstraintsAsync(connection, table);
        // Three rows cannot be written where only one may have a flag.
        await RunAsync(
            connection,
            $"""
            do $do$ declare flag regclass; begin
                for flag in select i.indexrelid::regclass from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
                             where i.indrelid = '{table}'::regclass and i.indisunique and i.indpred is not null and a.atttypid = 'boolean'::regtype
                loop execute format('drop index %s', flag); end loop;
            end $do$
            """);
        foreach (var (column, _) in types)
        {
            await RunAsync(connection, $"alter table {table} alter column {column} drop identity if exists");
        }

        for (var i = 2; i <= 4; i++)
        {
            await RunAsync(connection, Insert(table, types, i));
        }

        Assert.That(await NamedAsync(connection, shape), Is.Empty, "as the bridge wrote them");
        await RunAsync(connection, "set local session_replication_role = replica");
        var (where, first) = (Where(shape, types, 3), shape.Key[0]);
        var escaped = new List<string>();
        foreach (var (column, type) in types)
        {
            var isTechnical = shape.Table.Technical.Contains(column);
            var named = await AfterAsync(connection, shape, $"update {table} set {column} = {Other(column, type)} where {where}");
            if (named.Count > 0 == isTechnical)
            {
                escaped.Add($"{column}: {(isTechnical ? "is technical and was named" : "was not named")}");
            }
        }

        await EscapesAsync($"delete from {table} where {where}", "a row taken away");
        await EscapesAsync($"delete from {table}", "all rows taken away");
        await EscapesAsync(Insert(table, types, 7), "a row added");
        await EscapesAsync($"delete from {table} where {where}; {Insert(table, types, 7)}", "a row in the place of another");
        Assert.That(escaped, Is.Empty);

        // The bridge itself changes and removes rows, which is in order; putting back what was before is not.
        var changed = types.FirstOrDefault(column => !shape.Identity.Contains(column.Name) && !shape.Table.Technical.Contains(column.Name)).Name;
        await RunAsync(connection, "set local session_replication_role = origin");
        await RunAsync(connection, $"create temp table older on commit drop as select * from {table} where {where}");
        if (!await IsAppendOnlyAsync(connection, table))
        {
            if (changed is not null)
            {
                await RunAsync(connection, $"update {table} set {changed} = {Other(changed, types.Single(type => type.Name == changed).Type)} where {where}");
            }

            await RunAsync(connection, $"delete from {table} where {Where(shape, types, 4)}");
            Assert.That(await NamedAsync(connection, shape), Is.Empty, "as the bridge changed them");
            await RunAsync(connection, "set local session_replication_role = replica");
            await EscapesAsync(Insert(table, types, 4), "a row put back that was deleted");
            if (changed is not null)
            {
                await EscapesAsync($"delete from {table} where {where}; insert into {table} overriding system value select * from older", "an older row put back");
            }
        }

        Assert.That(escaped, Is.Empty, first);

        async Task EscapesAsync(string sql, string what)
        {
            if ((await AfterAsync(connection, shape, sql)).Count == 0)
            {
                escaped.Add(what);
            }
        }
    }

    private static IEnumerable<string> Tables()
    {
        var services = new ServiceCollection();
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([new("Features:InKind", "true")]).Build();
        services.AddSingleton<IConfiguration>(configuration);
        services.AddBridge(configuration, () => "Host=127.0.0.1;Database=nobody");
        return services.Select(service => service.IsKeyedService ? null : service.ImplementationInstance).OfType<AuditedTable>().Select(table => table.Name);
    }

    private static async Task<IReadOnlyList<string>> AfterAsync(NpgsqlConnection connection, AuditShape shape, string sql)
    {
        await RunAsync(connection, "savepoint before");
        await RunAsync(connection, sql);
        var named = await NamedAsync(connection, shape);
        await RunAsync(connection, "rollback to savepoint before");
        return named;
    }

    private static async Task<IReadOnlyList<string>> NamedAsync(NpgsqlConnection connection, AuditShape shape)
    {
        var since = (await connection.QueryAsync("select max(no) from audit.change where operation = 'shape' and table_name = $1", [shape.Table.Name], reader => reader.GetInt64(0), CancellationToken.None))[0];
        var (_, breaches, first) = await new AuditedRows(connection, shape, since).CheckAsync(CancellationToken.None);
        Assert.That(first, breaches == 0 ? Is.Empty : Is.Not.Empty);
        await RunAsync(connection, $"drop table if exists audit_copy_{shape.Table.Schema}_{shape.Table.Table}");
        return [.. first.Select(breach => breach.What)];
    }

    private static async Task<List<(string Name, string Type)>> TypesAsync(NpgsqlConnection connection, string table) => await connection.QueryAsync(
        "select attname::text, format_type(atttypid, atttypmod) from pg_attribute where attrelid = to_regclass($1) and attnum > 0 and not attisdropped order by attnum",
        [table], reader => (reader.GetString(0), reader.GetString(1)), CancellationToken.None);

    private static async Task DropConstraintsAsync(NpgsqlConnection connection, string table)
    {
        foreach (var constraint in await connection.QueryAsync(
            "select conname::text from pg_constraint where conrelid = to_regclass($1) and contype in ('c', 'f', 'x')", [table], reader => reader.GetString(0), CancellationToken.None))
        {
            await RunAsync(connection, $"alter table {table} drop constraint {constraint} cascade");
        }

        // A rule that is a trigger because a key to a partitioned table would keep its partitions (ADR 0030).
        foreach (var trigger in await connection.QueryAsync(
            "select tgname::text from pg_trigger where tgrelid = to_regclass($1) and not tgisinternal and tgfoid::regproc::text like '%require_instruction'", [table], reader => reader.GetString(0), CancellationToken.None))
        {
            await RunAsync(connection, $"drop trigger {trigger} on {table}");
        }
    }

    private static async Task<bool> IsAppendOnlyAsync(NpgsqlConnection connection, string table) =>
        (await connection.QueryAsync("select count(*) from pg_trigger where tgrelid = to_regclass($1) and tgfoid::regproc::text like '%refuse_change'", [table], reader => reader.GetInt64(0), CancellationToken.None))[0] > 0;

    private static string Insert(string table, List<(string Name, string Type)> types, int no) =>
        $"insert into {table} ({string.Join(", ", types.Select(type => type.Name))}) overriding system value values ({string.Join(", ", types.Select(type => Value(type.Type, no)))})";

    private static string Where(AuditShape shape, List<(string Name, string Type)> types, int no) =>
        string.Join(" and ", shape.Key.Select(key => $"{key} = {Value(types.Single(type => type.Name == key).Type, no)}"));

    private static string Value(string type, int no) => Plain(type) switch
    {
        "bigint" or "integer" or "smallint" or "numeric" => no.ToString(CultureInfo.InvariantCulture),
        "boolean" => no % 2 == 0 ? "true" : "false",
        "timestamp with time zone" => $"'2026-01-0{no} 10:00:00.123456+02'",
        "date" => $"'2026-01-0{no}'",
        "uuid" => $"'00000000-0000-0000-0000-00000000000{no}'",
        "bytea" => $@"'\x0{no}'",
        "jsonb" => $$"""'{"a": [1, {{no}}, null], "b": "ü\"x"}'""",
        "text[]" => $"array['a,b', 'c{no}', null]",
        "integer[]" or "bigint[]" => $"array[1, {no}]",
        "uuid[]" or "bytea[]" => $"array[{Value(type[..^2], no)}::{type[..^2]}, null]",
        _ => type.Contains("(2)", StringComparison.Ordinal) ? $"'A{no}'" : type.Contains("(3)", StringComparison.Ordinal) ? $"'AA{no}'" : type == "character(4)" ? $"'AAA{no}'" : $"'té\"x{no}'",
    };

    private static string Other(string column, string type) => Plain(type) switch
    {
        "bigint" or "integer" or "smallint" or "numeric" => $"{column} + 20",
        "boolean" => $"not {column}",
        "timestamp with time zone" => $"{column} + interval '1 microsecond'",
        "date" => $"{column} + 20",
        "uuid" => "'00000000-0000-0000-0000-0000000000ff'",
        "bytea" => $@"{column} || '\x00'",
        "jsonb" => $"{column} || '{{\"c\": null}}'",
        "text[]" => $"{column} || ''::text",
        "integer[]" or "bigint[]" => $"{column} || 1",
        "uuid[]" or "bytea[]" => $"{column} || {Value(type[..^2], 9)}::{type[..^2]}",
        _ => type == "character(4)" || type.Contains("(2)", StringComparison.Ordinal) || type.Contains("(3)", StringComparison.Ordinal) ? "'ZZ'" : $"{column} || 'x'",
    };

    private static string Plain(string type) => type.Split('(')[0];

    private static async Task RunAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
