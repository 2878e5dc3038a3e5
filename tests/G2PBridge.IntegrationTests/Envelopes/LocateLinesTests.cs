using System.Text.Json.Nodes;
using G2PBridge.Modules.Envelopes.Contracts;

namespace G2PBridge.IntegrationTests.Envelopes;

/// <summary>Where a line stands: found by its id, whatever lies around it.</summary>
internal sealed class LocateLinesTests : IntegrationTest
{
    [TestCase(new[] { 1, 2, 3, 4, 5, 6 }, TestName = "The batch of each line is named when all are asked for")]
    [TestCase(new[] { 3 }, TestName = "The batch of one line is named")]
    [TestCase(new int[0], TestName = "Nobody's id has no batch")]
    public async Task The_batch_of_each_line_is_named(int[] wanted)
    {
        await PostAsync("create_disbursement_envelopes", Wire.Request(new JsonArray(Wire.Envelope("E", 12, 120))));
        for (var i = 1; i <= 6; i++)
        {
            await PostAsync("create_disbursements", Wire.Request(new JsonArray(Wire.Line("E", $"E-{i}-A", $"B{i}A", 10), Wire.Line("E", $"E-{i}-B", $"B{i}B", 10)), $"BATCH-{i}"));
        }

        var located = await SendAsync(new LocateLines([.. wanted.SelectMany(i => new[] { $"E-{i}-A", $"E-{i}-B" }), "NOBODY"]));

        Assert.That(
            located.Select(line => (line.DisbursementId, line.BatchId, line.EnvelopeId)),
            Is.EquivalentTo(wanted.SelectMany(i => new[] { ($"E-{i}-A", $"BATCH-{i}", "E"), ($"E-{i}-B", $"BATCH-{i}", "E") })));
    }

    [Test]
    public async Task Lines_that_lie_further_apart_than_batches_may_be_read_are_located_one_by_one()
    {
        await PostAsync("create_disbursement_envelopes", Wire.Request(new JsonArray(Wire.Envelope("E", 6, 60))));
        for (var i = 1; i <= 6; i++)
        {
            await PostAsync("create_disbursements", Wire.Request(new JsonArray(Wire.Line("E", $"E-{i}", $"B{i}", 10)), $"BATCH-{i}"));
        }

        var located = await SendAsync(new LocateLines(["E-6", "E-1"]));

        Assert.That(located.Select(line => (line.DisbursementId, line.BatchId)), Is.EquivalentTo(new[] { ("E-1", "BATCH-1"), ("E-6", "BATCH-6") }));
    }
}
