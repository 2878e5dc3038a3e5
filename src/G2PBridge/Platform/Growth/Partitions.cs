using System.Collections.Concurrent;
using G2PBridge.Platform.Persistence;
using Npgsql;

namespace G2PBridge.Platform.Growth;

/// <summary>
/// Makes partitions ahead. Whoever takes numbers asks here first, which costs a comparison as long as the partitions are known; a job and
/// <c>migrate</c> keep one more ahead, and begin a new one with each month, so that whole months can be archived. Several hosts take turns
/// behind an advisory lock. Nobody who reads or writes waits: a partition is made as a table of its own and then attached.
/// </summary>
internal sealed partial class Partitions(BridgeDatabase database, IEnumerable<NumberSeries> series, IEnumerable<PartitionedTable> tables, TimeProvider clock, ILogger<Partitions> logger)
{
    private const int LockClass = 0x6734;
    private const int MostAttempts = 50;

    /// <summary>Of each series the number up to which all tables are ready, as far as this host knows.</summary>
    private readonly ConcurrentDictionary<string, long> _ready = new(StringComparer.Ordinal);

    /// <summary>To be awaited before a row with this number is written anywhere.</summary>
    public ValueTask EnsureAsync(string name, long number, CancellationToken cancellationToken) =>
        number <= _ready.GetValueOrDefault(name, -1) ? ValueTask.CompletedTask : new(MakeAsync(Of(name), number / Of(name).Size, cancellationToken));

    /// <summary>Keeps the next partition ready, and begins it when a month is over.</summary>
    public async Task KeepAsync(CancellationToken cancellationToken)
    {
        foreach (var numbers in series)
        {
            await KeepAsync(numbers, cancellationToken);
        }
    }

    private NumberSeries Of(string name) => series.Single(numbers => numbers.Name == name);

    private async Task KeepAsync(NumberSeries numbers, CancellationToken cancellationToken)
    {
        var newest = await NewestAsync(numbers, cancellationToken);
        await MakeAsync(numbers, newest / numbers.Size, cancellationToken);
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await LockAsync(connection, numbers, cancellationToken);
        newest = await NewestAsync(numbers, cancellationToken);
        var (no, now) = (newest / numbers.Size, clock.GetUtcNow());
        var begun = await connection.QueryAsync(
            "select begun_at from growth.range where series = $1 and no = $2", [numbers.Name, no], reader => reader.GetFieldValue<DateTimeOffset>(0), cancellationToken);
        if (begun is [var since] && (since.Year, since.Month) != (now.Year, now.Month) && newest % numbers.Size > 0)
        {
            no++;
            await using var begin = connection.Statement(numbers.Begin, no * numbers.Size);
            await begin.ExecuteNonQueryAsync(cancellationToken);
            LogBegun(numbers.Name, no);
        }
        else if (begun.Count > 0)
        {
            return;
        }

        await using var insert = connection.Statement("insert into growth.range (series, no, begun_at) values ($1, $2, $3) on conflict do nothing", numbers.Name, no, now);
        await insert.ExecuteNonQueryAsync(cancellationToken);
        await database.CommitAsync(transaction, cancellationToken);
        await MakeAsync(numbers, no, cancellationToken);
    }

    private async Task<long> NewestAsync(NumberSeries numbers, CancellationToken cancellationToken) =>
        (await database.QueryAsync(numbers.Newest, [], reader => reader.GetInt64(0), cancellationToken))[0];

    /// <summary>This partition of every table, and the next.</summary>
    private async Task MakeAsync(NumberSeries numbers, long no, CancellationToken cancellationToken)
    {
        (PartitionedTable Table, long No)[] wanted = [.. from table in tables where table.Series == numbers.Name from which in new[] { no, no + 1 } select (table, which)];
        var there = (await database.QueryAsync(
            """
            select p.partition from unnest($1::text[], $2::text[]) as p(partition, parent)
            where exists (select from pg_inherits i where i.inhrelid = to_regclass(p.partition) and i.inhparent = to_regclass(p.parent))
            """,
            [wanted.Select(one => one.Table.Partition(one.No)).ToArray(), wanted.Select(one => one.Table.Name).ToArray()], reader => reader.GetString(0), cancellationToken)).ToHashSet(StringComparer.Ordinal);
        foreach (var (table, which) in wanted.Where(one => !there.Contains(one.Table.Partition(one.No))))
        {
            await MakeAsync(numbers, table, which, cancellationToken);
        }

        var last = ((no + 2) * numbers.Size) - 1;
        _ready.AddOrUpdate(numbers.Name, last, (_, known) => Math.Max(known, last));
    }

    /// <summary>One table at a time, so that no two locks are held at once; given up and tried again rather than waited for, because who waits for a lock lets others wait behind him.</summary>
    private async Task MakeAsync(NumberSeries numbers, PartitionedTable table, long no, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await using var connection = await database.OpenConnectionAsync(cancellationToken);
                await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
                await LockAsync(connection, numbers, cancellationToken);
                await using var batch = new NpgsqlBatch(connection);
                batch.Add("set local lock_timeout = '1s'");
                batch.Add("select growth.add_partition($1, $2, $3)", table.Name, no, numbers.Size);
                await batch.ExecuteNonQueryAsync(cancellationToken);
                await database.CommitAsync(transaction, cancellationToken);
                LogMade(table.Partition(no));
                return;
            }
            catch (PostgresException busy) when (attempt < MostAttempts && busy.SqlState is PostgresErrorCodes.LockNotAvailable or PostgresErrorCodes.DeadlockDetected)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(Random.Shared.Next(20, 200)), cancellationToken);
            }
        }
    }

    private static async Task LockAsync(NpgsqlConnection connection, NumberSeries numbers, CancellationToken cancellationToken)
    {
        await using var take = connection.Statement("select pg_advisory_xact_lock($1, hashtext($2))", LockClass, numbers.Name);
        await take.ExecuteNonQueryAsync(cancellationToken);
    }

    [LoggerMessage(150, LogLevel.Information, "Partition {Partition} was made")]
    private partial void LogMade(string partition);

    [LoggerMessage(151, LogLevel.Information, "A new month: numbers of series {Series} go on in partition {No}")]
    private partial void LogBegun(string series, long no);
}
