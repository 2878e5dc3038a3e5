using Microsoft.Net.Http.Headers;

namespace G2PBridge.Platform.Edges;

/// <summary>
/// What every answer tells a browser: not to guess types, not to show us in a frame, to keep no copy of data, to run nothing that
/// is not ours (OWASP REST and HTTP headers cheat sheets). An endpoint that says something else itself is left alone.
/// </summary>
internal static class SecurityHeaders
{
    private const string OfData = "default-src 'none'; frame-ancestors 'none'";

    /// <summary>Pages: the documentation, which carries its own styles and draws from data URLs, and the simulators' overviews.</summary>
    private const string OfPages =
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

    public static void UseSecurityHeaders(this WebApplication web) => web.Use((http, next) =>
    {
        http.Response.OnStarting(Write, http);
        return next(http);
    });

    private static Task Write(object state)
    {
        var http = (HttpContext)state;
        var headers = http.Response.Headers;
        headers.TryAdd(HeaderNames.XContentTypeOptions, "nosniff");
        headers.TryAdd(HeaderNames.XFrameOptions, "DENY");
        headers.TryAdd("Referrer-Policy", "no-referrer");
        headers.TryAdd("Cross-Origin-Resource-Policy", "same-origin");
        headers.TryAdd(HeaderNames.ContentSecurityPolicy, http.Response.ContentType?.StartsWith("text/html", StringComparison.OrdinalIgnoreCase) == true ? OfPages : OfData);
        headers.TryAdd(HeaderNames.CacheControl, "no-store");
        if (http.Request.IsHttps)
        {
            headers.TryAdd(HeaderNames.StrictTransportSecurity, "max-age=31536000; includeSubDomains");
        }

        return Task.CompletedTask;
    }
}
