namespace G2PBridge.Platform.Identity;

/// <summary>What somebody who calls the native API may do there. A person may have several; whoever has any may look.</summary>
internal enum Role
{
    /// <summary>Looks, and changes nothing.</summary>
    Viewer,

    /// <summary>Starts, stops, proposes.</summary>
    Operator,

    /// <summary>Confirms what somebody else proposed.</summary>
    Approver,

    /// <summary>Everything. Nobody, whatever the roles, confirms what he proposed.</summary>
    Administrator,

    /// <summary>A bank's program that hands statements in, and does nothing else.</summary>
    StatementSender,
}

/// <summary>
/// The role a route needs, where its method and path do not say it: reading needs <see cref="Role.Viewer"/>, a path that ends with <c>/confirm</c>
/// <see cref="Role.Approver"/>, everything else <see cref="Role.Operator"/>.
/// </summary>
internal sealed record NeededRole(Role Role);

internal static class NeededRoleExtensions
{
    public static RouteHandlerBuilder NeedsRole(this RouteHandlerBuilder route, Role role) => route.WithMetadata(new NeededRole(role));

    /// <summary>Null for a route that everybody may call.</summary>
    public static Role? NeededRole(this Endpoint endpoint) =>
        endpoint.Metadata.GetMetadata<Microsoft.AspNetCore.Authorization.IAllowAnonymous>() is not null ? null
        : endpoint.Metadata.GetMetadata<NeededRole>() is { } needed ? needed.Role
        : endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods is ["GET" or "HEAD", ..] ? Role.Viewer
        : (endpoint as RouteEndpoint)?.RoutePattern.RawText?.EndsWith("/confirm", StringComparison.Ordinal) == true ? Role.Approver
        : Role.Operator;

    /// <summary>Whether somebody with these roles may do what needs one.</summary>
    public static bool Suffices(this IReadOnlyCollection<Role> roles, Role needed) => roles.Contains(needed)
        || roles.Contains(Role.Administrator)
        || (needed == Role.Viewer && roles.Any(role => role != Role.StatementSender))
        || (needed == Role.StatementSender && roles.Contains(Role.Operator));
}
