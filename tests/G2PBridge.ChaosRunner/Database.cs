using G2PBridge.LocalPostgres;

namespace G2PBridge.ChaosRunner;

/// <summary>A PostgreSQL server of our own that can be ended in three ways and comes back on the same port.</summary>
internal sealed class Database(LocalPostgresOptions options) : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    private LocalPostgresCluster? _cluster;

    private LocalPostgresCluster Cluster => _cluster ?? throw new InvalidOperationException("The database was not started.");

    public async Task StartAsync(CancellationToken cancellationToken, params string[] databases)
    {
        _cluster = await LocalPostgresCluster.StartAsync(options, null, cancellationToken);
        options = options with { Port = _cluster.Port };
        foreach (var database in databases)
        {
            await _cluster.EnsureDatabaseAsync(database, cancellationToken);
        }
    }

    public string ConnectionString(string database) => Cluster.ConnectionString(database);

    /// <summary>Ends the server (INT: fast shutdown, QUIT: immediate, KILL: without its knowledge) and starts it after a while.</summary>
    public async Task RestartAsync(string signal, TimeSpan away, CancellationToken cancellationToken)
    {
        var process = Cluster.ServerProcessId;
        Child.Signal(process, signal);
        while (Directory.Exists($"/proc/{process}"))
        {
            await Task.Delay(Pause, cancellationToken);
        }

        await Task.Delay(away, cancellationToken);
        _cluster = await LocalPostgresCluster.StartAsync(options, null, cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        if (_cluster is not null)
        {
            await _cluster.DisposeAsync();
        }
    }
}
