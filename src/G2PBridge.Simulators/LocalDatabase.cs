using G2PBridge.LocalPostgres;

namespace G2PBridge.Simulators;

/// <summary>The private PostgreSQL of a stand-alone run without a connection string: the one place that knows how it is made.</summary>
internal static class LocalDatabase
{
    private const string Name = "simulators";

    public static async Task<(IAsyncDisposable Server, string ConnectionString)> StartAsync(CancellationToken ct)
    {
        var cluster = await LocalPostgresCluster.StartAsync(
            new LocalPostgresOptions { Folder = Path.GetFullPath(Path.Combine(".data", "simulators")) }, Console.WriteLine, ct);
        await cluster.EnsureDatabaseAsync(Name, ct);
        return (cluster, cluster.ConnectionString(Name));
    }
}
