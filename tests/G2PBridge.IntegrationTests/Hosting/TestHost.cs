using G2PBridge.Connectors;
using G2PBridge.LocalPostgres;
using G2PBridge.Modules.Disbursement.Domain;
using G2PBridge.Platform.Audit;
using G2PBridge.Platform.Hosting;
using G2PBridge.Platform.Jobs;
using G2PBridge.Platform.Persistence;
using G2PBridge.Platform.Protection;
using G2PBridge.Platform.Secrets;
using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace G2PBridge.IntegrationTests;

/// <summary>
/// One real host on one real PostgreSQL for the whole run: real HTTP on a free port, real migrations, the scheduler off, the clock in the
/// tests' hands, and a scripted bank and mapper at the connector port. Set <c>G2PBRIDGE_TEST_POSTGRES</c> to a connection string to use a
/// server of your own; a missing database fails the run.
/// </summary>
[SetUpFixture]
internal sealed class TestHost
{
    /// <summary>Drawn for this run, and for every host of it.</summary>
    public static readonly string Keys = $"fingerprints {DrawKey()};encryption {DrawKey()}";

    public const string CallbackSecret = "a secret of the tests";

    /// <summary>Drawn for this run; every host of it seals with the same.</summary>
    public static readonly string AuditKey = AuditKeys.Make();

    private static readonly string? OwnServer = Environment.GetEnvironmentVariable("G2PBRIDGE_TEST_POSTGRES") is { Length: > 0 } server ? server : null;

    /// <summary>Several runs may share a server of one's own.</summary>
    private static readonly string Run = Convert.ToHexStringLower(System.Security.Cryptography.RandomNumberGenerator.GetBytes(6));

    private static readonly HashSet<string> OwnDatabases = new(StringComparer.Ordinal);

    private static TemporaryPostgres? _postgres;
    private static WebApplication? _web;

    public static FakeClock Clock { get; } = new();
    public static ScriptedMapper Mapper { get; } = new();
    public static ScriptedBank Bank { get; } = new();
    public static CrashPoint Crash { get; } = new();
    public static string ConnectionString { get; private set; } = "";
    public static IServiceProvider Services => _web!.Services;
    public static NpgsqlDataSource Source => Services.GetRequiredService<NpgsqlDataSource>();
    public static Uri Address => new(_web!.Urls.First());

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        ConnectionString = await FindDatabaseAsync("g2pbridge_test");
        _web = Build(ConnectionString, services =>
        {
            services.AddSingleton<TimeProvider>(Clock);
            services.AddSingleton<IMapperConnector>(Mapper);
            Bank.Register(services);
            services.AddSingleton<ISendObserver>(Crash);
        });
        await PrepareAsync(_web.Services);
        await _web.StartAsync();
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        if (_web is not null)
        {
            await _web.DisposeAsync();
        }

        if (_postgres is not null)
        {
            await _postgres.DisposeAsync();
        }

