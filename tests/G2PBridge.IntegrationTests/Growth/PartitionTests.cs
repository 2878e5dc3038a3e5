using G2PBridge.IntegrationTests.Reconciliation;
using G2PBridge.Modules.Envelopes.Persistence;
using G2PBridge.Platform.Growth;
using G2PBridge.SharedKernel;
using Microsoft.Extensions.DependencyInjection;

namespace G2PBridge.IntegrationTests.Growth;

/// <summary>Partitions are there before a line is, whoever makes them, and what is unique stays so over all of them.</summary>
internal sealed class PartitionTests : ReconciliationTest
{
    private const long Size = NumberSeries.LinesOfPartition;

    private static readonly string[] Tables = ["envelopes.disbursement", "resolution.address", "disbursement.instruction", "reconciliation.match"];

    [Test]
    public async Task Many_hosts_at_once_make_a_partition_once()
    {
        var no = 1000 + Random.Shared.Next(1_000_000);
        var hosts = Enumerable.Range(0, 6).Select(_ => ActivatorUtilities.CreateInstance<Partitions>(TestHost.Services)).ToList();

        await Task.WhenAll(hosts.Select(host => host.EnsureAsync(NumberSeries.Lines, (no * Size) + 1, CancellationToken.None).AsTask()));

        foreach (var table in Tables)
        {
            Assert.That(await ScalarAsync<long>("select count(*) from pg_inherits where inhparent = to_regclass($1) and inhrelid in (to_regclass($2), to_regclass($3))", table, $"{table}_p{no}", $"{table}_p{no + 1}"), Is.EqualTo(2));
        }

        foreach (var table in Tables)
        {
            await ExecuteAsync($"drop table {table}_p{no}; drop table {table}_p{no + 1}");
        }
    }

    [Test]
    public async Task A_run_of_numbers_lies_in_one_partition_and_never_begins_with_its_first()
    {
        await BeginAsync(5, 0);
        var writer = TestHost.Services.GetRequiredService<DisbursementWriter>();
        Assert.That(await writer.TakeNumbersAsync(3, CancellationToken.None), Is.EqualTo(new SeqRange((5 * Size) + 1, (5 * Size) + 3)));
        await BeginAsync(6, -3);
        Assert.That(await writer.TakeNumbersAsync(3, CancellationToken.None), Is.EqualTo(new SeqRange((6 * Size) + 1, (6 * Size) + 3)), "two are left, which is too few");
        Assert.That(await writer.TakeNumbersAsync(1, CancellationToken.None), Is.EqualTo(new SeqRange((6 * Size) + 4, (6 * Size) + 4)));
    }

    [Test]
    public async Task Lines_of_several_partitions_are_paid_and_reconciled_like_any_other()
    {
        var first = await PayAsync(2, envelope: "E1");
        await BeginAsync(2, -3);
        var second = await PayAsync(3, envelope: "E2");
        Assert.That(await ScalarAsync<long>("select count(distinct seq / $1) from envelopes.disbursement", Size), Is.EqualTo(2));

        var statement = first.Concat(second).Aggregate(new StatementText(), (text, payment) => text.Debit(payment)).Return(first[0]).Return(second[0]);
        var file = await ImportAsync(statement);

        Assert.That(((int)file["file"]!["matched"]!, (int)file["file"]!["returned"]!), Is.EqualTo((5, 2)));
        await AssertInvariantsHoldAsync();
    }

    [Test]
    public async Task A_new_month_begins_a_partition()
    {
        await PayAsync(1, envelope: "E1");
        Clock.Advance(TimeSpan.FromDays(31));
        await WorkAsync("keep-partitions");
        await WorkAsync("keep-partitions");
        await Journey.ReceiveAsync("E2", 1, change: envelope => envelope["disbursement_schedule_date"] = "2026-08-01");
        Assert.That(await ScalarAsync<long>("select max(seq) from envelopes.disbursement"), Is.EqualTo(Size + 1));
    }

    [Test]
    public async Task An_id_is_refused_in_every_partition_after_its_first()
    {
        await PayAsync(1, envelope: "E1");
        await BeginAsync(2, 0);
        await PostAsync("create_disbursement_envelopes", Wire.Request(new System.Text.Json.Nodes.JsonArray(Wire.Envelope("E2", 1, 10))));
        var answer = await PostAsync("create_disbursements", Wire.Request(new System.Text.Json.Nodes.JsonArray(Wire.Line("E2", "E1-D1", "B77", 10)), "E2-BATCH"));
        Assert.That(answer.Payload()![0]!["response_error_codes"]!.AsArray().Select(code => (string?)code), Is.EqualTo(new[] { "DUPLICATE_DISBURSEMENT" }), answer.ToJsonString());
    }

    private static Task<long> BeginAsync(long no, long offset) => ScalarAsync<long>("select setval('envelopes.line_number', $1)", (no * Size) + offset);
}
