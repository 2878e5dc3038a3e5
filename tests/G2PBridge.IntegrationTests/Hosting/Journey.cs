using System.Text.Json.Nodes;

namespace G2PBridge.IntegrationTests;

/// <summary>Shortcuts to a state that many tests start from, through the real partner API.</summary>
internal static class Journey
{
    /// <summary>An envelope with all its lines received: ids <c>E-D1</c>…, beneficiaries <c>B1</c>…, each of <paramref name="each"/> USD.</summary>
    public static async Task ReceiveAsync(string envelopeId, int lines, decimal each = 1000m, Action<JsonObject>? change = null)
    {
        using var http = new HttpClient { BaseAddress = TestHost.Address };
        await PostAsync(http, "create_disbursement_envelopes", Wire.Request(new JsonArray(Wire.Envelope(envelopeId, lines, lines * each, change))));
        await PostAsync(http, "create_disbursements", Wire.Request(Wire.Lines(envelopeId, lines, each), $"{envelopeId}-BATCH"));
    }

    private static async Task PostAsync(HttpClient http, string path, JsonNode body)
    {
        using var content = new StringContent(body.ToJsonString(), System.Text.Encoding.UTF8, "application/json");
        using var response = await http.PostAsync(new Uri(path, UriKind.Relative), content);
        var answer = JsonNode.Parse(await response.Content.ReadAsStringAsync())!;
        Assert.That(answer["response_header"]?["response_status"]?.ToString(), Is.EqualTo("SUCCESS"), answer.ToJsonString());
    }
}
