namespace G2PBridge.LocalPostgres;

/// <summary>
/// A cluster in the temporary folder for one test run: the same server as <see cref="LocalPostgresCluster"/>, quicker to make because it
/// does not wait for the disk (commits survive a killed server, not a power cut), and deleted at disposal. What a killed test run leaves
/// behind is removed by the next one.
/// </summary>
public sealed class TemporaryPostgres : IAsyncDisposable
{
    private const string Prefix = "g2p-bridge-test-";
    private const string OwnerLock = "owner.lock";
    private static readonly TimeSpan YoungAge = TimeSpan.FromMinutes(1);

    private readonly LocalPostgresCluster _cluster;
    private readonly FileStream _ownership;
    private readonly string _parent;

    private TemporaryPostgres(LocalPostgresCluster cluster, FileStream ownership, string parent)
    {
        _cluster = cluster;
        _ownership = ownership;
        _parent = parent;
    }

    /// <summary>The port on 127.0.0.1.</summary>
    public int Port => _cluster.Port;

    /// <summary>The version of the running server.</summary>
    public Version ServerVersion => _cluster.ServerVersion;

    /// <summary>PostgreSQL's own data folder.</summary>
    public string DataDirectory => _cluster.DataDirectory;

    /// <summary>The server's process, for tests that kill it.</summary>
    public int ServerProcessId => _cluster.ServerProcessId;

    /// <summary>Makes the cluster and starts it.</summary>
    /// <param name="settings">Server settings that win over ours, for example <c>fsync</c> for a test that measures.</param>
    /// <param name="binDirectory">As <see cref="LocalPostgresOptions.BinDirectory"/>.</param>
    /// <param name="repositoryRoot">As <see cref="LocalPostgresOptions.RepositoryRoot"/>.</param>
    /// <param name="report">As in <see cref="LocalPostgresCluster.StartAsync"/>.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="LocalPostgresException">As in <see cref="LocalPostgresCluster.StartAsync"/>.</exception>
    public static Task<TemporaryPostgres> StartAsync(
        IReadOnlyDictionary<string, string>? settings = null,
        string? binDirectory = null,
        string? repositoryRoot = null,
        Action<string>? report = null,
        CancellationToken cancellationToken = default) =>
        StartAsync(new LocalPostgresOptions { Folder = "", Settings = settings ?? new Dictionary<string, string>(), BinDirectory = binDirectory, RepositoryRoot = repositoryRoot }, report, cancellationToken);

    internal static async Task<TemporaryPostgres> StartAsync(LocalPostgresOptions options, Action<string>? report, CancellationToken cancellationToken)
    {
        await RemoveLeftoversAsync(options, TimeProvider.System.GetUtcNow(), report, cancellationToken);
        var parent = Directory.CreateTempSubdirectory(Prefix).FullName;
        var ownership = FolderLock.TryAcquire(Path.Combine(parent, OwnerLock)) ?? throw new LocalPostgresException($"The new folder {parent} is in use by another program: try again.");
        if (!OperatingSystem.IsWindows())
        {
            // A server that runs as another account must get through; the cluster's own folder is closed to others.
            File.SetUnixFileMode(parent, File.GetUnixFileMode(parent) | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
        }

        try
        {
            var cluster = await LocalPostgresCluster.StartAsync(options with { Folder = Path.Combine(parent, "cluster"), Throwaway = true }, report, cancellationToken);
            return new TemporaryPostgres(cluster, ownership, parent);
        }
        catch
        {
            await ownership.DisposeAsync();
            Directory.Delete(parent, recursive: true);
            throw;
        }
    }

    /// <summary>How to reach a database of this cluster as its superuser.</summary>
    public string ConnectionString(string database) => _cluster.ConnectionString(database);

    /// <summary>Makes the database when it is missing.</summary>
    public Task EnsureDatabaseAsync(string name, CancellationToken cancellationToken = default) => _cluster.EnsureDatabaseAsync(name, cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _cluster.RemoveAsync(CancellationToken.None);
        await _ownership.DisposeAsync();
        Directory.Delete(_parent, recursive: true);
    }

    internal static async Task RemoveLeftoversAsync(LocalPostgresOptions options, DateTimeOffset now, Action<string>? report, CancellationToken cancellationToken)
    {
        foreach (var parent in Directory.GetDirectories(Path.GetTempPath(), Prefix + "*"))
        {
            try
            {
                // A young folder may belong to a run that has not locked it yet; one of another user is none of our business.
                if (now - Directory.GetCreationTimeUtc(parent) < YoungAge
                    || (!OperatingSystem.IsWindows() && await ServerIdentity.OwnerAsync(parent, cancellationToken) != Environment.UserName)
                    || FolderLock.TryAcquire(Path.Combine(parent, OwnerLock)) is not { } ownership)
                {
                    continue;
                }

                await using (ownership)
                {
                    var folder = ClusterFolder.Open(Path.Combine(parent, "cluster"));
                    if (PostmasterFile.Read(folder.Data) is { } file && file.IsServerOf(folder.Data))
                    {
                        var cluster = await LocalPostgresCluster.StartAsync(options with { Folder = folder.Wanted, Throwaway = true }, null, cancellationToken);
                        await cluster.RemoveAsync(cancellationToken);
                    }
                    else if (folder.IsMoved)
                    {
                        Directory.Delete(folder.Actual, recursive: true);
                    }
                }

                Directory.Delete(parent, recursive: true);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or LocalPostgresException)
            {
                // Tidying up must not stop a test run; the next one tries again.
                report?.Invoke($"{parent}, left by an earlier run, could not be removed: {e.Message}");
            }
        }
    }
}
