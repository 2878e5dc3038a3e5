using System.Text;
using System.Text.Json.Nodes;

namespace G2PBridge.Commands.Demo;

/// <summary>A programme system that speaks HTTP and insists on SUCCESS.</summary>
internal sealed class InKindRequests(HttpClient http, Uri bridge, TimeProvider clock)
{
    /// <summary>Asks the partner API; gives the payload of the answer.</summary>
    public async Task<JsonNode> AskAsync(string path, string requestId, string? batchId, JsonNode? payload, CancellationToken cancellationToken)
    {
        var body = new JsonObject { ["request_payload"] = payload };
        if (batchId is not null)
        {
            body["disbursement_batch_control_id"] = batchId;
        }

        var answer = await PostAsync(path, new JsonObject
        {
            ["request_header"] = new JsonObject
            {
                ["sender_app_mnemonic"] = "DEMO_PBMS",
                ["sender_app_url"] = "",
                ["request_id"] = requestId,
                ["request_timestamp"] = clock.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture),
                ["instance_id"] = null,
            },
            ["request_body"] = body,
        }, cancellationToken);
        var header = answer["response_header"];
        return (string?)header?["response_status"] == "SUCCESS"
            ? answer["response_body"]!["response_payload"]!
            : throw new DemoFailedException($"The bridge refused {path} with {header?["response_error_code"] ?? answer["errors"]?[0]?["code"]}: {header?["response_error_detail"] ?? answer["errors"]?[0]?["message"]}");
    }

    public async Task<JsonNode> PostAsync(string path, JsonNode body, CancellationToken cancellationToken)
    {
        using var content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
        using var response = await http.PostAsync(new Uri(bridge, path), content, cancellationToken);
        return await ReadAsync(path, response, cancellationToken);
    }

    public async Task<JsonNode> GetAsync(string path, CancellationToken cancellationToken)
    {
        using var response = await http.GetAsync(new Uri(bridge, path), cancellationToken);
        return await ReadAsync(path, response, cancellationToken);
    }

    private static async Task<JsonNode> ReadAsync(string path, HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var text = await response.Content.ReadAsStringAsync(cancellationToken);
        return response.IsSuccessStatusCode
            ? JsonNode.Parse(text) ?? throw new DemoFailedException($"{path} answered with nothing.")
            : throw new DemoFailedException($"{path} answered {(int)response.StatusCode}: {text}");
    }
}
