using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore.Migrations;
using Npgsql;

namespace G2PBridge.Platform.Persistence;

/// <summary>
/// Who we are among the hosts of a database, for as long as we live. Every connection of this host carries <see cref="Id"/> in the
/// setting <c>g2p.presence</c>, and one of them holds an advisory lock on it. A killed host loses the lock with its connection, at once,
/// so that what it had leased can be taken back without waiting for the lease to end. Being wrong about it is safe: a host that
/// is taken for dead and is not finds its fence refused.
/// </summary>
internal sealed class HostPresence
{
    public const int LockClass = 0x6733;

    /// <summary>Drawn at start; never zero.</summary>
    public int Id { get; } = RandomNumberGenerator.GetInt32(1, int.MaxValue);

    /// <summary>As a parameter of the connection string.</summary>
    public string ConnectionOption => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"-c g2p.presence={Id}");
}

/// <summary>A table whose rows are leased in <c>lease_until</c>, and which remembers whose connection last wrote it in <c>owner</c>.</summary>
internal sealed record LeasedTable(string Name)
{
    /// <summary>What a module's migration adds to such a table.</summary>
    public static void AddOwner(MigrationBuilder migrations, string schema, string table) => migrations.Sql(
        $"""
        alter table {schema}.{table} add column owner integer;
        create function {schema}.{table}_owner() returns trigger language plpgsql as $$
        begin
            new.owner := nullif(current_setting('g2p.presence', true), '')::integer;
            return new;
        end
        $$;
        create trigger {table}_owner before insert or update of lease_until on {schema}.{table}
            for each row when (new.lease_until is not null) execute function {schema}.{table}_owner();
        """);
}

/// <summary>
/// Holds this host's presence and ends the leases of hosts whose presence is gone. Each module's own recovery then does what it does after
/// any lease; this only spares the wait.
/// </summary>
internal sealed partial class PresenceKeeper(HostPresence presence, NpgsqlDataSource source, IEnumerable<LeasedTable> tables, ILogger<PresenceKeeper> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    private SessionConnection? _session;

    /// <summary>Present before the first job runs, because a lease of somebody who is not present is ended.</summary>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await HoldAsync(cancellationToken);
        await EndLeasesOfTheDeadAsync(cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        if (_session is not null)
        {
            await _session.DisposeAsync();
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval);
        while (await WaitAsync(timer, stoppingToken))
        {
            try
            {
                await HoldAsync(stoppingToken);
                await EndLeasesOfTheDeadAsync(stoppingToken);
            }
            catch (Exception exception) when (exception is NpgsqlException or InvalidOperationException or TimeoutException)
            {
                // The database is away; presence is taken again when it is back.
                LogLost(exception.GetType().Name);
            }
        }
    }

    private static async Task<bool> WaitAsync(PeriodicTimer timer, CancellationToken stoppingToken)
    {
        try
        {
            return await timer.WaitForNextTickAsync(stoppingToken);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private async Task HoldAsync(CancellationToken cancellationToken)
    {
        if (_session is not null)
        {
            try
            {
                await using var alive = new NpgsqlCommand("select 1", _session.Connection);
                await alive.ExecuteNonQueryAsync(cancellationToken);
                return;
            }
            catch (Exception exception) when (exception is NpgsqlException or InvalidOperationException)
            {
                await _session.DisposeAsync();
                _session = null;
            }
        }

        var session = await SessionConnection.OpenAsync(source, cancellationToken);
        try
        {
            await using var take = new NpgsqlCommand("select pg_advisory_lock($1, $2)", session.Connection) { Parameters = { new() { Value = HostPresence.LockClass }, new() { Value = presence.Id } } };
            await take.ExecuteNonQueryAsync(cancellationToken);
        }
        catch
        {
            await session.DisposeAsync();
            throw;
        }

        _session = session;
    }

    private async Task EndLeasesOfTheDeadAsync(CancellationToken cancellationToken)
    {
        foreach (var table in tables)
        {
            // A seq scan of a table with one row per thousands of lines.
            await using var end = source.CreateCommand(
                $"""
                update {table.Name} set lease_until = now() - interval '1 second'
                 where lease_until > now() and owner is not null and owner <> $1
                   and not exists (select from pg_locks l
                                    where l.locktype = 'advisory' and l.classid = $2 and l.objid = owner::oid and l.objsubid = 2 and l.granted
                                      and l.database = (select oid from pg_database where datname = current_database()))
                """);
            end.Parameters.Add(new() { Value = presence.Id });
            end.Parameters.Add(new() { Value = (uint)HostPresence.LockClass, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Oid });
            var ended = await end.ExecuteNonQueryAsync(cancellationToken);
            if (ended > 0)
            {
                LogEnded(ended, table.Name);
            }
        }
    }

    [LoggerMessage(130, LogLevel.Warning, "{Count} leases in {Table} were held by a host that is gone; they are ended")]
    private partial void LogEnded(int count, string table);

    [LoggerMessage(131, LogLevel.Warning, "The database cannot be reached ({Exception}); trying again")]
    private partial void LogLost(string exception);
}
