using System.Net.Sockets;
using System.Text.RegularExpressions;
using G2PBridge.LocalPostgres;
using G2PBridge.Platform.Audit;
using G2PBridge.Platform.Logging;
using G2PBridge.Platform.Persistence;
using G2PBridge.Platform.Protection;
using G2PBridge.Simulators;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Options;
using Npgsql;
using Serilog;
using Serilog.Events;

namespace G2PBridge.Platform.Hosting;

/// <summary>
/// One running bridge: settings, database, host. Used by every command that needs more than one of them, and by the tests of the real thing.
/// </summary>
internal sealed partial class BridgeApplication : IAsyncDisposable
{
    public const string DefaultUrl = "http://127.0.0.1:8000";
    private const string BridgeDatabase = "g2pbridge";
    private const string SimulatorsDatabase = "simulators";

    // The scheduler starts when the host has, and one that never does would be waited for until the host's own limit.
    private static readonly TimeSpan EndOfAFailedStart = TimeSpan.FromMilliseconds(500);

    private readonly LocalPostgresCluster? _cluster;
    private bool _starting;
    private bool _listens;

    private BridgeApplication(WebApplication web, LocalPostgresCluster? cluster, bool hasSimulators, string dataFolder)
    {
        Web = web;
        _cluster = cluster;
        HasSimulators = hasSimulators;
        DataFolder = dataFolder;
    }

    /// <summary>An example bank and a mapper are mounted; never in Production.</summary>
    public bool HasSimulators { get; }

    /// <summary>Where a host in Development keeps what belongs to it.</summary>
    public string DataFolder { get; }

    public WebApplication Web { get; }

    public IServiceProvider Services => Web.Services;

    /// <summary>Where it listens, once started.</summary>
    public Uri Address => new(Web.Urls.First().Replace("//0.0.0.0", "//127.0.0.1", StringComparison.Ordinal).Replace("//[::]", "//127.0.0.1", StringComparison.Ordinal));

    /// <summary>Reads the settings, finds or starts the database, and puts the host together without starting it.</summary>
    /// <exception cref="StartupRefusedException">Something an administrator can mend; the message says what.</exception>
    public static async Task<BridgeApplication> BuildAsync(BridgeStart start, CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions
        {
            Args = [.. start.Settings],
            // The settings lie beside the program, wherever it was started from.
            ContentRootPath = AppContext.BaseDirectory,
            EnvironmentName = start.EnvironmentName,
        });
        SecretsAtStart.Take(builder);
        AddLogging(builder, start.QuietLog);
        if (string.IsNullOrEmpty(builder.Configuration["urls"]) && string.IsNullOrEmpty(builder.Configuration["http_ports"]))
        {
            builder.WebHost.UseUrls(DefaultUrl);
        }
        else if ((builder.Configuration["urls"] ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries).FirstOrDefault(url => !IsAddress(url)) is { } wrong)
        {
            throw new StartupRefusedException($"'{wrong}' is not an address to listen on; write it like http://127.0.0.1:8000.");
        }

        if (StatusDatabase.ReplicaOf(builder.Configuration) is { } replica)
        {
            ReadConnectionString(StatusDatabase.Replica, replica);
        }

