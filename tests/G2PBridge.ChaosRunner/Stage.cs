using System.Globalization;
using System.Text;
using G2PBridge.LocalPostgres;

namespace G2PBridge.ChaosRunner;

/// <summary>One host, started again after each death at the same address.</summary>
internal sealed class Replica(int number, Func<Replica, Child> start)
{
    public int Number { get; } = number;

    public Uri Address { get; } = new(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{Child.FreePort()}"));

    public Child? Process { get; private set; }

    /// <summary>Held by SIGSTOP.</summary>
    public bool IsStopped { get; set; }

    public bool IsReady => Process is { IsReady: true } && !IsStopped;

    public void Start()
    {
        Process?.Dispose();
        Process = start(this);
    }
}

/// <summary>Two database servers, the simulated bank and mapper in a process of their own, and the hosts.</summary>
internal sealed class Stage : IAsyncDisposable
{
    private const string Ready = "is ready at";
    private static readonly TimeSpan Boot = TimeSpan.FromMinutes(3);

    private readonly ChaosSettings _settings;
    private readonly string _folder = Directory.CreateTempSubdirectory("g2p-chaos-").FullName;
    private readonly string _auditKey = DrawKey();
    private readonly string _keys = $"fingerprints {DrawKey()};encryption {DrawKey()}";
    private readonly Uri _simulatorsAddress = new(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{Child.FreePort()}"));
    private readonly Database _bankDatabase;
    private Child? _simulators;

    public Stage(ChaosSettings settings)
    {
        _settings = settings;
        // The bank's books are on a server of their own, which nobody disturbs.
        Database = new Database(new LocalPostgresOptions { Folder = Path.Combine(_folder, "postgres") });
        _bankDatabase = new Database(new LocalPostgresOptions { Folder = Path.Combine(_folder, "bank") });
        Replicas = [.. Enumerable.Range(1, settings.Replicas).Select(number => new Replica(number, StartHost))];
    }

    public Database Database { get; }

    public IReadOnlyList<Replica> Replicas { get; }

    public HttpClient Http { get; } = new() { Timeout = TimeSpan.FromSeconds(60) };

    public string BridgeConnection => Database.ConnectionString("g2pbridge");

    public string BankConnection => _bankDatabase.ConnectionString("simulators");

    public string Folder => _folder;

    public Uri Bank => new(_simulatorsAddress, "/simulators/example-bank/");

    public Uri Mapper => new(_simulatorsAddress, "/simulators/spar/");

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await Database.StartAsync(cancellationToken, "g2pbridge");
        await _bankDatabase.StartAsync(cancellationToken, "simulators");
        _simulators = Child.Start(
            Child.Find("G2PBridge.Simulators", "G2PBridge.Simulators.dll"),
            ["--urls", _simulatorsAddress.ToString().TrimEnd('/')],
            new Dictionary<string, string>
            {
                ["ASPNETCORE_ENVIRONMENT"] = "Development",
                ["Simulators__ConnectionString"] = BankConnection,
                ["Simulators__ExampleBank__StatementCallbackUrl"] = new Uri(Replicas[0].Address, "upload_mt940").ToString(),
                ["Simulators__ExampleBank__StatementLongestRetry"] = "00:00:02",
                ["Simulators__ExampleBank__ReturnShare"] = "0.5",
                ["Logging__LogLevel__Default"] = "Warning",
            },
            Path.Combine(_folder, "simulators.log"), "Example Bank:");
        using var migration = Child.Start(Child.Find("G2PBridge", "g2pbridge.dll"), ["migrate"], HostEnvironment(), Path.Combine(_folder, "migrate.log"), Ready);
        if (!await migration.ExitAsync(Boot) || migration.ExitCode != 0)
        {
            throw new NotRunnableException($"The migration failed; see {_folder}/migrate.log.");
        }

        foreach (var replica in Replicas)
        {
            replica.Start();
        }

        await UntilAsync("bank, mapper and hosts serve", () => Task.FromResult(_simulators.IsReady && Replicas.All(HasStarted)), Boot, cancellationToken);
    }

    /// <summary>What keeps a container running in production: a host that ended, because it was killed or found no database, is started again.</summary>
    public async Task SuperviseAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            foreach (var replica in Replicas.Where(replica => replica.Process is { HasExited: true }))
            {
                replica.Start();
            }

