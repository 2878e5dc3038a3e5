using G2PBridge.Platform.Persistence;
using Npgsql;

namespace G2PBridge.Platform.Audit;

/// <summary>What is wrong with rows of one table; at most so many are described as are asked for.</summary>
/// <param name="Block">The block that vouches for what should be there; null where no block knows the row.</param>
internal sealed record RowBreach(long? Block, string What);

/// <summary>
/// Compares every row of a table with what the trail says of it, in sets and inside the database. A table of states: each row with the
/// last record of its key. A table that is filled in sets: each set's digest is computed again from the rows as they were then, that is
/// from the rows themselves and, where one was changed since, from what its first later record says was before.
/// </summary>
internal sealed class AuditedRows(NpgsqlConnection connection, AuditShape shape, long since)
{
    private const int Described = 5;

    private string Table => shape.Table.Name;

    public async Task<(long Looked, long Breaches, IReadOnlyList<RowBreach> First)> CheckAsync(CancellationToken cancellationToken)
    {
        var (looked, isKnown) = (await connection.QueryAsync(
            $"select count(*), exists (select from audit.change c where c.table_name = '{Table}' and c.no > {since}) from {Table}", [], reader => (reader.GetInt64(0), reader.GetBoolean(1)), cancellationToken))[0];
        if (looked == 0 && !isKnown)
        {
            return (0, 0, []);
        }

        if (!shape.IsSet)
        {
            var (rows, first) = await FindAsync(States, cancellationToken);
            return (looked, rows, first);
        }

        var source = await PrepareAsync(cancellationToken);
        var broken = await BrokenSetsAsync(source, cancellationToken);
        var described = broken.First.SelectMany(Describe);
        var (changed, firstChanged) = await FindAsync(ChangedRows, cancellationToken);
        var (unknown, firstUnknown) = await FindAsync(UnknownRows, cancellationToken);
        return (looked, broken.Count + changed + unknown, [.. described.Concat(firstChanged).Concat(firstUnknown).Take(Described * 3)]);
    }

    /// <summary>Where nothing finds rows by their number, a copy that has an index, for this session.</summary>
    private async Task<string> PrepareAsync(CancellationToken cancellationToken)
    {
        var wanted = shape.Table.Scope.Append(shape.Table.Line!).ToHashSet(StringComparer.Ordinal);
        if (shape.Key.TakeWhile(wanted.Contains).Contains(shape.Table.Line!))
        {
            return Table;
        }

        var copy = $"audit_copy_{shape.Table.Schema}_{shape.Table.Table}";
        // In a transaction that only reads a temporary table may be made.
        foreach (var statement in new[] { $"create temp table {copy} on commit drop as select * from {Table}", $"create index on {copy} ({string.Join(", ", shape.Table.Scope.Append(shape.Table.Line!))})", $"analyze {copy}" })
        {
            await using var command = connection.Statement(statement);
            command.CommandTimeout = 0;
            await command.ExecuteNonQueryAsync(cancellationToken);
        }

        return copy;
    }

    private string LastOfKey(string condition) => $"""
        select distinct on (c.key) c.key, c.line, c.after, c.no, c.transaction from audit.change c
         where c.table_name = '{Table}' and c.no > {since} and c.operation in ('insert', 'update', 'delete') {condition} order by c.key, c.no desc
        """;

    private string States => $"""
        select b.number, coalesce(l.key, n.key)::text,
               case when l.key is null then 'is a row that no block knows' when n.key is null then 'is gone' when l.after is null then 'was deleted and is there again' else 'is not as it was left' end
          from ({LastOfKey("")}) l
          full join (select {shape.JsonKey("t")} as key, {shape.Json("t")} as image from {Table} t) n on n.key = l.key
          left join audit.block b on b.transaction = l.transaction
         where l.after is distinct from n.image
        """;

    private string Sets => $"""
        select c.no, c.transaction, c.scope, c.lines, c.rows, c.digest, c.tags, lower(c.lines) as first, upper(c.lines) - 1 as last
          from audit.change c where c.table_name = '{Table}' and c.no > {since} and c.operation = 'set' and not exists ({Archived("c.scope", "c.lines", "c.no")})
        """;

    private string Archived(string scope, string lines, string no) =>
        $"select from audit.change a where a.table_name = '{Table}' and a.operation = 'archive' and a.no > {no} and a.scope is not distinct from {scope} and a.lines @> {lines}";

    /// <summary>The rows of the set <c>s</c> as they were when it was recorded.</summary>
    private string RowsOfSet(string source) => $"""
        select t.{shape.Table.Line}::bigint as line, {shape.Image("t")} as image
          from jsonb_populate_record(null::{Table}, coalesce(s.scope, '{"{}"}')) k join {source} t on t.{shape.Table.Line} between s.first and s.last {SameScope("t")}
         where s.lines @> t.{shape.Table.Line}::bigint
           and not exists (select from audit.change c where c.table_name = '{Table}' and c.line = t.{shape.Table.Line} and c.no > s.no and c.key @> coalesce(s.scope, '{"{}"}'))
        union all
        select f.line, {shape.Image("p")}
          from (select distinct on (c.line) c.line, c.before from audit.change c
                 where c.table_name = '{Table}' and c.line between s.first and s.last and s.lines @> c.line and c.no > s.no and c.key @> coalesce(s.scope, '{"{}"}')
                 order by c.line, c.no) f,
               jsonb_populate_record(null::{Table}, f.before) p
         where f.before is not null
        """;

