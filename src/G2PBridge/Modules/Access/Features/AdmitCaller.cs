using G2PBridge.Platform.Errors;
using G2PBridge.Platform.Identity;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;

namespace G2PBridge.Modules.Access.Features;

/// <summary>
/// Stands before the native API and before the upload of statements: 401 for somebody who does not show who he is, 403 for somebody who may not.
/// From here on <c>X-Actor</c> says who acts, and only what was recognised can stand in it: every rule that two persons are needed rests on it.
/// With nobody required to show who he is, a gateway's <c>X-Actor</c> is believed.
/// </summary>
internal sealed partial class AdmitCaller(
    RequestDelegate next, RecogniseCaller recogniser, IOptions<OperatorAccessOptions> options, IHostEnvironment environment, ILogger<AdmitCaller> logger)
{
    private readonly bool _isRequired = options.Value.IsRequired(environment);

    public async Task InvokeAsync(HttpContext http)
    {
        if (!_isRequired)
        {
            await NextAsync(http);
            return;
        }

        if (Needed(http.GetEndpoint()) is not { } needed)
        {
            // Nobody was recognised here, so nobody's name counts.
            http.Request.Headers.Remove(Actor.Header);
            await next(http);
            return;
        }

        if (await recogniser.RecogniseAsync(http, http.RequestAborted) is not { } caller)
        {
            http.Response.Headers[HeaderNames.WWWAuthenticate] = $"Bearer, ApiKey header=\"{ApiKey.Header}\"";
            await ErrorAnswer.WriteAsync(http, StatusCodes.Status401Unauthorized, "UNAUTHENTICATED", $"Show who you are: an API key in {ApiKey.Header}, a bearer token in Authorization, or a client certificate.");
            return;
        }

        if (!caller.Roles.Suffices(needed))
        {
            LogForbidden(http.Request.Method, (http.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText ?? "", needed);
            await ErrorAnswer.WriteAsync(http, StatusCodes.Status403Forbidden, "FORBIDDEN", $"This needs the role {needed}; ask an administrator.");
            return;
        }

        http.Request.Headers[Actor.Header] = caller.Actor;
        http.SetScope(caller.Scope);
        http.Features.Set(new RecognisedCaller(caller.Actor, caller.Roles));
        await NextAsync(http);
    }

    private async Task NextAsync(HttpContext http)
    {
        using var acting = Actor.Read(http.Request.Headers[Actor.Header]) is { IsRefused: false } actor ? Acting.AsCaller(actor.Value) : null;
        await next(http);
    }

    private static Role? Needed(Endpoint? endpoint) =>
        endpoint is RouteEndpoint { RoutePattern.RawText: { } pattern } && (IsNative(pattern) || pattern.TrimStart('/') == "upload_mt940") ? endpoint.NeededRole() : null;

    private static bool IsNative(string pattern) => pattern.TrimStart('/').StartsWith("v1/", StringComparison.Ordinal);

    [LoggerMessage(921, LogLevel.Warning, "{Method} {Route} was refused to a caller without the role {Needed}")]
    private partial void LogForbidden(string method, string route, Role needed);
}
