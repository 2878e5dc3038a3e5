using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace G2PBridge.LocalPostgres;

/// <summary>A server that answers, with the connection that shows the others that this host uses it.</summary>
internal sealed record RunningServer(int Port, string Password, NpgsqlConnection Presence, bool Adopted);

/// <summary>Gets the server of a folder to answer; the caller holds the folder's lock.</summary>
internal sealed class ServerStart(
    LocalPostgresOptions options,
    ClusterFolder folder,
    PostgresBinaries binaries,
    ServerIdentity identity,
    string superuser,
    string maintenanceDatabase,
    string applicationName,
    Action<string> report)
{
    public static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    private const int PortAttempts = 5;
    private const long LargeLog = 8 * 1024 * 1024;
    private static readonly TimeSpan InitTimeout = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan SignOfLife = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan OrphanPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan OrphanTimeout = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan PatienceToReport = TimeSpan.FromSeconds(5);
    private readonly long _since = TimeProvider.System.GetTimestamp();
    private bool _patienceReported;

    private enum Attempt
    {
        Ready,
        PortTaken,
        OrphansLeft,
    }

    public static NpgsqlConnectionStringBuilder ConnectionString(int port, string user, string password, string database, string applicationName) => new()
    {
        Host = IPAddress.Loopback.ToString(),
        Port = port,
        Username = user,
        Password = password,
        Database = database,
        ApplicationName = applicationName,
        SslMode = SslMode.Disable,
        GssEncryptionMode = GssEncryptionMode.Disable,

        // Another program on this port must not be able to ask for the password in the clear.
        RequireAuth = "ScramSHA256",
    };

    public async Task<RunningServer> RunAsync(CancellationToken cancellationToken)
    {
        while (await FindRunningAsync(cancellationToken) is { } port)
        {
            if (await ConnectAsync(port, adopted: true, cancellationToken) is { } adopted)
            {
                report(string.Create(CultureInfo.InvariantCulture, $"The local PostgreSQL was already running on port {port} and is used on."));
                return adopted;
            }
        }

        folder.RemoveUnfinishedData();
        if (!folder.HasData)
        {
            await InitialiseAsync(cancellationToken);
        }

        await identity.TakeOwnershipAsync(folder.Data, cancellationToken);
        return await StartAsync(cancellationToken);
    }

    /// <summary>The port of the folder's server once it is ready; null when none runs.</summary>
    private async Task<int?> FindRunningAsync(CancellationToken cancellationToken)
    {
        while (PostmasterFile.Read(folder.Data) is { } file)
        {
            if (!file.IsServerOf(folder.Data))
            {
                if (file.IsProcessAlive())
                {
                    // The number now belongs to another program, or to the dead server as long as nobody buries it; a new server would
                    // take either for its predecessor.
                    await WaitForOrphansAsync(cancellationToken);
                    File.Delete(PostmasterFile.PathIn(folder.Data));
                }

                return null;
            }

            if (file.IsReady)
            {
                return file.Port;
            }

            await WaitAsync($"is {(file.Status.Length == 0 ? "starting" : file.Status)}", cancellationToken);
        }

        return null;
    }

    private async Task WaitForOrphansAsync(CancellationToken cancellationToken)
    {
        while (PostmasterFile.IsAnyoneWorkingIn(folder.Data))
        {
            if (TimeProvider.System.GetElapsedTime(_since) > OrphanTimeout)
            {
                throw OrphansLeft();
            }

            await Task.Delay(Pause, cancellationToken);
        }
    }

    private LocalPostgresException OrphansLeft() =>
        new($"Processes of a killed PostgreSQL still hold {folder.Data}: end the processes named postgres that belong to it and try again.");

    private async Task InitialiseAsync(CancellationToken cancellationToken)
    {
        report($"Making a PostgreSQL {binaries.Version} cluster in {folder.Data}.");
        folder.ClearWayForData();

        // A name of its own: an initdb that outlived its killed host still writes to, and at last deletes, the one it was given.
        var unfinished = folder.NewUnfinishedData();
        var passwordFile = folder.WriteNewPassword();
        var readable = passwordFile;
        try
        {
            Directory.CreateDirectory(unfinished);
            if (identity.Account is not null)
            {
                readable = folder.Data + ".password";
                ClusterFolder.WriteSecret(readable, folder.ReadPassword());
                await identity.TakeOwnershipAsync(readable, cancellationToken);
                await identity.TakeOwnershipAsync(unfinished, cancellationToken);
            }

            string[] arguments =
            [
                "-D", unfinished, "--username", superuser, $"--pwfile={readable}", "--auth=scram-sha-256",
                "--encoding=UTF8", "--locale=C", "--data-checksums", "--no-instructions", .. options.Throwaway ? ["--no-sync"] : Array.Empty<string>(),
            ];
            var run = await identity.RunAsync(binaries.InitDb, arguments, InitTimeout, cancellationToken);
            if (!run.Succeeded)
            {
                throw Explain(run.Output, $"PostgreSQL could not make a cluster in {folder.Data}");
            }

            await File.WriteAllTextAsync(Path.Combine(unfinished, "pg_hba.conf"), "host all all 127.0.0.1/32 scram-sha-256\n", cancellationToken);
            await File.AppendAllTextAsync(Path.Combine(unfinished, "postgresql.conf"), $"\ninclude '{ServerSettings.FileName}'\n", cancellationToken);

            // Only a finished cluster gets the name that a start looks for, so that a killed initdb leaves nothing half made.
            Directory.Move(unfinished, folder.Data);
        }
        finally
        {
            if (readable != passwordFile)
            {
                File.Delete(readable);
            }

            if (Directory.Exists(unfinished))
            {
                Directory.Delete(unfinished, recursive: true);
            }
        }
    }

    private async Task<RunningServer> StartAsync(CancellationToken cancellationToken)
    {
        var log = new FileInfo(folder.Log);
        if (log.Exists && log.Length > LargeLog)
        {
            log.Delete();
        }

        var port = options.Port ?? (folder.ReadPort() is { } last && IsFree(last) ? last : FreePort());
        ServerSettings.Write(folder.Data, port, options, ServerSettings.SlowLogCompression);
        var logCompression = await LogCompressionAsync(cancellationToken);
        for (var attempt = 1; ;)
        {
            ServerSettings.Write(folder.Data, port, options, logCompression);
            switch (await TryStartAsync(cancellationToken))
            {
                case Attempt.Ready:
                    folder.WritePort(port);
                    return await ConnectAsync(port, adopted: false, cancellationToken)
                        ?? throw new LocalPostgresException($"The PostgreSQL in {folder.Data} ended as soon as it had started: {folder.Log} says why.");
                case Attempt.PortTaken when options.Port is null && attempt < PortAttempts:
                    attempt++;
                    port = FreePort();
                    break;
                case Attempt.PortTaken:
                    throw new LocalPostgresException(string.Create(CultureInfo.InvariantCulture, $"Port {port} on 127.0.0.1 is taken by another program: end that program, or set another port or none for the local PostgreSQL."));
                case Attempt.OrphansLeft when TimeProvider.System.GetElapsedTime(_since) < OrphanTimeout:
                    // The server was killed and its children are still noticing.
                    await Task.Delay(OrphanPause, cancellationToken);
                    break;
                default:
                    throw OrphansLeft();
            }
        }
    }

    /// <summary>Asks the program itself: a server that is given a method it was built without does not start.</summary>
    private async Task<string> LogCompressionAsync(CancellationToken cancellationToken)
    {
        string[] arguments = ["-D", folder.Data, "-c", $"{ServerSettings.LogCompressionName}={ServerSettings.LogCompression}", "-C", ServerSettings.LogCompressionName];
        var run = await identity.RunAsync(binaries.Postgres, arguments, SignOfLife, cancellationToken);
        return run.Succeeded ? ServerSettings.LogCompression : ServerSettings.SlowLogCompression;
    }

    private async Task<Attempt> TryStartAsync(CancellationToken cancellationToken)
    {
        var logStart = File.Exists(folder.Log) ? new FileInfo(folder.Log).Length : 0;
        var run = await identity.RunStarterAsync(binaries.PgCtl, ["start", "-D", folder.Data, "-l", folder.Log, "-W", "-s"], SignOfLife, cancellationToken);
        var since = TimeProvider.System.GetTimestamp();
        while (true)
        {
            if (PostmasterFile.Read(folder.Data) is { } file && file.IsServerOf(folder.Data))
            {
                if (file.IsReady)
                {
                    return Attempt.Ready;
                }

                since = TimeProvider.System.GetTimestamp();
                await WaitAsync("is starting or recovering", cancellationToken);
                continue;
            }

            var log = ReadLog(logStart);
            if (log.Contains("Address already in use", StringComparison.Ordinal) || log.Contains("could not create any TCP/IP sockets", StringComparison.Ordinal))
            {
                return Attempt.PortTaken;
            }

            if (log.Contains("pre-existing shared memory block", StringComparison.Ordinal))
            {
                return Attempt.OrphansLeft;
            }

            if (!run.Succeeded || HasEnded(log) || TimeProvider.System.GetElapsedTime(since) > SignOfLife)
            {
                throw Explain(log.Length > 0 ? log : run.Output, $"PostgreSQL did not start in {folder.Data} (see {folder.Log})");
            }

            await Task.Delay(Pause, cancellationToken);
        }
    }

    /// <summary>Null when the server went away, as one that was just killed does.</summary>
    private async Task<RunningServer?> ConnectAsync(int port, bool adopted, CancellationToken cancellationToken)
    {
        var password = folder.ReadPassword();
        var settings = ConnectionString(port, superuser, password, maintenanceDatabase, applicationName);
        settings.Pooling = false;
        while (true)
        {
            var connection = new NpgsqlConnection(settings.ConnectionString);
            try
            {
                await connection.OpenAsync(cancellationToken);
                return new RunningServer(port, password, connection, adopted);
            }
            catch (PostgresException e) when (e.SqlState is PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification)
            {
                await connection.DisposeAsync();
                throw new LocalPostgresException($"The PostgreSQL in {folder.Data} does not accept the password in {folder.Actual}: put the right password file back, or stop that server and delete the folder to start with an empty cluster.", e);
            }
            catch (NpgsqlException e) when (e.IsTransient || e.InnerException is SocketException or IOException)
            {
                await connection.DisposeAsync();
                if (PostmasterFile.Read(folder.Data)?.IsServerOf(folder.Data) != true)
                {
                    return null;
                }

                await WaitAsync("does not take connections yet", cancellationToken, e);
            }
        }
    }

    private async Task WaitAsync(string state, CancellationToken cancellationToken, Exception? cause = null)
    {
        var waited = TimeProvider.System.GetElapsedTime(_since);
        if (waited > options.StartTimeout)
        {
            throw new LocalPostgresException($"The PostgreSQL in {folder.Data} {state} after {waited.TotalSeconds:0} s: look into {folder.Log}, and give it more time or stop it.", cause!);
        }

        if (!_patienceReported && waited > PatienceToReport)
        {
            _patienceReported = true;
            report($"Waiting: the PostgreSQL in {folder.Data} {state}.");
        }

        await Task.Delay(Pause, cancellationToken);
    }

    private string ReadLog(long from)
    {
        try
        {
            using var file = new FileStream(folder.Log, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            file.Position = from;
            using var reader = new StreamReader(file);
            return reader.ReadToEnd();
        }
        catch (FileNotFoundException)
        {
            return "";
        }
    }

    private static bool HasEnded(string log) =>
        log.Contains("FATAL:", StringComparison.Ordinal) || log.Contains("PANIC:", StringComparison.Ordinal) || log.Contains("database system is shut down", StringComparison.Ordinal);

    private LocalPostgresException Explain(string output, string failure)
    {
        if (output.Contains("No space left on device", StringComparison.Ordinal))
        {
            return new LocalPostgresException($"{failure}: the disk is full, so make room there or choose a folder on another disk.");
        }

        if (output.Contains("Permission denied", StringComparison.Ordinal) || output.Contains("has wrong ownership", StringComparison.Ordinal))
        {
            return new LocalPostgresException($"{failure}: the folder is not this user's ({Environment.UserName}), so run as its owner, change its owner, or choose another folder.");
        }

        var lines = output.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        var reason = lines.FirstOrDefault(IsSetting) ?? lines.FirstOrDefault(IsFatal) ?? lines.FirstOrDefault(IsError) ?? lines.LastOrDefault() ?? "it said nothing";
        var remedy = lines.Any(IsSetting) ? "correct the settings given for the local PostgreSQL"
            : $"remove the cause, or delete {folder.Wanted} to start with an empty cluster";
        return new LocalPostgresException($"{failure}, because of \"{reason}\": {remedy}.");
    }

    private static bool IsSetting(string line) =>
        line.Contains("unrecognized configuration parameter", StringComparison.Ordinal) || line.Contains("invalid value for parameter", StringComparison.Ordinal)
        || line.Contains("outside the valid range for parameter", StringComparison.Ordinal);

    private static bool IsFatal(string line) => line.Contains("FATAL:", StringComparison.Ordinal) || line.Contains("PANIC:", StringComparison.Ordinal);

    private static bool IsError(string line) => line.Contains("error:", StringComparison.OrdinalIgnoreCase);

    private static bool IsFree(int port)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