        foreach (var database in OwnDatabases)
        {
            await ExecuteAsync(OwnServer!, $"drop database {database} with (force)");
        }
    }

    /// <summary>A further host on a database, with the scheduler off; the caller starts and disposes it.</summary>
    public static WebApplication Build(string connectionString, Action<IServiceCollection> configure, params (string Key, string Value)[] settings) =>
        Build(connectionString, configure, isWorking: false, settings);

    /// <summary>The same with its background work; the caller starts and disposes it.</summary>
    public static WebApplication BuildWorking(string connectionString, Action<IServiceCollection> configure, params (string Key, string Value)[] settings) =>
        Build(connectionString, configure, isWorking: true, settings);

    private static WebApplication Build(string connectionString, Action<IServiceCollection> configure, bool isWorking, (string Key, string Value)[] settings)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory, EnvironmentName = "Test" });
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["SponsorBanks:Default:SponsorBankCode"] = "EXAMPLE-BANK",
            ["SponsorBanks:Default:AccountNumber"] = "SPONSOR0001",
            ["SponsorBanks:Banks:EXAMPLE-BANK:Connector"] = "example-bank",
            ["SponsorBanks:Banks:EXAMPLE-BANK:BaseUrl"] = "http://127.0.0.1:9",
            ["SponsorBanks:Banks:EXAMPLE-BANK:CallbackSecret"] = CallbackSecret,
            ["Programmes:Default:TimeZone"] = "UTC",
            ["Disbursement:VerifyAtHour"] = "-1",
            ["PartnerSignatures:Required"] = "false",
            ["OperatorAccess:Required"] = "false",
            ["Audit:Keys"] = AuditKey,
            ["DataProtection:Keys"] = Keys,
        });
        builder.Configuration.AddInMemoryCollection(settings.Select(setting => new KeyValuePair<string, string?>(setting.Key, setting.Value)));
        Assert.That(SecretSettings.ReadFiles(builder.Configuration), Is.Empty);
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders().AddProvider(new TestLog()).SetMinimumLevel(LogLevel.Warning);
        builder.Services.AddBridge(builder.Configuration, () => connectionString);
        foreach (var scheduling in builder.Services.Where(service => !isWorking && IsScheduling(service)).ToList())
        {
            builder.Services.Remove(scheduling);
        }

        configure(builder.Services);
        var web = builder.Build();
        web.UseBridge(withSimulators: false);
        return web;
    }

    /// <summary>Migrated, with this host's keys entered: what is recorded of that, and nothing else but how tables are watched, stays when they are emptied.</summary>
    public static async Task PrepareAsync(IServiceProvider services)
    {
        await services.GetRequiredService<DatabaseMigrator>().MigrateAsync(CancellationToken.None);
        await BridgeTables.EmptyAsync(services.GetRequiredService<NpgsqlDataSource>());
        await services.GetRequiredService<KeyRegister>().EnterAsync(CancellationToken.None);
    }

    /// <summary>Empties every table of every module, as if the migrations had just run.</summary>
    public static async Task ResetAsync()
    {
        await BridgeTables.EmptyAsync(Source);
        Clock.Reset();
        Mapper.Reset();
        Bank.Reset();
        Crash.Reset();
        TestLog.Clear();
    }

    /// <summary>Works off everything that every background job finds, until none finds anything more.</summary>
    public static async Task WorkAsync(IServiceProvider? services = null)
    {
        var provider = services ?? Services;
        var jobs = provider.GetRequiredService<PollingJobRegistry>().Jobs.Values.ToList();
        var idle = 0;
        for (var next = 0; idle < jobs.Count; next = (next + 1) % jobs.Count)
        {
            idle = await WorkAsync(jobs[next].Name, provider) > 0 ? 0 : idle + 1;
        }
    }

    /// <summary>Works off what one background job finds; gives the number of items.</summary>
    public static async Task<int> WorkAsync(string jobName, IServiceProvider? services = null)
    {
        var provider = services ?? Services;
        var job = provider.GetRequiredService<PollingJobRegistry>().Jobs[jobName];
        var done = 0;
        while (true)
        {
            await using var scope = provider.CreateAsyncScope();
            if (!await scope.ServiceProvider.GetRequiredService<IMediator>().Send(job.NextItem()))
            {
                return done;
            }

            done++;
        }
    }

    public static async Task<TResponse> SendAsync<TResponse>(IRequest<TResponse> request, IServiceProvider? services = null)
    {
        await using var scope = (services ?? Services).CreateAsyncScope();
        return await scope.ServiceProvider.GetRequiredService<IMediator>().Send(request);
    }

    /// <summary>A database of this name for this run, made when it is missing.</summary>
    public static async Task<string> FindDatabaseAsync(string name)
    {
        if (OwnServer is not { } server)
        {
            // Plans for any value, as a host in service has them: a test runs a statement too seldom for the server to make one by itself.
            _postgres ??= await TemporaryPostgres.StartAsync(new Dictionary<string, string> { ["plan_cache_mode"] = "force_generic_plan" }, report: TestContext.Progress.WriteLine);
            await _postgres.EnsureDatabaseAsync(name);
            return _postgres.ConnectionString(name) + ";Include Error Detail=true";
        }

        name = $"{name}_{Run}";
        if (OwnDatabases.Add(name))
        {
            await ExecuteAsync(server, $"create database {name}");
        }

        return new NpgsqlConnectionStringBuilder(server) { Database = name, IncludeErrorDetail = true }.ConnectionString;
    }

    private static async Task ExecuteAsync(string server, string sql)
    {
        await using var source = NpgsqlDataSource.Create(server);
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    public static string DrawKey() => Convert.ToBase64String(System.Security.Cryptography.RandomNumberGenerator.GetBytes(32));

    private static bool IsScheduling(ServiceDescriptor service) =>
        service.ServiceType == typeof(IHostedService)
        && (service.ImplementationType == typeof(PollingJobScheduling)
            // Tests hold leases in hosts that are never started, and end them by hand.
            || service.ImplementationType == typeof(PresenceKeeper)
            || service.ImplementationType?.Namespace?.StartsWith("Quartz", StringComparison.Ordinal) == true);
}
