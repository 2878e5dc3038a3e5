using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;

namespace G2PBridge.Commands.Bench;

/// <summary>The programme system and the bank's operator of the measurement, over HTTP alone.</summary>
/// <param name="bridges">All of them are spoken to in turn; the native API of the first alone.</param>
internal sealed class BenchClient(HttpClient http, IReadOnlyList<Uri> bridges, Uri simulators)
{
    private const int LinksPerCall = 5_000;
    private const int LinkCallsAtOnce = 2;

    /// <summary>Has the header in it, or what is wrong.</summary>
    private const int StartOfAnswer = 512;

    private readonly Uri _bridge = bridges[0];
    private uint _calls;

    public BenchClient(HttpClient http, Uri bridge, Uri simulators)
        : this(http, [bridge], simulators)
    {
    }

    /// <summary>Makes the first so many people known to the mapper.</summary>
    public Task LinkAsync(int people, Action<int> linked, CancellationToken cancellationToken)
    {
        var done = 0;
        return Parallel.ForEachAsync(
            Enumerable.Range(0, (people + LinksPerCall - 1) / LinksPerCall), new ParallelOptions { MaxDegreeOfParallelism = LinkCallsAtOnce, CancellationToken = cancellationToken },
            async (call, token) =>
            {
                var some = Math.Min(LinksPerCall, people - (call * LinksPerCall));
                using var answer = await PostAsync(new Uri(simulators, "simulators/spar/link"), BenchBodies.Links(call * LinksPerCall, some), token);
                answer.EnsureSuccessStatusCode();
                linked(Interlocked.Add(ref done, some));
            });
    }

    public Task CreateEnvelopesAsync(IReadOnlyList<BenchEnvelope> envelopes, CancellationToken cancellationToken) =>
        AskAsync("create_disbursement_envelopes", BenchBodies.Envelopes(envelopes, DateOnly.FromDateTime(TimeProvider.System.GetUtcNow().UtcDateTime)), cancellationToken);

    /// <summary>Sends all lines of the envelopes, so many calls at once.</summary>
    public Task CreateLinesAsync(IReadOnlyList<BenchEnvelope> envelopes, BenchPlan plan, CancellationToken cancellationToken) => Parallel.ForEachAsync(
        envelopes.SelectMany(envelope => envelope.Batches(plan.BatchSize)), new ParallelOptions { MaxDegreeOfParallelism = plan.Clients, CancellationToken = cancellationToken },
        async (batch, token) => await AskAsync("create_disbursements", BenchBodies.Lines(batch), token));

    /// <summary>Sends calls that were written and signed beforehand, so many at once.</summary>
    public Task SendAsync(IReadOnlyList<SignedCall> calls, int atOnce, CancellationToken cancellationToken) => Parallel.ForEachAsync(
        calls, new ParallelOptions { MaxDegreeOfParallelism = atOnce, CancellationToken = cancellationToken }, async (call, token) => await AskAsync("create_disbursements", call.Body, token, call.Signature));

    public Task AskStatusAsync(IEnumerable<string> ids, CancellationToken cancellationToken) => AskAsync("get_disbursement_status", BenchBodies.Ids(ids), cancellationToken);

    public Task AskEnvelopeStatusAsync(string id, CancellationToken cancellationToken) => AskAsync("get_disbursement_envelope_status", BenchBodies.Id(id), cancellationToken);

    /// <summary>Where the envelopes stand, as <c>/v1/envelopes</c> shows them.</summary>
    public async Task<EnvelopeSums> SeeAsync(IReadOnlyList<BenchEnvelope> envelopes, CancellationToken cancellationToken)
    {
        if (envelopes.Count == 1)
        {
            return EnvelopeSums.Of([await GetAsync(new Uri(_bridge, $"v1/envelopes/{envelopes[0].Id}"), cancellationToken)]);
        }

        var ids = envelopes.Select(envelope => envelope.Id).ToHashSet(StringComparer.Ordinal);
        var page = await GetAsync(new Uri(_bridge, "v1/envelopes?limit=200"), cancellationToken);
        return EnvelopeSums.Of([.. page["envelopes"]!.AsArray().Where(envelope => ids.Contains((string)envelope!["id"]!)).Select(envelope => envelope!)]);
    }

    public async Task<decimal> TreasuryAsync(CancellationToken cancellationToken)
    {
        var account = await GetAsync(new Uri(simulators, $"simulators/example-bank/accounts/{BenchPlan.Account}?currency={BenchPlan.Currency}"), cancellationToken);
        return account["book"]!.GetValue<decimal>();
    }

    /// <summary>Stops all sending; gives the number of the pause.</summary>
    public async Task<long> PauseAsync(CancellationToken cancellationToken)
    {
        using var answer = await http.PostAsJsonAsync(new Uri(_bridge, "v1/pauses"), new JsonObject { ["scope"] = "ALL", ["reason"] = "every stage is measured alone" }, cancellationToken);
        answer.EnsureSuccessStatusCode();
        return ((long?)(await answer.Content.ReadFromJsonAsync<JsonNode>(cancellationToken))!["id"]!)!.Value;
    }

