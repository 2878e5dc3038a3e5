using G2PBridge.PartnerApi;

namespace G2PBridge.Platform.Errors;

/// <summary>
/// An error that no endpoint answers by itself, in the shape of the API that was asked: the contract's error list at the root, problem
/// details (RFC 9457) under /v1.
/// </summary>
internal static class ErrorAnswer
{
    public static Task WriteAsync(HttpContext http, int status, string code, string message) =>
        http.Request.Path.StartsWithSegments("/v1", StringComparison.Ordinal)
            ? ProblemMapping.Problem(status, code, message).ExecuteAsync(http)
            : PartnerEndpoint.WriteErrorsAsync(http, status, [(code, message)]);
}
