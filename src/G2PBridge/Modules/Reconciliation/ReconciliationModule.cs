using G2PBridge.Modules.Reconciliation.Persistence;
using G2PBridge.Platform.Persistence;

namespace G2PBridge.Modules.Reconciliation;

internal static class ReconciliationModule
{
    public const string Schema = "reconciliation";

    public static IServiceCollection AddReconciliation(this IServiceCollection services)
    {
        services.AddModuleDbContext<ReconciliationDbContext>(Schema);
        return services;
    }

    public static IEndpointRouteBuilder MapReconciliation(this IEndpointRouteBuilder routes) => routes;
}
