using System.Text.Json.Nodes;
using Npgsql;

namespace G2PBridge.ProcessTests.Commands;

/// <summary>The measurement as an operator runs it; that it measures and cleans up, not how fast anything is.</summary>
[Parallelizable(ParallelScope.Self)]
internal sealed class BenchTests
{
    [Test]
    public async Task A_small_measurement_prints_one_line_of_JSON_and_leaves_no_database()
    {
        var folder = Directory.CreateTempSubdirectory("g2p-bridge-bench-").FullName;
        var database = await TestServer.NewDatabaseAsync();
        var before = await MeasuredDatabasesAsync(database);
        try
        {
            var (picture, results) = (Path.Combine(folder, "sizes.svg"), Path.Combine(folder, "results.jsonl"));
            await File.WriteAllTextAsync(results, """{"disbursements":500,"machine":"another","create_to_paid_per_s":40,"end_to_end_per_s":30}""" + "\n");
            using var bench = BridgeProcess.Start(
                new Dictionary<string, string?> { ["ConnectionStrings__G2PBridge"] = database },
                "bench", "--disbursements", "1000", "--batch-size", "250", "--clients", "2", "--stage-disbursements", "1000", "--json", "--picture", picture, "--results", results);

            Assert.That(await bench.ExitAsync(BridgeProcess.Patience), Is.Zero, bench.Output);
            var result = JsonNode.Parse(bench.Output.Split('\n').Single(line => line.StartsWith('{')))!;
            Assert.Multiple(() =>
            {
                Assert.That((int)result["disbursements"]!, Is.EqualTo(1000));
                Assert.That((bool)result["all_accounted_for"]!, Is.True);
                foreach (var figure in new[]
                {
                    "copy_ceiling_rows_per_s", "intake_rows_per_s", "create_to_paid_per_s", "end_to_end_per_s", "reconcile_entries_per_s", "status_1000_p50_ms", "envelope_status_p50_ms", "host_peak_rss_mb",
                })
                {
                    Assert.That((double?)result[figure], Is.GreaterThan(0), figure);
                }

                Assert.That(result["stages"]!.AsObject().Select(stage => stage.Key), Is.SupersetOf(new[] { "intake", "resolution", "funds", "dispatch", "statement_reading", "reconciliation", "all_at_once" }));
                Assert.That(File.ReadAllText(picture), Does.StartWith("<svg").And.Contain(">500<").And.Contain(">1,000<"));
                Assert.That(File.ReadAllLines(results), Has.Length.EqualTo(2));
            });
            Assert.That(await MeasuredDatabasesAsync(database), Is.EqualTo(before));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [TestCase("signatures")]
    [TestCase("audit")]
    public async Task What_a_protection_costs_is_measured_in_turns(string what)
    {
        using var bench = BridgeProcess.Start(
            new Dictionary<string, string?> { ["ConnectionStrings__G2PBridge"] = await TestServer.NewDatabaseAsync() },
            "bench", "--compare", what, "--disbursements", "1000", "--batch-size", "250", "--clients", "2", "--rounds", "1", "--ids", "random", "--json");

        Assert.That(await bench.ExitAsync(BridgeProcess.Patience), Is.Zero, bench.Output);
        var result = JsonNode.Parse(bench.Output.Split('\n').Single(line => line.StartsWith('{')))!;
        Assert.Multiple(() =>
        {
            Assert.That((string?)result["compared"], Is.EqualTo(what));
            Assert.That((double?)result["throughput_ratio"], Is.GreaterThan(0));
            Assert.That((double?)result["with"]!["host_cpu_s_per_million"], Is.GreaterThan(0));
            Assert.That((double?)result["without"]!["host_cpu_s_per_million"], Is.GreaterThan(0));
        });
    }

    [TestCase("--disbursements", "10", "--disbursements must be 1,000 to 20,000,000.")]
    [TestCase("--clients", "0", "--clients must be 1 to 64.")]
    [TestCase("--ids", "lucky", "--ids must be counted or random.")]
    [TestCase("--compare", "everything", "--compare must be signatures or audit.")]
    public async Task A_measurement_that_makes_no_sense_is_refused_in_one_sentence(string option, string value, string sentence)
    {
        using var bench = BridgeProcess.Start(new Dictionary<string, string?>(), "bench", option, value);
        Assert.That(await bench.ExitAsync(BridgeProcess.Patience), Is.EqualTo(2));
        Assert.That(bench.Output, Does.Contain(sentence));
    }

    private static async Task<long> MeasuredDatabasesAsync(string database)
    {
        await using var source = NpgsqlDataSource.Create(database);
        await using var count = source.CreateCommand("select count(*) from pg_database where datname like 'g2pbridge_bench_%'");
        return (long)(await count.ExecuteScalarAsync())!;
    }
}
