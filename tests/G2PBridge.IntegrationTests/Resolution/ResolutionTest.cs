using System.Text.Json.Nodes;
using G2PBridge.Connectors;
using G2PBridge.Modules.Resolution.Contracts;
using G2PBridge.Modules.Resolution.Features;
using G2PBridge.Platform.Jobs;

namespace G2PBridge.IntegrationTests.Resolution;

/// <summary>An envelope E on the day before it is due, so that its lines can still be cancelled, and the two jobs of this module.</summary>
internal abstract class ResolutionTest : IntegrationTest
{
    protected const string Envelope = "E";
    protected const string Batch = "E-BATCH";
    protected const string NotLinked = "succ.fa.not_linked_to_id";

    protected static MapperAnswer Outage { get; } = new MapperAnswer.Failed("MAPPER_UNREACHABLE", "down");

    protected static Task ReceiveAsync(int lines) =>
        Journey.ReceiveAsync(Envelope, lines, change: envelope => envelope["disbursement_schedule_date"] = "2026-06-25");

    protected static async Task TakeAsync(int lines)
    {
        await ReceiveAsync(lines);
        await WorkAsync(Work.TakeBatches);
    }

    protected static Task<bool> ResolveOneAsync() => SendAsync(new ResolveNextSlice.Command());

    protected static Task ResolveAsync() => WorkAsync(Work.ResolveSlices);

    protected static async Task CancelLineAsync(string disbursementId)
    {
        var answer = await PostAsync("cancel_disbursements", Wire.Request(new JsonArray(new JsonObject { ["disbursement_id"] = disbursementId })));
        Assert.That(answer.Succeeded(), answer.ToJsonString());
    }

    protected static async Task<ResolutionProgress> ProgressAsync() => (await SendAsync(new ReadResolutionProgress([Envelope]))).Single();

    protected static async Task<string?> BatchStatusAsync() => (await SendAsync(new ReadResolutionOfBatch(Batch)))?.Status;

    protected static Task<IReadOnlyList<ResolvedSet>> SetsAsync() => SendAsync(new ListNewResolvedSets(100));

    protected static Task<string?> SliceStatusAsync() => ScalarAsync<string>("select status from resolution.slice");
}
