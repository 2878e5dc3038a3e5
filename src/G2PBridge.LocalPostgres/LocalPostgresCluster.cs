using System.Globalization;
using System.Security.Cryptography;
using Npgsql;

namespace G2PBridge.LocalPostgres;

/// <summary>
/// A PostgreSQL server of our own in a folder, for development, the demonstration and tests: on 127.0.0.1 only, with a random password,
/// and with nothing given up that makes a commit safe. The server outlives a host that is killed; the next start on the folder finds it
/// and uses it. Hosts that use one folder at the same time share one server, and the last one to stop shuts it down.
/// </summary>
public sealed class LocalPostgresCluster : IAsyncDisposable
{
    private const string Superuser = "postgres";
    private const string MaintenanceDatabase = "postgres";
    private static readonly TimeSpan StopTimeout = TimeSpan.FromMinutes(1);

    // The server shows a connection for a moment after its program closed it or died.
    private static readonly TimeSpan Farewell = TimeSpan.FromMilliseconds(500);

    private readonly ClusterFolder _folder;
    private readonly PostgresBinaries _binaries;
    private readonly ServerIdentity _identity;
    private readonly Action<string> _report;
    private readonly string _password;
    private readonly string _applicationName;
    private NpgsqlConnection _presence;
    private bool _stopped;

    private LocalPostgresCluster(ClusterFolder folder, RunningServer server, PostgresBinaries binaries, ServerIdentity identity, string applicationName, Action<string> report)
    {
        _folder = folder;
        _binaries = binaries;
        _identity = identity;
        _report = report;
        _password = server.Password;
        _applicationName = applicationName;
        _presence = server.Presence;
        Port = server.Port;
        Adopted = server.Adopted;
        ServerVersion = server.Presence.PostgreSqlVersion;
    }

    /// <summary>The port on 127.0.0.1.</summary>
    public int Port { get; }

    /// <summary>The version of the running server.</summary>
    public Version ServerVersion { get; }

    /// <summary>The folder of the programs in use.</summary>
    public string BinDirectory => _binaries.Directory;

    /// <summary>PostgreSQL's own data folder, where it really is; it holds <c>server.log</c>.</summary>
    public string DataDirectory => _folder.Data;

    /// <summary>The server was already running: left by a host that was killed, or in use by another one.</summary>
    public bool Adopted { get; }

    /// <summary>The server's process, for tests that kill it; 0 when it is down.</summary>
    public int ServerProcessId => PostmasterFile.Read(DataDirectory)?.ProcessId ?? 0;

    internal string ActualFolder => _folder.Actual;

    /// <summary>Starts the server in the folder, making the cluster when there is none, or takes over the one that runs there.</summary>
    /// <param name="options">Where, and with what settings.</param>
    /// <param name="report">Receives one sentence for each step that takes time or that someone may want to know.</param>
    /// <param name="cancellationToken">Ends the wait; a server that was being started may then be running.</param>
    /// <exception cref="LocalPostgresUnavailableException">There is no PostgreSQL for this.</exception>
    /// <exception cref="LocalPostgresException">The server could not be started, or a setting is malformed or one that we keep; the message says why and what to do.</exception>
    public static async Task<LocalPostgresCluster> StartAsync(LocalPostgresOptions options, Action<string>? report, CancellationToken cancellationToken)
    {
        ServerSettings.Check(options.Settings);
        report ??= static _ => { };
        try
        {
            var folder = ClusterFolder.Open(options.Folder);
            using var held = await FolderLock.AcquireAsync(folder.Lock, options.StartTimeout, cancellationToken);

            // Whoever held the lock before may have moved the cluster.
            folder = ClusterFolder.Open(options.Folder);
            var binaries = await PostgresBinaries.FindAsync(options, folder.ReadMajorVersion(), report, cancellationToken);
            (binaries, var identity) = await ServerPlacement.ChooseAsync(folder, binaries, options, report, cancellationToken);
            var applicationName = $"g2p-bridge-{Environment.ProcessId}-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4))}";
            var start = new ServerStart(options, folder, binaries, identity, Superuser, MaintenanceDatabase, applicationName, report);
            return new LocalPostgresCluster(folder, await start.RunAsync(cancellationToken), binaries, identity, applicationName, report);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new LocalPostgresException(
                $"The folder {Path.GetFullPath(options.Folder)} of the local PostgreSQL cannot be used ({e.Message.TrimEnd('.')}): make it writable for the user {Environment.UserName}, see that the disk is not full, or choose another folder.", e);
        }
    }

    /// <summary>
    /// How to reach a database of this cluster as its superuser. The <c>Application Name</c> in it tells this host's connections from
    /// those of others; what connects without it keeps the server running when this host stops.
    /// </summary>
    public string ConnectionString(string database) =>
        ServerStart.ConnectionString(Port, Superuser, _password, database, _applicationName).ConnectionString;

    /// <summary>Makes the database when it is missing; two callers at once do no harm.</summary>
    public async Task EnsureDatabaseAsync(string name, CancellationToken cancellationToken = default)
    {
        await using var connection = await ConnectAsync(Port, cancellationToken);
        await using var exists = new NpgsqlCommand("select 1 from pg_database where datname = $1", connection) { Parameters = { new() { Value = name } } };
        if (await exists.ExecuteScalarAsync(cancellationToken) is not null)
        {
            return;
        }

        // From template0: template1 cannot be copied while someone is connected to it.
        await using var create = new NpgsqlCommand($"create database \"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\" template template0", connection);
        try
        {
            await create.ExecuteNonQueryAsync(cancellationToken);
        }
        catch (PostgresException e) when (e.SqlState is PostgresErrorCodes.DuplicateDatabase or PostgresErrorCodes.UniqueViolation)
        {
            return;
        }
    }

