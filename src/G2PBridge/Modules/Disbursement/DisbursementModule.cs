using G2PBridge.Modules.Disbursement.Persistence;
using G2PBridge.Platform.Persistence;

namespace G2PBridge.Modules.Disbursement;

internal static class DisbursementModule
{
    public const string Schema = "disbursement";

    public static IServiceCollection AddDisbursement(this IServiceCollection services)
    {
        services.AddModuleDbContext<DisbursementDbContext>(Schema);
        return services;
    }

    public static IEndpointRouteBuilder MapDisbursement(this IEndpointRouteBuilder routes) => routes;
}
