using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using G2PBridge.LocalPostgres;

namespace G2PBridge.ChaosRunner.Fuzz;

/// <summary>A real host as in production, on a PostgreSQL of its own, with a token server for the people who are paid and a bank that cannot be reached.</summary>
internal sealed class FuzzHost : IAsyncDisposable
{
    public const string Bank = "EXAMPLE-BANK";
    public const string CallbackSecret = "a secret of the fuzz run";
    public const string Beneficiary = "CANARY-PERSON-1";

    private const string Ready = "is ready at";
    private const string Audience = "portal";
    private static readonly TimeSpan Boot = TimeSpan.FromMinutes(3);

    private readonly string _folder = Directory.CreateTempSubdirectory("g2p-fuzz-").FullName;
    private readonly bool _keep;
    private readonly Database _database;
    private readonly HttpListener _tokens = new();
    private readonly RSA _key = RSA.Create(2048);
    private readonly string _issuer = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{Child.FreePort()}");
    private readonly string _keys = $"fingerprints {DrawKey()};encryption {DrawKey()}";
    private readonly string _auditKey = DrawKey();
    private Child? _host;

    public FuzzHost(bool keep)
    {
        _keep = keep;
        _database = new Database(new LocalPostgresOptions { Folder = Path.Combine(_folder, "postgres") });
    }

    public Uri Address { get; } = new(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{Child.FreePort()}"));

    public string OperatorKey { get; } = "g2pb_" + Convert.ToHexString(RandomNumberGenerator.GetBytes(32));

    public string Token { get; private set; } = "";

    public string Folder => _folder;

    public string LogFile => Path.Combine(_folder, "host.log");

    public string Connection => _database.ConnectionString("g2pbridge");

    public int ProcessId => _host!.ProcessId;

    public bool HasExited => _host is { HasExited: true };

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await _database.StartAsync(cancellationToken, "g2pbridge");
        ServeKeys();
        Token = MakeToken();
        using var migration = Child.Start(Child.Find("G2PBridge", "g2pbridge.dll"), ["migrate"], Settings(), Path.Combine(_folder, "migrate.log"), Ready);
        if (!await migration.ExitAsync(Boot) || migration.ExitCode != 0)
        {
            throw new NotRunnableException($"The migration failed; see {_folder}/migrate.log.");
        }

        _host = Child.Start(Child.Find("G2PBridge", "g2pbridge.dll"), ["serve"], Settings(), LogFile, Ready);
        await Stage.UntilAsync(
            "the host serves",
            () => _host.HasExited ? throw new NotRunnableException($"The host refused to start: {File.ReadLines(LogFile).LastOrDefault()}") : Task.FromResult(_host.IsReady),
            Boot, cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        _host?.Dispose();
        _tokens.Close();
        _key.Dispose();
        Npgsql.NpgsqlConnection.ClearAllPools();
        await _database.DisposeAsync();
        if (!_keep)
        {
            Directory.Delete(_folder, recursive: true);
        }
    }

    private Dictionary<string, string> Settings() => new()
    {
        ["ASPNETCORE_ENVIRONMENT"] = "Production",
        // Unused connections are closed soon, so that what is still open afterwards is a leak.
        ["ConnectionStrings__G2PBridge"] = Connection + ";Connection Idle Lifetime=5;Connection Pruning Interval=1",
        ["urls"] = Address.ToString().TrimEnd('/'),
        ["SponsorBanks__Default__SponsorBankCode"] = Bank,
        ["SponsorBanks__Default__AccountNumber"] = "SPONSOR0001",
        ["SponsorBanks__Banks__EXAMPLE-BANK__Connector"] = "example-bank",
        ["SponsorBanks__Banks__EXAMPLE-BANK__BaseUrl"] = "http://127.0.0.1:9",
        ["SponsorBanks__Banks__EXAMPLE-BANK__CallbackSecret"] = CallbackSecret,
        ["Spar__Url"] = "http://127.0.0.1:9/resolve",
        // What is not let in at all is tested elsewhere; here everything is to be reached.
        ["PartnerSignatures__Required"] = "false",
        ["OperatorAccess__Required"] = "true",
        ["OperatorAccess__ApiKeys__0__Actor"] = "fuzz",
        ["OperatorAccess__ApiKeys__0__Sha256"] = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(OperatorKey))),
        ["OperatorAccess__ApiKeys__0__Roles__0"] = "Administrator",
        ["BeneficiaryPortal__Enabled"] = "true",
        ["BeneficiaryPortal__Oidc__Issuer"] = _issuer,
        ["BeneficiaryPortal__Oidc__Audience"] = Audience,
        ["BeneficiaryPortal__Oidc__KeysUrl"] = _issuer + "/keys",
        ["DataProtection__Keys"] = _keys,
        ["Audit__Keys"] = _auditKey,
        ["Features__InKind"] = "true",
        ["Edges__PerAddress__PerMinute"] = "0",
        ["Edges__PerCaller__PerMinute"] = "0",
        ["Edges__BodyTimeout"] = "00:00:10",
        ["Serilog__MinimumLevel__Default"] = "Debug",
        // The most that an administrator can have logged by us; a framework at Debug logs what it likes.
        ["Serilog__MinimumLevel__Override__Microsoft"] = "Warning",
        ["Serilog__MinimumLevel__Override__System"] = "Warning",
        ["Serilog__MinimumLevel__Override__Quartz"] = "Warning",
        ["Serilog__MinimumLevel__Override__Npgsql"] = "Warning",
    };

    private void ServeKeys()
    {
        _tokens.Prefixes.Add(_issuer + "/");
        _tokens.Start();
        var parameters = _key.ExportParameters(includePrivateParameters: false);
        var keys = new JsonObject
        {
            ["keys"] = new JsonArray(new JsonObject { ["kty"] = "RSA", ["kid"] = "k", ["alg"] = "RS256", ["use"] = "sig", ["n"] = Encode(parameters.Modulus!), ["e"] = Encode(parameters.Exponent!) }),
        }.ToJsonString();
        _ = Task.Run(async () =>
        {
            try
            {
                while (true)
                {
                    var asked = await _tokens.GetContextAsync();
                    asked.Response.ContentType = "application/json";
                    await asked.Response.OutputStream.WriteAsync(Encoding.UTF8.GetBytes(keys));
                    asked.Response.Close();
                }
            }
            catch (Exception exception) when (exception is HttpListenerException or ObjectDisposedException)
            {
                // Closed at the end.
            }
        });
    }

    private string MakeToken()
    {
        var claims = new JsonObject { ["iss"] = _issuer, ["aud"] = Audience, ["sub"] = Beneficiary, ["exp"] = TimeProvider.System.GetUtcNow().AddDays(1).ToUnixTimeSeconds() };
        var signed = $"{Encode("{\"alg\":\"RS256\",\"kid\":\"k\"}"u8)}.{Encode(Encoding.UTF8.GetBytes(claims.ToJsonString()))}";
        return $"{signed}.{Encode(_key.SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1))}";
    }

    private static string DrawKey() => Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));

    private static string Encode(ReadOnlySpan<byte> bytes) => System.Buffers.Text.Base64Url.EncodeToString(bytes);
}
