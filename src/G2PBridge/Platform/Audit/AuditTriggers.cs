using System.Text.Json;

namespace G2PBridge.Platform.Audit;

/// <summary>
/// The triggers of one audited table: after each statement, over its transition tables, with every column named. What they write is
/// plain SQL with kept plans; a set of a thousand rows costs some microseconds a row.
/// </summary>
/// <param name="Table">What the module says of it.</param>
/// <param name="Key">Its primary key.</param>
/// <param name="Columns">What is audited of it, in the table's order.</param>
internal sealed record AuditShape(AuditedTable Table, IReadOnlyList<string> Key, IReadOnlyList<string> Columns)
{
    /// <summary>A set is cut here, so that checking it never needs more memory than this many rows.</summary>
    private const int RowsOfSet = 65536;

    /// <summary>To be raised whenever what the triggers write changes.</summary>
    private const int Version = 2;

    public static IReadOnlyList<string> Triggers { get; } = ["audit_insert", "audit_update", "audit_delete", "audit_truncate"];

    private const string TextSettings = "set timezone = 'UTC' set datestyle = 'ISO' set intervalstyle = 'postgres' set bytea_output = 'hex'";

    /// <summary>Groups are taken as they come out of the sort. (Plans of sets are made once for each connection and not for every new number.)</summary>
    public const string InOrder = "enable_hashagg = off";

    public bool IsSet => Table.Line is not null;

    /// <summary>What tells one row from another for all time: in a set its number and scope belong to it, so that a row that moves is one that went and one that came.</summary>
    public IReadOnlyList<string> Identity { get; } = [.. Key.Concat(Table.Scope).Concat(Table.Line is { } line ? [line] : []).Distinct()];

    /// <summary>As it stands in the record that begins the table's trail.</summary>
    public string Description => Describe(new(Version, Key, Columns, Table.Line, Table.Scope));

    public static string Describe(AuditDescription description) => JsonSerializer.Serialize(description);

    /// <summary>The table has columns that its trail, as described, does not cover, and differs in nothing else.</summary>
    public bool IsWiderThan(string? description) =>
        description is not null && JsonSerializer.Deserialize<AuditDescription>(description) is { } trail
        && trail.Columns.All(Columns.Contains) && Describe(trail with { Columns = Columns }) == Description;

    private string Prefix => $"{Table.Schema}_{Table.Table}";

    /// <summary>An SQL expression: the row <paramref name="row"/> as PostgreSQL sends it.</summary>
    public string Image(string row) => $"record_send({Row(row)})";

    /// <summary>An SQL expression: four bytes by which a row whose image is <paramref name="image"/> is found again when a digest does not fit. Hashing one value is cheaper than hashing every column.</summary>
    public static string Tag(string image) => $"int4send(hash_record(row({image})))";

    /// <summary>An SQL expression: what is audited of <paramref name="row"/>, readable.</summary>
    public string Json(string row) => $"(select to_jsonb(i) from (select {string.Join(", ", Columns.Select(column => $"{row}.{column}"))}) i)";

    public string JsonKey(string row) => Object(Identity, row);

    public string JsonScope(string row) => Table.Scope.Count == 0 ? "null::jsonb" : Object(Table.Scope, row);

    public IEnumerable<string> Create()
    {
        yield return $"""
            create or replace function audit.{Prefix}_inserted() returns trigger language plpgsql {(IsSet ? $"set {InOrder} set plan_cache_mode = force_generic_plan" : TextSettings)} as $f$
            {(IsSet ? InsertSet : InsertRows)}
            $f$
            """;
        yield return $"""
            create or replace function audit.{Prefix}_updated() returns trigger language plpgsql {TextSettings} as $f$
            begin
                -- A full join is never a nested loop, however the plan that is kept was made.
                insert into audit.change (transaction, table_name, operation, key, before, after, line)
                select (select audit.current_transaction()), '{Table.Name}', case when o.key is null then 'insert' when n.key is null then 'delete' else 'update' end,
                       coalesce(o.key, n.key), o.image, n.image, {(IsSet ? "coalesce(o.line, n.line)" : "null")}
                  from (select {JsonKey("r")} as key, {Json("r")} as image, {LineOf("r")} as line from old_rows r) o
                  full join (select {JsonKey("r")} as key, {Json("r")} as image, {LineOf("r")} as line from new_rows r) n on o.key = n.key
                 where o.image is distinct from n.image;
                return null;
            end
            $f$
            """;
        yield return $"""
            create or replace function audit.{Prefix}_deleted() returns trigger language plpgsql {TextSettings} as $f$
            begin
                insert into audit.change (transaction, table_name, operation, key, before, line)
                select (select audit.current_transaction()), '{Table.Name}', 'delete', {JsonKey("r")}, {Json("r")}, {LineOf("r")} from old_rows r;
                return null;
            end
            $f$
            """;
        yield return $"create or replace trigger audit_insert after insert on {Table.Name} referencing new table as new_rows for each statement execute function audit.{Prefix}_inserted()";
        yield return $"create or replace trigger audit_update after update on {Table.Name} referencing old table as old_rows new table as new_rows for each statement execute function audit.{Prefix}_updated()";
        yield return $"create or replace trigger audit_delete after delete on {Table.Name} referencing old table as old_rows for each statement execute function audit.{Prefix}_deleted()";
        yield return $"create or replace trigger audit_truncate before truncate on {Table.Name} for each statement execute function audit.refuse_truncate()";
    }

