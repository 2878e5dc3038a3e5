using System.Reflection;
using Microsoft.Extensions.Options;
using Npgsql;

namespace G2PBridge.Simulators.Platform;

/// <summary>The simulators' own pool of connections, and the gate that opens once their tables exist.</summary>
internal sealed class SimulatorsDatabase(IOptions<SimulatorsOptions> options) : IAsyncDisposable
{
    private const int DriverDefaultPool = 100;
    private const int Pool = 24;
    private const long UpgradeLock = 0x6732_7053_494d_5501;

    private static readonly string[] Modules = ["example_bank", "spar_mapper", "registry", "pbms", "novu"];

    private readonly TaskCompletionSource _prepared = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lazy<NpgsqlDataSource> _source = new(() =>
    {
        // A private server tells its own host's connections by their name, so a given name is kept.
        var settings = new NpgsqlConnectionStringBuilder(options.Value.ConnectionString);
        settings.ApplicationName ??= "g2pbridge-simulators";
        // The server is usually shared with the bridge: the driver's own default would leave it too few connections.
        if (settings.MaxPoolSize == DriverDefaultPool)
            settings.MaxPoolSize = Pool;
        // Cleaning a connection takes seven statements each time; whoever takes a lock of the session gives it back by itself.
        settings.NoResetOnClose = true;
        return new NpgsqlDataSourceBuilder(settings.ConnectionString).Build();
    });

    public ValueTask<NpgsqlConnection> OpenAsync(CancellationToken ct) => _source.Value.OpenConnectionAsync(ct);

    public Task WaitUntilPreparedAsync(CancellationToken ct) => _prepared.Task.WaitAsync(ct);

    public async Task PrepareAsync(CancellationToken ct)
    {
        await using (var connection = await OpenAsync(ct))
        {
            await UpgradeAsync(connection, ct);
            await ExampleBank.TreasurySeed.PlantAsync(connection, options.Value.ExampleBank, ct);
            await InKindSeed.PlantAsync(connection, options.Value.InKind, ct);
        }

        _prepared.TrySetResult();
    }

    public ValueTask DisposeAsync() => _source.IsValueCreated ? _source.Value.DisposeAsync() : ValueTask.CompletedTask;

    private static async Task UpgradeAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await connection.ExecuteAsync("select pg_advisory_xact_lock($1)", ct, UpgradeLock);
        await connection.ExecuteAsync(
            """
            create schema if not exists simulators;
            create table if not exists simulators.schema_version (module text primary key, version int not null);
            """,
            ct);
        foreach (var module in Modules)
        {
            var have = await connection.ScalarAsync<int?>("select version from simulators.schema_version where module = $1", ct, module) ?? 0;
            foreach (var (version, script) in Scripts(module).Where(s => s.Version > have))
            {
                await connection.ExecuteAsync(script, ct);
                await connection.ExecuteAsync(
                    "insert into simulators.schema_version values ($1, $2) on conflict (module) do update set version = excluded.version",
                    ct,
                    module,
                    version);
            }
        }

        await transaction.CommitAsync(ct);
    }

    private static IEnumerable<(int Version, string Script)> Scripts(string module)
    {
        var assembly = Assembly.GetExecutingAssembly();
        return from name in assembly.GetManifestResourceNames()
               where name.StartsWith(module + "-", StringComparison.Ordinal)
               let version = int.Parse(name.AsSpan(module.Length + 1, 4), System.Globalization.CultureInfo.InvariantCulture)
               orderby version
               select (version, Read(name));

        string Read(string name)
        {
            using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
            return reader.ReadToEnd();
        }
    }
}