            await Task.Delay(200, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    public async Task FaultsAsync(CancellationToken cancellationToken)
    {
        if (!_settings.Honest)
        {
            await PostAsync(new Uri(Bank, "faults"), _settings.BankFaults, cancellationToken);
            await PostAsync(new Uri(Mapper, "faults"), _settings.MapperFaults, cancellationToken);
        }
    }

    public async Task NoFaultsAsync(CancellationToken cancellationToken)
    {
        foreach (var party in new[] { Bank, Mapper })
        {
            using var response = await Http.DeleteAsync(new Uri(party, "faults"), cancellationToken);
        }
    }

    public async Task PostAsync(Uri address, string json, CancellationToken cancellationToken)
    {
        using var content = new StringContent(json, Encoding.UTF8, "application/json");
        using var response = await Http.PostAsync(address, content, cancellationToken);
        if (!response.IsSuccessStatusCode)
        {
            throw new NotRunnableException($"{address} answered {(int)response.StatusCode}: {await response.Content.ReadAsStringAsync(cancellationToken)}");
        }
    }

    public Child Verify() => Child.Start(
        Child.Find("G2PBridge", "g2pbridge.dll"), ["verify", "--json", "--bank-ledger", BankConnection], HostEnvironment(), Path.Combine(_folder, "verify.json"), Ready);

    public static async Task UntilAsync(string what, Func<Task<bool>> condition, TimeSpan patience, CancellationToken cancellationToken)
    {
        for (var since = TimeProvider.System.GetTimestamp(); !await condition(); await Task.Delay(100, cancellationToken))
        {
            if (TimeProvider.System.GetElapsedTime(since) > patience)
            {
                throw new NotRunnableException($"Waited {patience} in vain until {what}.");
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var replica in Replicas)
        {
            replica.Process?.Dispose();
        }

        _simulators?.Dispose();
        Http.Dispose();
        Npgsql.NpgsqlConnection.ClearAllPools();
        await Database.DisposeAsync();
        await _bankDatabase.DisposeAsync();
        if (!_settings.Keep)
        {
            Directory.Delete(_folder, recursive: true);
        }
    }

    private bool HasStarted(Replica replica) => replica.Process is { HasExited: false }
        ? replica.IsReady
        : throw new NotRunnableException($"Host {replica.Number} refused to start: {File.ReadLines(LogOf(replica)).LastOrDefault()}");

    private string LogOf(Replica replica) => Path.Combine(_folder, string.Create(CultureInfo.InvariantCulture, $"host-{replica.Number}.log"));

    private Child StartHost(Replica replica)
    {
        var environment = HostEnvironment();
        environment["ASPNETCORE_URLS"] = replica.Address.ToString().TrimEnd('/');
        environment["urls"] = environment["ASPNETCORE_URLS"];
        return Child.Start(Child.Find("G2PBridge", "g2pbridge.dll"), ["serve"], environment, LogOf(replica), Ready);
    }

    /// <summary>A ministry's settings with everything that waits made short, so that minutes of its time pass in seconds.</summary>
    private Dictionary<string, string> HostEnvironment() => new()
    {
        ["ASPNETCORE_ENVIRONMENT"] = "Production",
        ["ConnectionStrings__G2PBridge"] = BridgeConnection,
        ["SponsorBanks__Default__SponsorBankCode"] = "EXAMPLE-BANK",
        ["SponsorBanks__Default__AccountNumber"] = "SPONSOR0001",
        ["SponsorBanks__Banks__EXAMPLE-BANK__Connector"] = "example-bank",
        ["SponsorBanks__Banks__EXAMPLE-BANK__BaseUrl"] = Bank.ToString(),
        ["SponsorBanks__Banks__EXAMPLE-BANK__TimeoutSeconds"] = "1",
        ["SponsorBanks__Banks__EXAMPLE-BANK__NotFoundIsFinalAfter"] = "00:00:04",
        ["SponsorBanks__Banks__EXAMPLE-BANK__FailuresBeforeBreak"] = "50",
        ["SponsorBanks__Banks__EXAMPLE-BANK__BreakSeconds"] = "1",
        // A ministry's gateway checks signatures before the bridge; here there is nobody to keep out.
        ["PartnerSignatures__Required"] = "false",
        ["Spar__Url"] = new Uri(Mapper, "resolve").ToString(),
        ["Resolution__RetryDelays__0"] = "00:00:01",
        ["Resolution__RetryDelays__1"] = "00:00:02",
        ["Resolution__RetryDelays__2"] = "00:00:04",
        ["Funds__CallTimeout"] = Text(ChaosSettings.CallTimeout),
        ["Funds__Lease"] = Text(ChaosSettings.Lease),
        ["Funds__FirstRetry"] = "00:00:00.5",
        ["Funds__LongestRetry"] = "00:00:02",
        ["Funds__PollInterval"] = "00:00:01",
        ["OperatorAccess__Required"] = "false",
        ["DataProtection__Keys"] = _keys,
        ["Audit__Keys"] = _auditKey,
        ["Disbursement__ChunkSize"] = _settings.ChunkSize.ToString(CultureInfo.InvariantCulture),
        ["Disbursement__CallTimeout"] = Text(ChaosSettings.CallTimeout),
        ["Disbursement__Lease"] = Text(ChaosSettings.Lease),
        ["Disbursement__FirstRetry"] = "00:00:00.3",
        ["Disbursement__LongestRetry"] = "00:00:02",
        ["Disbursement__FirstInquiry"] = "00:00:00.5",
        ["Disbursement__LongestInquiry"] = "00:00:03",
        ["Disbursement__PollInterval"] = "00:00:01",
        ["Disbursement__RecoveryInterval"] = "00:00:01",
        ["Disbursement__FinishInterval"] = "00:00:02",
        ["Serilog__MinimumLevel__Default"] = "Warning",
    };

    private static string DrawKey() => Convert.ToBase64String(System.Security.Cryptography.RandomNumberGenerator.GetBytes(32));

    private static string Text(TimeSpan span) => span.ToString("c", CultureInfo.InvariantCulture);
}