    /// <summary>Records the rows that are there as if they were inserted now. For a table that is audited for the first time, or with other columns.</summary>
    public string Adopt() => IsSet
        ? Sets("set", $"{Table.Name} r")
        : $"insert into audit.change (transaction, table_name, operation, key, after) select (select audit.current_transaction()), '{Table.Name}', 'insert', {JsonKey("r")}, {Json("r")} from {Table.Name} r";

    public static IEnumerable<string> Drop(string table) =>
        Triggers.Select(trigger => $"drop trigger if exists {trigger} on {table}");

    private string InsertRows => $"""
        begin
            insert into audit.change (transaction, table_name, operation, key, after)
            select (select audit.current_transaction()), '{Table.Name}', 'insert', {JsonKey("r")}, {Json("r")} from new_rows r;
            return null;
        end
        """;

    /// <summary>
    /// Almost always a statement brings one unbroken run of rows in their order, which takes neither a sort nor ranges that are put together.
    /// A transition table gives its rows in the order in which they were written.
    /// </summary>
    private string InsertSet => $"""
        declare
            numbers bigint[]; counted integer; strangers bigint;
        begin
            select array_agg(r.{Table.Line}::bigint), {(Table.Scope.Count == 0 ? "0" : $"count(*) filter (where ({Scopes("r")}) is distinct from ({Scopes("f")}))")}
              into numbers, strangers from new_rows r{(Table.Scope.Count == 0 ? "" : $", (select {string.Join(", ", Table.Scope)} from new_rows limit 1) f")};
            counted := cardinality(numbers);
            if counted is null then
                return null;
            end if;
            if strangers = 0 and counted <= {RowsOfSet} and numbers[counted] - numbers[1] + 1 = counted and numbers = array(select generate_series(numbers[1], numbers[counted])) then
                insert into audit.change (transaction, table_name, operation, scope, lines, rows, digest, tags)
                select audit.current_transaction(), '{Table.Name}', 'set', (select {JsonScope("r")} from new_rows r limit 1), int8multirange(int8range(numbers[1], numbers[counted], '[]')), counted,
                       sha256(string_agg(i.set_image, '')), string_agg({Tag("i.set_image")}, '')
                  from (select {Image("r")} as set_image from new_rows r offset 0) i;
            else
                {Sets("set", "new_rows r")};
            end if;
            return null;
        end
        """;

    /// <summary>
    /// Records a partition that is about to be taken out whole. One record for each scope, over all numbers that the partition may hold, so that every
    /// set in it is covered; its digest is taken over digests of parts, for the sake of memory, and says which rows went.
    /// </summary>
    public string Archive(string partition, SeqRange numbers) => IsSet
        ? $"""
            insert into audit.change (transaction, table_name, operation, scope, lines, rows, digest)
            select (select audit.current_transaction()), '{Table.Name}', 'archive', p.scope, {(Table.Scope.Count > 0 && Table.Scope[0] == "file" ? "int8multirange(int8range(0, 9223372036854775807))" : string.Create(System.Globalization.CultureInfo.InvariantCulture, $"int8multirange(int8range({numbers.First}, {numbers.Last}, '[]'))"))},
                   sum(p.rows)::int, sha256(string_agg(p.digest, '' order by p.part))
              from (select i.scope, i.part, count(*) as rows, sha256(string_agg(i.image, '' order by i.line)) as digest
                      from (select {JsonScope("r")} as scope, r.{Table.Line}::bigint as line, r.{Table.Line}::bigint / {RowsOfSet} as part, {Image("r")} as image from {partition} r) i
                     group by i.scope, i.part) p
             group by p.scope
            """
        : throw new InvalidOperationException($"{Table.Name} is not filled in sets and cannot be archived by partition.");

    /// <summary>
    /// One sort for both aggregates, whose subquery hands them the rows in its order; ranges are put together only where the numbers have gaps.
    /// </summary>
    private string Sets(string operation, string from)
    {
        var group = string.Join(", ", Table.Scope.Select(column => $"i.{column}").Append("i.set_part"));
        return $"""
            insert into audit.change (transaction, table_name, operation, scope, lines, rows, digest, tags)
            select (select audit.current_transaction()), '{Table.Name}', '{operation}', {JsonScope("i")},
                   case when max(i.set_line) - min(i.set_line) + 1 = count(*) then int8multirange(int8range(min(i.set_line), max(i.set_line), '[]'))
                        else (select range_agg(int8range(l, l, '[]')) from unnest(array_agg(i.set_line)) l) end, count(*),
                   sha256(string_agg(i.set_image, '')), string_agg({Tag("i.set_image")}, '')
              from (select {string.Concat(Table.Scope.Select(column => $"r.{column}, "))}r.{Table.Line}::bigint as set_line, r.{Table.Line} / {RowsOfSet} as set_part, {Image("r")} as set_image
                      from {from} order by {string.Concat(Table.Scope.Select(column => $"r.{column}, "))}set_part, set_line) i
             group by {group}
            """;
    }

    private string LineOf(string row) => Table.Line is { } line ? $"{row}.{line}::bigint" : "null::bigint";

    private string Scopes(string row) => string.Join(", ", Table.Scope.Select(column => $"{row}.{column}"));

    private string Row(string row) => $"row({string.Join(", ", Columns.Select(column => $"{row}.{column}"))})";

    private static string Object(IEnumerable<string> columns, string row) => $"jsonb_build_object({string.Join(", ", columns.Select(column => $"'{column}', {row}.{column}"))})";
}

/// <summary>What a table's trail covers.</summary>
internal sealed record AuditDescription(int Version, IReadOnlyList<string> Key, IReadOnlyList<string> Columns, string? Line, IReadOnlyList<string> Scope);
