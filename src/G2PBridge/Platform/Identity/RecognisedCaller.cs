namespace G2PBridge.Platform.Identity;

/// <summary>A feature of a request whose caller has shown who he is.</summary>
/// <param name="Actor">How he stands in the histories.</param>
internal sealed record RecognisedCaller(string Actor, IReadOnlyCollection<Role> Roles);

internal static class RecognisedCallerExtensions
{
    /// <summary>Whether the caller's work needs account numbers in full; who only looks gets the last four characters. Where nobody has to say who he is, everybody's does.</summary>
    public static bool NeedsNumbers(this HttpContext http) =>
        http.Features.Get<RecognisedCaller>() is not { } caller || caller.Roles.Suffices(Role.Operator) || caller.Roles.Suffices(Role.Approver);
}
