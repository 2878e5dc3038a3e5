using System.Text.Json.Nodes;
using G2PBridge.Modules.Access.Signing;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Net.Http.Headers;

namespace G2PBridge.Modules.Access.Features;

/// <summary>GET /.well-known/jwks.json: the public keys that our signatures are checked with (RFC 7517, section 5). Open to all.</summary>
internal static class PublishKeys
{
    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapGet(".well-known/jwks.json", Handle).WithName("get_signing_keys").ExcludeFromDescription().AllowAnonymous();

    private static ContentHttpResult Handle(BridgeSigner signer, HttpResponse response)
    {
        // Short enough that a key which is taken out is soon forgotten, long enough that nobody asks for each signature.
        response.Headers[HeaderNames.CacheControl] = "public, max-age=300";
        return TypedResults.Text(new JsonObject { ["keys"] = new JsonArray([.. signer.Published.Select(key => key.PublicJwk.DeepClone())]) }.ToJsonString(), "application/jwk-set+json");
    }
}
