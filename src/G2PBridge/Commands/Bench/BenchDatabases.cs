using System.Globalization;
using G2PBridge.LocalPostgres;
using G2PBridge.Platform.Hosting;
using Npgsql;

namespace G2PBridge.Commands.Bench;

/// <summary>
/// Databases that only the measurement uses, on the server that the settings name or else on the private one, and gone afterwards
/// unless they are to be kept.
/// </summary>
internal sealed class BenchDatabases : IAsyncDisposable
{
    private readonly LocalPostgresCluster? _cluster;
    private readonly string _server;
    private readonly bool _keep;
    private readonly string _name;

    private BenchDatabases(LocalPostgresCluster? cluster, string server, string name, IReadOnlyDictionary<string, string?> settings, bool keep)
    {
        _cluster = cluster;
        _server = server;
        _keep = keep;
        _name = name;
        Settings = settings;
        Source = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(Bridge) { MaxPoolSize = 70 });
    }

    /// <summary>The settings that the user gave beside the options, for the bridge that is measured.</summary>
    public IReadOnlyDictionary<string, string?> Settings { get; }

    public string Bridge => Named("");

    public string Simulators => Named("_simulators");

    /// <summary>Connections to the bridge's database.</summary>
    public NpgsqlDataSource Source { get; }

    public static async Task<BenchDatabases> CreateAsync(IReadOnlyList<string> settings, bool keep, CancellationToken cancellationToken)
    {
        // Only what was said, not what the program's own files say: the bridge reads those itself.
        var given = new ConfigurationBuilder().AddCommandLine([.. settings]).Build().AsEnumerable().ToDictionary(StringComparer.OrdinalIgnoreCase);
        var configuration = new ConfigurationBuilder()
            .SetBasePath(AppContext.BaseDirectory).AddJsonFile("appsettings.json", optional: true).AddEnvironmentVariables().AddInMemoryCollection(given).Build();
        var (cluster, server) = await ServerAsync(configuration, cancellationToken);
        try
        {
            return await CreateAsync(cluster, server, given, keep, cancellationToken);
        }
        catch (Exception exception)
        {
            if (cluster is not null)
            {
                await cluster.DisposeAsync();
            }

            throw exception is NpgsqlException
                ? new StartupRefusedException($"The measurement cannot create a database of its own ({exception.Message.TrimEnd('.')}); give a ConnectionStrings:G2PBridge whose account may create databases.", exception)
                : exception;
        }
    }

    /// <summary>Two more on the same server; to be disposed before these.</summary>
    public Task<BenchDatabases> BesideAsync(CancellationToken cancellationToken) => CreateAsync(null, _server, Settings, _keep, cancellationToken);

    /// <summary>Bytes that the server has written to its log since it was made.</summary>
    public async Task<long> LogPositionAsync(CancellationToken cancellationToken)
    {
        await using var command = Source.CreateCommand("select (pg_current_wal_lsn() - '0/0')::bigint");
        return (long)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    /// <summary>How many huge pages the server's shared memory would fill, by its own reckoning.</summary>
    public async Task<long> HugePagesWantedAsync(CancellationToken cancellationToken)
    {
        await using var command = Source.CreateCommand("select current_setting('shared_memory_size_in_huge_pages')::bigint");
        return (long)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    /// <summary>
    /// Payments that the example bank has booked since then and the seconds it took, by its own books: a batch bears the time at which the
    /// booking of its group began, so the last group marks the end and is not counted. Null when there was but one group.
    /// </summary>
    public async Task<(int Payments, double Seconds)?> BookedSinceAsync(DateTimeOffset since, CancellationToken cancellationToken)
    {
        await using var connection = new NpgsqlConnection(Simulators);
        await connection.OpenAsync(cancellationToken);
        await using var command = new NpgsqlCommand(
            """
            with booked as (select payments - refused as payments, booked_at from example_bank.batches where booked_at >= $1),
            span as (select min(booked_at) as first, max(booked_at) as last from booked)
            select coalesce(sum(payments) filter (where booked_at < last), 0)::int, coalesce(max(extract(epoch from last - first)), 0)::float8 from booked, span
            """, connection)
        {
            Parameters = { new() { Value = since } },
        };
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return reader.GetDouble(1) > 0 ? (reader.GetInt32(0), reader.GetDouble(1)) : null;
    }

    /// <summary>
    /// Does what the server itself does in the quarter of an hour after so many new rows, so that it does nothing while somebody else is measured: vacuums, and writes to
    /// the disk what lies changed in its memory, where the account may ask for that.
    /// </summary>
    public async Task SettleAsync(CancellationToken cancellationToken)
    {
        foreach (var (database, statement) in new[] { (Bridge, "vacuum (analyze)"), (Simulators, "vacuum (analyze)"), (Bridge, "checkpoint") })
        {
            await using var connection = new NpgsqlConnection(database);
            await connection.OpenAsync(cancellationToken);
            await using var command = new NpgsqlCommand(statement, connection) { CommandTimeout = 0 };
            try
            {
                await command.ExecuteNonQueryAsync(cancellationToken);
            }
            catch (PostgresException refused) when (refused.SqlState == PostgresErrorCodes.InsufficientPrivilege)
            {
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Source.DisposeAsync();
        if (_keep)
        {
            CommandLine.Report($"The databases {_name} and {_name}_simulators are kept.");
        }
        else
        {
            foreach (var database in new[] { _name, _name + "_simulators" })
            {
                await OnServerAsync($"drop database if exists \"{database}\" with (force)", CancellationToken.None);
            }
        }

        if (_cluster is not null)
        {
            await _cluster.DisposeAsync();
        }
    }

    private static async Task<BenchDatabases> CreateAsync(LocalPostgresCluster? cluster, string server, IReadOnlyDictionary<string, string?> settings, bool keep, CancellationToken cancellationToken)
    {
        var name = "g2pbridge_bench_" + TimeProvider.System.GetUtcNow().ToString("yyyyMMddHHmmssfff", CultureInfo.InvariantCulture);
        var databases = new BenchDatabases(cluster, server, name, settings, keep);
        foreach (var database in new[] { databases.Bridge, databases.Simulators })
        {
            await databases.OnServerAsync($"create database \"{new NpgsqlConnectionStringBuilder(database).Database}\" template template0", cancellationToken);
        }

        return databases;
    }

    private static async Task<(LocalPostgresCluster? Cluster, string Server)> ServerAsync(IConfiguration configuration, CancellationToken cancellationToken)
    {
        if (configuration.GetConnectionString("G2PBridge") is { Length: > 0 } given)
        {
            return (null, BridgeApplication.ReadConnectionString("G2PBridge", given).ConnectionString);
        }

        var cluster = await BridgeApplication.StartClusterAsync(BridgeApplication.ClusterOptions(configuration), CommandLine.Report, cancellationToken);
        return (cluster, cluster.ConnectionString("postgres"));
    }

    private string Named(string suffix) => new NpgsqlConnectionStringBuilder(_server) { Database = _name + suffix }.ConnectionString;

    private async Task OnServerAsync(string sql, CancellationToken cancellationToken)
    {
        await using var source = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(_server) { Pooling = false });
        await using var command = source.CreateCommand(sql);
        command.CommandTimeout = 0;
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
