using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using G2PBridge.Connectors;
using G2PBridge.Modules.Disbursement.Contracts;
using G2PBridge.Modules.Envelopes.Contracts;
using G2PBridge.Modules.Reconciliation.Contracts;
using G2PBridge.Platform.Jobs;
using G2PBridge.Platform.Verification;
using Microsoft.Extensions.DependencyInjection;

namespace G2PBridge.IntegrationTests.Reconciliation;

/// <summary>An envelope E that is paid, statements about it through the real upload, and the real job.</summary>
internal abstract class ReconciliationTest : IntegrationTest
{
    protected const string Envelope = "E";

    /// <summary>Pays lines E-D1 … of one envelope; gives what the bank was ordered to pay, in line order.</summary>
    protected static async Task<Payment[]> PayAsync(int lines, decimal each = 1000m, string envelope = Envelope)
    {
        await Journey.ReceiveAsync(envelope, lines, each);
        await WorkAsync();
        return [.. Bank.Orders.SelectMany(order => order.Payments).Where(payment => payment.DisbursementId.StartsWith(envelope + "-", StringComparison.Ordinal)).OrderBy(payment => payment.Reference, StringComparer.Ordinal)];
    }

    protected static Task<JsonNode> UploadAsync(StatementText statement, string contentType = "text/plain") => UploadAsync(statement.ToString(), contentType);

    protected static Task<JsonNode> UploadAsync(string content, string contentType = "text/plain") => UploadAsync(Encoding.Latin1.GetBytes(content), contentType);

    protected static async Task<JsonNode> UploadAsync(byte[] content, string contentType = "text/plain", Uri? address = null)
    {
        using var response = await UploadRawAsync(content, contentType, address: address);
        Assert.That((int)response.StatusCode, Is.EqualTo(200));
        return JsonNode.Parse(await response.Content.ReadAsStringAsync())!;
    }

    protected static async Task<HttpResponseMessage> UploadRawAsync(byte[] content, string contentType, string field = "statement_file", Uri? address = null)
    {
        using var file = new ByteArrayContent(content);
        file.Headers.ContentType = MediaTypeHeaderValue.Parse(contentType);
        using var form = new MultipartFormDataContent { { file, field, "statement.mt940" } };
        return await Http.PostAsync(new Uri(address ?? TestHost.Address, "upload_mt940"), form);
    }

    protected static Guid IdOf(JsonNode answer)
    {
        Assert.That(answer.Succeeded(), answer.ToJsonString());
        return Guid.Parse((string)answer.Payload()!["statement_id"]!);
    }

    protected static Task<int> ReadAsync() => WorkAsync(Work.ReadStatements);

    /// <summary>Uploads and reads one statement; gives its file as the native API shows it.</summary>
    protected static async Task<JsonNode> ImportAsync(StatementText statement) => await ImportAsync(statement.ToString());

    protected static async Task<JsonNode> ImportAsync(string statement)
    {
        var id = IdOf(await UploadAsync(statement));
        await ReadAsync();
        return (await GetAsync($"v1/statements/{id}"))!;
    }

    protected static async Task<JsonNode> FileAsync(Guid id) => (await GetAsync($"v1/statements/{id}"))!;

    protected static async Task<ReconciliationProgress> ProgressAsync(string envelope = Envelope) =>
        (await SendAsync(new ReadReconciliationProgress([envelope]))).SingleOrDefault() ?? new ReconciliationProgress(envelope, 0, 0, 0, 0);

    protected static ReconciliationProgress Counts(int reconciled, decimal amount, int returned = 0, decimal returnedAmount = 0) => new(Envelope, reconciled, amount, returned, returnedAmount);

    protected static async Task<long> LineOfAsync(Payment payment) => (await SendAsync(new FindLinesById([payment.DisbursementId]))).Single().Seq;

    protected static async Task<IReadOnlyList<MatchedEntry>> MatchesAsync(Payment payment) => await SendAsync(new FindMatches([await LineOfAsync(payment)]));

    protected static async Task<IReadOnlyList<UnmatchedEntry>> UnmatchedAsync(Payment payment) => await SendAsync(new FindUnmatched([await LineOfAsync(payment)], []));

    protected static Task<IReadOnlyList<UnmatchedEntry>> UnmatchedAsync(params string[] texts) => SendAsync(new FindUnmatched([], texts));

    protected static async Task<LineState> StateAsync(Payment payment) => (await SendAsync(new FindInstructionsOfLines([await LineOfAsync(payment)]))).Single().State;

    /// <summary>What waits in the queue of exceptions.</summary>
    protected static async Task<JsonNode?[]> OpenAsync() => [.. (await GetAsync("v1/exceptions"))!["items"]!.AsArray()];

    protected static async Task<JsonNode> PostAsActorAsync(string path, string actor, JsonObject? body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(TestHost.Address, path)) { Content = body is null ? null : JsonContent.Create(body) };
        if (actor.Length > 0)
        {
            request.Headers.Add("X-Actor", actor);
        }

        using var answer = await Http.SendAsync(request);
        return (await answer.Content.ReadFromJsonAsync<JsonNode>())!;
    }

    /// <summary>Every invariant over the whole database: nothing is dropped (I4), totals are the sums of their lines (I6), and the others.</summary>
    protected static async Task AssertInvariantsHoldAsync()
    {
        foreach (var check in TestHost.Services.GetServices<IInvariantCheck>())
        {
            Assert.That((await check.CheckAsync(CancellationToken.None)).Where(result => result.IsBroken).Select(result => $"{result.Id} {result.Place}: {string.Join(", ", result.Offenders)}"), Is.Empty);
        }
    }
}
