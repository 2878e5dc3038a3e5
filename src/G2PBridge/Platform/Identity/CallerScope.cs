namespace G2PBridge.Platform.Identity;

/// <summary>What the caller of the native API may see and change. Set by whatever recognised the caller; without that there is no limit.</summary>
internal static class CallerScope
{
    public static AccessScope Scope(this HttpContext http) => http.Features.Get<AccessScope>() ?? AccessScope.Unlimited;

    public static void SetScope(this HttpContext http, AccessScope scope) => http.Features.Set(scope);
}

/// <summary>
/// On a route whose path does not name one thing of one programme or bank: how it treats callers who are limited. A route of the native API that has neither
/// such a path nor this is closed to them.
/// </summary>
/// <param name="Why">For whoever reads the list of such routes: where the limit is honoured, or why there is none.</param>
internal sealed record HonoursScope(string Why);

internal static class HonoursScopeExtensions
{
    /// <summary>The handler itself leaves out, or refuses, what the caller may not see.</summary>
    public static RouteHandlerBuilder HonoursScope(this RouteHandlerBuilder route, string why) => route.WithMetadata(new HonoursScope(why));
}
