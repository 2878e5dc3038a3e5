using G2PBridge.Modules.Envelopes.Persistence;
using G2PBridge.Platform.Persistence;

namespace G2PBridge.Modules.Envelopes;

internal static class EnvelopesModule
{
    public const string Schema = "envelopes";

    public static IServiceCollection AddEnvelopes(this IServiceCollection services)
    {
        services.AddModuleDbContext<EnvelopesDbContext>(Schema);
        return services;
    }

    public static IEndpointRouteBuilder MapEnvelopes(this IEndpointRouteBuilder routes) => routes;
}