    public async Task ResumeAsync(long pause, CancellationToken cancellationToken)
    {
        using var answer = await http.DeleteAsync(new Uri(_bridge, $"v1/pauses/{pause}"), cancellationToken);
        answer.EnsureSuccessStatusCode();
    }

    /// <summary>Has the bank report what is unreported; gives the number of its last statement.</summary>
    public async Task<long> CutStatementsAsync(CancellationToken cancellationToken)
    {
        using var answer = await http.PostAsJsonAsync(
            new Uri(simulators, "simulators/example-bank/generate_account_statement"), new JsonObject { ["program_account_number"] = BenchPlan.Account }, cancellationToken);
        answer.EnsureSuccessStatusCode();
        var body = (await answer.Content.ReadFromJsonAsync<JsonNode>(cancellationToken))!;
        return (string?)body["status"] == "success"
            ? long.Parse((string)body["account_statement_id"]!, CultureInfo.InvariantCulture)
            : throw new BenchFailedException($"The example bank made no statement: {body["error_message"]}");
    }

    public Task<byte[]> StatementAsync(long statement, CancellationToken cancellationToken) =>
        http.GetByteArrayAsync(new Uri(simulators, string.Create(CultureInfo.InvariantCulture, $"simulators/example-bank/statements/{statement}")), cancellationToken);

    public async Task<string> UploadAsync(byte[] statement, CancellationToken cancellationToken)
    {
        using var content = new ByteArrayContent(statement);
        content.Headers.ContentType = new MediaTypeHeaderValue("text/plain");
        using var answer = await http.PostAsync(new Uri(_bridge, "v1/statements"), content, cancellationToken);
        answer.EnsureSuccessStatusCode();
        return (string)(await answer.Content.ReadFromJsonAsync<JsonNode>(cancellationToken))!["id"]!;
    }

    public async Task<JsonNode> SeeStatementAsync(string id, CancellationToken cancellationToken) => (await GetAsync(new Uri(_bridge, $"v1/statements/{id}"), cancellationToken))["file"]!;

    private async Task AskAsync(string path, ReadOnlyMemory<byte> body, CancellationToken cancellationToken, string? signature = null)
    {
        var called = bridges[(int)(Interlocked.Increment(ref _calls) % (uint)bridges.Count)];
        using var answer = await PostAsync(new Uri(called, path), body, cancellationToken, signature, HttpCompletionOption.ResponseHeadersRead);
        await using var text = await answer.Content.ReadAsStreamAsync(cancellationToken);
        // The client works on the same processors as the bridge: it takes every byte of a long answer, and keeps none.
        var start = new byte[StartOfAnswer];
        var length = await text.ReadAtLeastAsync(start, start.Length, throwOnEndOfStream: false, cancellationToken);
        if (start.AsSpan(0, length).IndexOf("\"response_status\":\"SUCCESS\""u8) < 0)
        {
            throw new BenchFailedException($"The bridge refused {path} ({(int)answer.StatusCode}): {System.Text.Encoding.UTF8.GetString(start, 0, length)}");
        }

        await text.CopyToAsync(Stream.Null, cancellationToken);
    }

    private async Task<HttpResponseMessage> PostAsync(Uri address, ReadOnlyMemory<byte> body, CancellationToken cancellationToken, string? signature = null, HttpCompletionOption completion = HttpCompletionOption.ResponseContentRead)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, address) { Content = new ReadOnlyMemoryContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        if (signature is not null)
        {
            request.Headers.TryAddWithoutValidation("Signature", signature);
        }

        return await http.SendAsync(request, completion, cancellationToken);
    }

    private async Task<JsonNode> GetAsync(Uri address, CancellationToken cancellationToken) =>
        await http.GetFromJsonAsync<JsonNode>(address, cancellationToken) ?? throw new BenchFailedException($"{address} answered with nothing.");
}

/// <summary>Several envelopes' funnels together.</summary>
/// <param name="Resolved">Looked for in the mapper, found or not.</param>
/// <param name="Sent">What the bank has accepted or refused.</param>
/// <param name="Debited">What a statement shows as debited, returned or not.</param>
/// <param name="NetPaid">Amount debited and not returned.</param>
internal sealed record EnvelopeSums(int Received, int Resolved, int Funded, int Sent, int Debited, int Returned, decimal NetPaid, int AccountedFor, IReadOnlyList<string> Stages)
{
    public static EnvelopeSums Of(IReadOnlyList<JsonNode> envelopes)
    {
        int Lines(string share) => envelopes.Sum(envelope => envelope["funnel"]![share]!["lines"]!.GetValue<int>());
        return new EnvelopeSums(
            Lines("received"), Lines("resolved") + Lines("unresolved"), Lines("funded"), Lines("sent") + Lines("refused"), Lines("paid") + Lines("returned"), Lines("returned"),
            envelopes.Sum(envelope => envelope["funnel"]!["paid"]!["amount"]!.GetValue<decimal>()), Lines("accounted_for"), [.. envelopes.Select(envelope => (string)envelope["stage"]!).Distinct()]);
    }
}
