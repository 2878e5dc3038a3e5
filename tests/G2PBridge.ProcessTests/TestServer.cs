using System.Security.Cryptography;
using G2PBridge.LocalPostgres;
using Npgsql;

[assembly: LevelOfParallelism(2)]

namespace G2PBridge.ProcessTests;

/// <summary>
/// A server for programs that bring none of their own: a throw-away one, or the one that <c>G2PBRIDGE_TEST_POSTGRES</c> names.
/// </summary>
[SetUpFixture]
internal sealed class TestServer
{
    private static readonly SemaphoreSlim Starting = new(1);
    private static readonly SemaphoreSlim Migrating = new(1);
    private static TemporaryPostgres? _postgres;
    private static string? _template;

    /// <summary>Drawn for this run; the audit trail of every migrated database begins with it.</summary>
    public static string AuditKey { get; } = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        if (_postgres is not null)
        {
            await _postgres.DisposeAsync();
        }
    }

    /// <summary>A connection string of an empty database of its own.</summary>
    public static Task<string> NewDatabaseAsync() => DatabaseAsync(NewName());

    /// <summary>A database that `g2pbridge migrate` has brought to this version, with <see cref="AuditKey"/>: migrated once, then copied.</summary>
    public static async Task<string> NewMigratedDatabaseAsync()
    {
        await Migrating.WaitAsync();
        try
        {
            if (_template is null)
            {
                var name = NewName();
                var environment = new Dictionary<string, string?> { ["ASPNETCORE_ENVIRONMENT"] = "Production", ["ConnectionStrings__G2PBridge"] = await DatabaseAsync(name), ["Audit__Keys"] = AuditKey };
                using var migration = BridgeProcess.Start(environment, "migrate");
                Assert.That(await migration.ExitAsync(BridgeProcess.Patience), Is.Zero, migration.Output);
                _template = name;
            }

            var copy = NewName();
            await using var source = NpgsqlDataSource.Create(await DatabaseAsync("postgres"));
            await using var create = source.CreateCommand($"create database {copy} template {_template}");
            await create.ExecuteNonQueryAsync();
            return await DatabaseAsync(copy);
        }
        finally
        {
            Migrating.Release();
        }
    }

    /// <summary>Settings with which a bridge starts in Production on a database of <see cref="NewMigratedDatabaseAsync"/>; nobody has to sign or to show who he is.</summary>
    public static Dictionary<string, string?> Production(string database) => new()
    {
        ["ASPNETCORE_ENVIRONMENT"] = "Production",
        ["ConnectionStrings__G2PBridge"] = database,
        ["SponsorBanks__Default__SponsorBankCode"] = "B",
        ["SponsorBanks__Default__AccountNumber"] = "1",
        ["SponsorBanks__Banks__B__Connector"] = "example-bank",
        ["SponsorBanks__Banks__B__BaseUrl"] = "http://127.0.0.1:9",
        ["PartnerSignatures__Required"] = "false",
        ["OperatorAccess__Required"] = "false",
        ["Audit__Keys"] = AuditKey,
    };

    private static string NewName() => $"process_{Guid.CreateVersion7():N}";

    private static async Task<string> DatabaseAsync(string name)
    {
        if (Environment.GetEnvironmentVariable("G2PBRIDGE_TEST_POSTGRES") is { Length: > 0 } server)
        {
            await using var source = NpgsqlDataSource.Create(server);
            await using var exists = source.CreateCommand($"select 1 from pg_database where datname = '{name}'");
            if (await exists.ExecuteScalarAsync() is null)
            {
                await using var create = source.CreateCommand($"create database {name}");
                await create.ExecuteNonQueryAsync();
            }

            return new NpgsqlConnectionStringBuilder(server) { Database = name }.ConnectionString;
        }

        await Starting.WaitAsync();
        try
        {
            _postgres ??= await TemporaryPostgres.StartAsync(report: TestContext.Progress.WriteLine);
            await _postgres.EnsureDatabaseAsync(name);
            return _postgres.ConnectionString(name);
        }
        finally
        {
            Starting.Release();
        }
    }
}