    private string SameScope(string row) => string.Concat(shape.Table.Scope.Select(column => $" and {row}.{column} = k.{column}"));

    private string ChangedRows => $"""
        select b.number, l.key::text, case when l.after is null then 'was deleted and is there again' when t.key is null then 'is gone' else 'is not as it was left' end
          from ({LastOfKey("and c.line is not null")}) l
          cross join jsonb_populate_record(null::{Table}, l.key) k
          left join lateral (select {shape.JsonKey("r")} as key, {shape.Json("r")} as image from {Table} r where {string.Join(" and ", shape.Key.Select(column => $"r.{column} = k.{column}"))} and {shape.JsonKey("r")} = l.key) t on true
          left join audit.block b on b.transaction = l.transaction
         where l.after is distinct from t.image
           and not exists (select from audit.change s where s.table_name = '{Table}' and s.operation in ('set', 'archive') and s.no > l.no and s.lines @> l.line
                              and l.key @> coalesce(s.scope, '{"{}"}') and (s.operation = 'set' or t.key is null))
        """;

    private string UnknownRows => $"""
        select null::bigint, {shape.JsonKey("t")}::text, 'is a row that no block knows'
          from {Table} t
          left join (select k.scope, range_agg(k.lines) as lines
                       from (select c.scope, c.lines from audit.change c where c.table_name = '{Table}' and c.no > {since} and c.operation = 'set'
                             union all
                             select {KeyScope}, int8multirange(int8range(c.line, c.line, '[]')) from audit.change c
                              where c.table_name = '{Table}' and c.no > {since} and c.operation in ('insert', 'update') and c.line is not null) k
                      group by k.scope) known on known.scope is not distinct from {shape.JsonScope("t")}
         where known.lines is null or not known.lines @> t.{shape.Table.Line}::bigint
        """;

    private string KeyScope => shape.Table.Scope.Count == 0 ? "null::jsonb" : $"jsonb_build_object({string.Join(", ", shape.Table.Scope.Select(column => $"'{column}', c.key -> '{column}'"))})";

    private async Task<(long Count, IReadOnlyList<BrokenSet> First)> BrokenSetsAsync(string source, CancellationToken cancellationToken)
    {
        await using var command = connection.Statement(
            $"""
            with broken as materialized (
                select s.no, s.transaction, s.scope, s.lines, s.first, s.last, s.tags from ({Sets}) s
                cross join lateral (select count(*) as rows, sha256(string_agg(i.image, '' order by i.line)) as digest from ({RowsOfSet(source)}) i) found
                where found.rows <> s.rows or found.digest is distinct from s.digest)
            select b.number, s.tags, array(select g from unnest(s.lines) r, generate_series(lower(r), upper(r) - 1) g order by g),
                   array(select i.line from ({RowsOfSet(source)}) i order by i.line), array(select {AuditShape.Tag("i.image")} from ({RowsOfSet(source)}) i order by i.line), s.scope::text, (select count(*) from broken)
              from (select * from broken order by no limit {Described}) s left join audit.block b on b.transaction = s.transaction order by s.no
            """);
        command.CommandTimeout = 0;
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var (count, first) = (0L, new List<BrokenSet>());
        while (await reader.ReadAsync(cancellationToken))
        {
            first.Add(new(
                reader.IsDBNull(0) ? null : reader.GetInt64(0), reader.GetFieldValue<byte[]>(1), reader.GetFieldValue<long[]>(2), reader.GetFieldValue<long[]>(3), reader.GetFieldValue<byte[][]>(4), reader.TextOrNull(5)));
            count = reader.GetInt64(6);
        }

        return (count, first);
    }

    /// <summary>The rows of a set that are not what they were, as far as the short tags tell; else the set.</summary>
    private IEnumerable<RowBreach> Describe(BrokenSet set)
    {
        var now = set.Found.Zip(set.FoundTags).DistinctBy(row => row.First).ToDictionary(row => row.First, row => row.Second);
        var then = set.Lines.Select((line, i) => (Line: line, Tag: set.Tags.AsMemory(i * 4, 4))).ToList();
        var scope = set.Scope is null ? "" : $" of {set.Scope}";
        var named = then.Where(row => !now.TryGetValue(row.Line, out var tag) || !row.Tag.Span.SequenceEqual(tag))
            .Select(row => new RowBreach(set.Block, $"{shape.Table.Line} {row.Line}{scope} {(now.ContainsKey(row.Line) ? "is not as it was left" : "is gone")}"))
            .Take(Described)
            .ToList();
        return named.Count > 0
            ? named
            : [new(set.Block, $"{shape.Table.Line} {set.Lines.DefaultIfEmpty().First()} to {set.Lines.DefaultIfEmpty().Last()}{scope}: these rows together are not as they were left")];
    }

    private async Task<(long Count, IReadOnlyList<RowBreach> First)> FindAsync(string sql, CancellationToken cancellationToken)
    {
        await using var command = connection.Statement($"select b.*, count(*) over () from ({sql}) b(number, key, what) order by b.number, b.key limit {Described}");
        command.CommandTimeout = 0;
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var (count, first) = (0L, new List<RowBreach>());
        while (await reader.ReadAsync(cancellationToken))
        {
            count = reader.GetInt64(3);
            first.Add(new(reader.IsDBNull(0) ? null : reader.GetInt64(0), $"{reader.GetString(1)} {reader.GetString(2)}"));
        }

        return (count, first);
    }

    private sealed record BrokenSet(long? Block, byte[] Tags, long[] Lines, long[] Found, byte[][] FoundTags, string? Scope);
}
