using G2PBridge.Platform.Persistence;
using Npgsql;

namespace G2PBridge.IntegrationTests.Platform;

/// <summary>Connections go back to their pool as they are, so whoever changes the session cleans up.</summary>
internal sealed class SessionConnectionTests : IntegrationTest
{
    [TestCase(false)]
    [TestCase(true)]
    public async Task Whatever_was_locked_heard_or_set_in_a_session_is_gone_when_the_connection_is_given_back(bool inFailedTransaction)
    {
        int process;
        await using (var session = await SessionConnection.OpenAsync(TestHost.Source, CancellationToken.None))
        {
            process = session.Connection.ProcessID;
            await RunAsync(session.Connection, "select pg_advisory_lock(471147)");
            await RunAsync(session.Connection, "listen somebody");
            await RunAsync(session.Connection, "set lock_timeout = '7s'");
            if (inFailedTransaction)
            {
                await RunAsync(session.Connection, "begin");
                Assert.That(() => RunAsync(session.Connection, "select 1 / 0"), Throws.InstanceOf<PostgresException>());
            }
        }

        await WorkingHost.UntilAsync(async () => await ScalarAsync<long>("select count(*) from pg_locks where locktype = 'advisory' and objid = 471147") == 0, "the lock is given back");
        var pool = new List<NpgsqlConnection>();
        try
        {
            while (pool.Count < 40 && pool.LastOrDefault()?.ProcessID != process)
            {
                pool.Add(await TestHost.Source.OpenConnectionAsync());
            }

            Assert.That(pool[^1].ProcessID == process, Is.EqualTo(!inFailedTransaction), "a connection that could not be cleaned is closed");
            Assert.That(await ScalarAsync(pool[^1], "select count(*) from pg_listening_channels()"), Is.Zero);
            Assert.That(await ScalarAsync(pool[^1], "show lock_timeout"), Is.EqualTo("0"));
        }
        finally
        {
            pool.ForEach(connection => connection.Dispose());
        }
    }

    private static async Task RunAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    private static async Task<object?> ScalarAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync();
    }
}
