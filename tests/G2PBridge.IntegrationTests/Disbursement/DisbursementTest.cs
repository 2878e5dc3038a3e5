using System.Net.Http.Json;
using System.Text.Json.Nodes;
using G2PBridge.Modules.Disbursement;
using G2PBridge.Modules.Disbursement.Contracts;
using G2PBridge.Modules.Disbursement.Features;
using G2PBridge.Platform.Jobs;
using G2PBridge.SharedKernel;

namespace G2PBridge.IntegrationTests.Disbursement;

/// <summary>Envelope E, funded and resolved, its chunks ready to go.</summary>
internal abstract class DisbursementTest : IntegrationTest
{
    protected const string Envelope = "E";
    protected const string Batch = "E-BATCH";

    protected static TimeSpan PastEveryPause { get; } = TimeSpan.FromHours(1);

    protected static async Task ReadyAsync(int lines, decimal each = 1000m)
    {
        await Journey.ReceiveAsync(Envelope, lines, each);
        await MakeReadyAsync();
    }

    protected static async Task MakeReadyAsync()
    {
        foreach (var job in new[] { Work.TakeBatches, Work.ResolveSlices, Work.TakeEnvelopesDue, Work.FundEnvelopes, Work.TakeFundedWork })
        {
            await WorkAsync(job);
        }
    }

    protected static Task<bool> SendOneAsync() => SendAsync(new SendNextChunk.Command());

    protected static Task InquireAsync() => WorkAsync(Work.InquireUnknown);

    /// <summary>Everything that background work does in the hours after: pauses end, dead processes are found, banks are asked.</summary>
    protected static async Task LaterAsync()
    {
        for (var i = 0; i < 4; i++)
        {
            Clock.Advance(PastEveryPause);
            await ExpireLeasesAsync();
            await WorkAsync();
        }
    }

    protected static Task ExpireLeasesAsync() => ExecuteAsync("update disbursement.chunk set lease_until = now() - interval '1 second' where lease_until is not null");

    protected static async Task RecoverAsync()
    {
        await ExpireLeasesAsync();
        await WorkAsync(DisbursementModule.Recover);
    }

    protected static Task PassSettleWindowAsync() => ExecuteAsync("update disbursement.chunk set unknown_at = now() - interval '1 day' where unknown_at is not null");

    protected static Task<string?> ChunkStateAsync() => ScalarAsync<string>("select string_agg(state, ',' order by id) from disbursement.chunk");

    protected static Task<string?> ChunkErrorAsync() => ScalarAsync<string>("select last_error_code from disbursement.chunk");

    protected static async Task<DispatchProgress> ProgressAsync() => (await SendAsync(new ReadDispatchProgress([Envelope]))).Single();

    protected static async Task<PaymentReference[]> ReferencesAsync()
    {
        var prefix = await SendAsync(new ReadReferencePrefix());
        return [.. Bank.Orders.First().Payments.Select(payment => PaymentReference.TryParse(payment.Reference, prefix, out var reference) ? reference : throw new InvalidOperationException())];
    }

    protected static async Task<Dictionary<LineState, int>> LineStatesAsync(IEnumerable<PaymentReference> references) =>
        (await SendAsync(new FindInstructions([.. references]))).GroupBy(line => line.State).ToDictionary(group => group.Key, group => group.Count());

    /// <summary>Posts in the name of a person.</summary>
    protected static async Task<HttpResponseMessage> SendAsAsync(string? actor, string path, JsonNode? body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(TestHost.Address, path)) { Content = JsonContent.Create(body) };
        if (actor is not null)
        {
            request.Headers.TryAddWithoutValidation("X-Actor", actor);
        }

        return await Http.SendAsync(request);
    }

    protected static async Task<JsonNode> PostAsync(string? actor, string path, JsonNode? body)
    {
        using var response = await SendAsAsync(actor, path, body);
        return (await response.Content.ReadFromJsonAsync<JsonNode>())!;
    }

    protected static void NobodyIsPaidTwice() => Assert.That(Bank.Books.Values.Select(entry => entry.Times), Is.All.EqualTo(1));

    protected static void IsProgress(DispatchProgress progress, int sent = 0, int unknown = 0, int refused = 0, int inFlight = 0) =>
        Assert.That((progress.Sent, progress.Unknown, progress.Refused, progress.InFlight), Is.EqualTo((sent, unknown, refused, inFlight)));
}
