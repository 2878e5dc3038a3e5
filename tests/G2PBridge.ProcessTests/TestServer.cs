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
    private static TemporaryPostgres? _postgres;

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        if (_postgres is not null)
        {
            await _postgres.DisposeAsync();
        }
    }

    /// <summary>A connection string of an empty database of its own.</summary>
    public static async Task<string> NewDatabaseAsync()
    {
        var name = $"process_{Guid.CreateVersion7():N}";
        if (Environment.GetEnvironmentVariable("G2PBRIDGE_TEST_POSTGRES") is { Length: > 0 } server)
        {
            await using var source = NpgsqlDataSource.Create(server);
            await using var create = source.CreateCommand($"create database {name}");
            await create.ExecuteNonQueryAsync();
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
