using G2PBridge.Modules.Resolution.Persistence;
using G2PBridge.Platform.Persistence;

namespace G2PBridge.Modules.Resolution;

internal static class ResolutionModule
{
    public const string Schema = "resolution";

    public static IServiceCollection AddResolution(this IServiceCollection services)
    {
        services.AddModuleDbContext<ResolutionDbContext>(Schema);
        return services;
    }

    public static IEndpointRouteBuilder MapResolution(this IEndpointRouteBuilder routes) => routes;
}
