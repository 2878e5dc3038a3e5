namespace G2PBridge.Modules.InKind;

internal static class InKindModule
{
    public const string Schema = "in_kind";

    public static IServiceCollection AddInKind(this IServiceCollection services) => services;

    public static IEndpointRouteBuilder MapInKind(this IEndpointRouteBuilder routes) => routes;
}
