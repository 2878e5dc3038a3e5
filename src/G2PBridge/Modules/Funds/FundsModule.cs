using G2PBridge.Modules.Funds.Persistence;
using G2PBridge.Platform.Persistence;

namespace G2PBridge.Modules.Funds;

internal static class FundsModule
{
    public const string Schema = "funds";

    public static IServiceCollection AddFunds(this IServiceCollection services)
    {
        services.AddModuleDbContext<FundsDbContext>(Schema);
        return services;
    }

    public static IEndpointRouteBuilder MapFunds(this IEndpointRouteBuilder routes) => routes;
}
