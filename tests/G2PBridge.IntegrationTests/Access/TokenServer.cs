using System.Buffers.Text;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;

namespace G2PBridge.IntegrationTests.Access;

/// <summary>A token server with discovery and keys over real HTTP; its tokens are signed by node's <c>jose</c>.</summary>
internal sealed class TokenServer : IAsyncDisposable
{
    private const string Key = "tokens";

    private readonly JoseSigner _signer;
    private readonly WebApplication _web;

    private TokenServer(JoseSigner signer, WebApplication web) => (_signer, _web) = (signer, web);

    public string Issuer { get; private set; } = "";

    public static async Task<TokenServer> StartAsync(string realm)
    {
        var signer = await JoseSigner.StartAsync();
        var (key, _) = await signer.GenerateAsync(Key, "RS256");
        (key["kid"], key["alg"], key["use"]) = (Key, "RS256", "sig");
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        var web = builder.Build();
        var server = new TokenServer(signer, web);
        web.MapGet($"/realms/{realm}/.well-known/openid-configuration", () => new JsonObject { ["issuer"] = server.Issuer, ["jwks_uri"] = server.Issuer + "/certs" });
        web.MapGet($"/realms/{realm}/certs", () => new JsonObject { ["keys"] = new JsonArray(key.DeepClone()) });
        await web.StartAsync();
        server.Issuer = $"{web.Urls.First()}/realms/{realm}";
        return server;
    }

    /// <summary>A token that holds for five minutes of the tests' clock, unless it is changed.</summary>
    public async Task<string> TokenAsync(string audience, Action<JsonObject>? change = null)
    {
        var now = TestHost.Clock.GetUtcNow().ToUnixTimeSeconds();
        var claims = new JsonObject { ["iss"] = Issuer, ["aud"] = audience, ["exp"] = now + 300 };
        change?.Invoke(claims);
        var payload = claims.ToJsonString();
        var detached = await _signer.SignAsync(Key, "", new JsonObject { ["alg"] = "RS256", ["kid"] = Key }, canonical: payload);
        return detached.Replace("..", $".{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(payload))}.", StringComparison.Ordinal);
    }

    public async ValueTask DisposeAsync()
    {
        await _web.DisposeAsync();
        await _signer.DisposeAsync();
    }
}
