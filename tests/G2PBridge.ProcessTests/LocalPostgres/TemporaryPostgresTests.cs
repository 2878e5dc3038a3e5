using System.Net;
using System.Net.Sockets;
using G2PBridge.LocalPostgres;
using Npgsql;

namespace G2PBridge.ProcessTests.LocalPostgres;

[Parallelizable(ParallelScope.Self)]
internal sealed class TemporaryPostgresTests
{
    [Test]
    public async Task A_throwaway_cluster_answers_and_leaves_nothing_behind()
    {
        var postgres = await TemporaryPostgres.StartAsync();
        var parent = Path.GetDirectoryName(Path.GetDirectoryName(postgres.DataDirectory))!;
        try
        {
            await postgres.EnsureDatabaseAsync("tests");
            await using var source = NpgsqlDataSource.Create(postgres.ConnectionString("tests"));
            await using var command = source.CreateCommand("select current_setting('fsync')");
            Assert.That(await command.ExecuteScalarAsync(), Is.EqualTo("off"));
        }
        finally
        {
            await postgres.DisposeAsync();
        }

        Assert.That(Directory.Exists(parent), Is.False);
    }

    [Test]
    public async Task What_a_killed_run_left_is_removed_by_the_next()
    {
        var left = Directory.CreateTempSubdirectory("g2p-bridge-test-").FullName;
        using (var host = await SeparateHost.StartAsync(Path.Combine(left, "cluster")))
        {
            await host.KillAsync();
        }

        var server = PostmasterFile.Read(Path.Combine(left, "cluster", "data"))!;
        var later = TimeProvider.System.GetUtcNow().AddMinutes(10);
        await TemporaryPostgres.RemoveLeftoversAsync(new LocalPostgresOptions { Folder = "" }, later, null, CancellationToken.None);

        Assert.That(Directory.Exists(left), Is.False);
        using var client = new TcpClient();
        Assert.ThrowsAsync<SocketException>(() => client.ConnectAsync(IPAddress.Loopback, server.Port));
    }
}
