using System.Globalization;
using G2PBridge.LocalPostgres;
using Npgsql;

namespace G2PBridge.ProcessTests.Commands;

/// <summary>
/// The program as a newcomer runs it: own process, own private database, real HTTP, the example bank's ledger in a database of its own as the judge.
/// </summary>
[Parallelizable(ParallelScope.Self)]
internal sealed class DemoTests
{
    private string _folder = "";
    private int _port;

    [SetUp]
    public void TakeAFolder()
    {
        _folder = Directory.CreateTempSubdirectory("g2p-bridge-demo-").FullName;
        _port = BridgeProcess.FreePort();
    }

    [TearDown]
    public async Task StopTheServer()
    {
        // Adopts the server that a killed host left behind, and stops it.
        var cluster = await LocalPostgresCluster.StartAsync(new LocalPostgresOptions { Folder = Path.Combine(_folder, "postgres") }, null, CancellationToken.None);
        await cluster.StopAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Test]
    public async Task The_shipped_file_ends_with_every_line_accounted_for()
    {
        using var demo = Demo();

        Assert.That(await demo.ExitAsync(BridgeProcess.Patience), Is.Zero, demo.Output);
        Assert.Multiple(() =>
        {
            Assert.That(demo.Output, Does.Contain("Every line is accounted for, to the cent."));
            Assert.That(demo.Output, Does.Contain("3 succ.fa.not_linked_to_id"));
            Assert.That(demo.Output, Does.Contain("DEMO_0021"), "the unresolved are named");
        });
        await TheBankPaidNobodyTwice(22);
    }

    [Test]
    public async Task Goods_and_cash_by_hand_end_with_everybody_served_or_named()
    {
        using var demo = Demo("--in-kind", "--beneficiaries", "400", "--zones", "10");

        Assert.That(await demo.ExitAsync(BridgeProcess.Patience), Is.Zero, demo.Output);
        Assert.That(demo.Output, Does.Contain("Everybody is served or named, told once, and the quantities are equal to the last unit.").And.Contain("AGENCY_WITHOUT_ACCOUNT"));
        await TheBankPaidNobodyTwice(8);
    }

    [Test]
    public async Task A_demo_that_was_killed_is_carried_on_by_the_same_command()
    {
        using (var first = Demo("--beneficiaries", "5000"))
        {
            Assert.That(await first.UntilAsync(line => line.Contains("received 5000", StringComparison.Ordinal), BridgeProcess.Patience), Is.True, first.Output);
            first.KillHard();
            await first.ExitAsync(BridgeProcess.Patience);
        }

        using (var second = Demo("--beneficiaries", "5000"))
        {
            Assert.That(await second.UntilAsync(line => line.Contains("funds blocked, answered by the bank", StringComparison.Ordinal), BridgeProcess.Patience), Is.True, second.Output);
            second.KillHard();
            await second.ExitAsync(BridgeProcess.Patience);
        }

        using var third = Demo("--beneficiaries", "5000");
        Assert.That(await third.ExitAsync(BridgeProcess.Patience), Is.Zero, third.Output);
        Assert.That(third.Output, Does.Contain("Carrying on with envelope").And.Contain("Every line is accounted for, to the cent."));
        await TheBankPaidNobodyTwice(4_900);
    }

    [Test]
    public async Task A_demo_that_was_interrupted_stops_politely_and_is_carried_on()
    {
        using (var first = Demo("--beneficiaries", "2000"))
        {
            Assert.That(await first.UntilAsync(line => line.Contains("in the mapper", StringComparison.Ordinal), BridgeProcess.Patience), Is.True, first.Output);
            first.Interrupt();
            Assert.That(await first.ExitAsync(BridgeProcess.Patience), Is.EqualTo(130), first.Output);
            Assert.That(first.Output, Does.Contain("Nothing is lost"));
        }

        using var second = Demo("--beneficiaries", "2000");
        Assert.That(await second.ExitAsync(BridgeProcess.Patience), Is.Zero, second.Output);
        await TheBankPaidNobodyTwice(1_960);
    }

    private BridgeProcess Demo(params IEnumerable<string> arguments) => BridgeProcess.Start(
        new Dictionary<string, string?>(), ["demo", .. arguments, "--urls", $"http://127.0.0.1:{_port}", $"--LocalPostgres:Folder={Path.Combine(_folder, "postgres")}"]);

    /// <summary>The bank's books, not ours, decide.</summary>
    private async Task TheBankPaidNobodyTwice(long payments)
    {
        await using var cluster = await LocalPostgresCluster.StartAsync(new LocalPostgresOptions { Folder = Path.Combine(_folder, "postgres") }, null, CancellationToken.None);
        await using var bank = NpgsqlDataSource.Create(cluster.ConnectionString("simulators"));
        await using var twice = bank.CreateCommand(Judge);
        await using var reader = await twice.ExecuteReaderAsync();
        await reader.ReadAsync();
        Assert.Multiple(() =>
        {
            Assert.That(reader.GetInt64(0), Is.EqualTo(payments), "references debited");
            Assert.That(reader.GetInt64(1), Is.EqualTo(1), string.Create(CultureInfo.InvariantCulture, $"most debits of one reference: {reader.GetInt64(1)}"));
        });
    }

    private const string Judge =
        """
        select count(*), coalesce(max(debits), 0)
          from (select p.reference, count(*) as debits
                  from example_bank.ledger l join example_bank.payments p using (batch_id, line)
                 where l.mark = 'D' group by p.reference) as by_reference
        """;
}
