namespace G2PBridge.Simulators;

/// <summary>What a host needs to carry the simulators.</summary>
public static class SimulatorsHosting
{
    public static IServiceCollection AddSimulators(this IServiceCollection services, IConfiguration section) => services.Configure<SimulatorsOptions>(section);

    public static Task PrepareSimulatorsAsync(this IServiceProvider services, CancellationToken ct) => Task.CompletedTask;

    public static IEndpointRouteBuilder MapSimulators(this IEndpointRouteBuilder routes) => routes;
}