        // The server starts while the host is put together: nothing asks for the database before it is there. What it has to know of the settings is read
        // before, because they grow meanwhile, and whoever lists them then may fail.
        var configured = builder.Configuration.GetConnectionString("G2PBridge");
        var isConfigured = !string.IsNullOrWhiteSpace(configured);
        var (environment, options) = (builder.Environment.EnvironmentName, ClusterOptions(builder.Configuration));
        var starting = isConfigured ? Task.FromResult<LocalPostgresCluster?>(null) : Task.Run(() => StartDevelopersClusterAsync(environment, options, start.Report, cancellationToken), cancellationToken);
        WebApplication? web = null;
        try
        {
            var connectionString = configured;
            AddKeyFile(builder);
            builder.Services.AddBridge(builder.Configuration, () => connectionString!);
            builder.Services.AddSingleton(new StartedWith(start.Report));
            builder.Services.AddSingleton(new DataFolder(Path.GetDirectoryName(ClusterFolder(builder.Configuration))!));
            var simulators = await SimulatedParties.AddAsync(builder, isConfigured ? null : SimulatorsOf(starting));

            start.Configure?.Invoke(builder);
            web = builder.Build();
            web.UseBridge(simulators);
            var cluster = await starting;
            connectionString = cluster?.ConnectionString(BridgeDatabase) ?? configured!;
            await ReachAsync(connectionString, cancellationToken);
            return new BridgeApplication(web, cluster, simulators, Path.GetDirectoryName(ClusterFolder(builder.Configuration))!);
        }
        catch
        {
            if (web is not null)
            {
                await web.DisposeAsync();
            }

            await ((Task)starting).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (starting is { IsCompletedSuccessfully: true, Result: { } cluster })
            {
                await cluster.DisposeAsync();
            }

            throw;
        }
    }

    private static async Task<string> SimulatorsOf(Task<LocalPostgresCluster?> starting) => (await starting)!.ConnectionString(SimulatorsDatabase);

    /// <exception cref="StartupRefusedException">What is stored cannot be brought to this version, or there is no key with which the audit trail could begin.</exception>
    public async Task MigrateAsync(CancellationToken cancellationToken)
    {
        try
        {
            await Services.GetRequiredService<DatabaseMigrator>().MigrateAsync(cancellationToken);
        }
        catch (OptionsValidationException exception)
        {
            throw new StartupRefusedException("The settings cannot be used. " + string.Join(" ", exception.Failures), exception);
        }
        catch (PostgresException refused) when (refused.SqlState == EarlierRows.SqlState)
        {
            throw new StartupRefusedException(refused.MessageText, refused);
        }
    }

    /// <summary>Brings the database up to date where that is ours to do, then listens.</summary>
    /// <exception cref="StartupRefusedException">Something an administrator can mend; the message says what.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        try
        {
            // Before anything is started: a wrong setting is told in one sentence, not found by the first job that trips over it.
            Services.GetService<IStartupValidator>()?.Validate();
            if (Services.GetService<AuditAnchors>()?.Prepare() is { } problem)
            {
                throw new StartupRefusedException(problem);
            }

            // Two databases that know nothing of each other.
            await Task.WhenAll(PrepareDatabaseAsync(cancellationToken), HasSimulators ? Web.Services.PrepareSimulatorsAsync(cancellationToken) : Task.CompletedTask);
            _starting = true;
            await Web.StartAsync(cancellationToken);
            _listens = true;
        }
        catch (Exception exception) when (Unusable(exception) is { Count: > 0 } settings)
        {
            throw new StartupRefusedException(
                "The settings cannot be used. " + string.Join(" ", settings.SelectMany(setting => setting.Failures.Select(failure => Readable(failure, setting.OptionsType)))), exception);
        }
        catch (ProtectionException exception)
        {
            throw new StartupRefusedException(exception.Message, exception);
        }
        catch (IOException exception) when (exception.InnerException is AddressInUseException or SocketException)
        {
            throw new StartupRefusedException(
                $"The address {Web.Configuration["urls"] ?? DefaultUrl} is in use by another program; stop it, or start here with --urls http://127.0.0.1:8001.", exception);
        }
        catch (SocketException exception)
        {
            throw new StartupRefusedException($"The address {Web.Configuration["urls"] ?? DefaultUrl} cannot be listened on ({exception.Message}); choose another with --urls.", exception);
        }
    }

    public async ValueTask DisposeAsync()
    {
        // The jobs end before what they stand on is taken away; a host that was never started has none.
        if (_listens)
        {
            await Web.StopAsync();
        }
        else if (_starting)
        {
            using var limit = new CancellationTokenSource(EndOfAFailedStart);
            await Web.StopAsync(limit.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await Web.DisposeAsync();
        if (_cluster is not null)
        {
            await _cluster.DisposeAsync();
        }
    }

    private async Task PrepareDatabaseAsync(CancellationToken cancellationToken)
    {
        if (_cluster is not null || Web.Environment.IsDevelopment())
        {
            await MigrateAsync(cancellationToken);
        }
        else if (await Services.GetRequiredService<DatabaseMigrator>().PendingAsync(cancellationToken) is { Count: > 0 } pending)
        {
            throw new StartupRefusedException($"The database lacks {pending.Count} migrations of this version; run 'g2pbridge migrate' with the same settings, then start again.");
        }

        await Services.GetRequiredService<KeyRegister>().EnterAsync(cancellationToken);
    }

    /// <summary>One section is told by itself, several as an aggregate.</summary>
    private static List<OptionsValidationException> Unusable(Exception exception) => exception switch
    {
        OptionsValidationException one => [one],
        AggregateException { InnerExceptions: var several } when several.All(inner => inner is OptionsValidationException) => [.. several.Cast<OptionsValidationException>()],
        _ => [],
    };

    /// <summary>The framework wraps what is wrong into names of our classes; a person wants the key of the setting.</summary>
    private static string Readable(string failure, Type options)
    {
        var match = FrameworkFailure().Match(failure);
        if (!match.Success)
        {
            return failure;
        }

        var section = options.GetField("Section")?.GetRawConstantValue() as string;
        var member = match.Groups["member"].Value;
        return member.Length == 0 ? match.Groups["error"].Value : $"{section}:{member}: {match.Groups["error"].Value}";
    }

    [GeneratedRegex("^DataAnnotation validation failed for '[^']*' members?: '(?<member>[^']*)' with the error: '(?<error>.*)'\\.$", RegexOptions.Singleline)]
    private static partial Regex FrameworkFailure();

    private static void AddLogging(WebApplicationBuilder builder, bool quiet)
    {
        var log = MaskedLog.Apply(new LoggerConfiguration().ReadFrom.Configuration(builder.Configuration))
            .WriteTo.Console(
                new MaskedLog(),
                restrictedToMinimumLevel: quiet ? LogEventLevel.Error : LogEventLevel.Verbose, standardErrorFromLevel: LogEventLevel.Verbose);
        if (quiet)
        {
            log.MinimumLevel.Override("Microsoft.Hosting.Lifetime", LogEventLevel.Warning);
        }

        builder.Logging.ClearProviders();
        builder.Logging.AddSerilog(log.CreateLogger(), dispose: true);
    }

    private static async Task<LocalPostgresCluster?> StartDevelopersClusterAsync(string environment, LocalPostgresOptions options, Action<string> report, CancellationToken cancellationToken)
    {
        if (!environment.Equals(Environments.Development, StringComparison.OrdinalIgnoreCase))
        {
            throw new StartupRefusedException(
                $"No database is configured for {environment}: set ConnectionStrings__G2PBridge to a PostgreSQL 15 or newer, for example 'Host=db;Database=g2pbridge;Username=g2pbridge;Password=…'. " +
                "(In Development the bridge starts a private one.)");
        }

        var cluster = await StartClusterAsync(options, report, cancellationToken);
        await cluster.EnsureDatabaseAsync(BridgeDatabase, cancellationToken);
        await cluster.EnsureDatabaseAsync(SimulatorsDatabase, cancellationToken);
        return cluster;
    }

    /// <summary>A developer's key lies beside the private database, not in it.</summary>
    private static void AddKeyFile(WebApplicationBuilder builder)
    {
        if (builder.Environment.IsDevelopment() && string.IsNullOrEmpty(builder.Configuration["DataProtection:KeyFile"]) && string.IsNullOrEmpty(builder.Configuration["DataProtection:Keys"]))
        {
            builder.Configuration["DataProtection:KeyFile"] = DeveloperKeyFile(builder.Configuration);
            builder.Configuration["DataProtection:MakeKeyFile"] = "true";
        }
    }

    private static bool IsAddress(string url) =>
        Uri.TryCreate(url.Replace("//*", "//0.0.0.0", StringComparison.Ordinal).Replace("//+", "//0.0.0.0", StringComparison.Ordinal), UriKind.Absolute, out var address)
        && address.Scheme is ("http" or "https");

    /// <summary>The private server as the settings under <c>LocalPostgres</c> want it.</summary>
    public static LocalPostgresOptions ClusterOptions(IConfiguration configuration) => new()
    {
        Folder = ClusterFolder(configuration),
        RepositoryRoot = RepositoryRoot(),
        Settings = configuration.GetSection("LocalPostgres:Settings").GetChildren().ToDictionary(setting => setting.Key, setting => setting.Value ?? ""),
    };

    /// <exception cref="StartupRefusedException">The server cannot be started; the message says why and what to do.</exception>
    public static async Task<LocalPostgresCluster> StartClusterAsync(LocalPostgresOptions options, Action<string> report, CancellationToken cancellationToken)
    {
        try
        {
            return await LocalPostgresCluster.StartAsync(options, report, cancellationToken);
        }
        catch (LocalPostgresException exception)
        {
            throw new StartupRefusedException(exception.Message, exception);
        }
    }

    /// <summary>Where the private database is, unless settings say otherwise.</summary>
    public static string ClusterFolder(IConfiguration configuration) =>
        Path.GetFullPath(configuration["LocalPostgres:Folder"] ?? Path.Combine(RepositoryRoot(), ".data", "postgres"));

    /// <summary>Where a host in Development keeps the keys of people's data, unless settings say otherwise.</summary>
    public static string DeveloperKeyFile(IConfiguration configuration) => ClusterFolder(configuration) + ".keys";

    /// <summary>The checkout that we were started in or built in; else the current folder.</summary>
    public static string RepositoryRoot()
    {
        foreach (var start in new[] { Environment.CurrentDirectory, AppContext.BaseDirectory })
        {
            for (var folder = new DirectoryInfo(start); folder is not null; folder = folder.Parent)
            {
                if (File.Exists(Path.Combine(folder.FullName, "G2PBridge.sln")))
                {
                    return folder.FullName;
                }
            }
        }

        return Environment.CurrentDirectory;
    }

    /// <exception cref="StartupRefusedException">The setting is not a connection string, or one that names no server.</exception>
    public static NpgsqlConnectionStringBuilder ReadConnectionString(string name, string value)
    {
        try
        {
            NpgsqlDataSource.Create(value).Dispose();
            return new NpgsqlConnectionStringBuilder(value);
        }
        catch (ArgumentException exception)
        {
            throw new StartupRefusedException($"ConnectionStrings:{name} cannot be read ({exception.Message.TrimEnd('.')}); write it as 'Host=…;Database=…;Username=…;Password=…'.", exception);
        }
    }

    private static async Task ReachAsync(string connectionString, CancellationToken cancellationToken)
    {
        var target = ReadConnectionString("G2PBridge", connectionString);
        try
        {
            await using var source = NpgsqlDataSource.Create(connectionString);
            await using var connection = await source.OpenConnectionAsync(cancellationToken);
            if (connection.PostgreSqlVersion.Major < 15)
            {
                throw new StartupRefusedException($"The database server is PostgreSQL {connection.PostgreSqlVersion}; the bridge needs 15 or newer.");
            }
        }
        catch (Exception exception) when (exception is NpgsqlException or SocketException or TimeoutException)
        {
            throw new StartupRefusedException(
                $"The database '{target.Database}' at {target.Host}:{target.Port} cannot be reached ({exception.Message.TrimEnd('.')}); check ConnectionStrings:G2PBridge and that PostgreSQL is running.", exception);
        }
    }
}

/// <summary>How a bridge is to be started.</summary>
/// <param name="Settings">Command line settings, such as <c>--urls http://127.0.0.1:9000</c>.</param>
/// <param name="Report">Receives one sentence for each step that takes time.</param>
internal sealed record BridgeStart(IReadOnlyList<string> Settings, Action<string> Report)
{
    public string? EnvironmentName { get; init; }

    /// <summary>Only errors are logged, for a command that draws its own progress.</summary>
    public bool QuietLog { get; init; }

    public Action<WebApplicationBuilder>? Configure { get; init; }
}

/// <summary>What the host was started with, for services that report.</summary>
internal sealed record StartedWith(Action<string> Report);

/// <summary>The bridge cannot start; the message is one sentence for the person who starts it.</summary>
internal sealed class StartupRefusedException : Exception
{
    public StartupRefusedException(string message)
        : base(message)
    {
    }

    public StartupRefusedException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
