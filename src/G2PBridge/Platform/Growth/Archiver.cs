using System.Globalization;
using System.Security.Cryptography;
using G2PBridge.Platform.Audit;
using G2PBridge.Platform.Persistence;
using G2PBridge.Platform.Protection;
using Npgsql;

namespace G2PBridge.Platform.Growth;

/// <summary>
/// Takes whole ranges of numbers out of the database: closes them, exports every partition, reads the files back beside the rows, puts it on
/// record, detaches and drops. Each step is committed before the next begins, so that a process that is killed leaves something that the next
/// run goes on with. Hosts pay on meanwhile: nothing here waits for a lock for longer than a second while others wait behind it.
/// </summary>
internal sealed class Archiver(
    BridgeDatabase database, IEnumerable<NumberSeries> series, IEnumerable<PartitionedTable> tables, IEnumerable<ArchivedRows> more, IEnumerable<IArchiveRule> rules, IEnvelopesOfLines envelopes,
    IEnumerable<SealedColumn> sealedColumns, AuditTables audit, TimeProvider clock)
{
    /// <summary>One archive at a time, and no rotation of keys meanwhile: what is exported would be under keys that the rotation calls dispensable.</summary>
    private const long Turn = 0x6732_6172_6368;

    private const int MostAttempts = 100;
    private const int DeletedAtOnce = 16;

    /// <summary>Every range that is over, lines first: a statement stays until all payments that it proves have gone.</summary>
    public async Task<IReadOnlyList<ArchiveRange>> PlanAsync(DateOnly before, CancellationToken cancellationToken)
    {
        var known = (await ListAsync(cancellationToken)).ToDictionary(archive => (archive.Series, archive.No));
        var ranges = new List<ArchiveRange>();
        foreach (var numbers in series.OrderByDescending(numbers => numbers.Name == NumberSeries.Lines))
        {
            var newest = (await database.QueryAsync(numbers.Newest, [], reader => reader.GetInt64(0), cancellationToken))[0] / numbers.Size;
            foreach (var no in await PresentAsync(numbers.Name, cancellationToken))
            {
                var range = new SeqRange(no * numbers.Size, ((no + 1) * numbers.Size) - 1);
                var archive = known.GetValueOrDefault((numbers.Name, no));
                if (archive is { State: ArchiveState.Removed } || (archive is null && no >= newest))
                {
                    continue;
                }

                var rows = await CountAsync(numbers.Name, no, cancellationToken);
                if (archive is null && rows == 0)
                {
                    continue;
                }

                var objections = archive?.State is ArchiveState.Removing ? [] : await ObjectionsAsync(numbers.Name, range, archive?.Before ?? before, cancellationToken);
                ranges.Add(new(numbers.Name, no, range, archive?.State, archive?.Folder, rows, objections));
            }
        }

        return ranges;
    }

    public Task<List<KnownArchive>> ListAsync(CancellationToken cancellationToken) => database.QueryAsync(
        "select series, no, first, last, state, before, folder, rows, bytes, manifest_hash, begun_at, removed_at from growth.archive order by series desc, no", [],
        reader => new KnownArchive(
            reader.GetString(0), reader.GetInt64(1), new SeqRange(reader.GetInt64(2), reader.GetInt64(3)), Enum.Parse<ArchiveState>(reader.GetString(4)), reader.GetFieldValue<DateOnly>(5), reader.GetString(6),
            reader.IsDBNull(7) ? null : reader.GetInt64(7), reader.IsDBNull(8) ? null : reader.GetInt64(8), reader.IsDBNull(9) ? null : reader.GetFieldValue<byte[]>(9),
            reader.GetFieldValue<DateTimeOffset>(10), reader.TimeOrNull(11)),
        cancellationToken);

    /// <summary>Archives a range, or goes on with one that was begun.</summary>
    /// <param name="folder">Where a folder of the archive's own is made; of one that was begun, its own stays.</param>
    /// <exception cref="ArchiveException">It cannot go on.</exception>
    public async Task RunAsync(ArchiveRange range, DateOnly before, string folder, IArchiveObserver observer, CancellationToken cancellationToken)
    {
        await using var turn = await database.OpenSessionAsync(cancellationToken);
        if (!(await turn.Connection.QueryAsync("select pg_try_advisory_lock($1) and pg_try_advisory_lock($2)", [Turn, KeyRotation.Turn], reader => reader.GetBoolean(0), cancellationToken))[0])
        {
            throw new ArchiveException("Another archive or a rotation of keys is under way; wait for it, then run the command again.");
        }

        await AdvanceAsync(range, before, folder, observer, cancellationToken);
    }

    private async Task AdvanceAsync(ArchiveRange range, DateOnly before, string folder, IArchiveObserver observer, CancellationToken cancellationToken)
    {
        var archive = (await ListAsync(cancellationToken)).Find(known => known.Series == range.Series && known.No == range.No);
        if (archive is null)
        {
            if (await ObjectionsAsync(range.Series, range.Numbers, before, cancellationToken) is [var first, ..])
            {
                throw new ArchiveException($"{range.Name} may not be archived any more: {first}");
            }

            var own = Path.GetFullPath(Path.Combine(folder, range.Name));
            await CommitAsync(
                "insert into growth.archive (series, no, first, last, state, before, folder, begun_at) values ($1, $2, $3, $4, 'Closed', $5, $6, $7)", cancellationToken,
                range.Series, range.No, range.Numbers.First, range.Numbers.Last, before, own, clock.GetUtcNow());
            archive = (await ListAsync(cancellationToken)).Single(known => known.Series == range.Series && known.No == range.No);
        }

        if (archive.State == ArchiveState.Closed)
        {
            await CloseAsync(range, cancellationToken);
            if (await ObjectionsAsync(range.Series, range.Numbers, archive.Before, cancellationToken) is [var late, ..])
            {
                throw new ArchiveException($"{range.Name} is closed, but something came to it before that: {late}. Run the command again when that is settled.");
            }

            await ExportAsync(range, archive, observer, cancellationToken);
            archive = archive with { State = ArchiveState.Verified };
        }

        if (archive.State == ArchiveState.Verified)
        {
            await RecordAsync(range, observer, cancellationToken);
        }

        await RemoveAsync(range, observer, cancellationToken);
    }

    /// <summary>Refuses writes at the partitions themselves: whoever read before the range was closed and writes after it fails, and reads again.</summary>
    private async Task CloseAsync(ArchiveRange range, CancellationToken cancellationToken)
    {
        foreach (var table in TablesOf(range.Series))
        {
            await PatientlyAsync(
                $"""
                do $$ begin
                    if not exists (select from pg_constraint where conrelid = to_regclass('{table.Partition(range.No)}') and conname = 'ck_closed') then
                        alter table {table.Partition(range.No)} add constraint ck_closed check (false) not valid;
                    end if;
                end $$
                """, cancellationToken);
        }
    }

    private async Task ExportAsync(ArchiveRange range, KnownArchive archive, IArchiveObserver observer, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(archive.Folder);
        var (written, keys) = (new List<ArchivedTable>(), new HashSet<string>(StringComparer.Ordinal));
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var snapshot = await connection.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead, cancellationToken);
        await ExecuteAsync(connection, "set local timezone = 'UTC'; set local datestyle = 'ISO'; set local intervalstyle = 'postgres'; set local bytea_output = 'hex'; set local extra_float_digits = 1; set local enable_sort = off", cancellationToken);
        foreach (var source in await SourcesAsync(connection, range, cancellationToken))
        {
            var file = $"{source.Table}.csv.gz";
            var path = Path.Combine(archive.Folder, file);
            var (rows, sum) = (await connection.PatientQueryAsync(
                source.Count, [], reader => (reader.GetInt64(0), reader.IsDBNull(1) ? (decimal?)null : reader.GetDecimal(1)), cancellationToken))[0];
            observer.Begin($"{range.Name}: write {source.Table}", rows);
            var (bytes, fileHash, rowsHash) = await ArchiveFile.WriteAsync(connection, source.Copy, path, observer.Report, cancellationToken);
            observer.Begin($"{range.Name}: compare {source.Table}", rows);
            if (!await ArchiveFile.IsSameAsync(connection, source.Copy, path, observer.Report, cancellationToken) || await ArchiveFile.HashAsync(path, cancellationToken) != fileHash)
            {
                throw new ArchiveException($"{path} does not hold the rows that were written to it; look at the disk, then run the command again. Nothing was taken out of the database.");
            }

            keys.UnionWith(await KeysAsync(connection, source, cancellationToken));
            written.Add(new ArchivedTable(source.Table, file, source.Columns, rows, sum, bytes, fileHash, rowsHash));
        }

        await snapshot.CommitAsync(cancellationToken);
        var named = range.Series == NumberSeries.Lines ? (await envelopes.ReadAsync(range.Numbers, cancellationToken)).Select(envelope => envelope.Id).Order(StringComparer.Ordinal).ToList() : [];
        var manifest = new ArchiveManifest(
            ArchiveManifest.CurrentFormat, range.Series, range.No, range.Numbers.First, range.Numbers.Last, archive.Before, clock.GetUtcNow(), [.. keys.Order(StringComparer.Ordinal)], named, written).ToBytes();
        await File.WriteAllBytesAsync(Path.Combine(archive.Folder, ArchiveManifest.FileName), manifest, cancellationToken);
        await CommitAsync(
            "update growth.archive set state = 'Verified', manifest_hash = $3, rows = $4, bytes = $5, verified_at = $6 where series = $1 and no = $2 and state = 'Closed'", cancellationToken,
            range.Series, range.No, SHA256.HashData(manifest), written.Sum(table => table.Rows), written.Sum(table => table.Bytes), clock.GetUtcNow());
    }

    /// <summary>Once more the files, then the audit trail: from its commit on the rows are no longer looked for.</summary>
    private async Task RecordAsync(ArchiveRange range, IArchiveObserver observer, CancellationToken cancellationToken)
    {
        var archive = (await ListAsync(cancellationToken)).Single(known => known.Series == range.Series && known.No == range.No);
        observer.Begin($"{range.Name}: check the files", archive.Rows ?? 0);
        var manifest = await CheckAsync(archive, cancellationToken);
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        foreach (var table in TablesOf(range.Series))
        {
            observer.Begin($"{range.Name}: record {table.Name}", manifest.Tables.First(written => written.Table == table.Name).Rows);
            await audit.ArchiveAsync(connection, table.Name, table.Partition(range.No), range.Numbers, cancellationToken);
        }

        await using (var batch = new NpgsqlBatch(connection))
        {
            batch.Add("insert into growth.archived_envelope (envelope_id, series, no) select id, $1, $2 from unnest($3::text[]) as n(id) on conflict do nothing", range.Series, range.No, manifest.Envelopes.ToArray());
            batch.Add("update growth.archive set state = 'Removing' where series = $1 and no = $2 and state = 'Verified'", range.Series, range.No);
            await batch.ExecuteNonQueryAsync(cancellationToken);
        }

        await database.CommitAsync(transaction, cancellationToken);
    }

    /// <exception cref="ArchiveException">A file is not what was verified.</exception>
    private static async Task<ArchiveManifest> CheckAsync(KnownArchive archive, CancellationToken cancellationToken)
    {
        var path = Path.Combine(archive.Folder, ArchiveManifest.FileName);
        var bytes = File.Exists(path) ? await File.ReadAllBytesAsync(path, cancellationToken) : [];
        if (!SHA256.HashData(bytes).AsSpan().SequenceEqual(archive.ManifestHash) || ArchiveManifest.Read(bytes) is not { } manifest)
        {
            throw new ArchiveException($"{path} is not the manifest that was verified. Nothing was taken out of the database; bring the file back, or use --again to write the archive anew.");
        }

        return await manifest.CheckAsync(archive.Folder, deeply: true, cancellationToken) is [var problem, ..]
            ? throw new ArchiveException($"{archive.Folder}: {problem}. Nothing was taken out of the database; bring the file back, or use --again to write the archive anew.")
            : manifest;
    }

    /// <summary>Makes an archive that was verified, and whose files are lost or damaged, begin anew with its files. Only while its rows are there.</summary>
    public Task<int> BeginAgainAsync(CancellationToken cancellationToken) => database.ExecuteAsync(
        "update growth.archive set state = 'Closed', manifest_hash = null, rows = null, bytes = null, verified_at = null where state = 'Verified'", [], cancellationToken);

    private async Task RemoveAsync(ArchiveRange range, IArchiveObserver observer, CancellationToken cancellationToken)
    {
        foreach (var table in TablesOf(range.Series))
        {
            observer.Begin($"{range.Name}: take out {table.Name}", 0);
            await DetachAsync(table, table.Partition(range.No), cancellationToken);
            await PatientlyAsync($"drop table if exists {table.Partition(range.No)}", cancellationToken);
        }

        foreach (var rows in more.Where(rows => rows.Series == range.Series))
        {
            observer.Begin($"{range.Name}: delete from {rows.Name}", 0);
            while (await database.ExecuteAsync(
                $"delete from {rows.Name} where ctid = any(array(select t.ctid from {From(rows, range.Numbers)} limit {DeletedAtOnce}))", [], cancellationToken) > 0)
            {
            }
        }

        await CommitAsync(
            "update growth.archive set state = 'Removed', removed_at = $3 where series = $1 and no = $2 and state = 'Removing'", cancellationToken, range.Series, range.No, clock.GetUtcNow());
    }

    /// <summary>In two transactions of the database's own: between them readers and writers go on. One that was broken off is finished.</summary>
    private async Task DetachAsync(PartitionedTable table, string partition, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            var pending = await database.QueryAsync(
                "select inhdetachpending from pg_inherits where inhrelid = to_regclass($1) and inhparent = to_regclass($2)", [partition, table.Name], reader => reader.GetBoolean(0), cancellationToken);
            if (pending is not [var isBrokenOff])
            {
                return;
            }

            try
            {
                await using var session = await database.OpenSessionAsync(cancellationToken);
                // Who waits here for others' transactions holds no lock that they could want; still, a wait has an end.
                await ExecuteAsync(session.Connection, "set lock_timeout = '10s'", cancellationToken);
                await ExecuteAsync(session.Connection, $"alter table {table.Name} detach partition {partition} {(isBrokenOff ? "finalize" : "concurrently")}", cancellationToken);
            }
            catch (PostgresException busy) when (attempt < MostAttempts && IsBusy(busy))
            {
                await PauseAsync(cancellationToken);
            }
        }
    }

    /// <summary>One statement in a transaction of its own, given up after a second and tried again.</summary>
    private async Task PatientlyAsync(string sql, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await using var connection = await database.OpenConnectionAsync(cancellationToken);
                await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
                await ExecuteAsync(connection, "set local lock_timeout = '1s'", cancellationToken);
                await ExecuteAsync(connection, sql, cancellationToken);
                await database.CommitAsync(transaction, cancellationToken);
                return;
            }
            catch (PostgresException busy) when (attempt < MostAttempts && IsBusy(busy))
            {
                await PauseAsync(cancellationToken);
            }
        }
    }

    private static bool IsBusy(PostgresException exception) => exception.SqlState is PostgresErrorCodes.LockNotAvailable or PostgresErrorCodes.DeadlockDetected;

    private static Task PauseAsync(CancellationToken cancellationToken) => Task.Delay(TimeSpan.FromMilliseconds(Random.Shared.Next(100, 1000)), cancellationToken);

    private async Task<IReadOnlyList<string>> ObjectionsAsync(string name, SeqRange numbers, DateOnly before, CancellationToken cancellationToken)
    {
        string[] living = name == NumberSeries.Lines ? [.. (await envelopes.ReadAsync(numbers, cancellationToken)).Where(envelope => !envelope.IsCancelled).Select(envelope => envelope.Id)] : [];
        var question = new ArchiveQuestion(numbers, before, living);
        var objections = new List<string>();
        foreach (var rule in rules.Where(rule => rule.Series == name))
        {
            objections.AddRange(await rule.ObjectionsAsync(question, cancellationToken));
        }

        return objections;
    }

    private IEnumerable<PartitionedTable> TablesOf(string name) => tables.Where(table => table.Series == name);

    /// <summary>Numbers of the partitions that are there, of any table of the series.</summary>
    private async Task<IReadOnlyList<long>> PresentAsync(string name, CancellationToken cancellationToken) => await database.QueryAsync(
        """
        select no from (
            select substring(c.relname from '_p([0-9]+)$')::bigint as no
              from unnest($1::text[]) as t(name) join pg_inherits i on i.inhparent = to_regclass(t.name) join pg_class c on c.oid = i.inhrelid
            union select no from growth.archive where series = $2 and state <> 'Removed') n
        order by no
        """,
        [TablesOf(name).Select(table => table.Name).ToArray(), name], reader => reader.GetInt64(0), cancellationToken);

    private async Task<long> CountAsync(string name, long no, CancellationToken cancellationToken) => (await database.QueryAsync(
        "select coalesce(sum(case when c.reltuples < 0 then c.relpages * 50 else c.reltuples end), 0)::bigint + count(*) filter (where pg_relation_size(c.oid) > 0) from unnest($1::text[]) as t(name) join pg_class c on c.oid = to_regclass(t.name)",
        [TablesOf(name).Select(table => table.Partition(no)).ToArray()], reader => reader.GetInt64(0), cancellationToken))[0];

    private sealed record ExportSource(string Table, string Copy, string Count, IReadOnlyList<string> Columns, string From);

    private async Task<IReadOnlyList<ExportSource>> SourcesAsync(NpgsqlConnection connection, ArchiveRange range, CancellationToken cancellationToken)
    {
        var sources = new List<ExportSource>();
        (string Table, string From, string? Order)[] wanted =
            [.. TablesOf(range.Series).Select(table => (table.Name, $"{table.Partition(range.No)} t", (string?)null)), .. more.Where(rows => rows.Series == range.Series).Select(rows => (rows.Name, From(rows, range.Numbers), (string?)rows.Order))];
        foreach (var (table, from, order) in wanted)
        {
            var columns = await connection.QueryAsync(
                """
                select a.attname::text, case when array_position(i.indkey::int2[], a.attnum) < i.indnkeyatts then array_position(i.indkey::int2[], a.attnum) else -1 end, a.atttypid = 'numeric'::regtype and a.attname in ('amount', 'quantity')
                  from pg_attribute a left join pg_index i on i.indrelid = a.attrelid and i.indisprimary
                 where a.attrelid = to_regclass($1) and a.attnum > 0 and not a.attisdropped order by a.attnum
                """,
                [table], reader => (Name: reader.GetString(0), Key: reader.GetInt32(1), IsSummed: reader.GetBoolean(2)), cancellationToken);
            var key = order ?? string.Join(", ", columns.Where(column => column.Key >= 0).OrderBy(column => column.Key).Select(column => $"t.{column.Name}"));
            var summed = columns.Find(column => column.IsSummed).Name;
            sources.Add(new(
                table, $"copy (select {string.Join(", ", columns.Select(column => $"t.{column.Name}"))} from {from} order by {key}) to stdout (format csv, header true)",
                $"select count(*), {(summed is null ? "null::numeric" : $"coalesce(sum(t.{summed}), 0)")} from {from}", [.. columns.Select(column => column.Name)], from));
        }

        return sources;
    }

    private static string From(ArchivedRows rows, SeqRange numbers) => string.Format(CultureInfo.InvariantCulture, rows.From, numbers.First, numbers.Last);

    private async Task<IReadOnlyList<string>> KeysAsync(NpgsqlConnection connection, ExportSource source, CancellationToken cancellationToken) =>
        sealedColumns.FirstOrDefault(column => column.Table == source.Table) is not { } column
            ? []
            : [.. (await connection.PatientQueryAsync(
                $"select distinct ('x' || encode(substring(t.{column.Column} from 2 for 4), 'hex'))::bit(32)::int from (select t.* from {source.From}) t where t.{column.Column} is not null", [], reader => reader.GetInt32(0), cancellationToken)).Select(DataKey.Name)];

    private async Task CommitAsync(string sql, CancellationToken cancellationToken, params object?[] values)
    {
        if (await database.ExecuteAsync(sql, values, cancellationToken) != 1)
        {
            throw new ArchiveException("Somebody else changed the archive's record meanwhile; run the command again.");
        }
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = connection.Statement(sql);
        command.CommandTimeout = 0;
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
