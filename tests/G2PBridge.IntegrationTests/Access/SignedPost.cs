using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;

namespace G2PBridge.IntegrationTests.Access;

/// <summary>Sends a body, byte for byte as it was signed, to a host's partner API and gives the answer's JSON.</summary>
internal static class SignedPost
{
    private static readonly HttpClient Http = new();

    public static async Task<JsonNode> SendAsync(WebApplication host, string path, byte[] body, string signature)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(new Uri(host.Urls.First()), path)) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new("application/json");
        request.Headers.TryAddWithoutValidation("Signature", signature);
        using var response = await Http.SendAsync(request);
        return (await response.Content.ReadFromJsonAsync<JsonNode>())!;
    }
}