    /// <summary>
    /// Shuts the server down, unless others still use it: another host on this folder, or any connection that was not opened with this
    /// object's connection string. True when it is down.
    /// </summary>
    /// <exception cref="LocalPostgresException">The server does not stop.</exception>
    public async Task<bool> StopAsync(CancellationToken cancellationToken = default)
    {
        if (_stopped)
        {
            return RunningServer() is null;
        }

        using var held = await FolderLock.AcquireAsync(_folder.Lock, StopTimeout, cancellationToken);
        var others = await CountOthersAsync(cancellationToken);
        for (var since = TimeProvider.System.GetTimestamp(); others > 0 && TimeProvider.System.GetElapsedTime(since) < Farewell; others = await CountOthersAsync(cancellationToken))
        {
            await Task.Delay(ServerStart.Pause, cancellationToken);
        }

        await _presence.DisposeAsync();
        _stopped = true;
        if (others > 0)
        {
            _report(string.Create(CultureInfo.InvariantCulture, $"The local PostgreSQL on port {Port} stays up: {others} connection(s) of other programs use it."));
            return false;
        }

        await ShutDownAsync("fast", cancellationToken);
        return true;
    }

    /// <summary>Stops like <see cref="StopAsync"/>; what goes wrong is reported, not thrown.</summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            await StopAsync();
        }
        catch (Exception e) when (e is LocalPostgresException or NpgsqlException or IOException or UnauthorizedAccessException)
        {
            _report($"The local PostgreSQL on port {Port} was not stopped: {e.Message}");
        }
    }

    /// <summary>Ends the server without asking anyone and deletes the cluster.</summary>
    internal async Task RemoveAsync(CancellationToken cancellationToken)
    {
        using (await FolderLock.AcquireAsync(_folder.Lock, StopTimeout, cancellationToken))
        {
            await _presence.DisposeAsync();
            _stopped = true;
            await ShutDownAsync("immediate", cancellationToken);
        }

        Directory.Delete(_folder.Actual, recursive: true);
        if (_folder.IsMoved)
        {
            Directory.Delete(_folder.Wanted, recursive: true);
        }
    }

    private PostmasterFile? RunningServer() =>
        PostmasterFile.Read(DataDirectory) is { } file && file.IsServerOf(DataDirectory) ? file : null;

    private async Task<NpgsqlConnection> ConnectAsync(int port, CancellationToken cancellationToken)
    {
        var settings = ServerStart.ConnectionString(port, Superuser, _password, MaintenanceDatabase, _applicationName);
        settings.Pooling = false;
        var connection = new NpgsqlConnection(settings.ConnectionString);
        await connection.OpenAsync(cancellationToken);
        return connection;
    }

    private async Task<int> CountOthersAsync(CancellationToken cancellationToken)
    {
        const string Sql = "select count(*)::int from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid() and application_name <> $1";
        var since = TimeProvider.System.GetTimestamp();
        while (true)
        {
            try
            {
                await using var count = new NpgsqlCommand(Sql, _presence) { Parameters = { new() { Value = _applicationName } } };
                return (int)(await count.ExecuteScalarAsync(cancellationToken))!;
            }
            catch (Exception e) when (e is NpgsqlException or InvalidOperationException && TimeProvider.System.GetElapsedTime(since) < StopTimeout)
            {
                // The connection broke, as when a test killed the server; a fresh one tells whether there is a server at all.
                await _presence.DisposeAsync();
                if (await ReconnectAsync(since, cancellationToken) is not { } fresh)
                {
                    return 0;
                }

                _presence = fresh;
            }
        }
    }

    private async Task<NpgsqlConnection?> ReconnectAsync(long since, CancellationToken cancellationToken)
    {
        while (RunningServer() is { } server)
        {
            try
            {
                // Whoever started it again may have had to take another port.
                return await ConnectAsync(server.Port, cancellationToken);
            }
            catch (NpgsqlException e)
            {
                if (TimeProvider.System.GetElapsedTime(since) > StopTimeout)
                {
                    throw new LocalPostgresException($"The local PostgreSQL in {DataDirectory} runs but does not answer, so it is left as it is: look into its server.log, and end its process {server.ProcessId} if it hangs.", e);
                }

                await Task.Delay(ServerStart.Pause, cancellationToken);
            }
        }

        return null;
    }

    private async Task ShutDownAsync(string mode, CancellationToken cancellationToken)
    {
        if (RunningServer() is not { } server)
        {
            return;
        }

        // pg_ctl's own wait looks ten times a second; ours is shorter.
        var run = await _identity.RunAsync(_binaries.PgCtl, ["stop", "-D", DataDirectory, "-m", mode, "-W", "-s"], StopTimeout, cancellationToken);
        var since = TimeProvider.System.GetTimestamp();
        while (server.IsServerOf(DataDirectory))
        {
            if (!run.Succeeded || TimeProvider.System.GetElapsedTime(since) > StopTimeout)
            {
                throw new LocalPostgresException($"The local PostgreSQL in {DataDirectory} does not stop ({run.LastLine}): end its process {server.ProcessId} yourself.");
            }

            await Task.Delay(ServerStart.Pause, cancellationToken);
        }
    }
}
