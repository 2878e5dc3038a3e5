using G2PBridge.LocalPostgres;
using Npgsql;

namespace G2PBridge.IntegrationTests.Simulators;

/// <summary>One server for all tests of the simulators; each test host gets a database of its own.</summary>
[SetUpFixture]
internal sealed class SimulatorsPostgres
{
    private static TemporaryPostgres? _server;
    private static string? _given;
    private static int _databases;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _given = Environment.GetEnvironmentVariable("G2PBRIDGE_TEST_POSTGRES");
        if (string.IsNullOrEmpty(_given))
            _server = await TemporaryPostgres.StartAsync(report: TestContext.Progress.WriteLine);
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        if (_server is not null)
            await _server.DisposeAsync();
    }

    public static async Task<string> NewDatabaseAsync()
    {
        var name = $"simulators_{Environment.ProcessId}_{Interlocked.Increment(ref _databases)}";
        if (_server is not null)
        {
            await _server.EnsureDatabaseAsync(name);
            return _server.ConnectionString(name);
        }

        await using var source = NpgsqlDataSource.Create(_given!);
        await using var create = source.CreateCommand($"create database {name}");
        await create.ExecuteNonQueryAsync();
        return new NpgsqlConnectionStringBuilder(_given) { Database = name }.ConnectionString;
    }
}
