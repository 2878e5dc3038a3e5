using G2PBridge.Simulators.ExampleBank;
using G2PBridge.Simulators.Novu;
using G2PBridge.Simulators.Platform;
using G2PBridge.Simulators.SparMapper;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace G2PBridge.Simulators;

/// <summary>What a host needs to carry the simulators: add, prepare, map. Never in Production.</summary>
public static class SimulatorsHosting
{
    public const string BankPath = "/simulators/example-bank";
    public const string SparPath = "/simulators/spar";
    public const string NovuPath = "/simulators/novu";

    /// <summary>Registers the simulators; the settings are those of the section <c>Simulators</c>.</summary>
    public static IServiceCollection AddSimulators(this IServiceCollection services, IConfiguration section)
    {
        ArgumentNullException.ThrowIfNull(section);
        return services.AddSimulators().Configure<SimulatorsOptions>(section);
    }

    /// <summary>Registers the simulators with settings made in code.</summary>
    public static IServiceCollection AddSimulators(this IServiceCollection services, Action<SimulatorsOptions> configure) =>
        services.AddSimulators().Configure(configure);

    /// <summary>
    /// Creates or upgrades the tables and opens the seeded accounts. Until it has run, the booking and the statements wait.
    /// </summary>
    public static async Task PrepareSimulatorsAsync(this IServiceProvider services, CancellationToken ct)
    {
        RefuseProduction(services);
        await services.GetRequiredService<SimulatorsDatabase>().PrepareAsync(ct);
    }

    /// <summary>Mounts the bank under <c>/simulators/example-bank</c>, the mapper under <c>/simulators/spar</c> and the Novu sink under <c>/simulators/novu</c>.</summary>
    public static IEndpointRouteBuilder MapSimulators(this IEndpointRouteBuilder routes)
    {
        ArgumentNullException.ThrowIfNull(routes);
        RefuseProduction(routes.ServiceProvider);
        routes.MapGroup(BankPath).ExcludeFromDescription().MapExampleBank();
        routes.MapGroup(SparPath).ExcludeFromDescription().MapSparMapper();
        routes.MapGroup(NovuPath).ExcludeFromDescription().MapNovu();
        return routes;
    }

    private static IServiceCollection AddSimulators(this IServiceCollection services)
    {
        services.AddOptions<SimulatorsOptions>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<SimulatorsOptions>, SimulatorsOptionsCheck>());
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<SimulatorsDatabase>();
        services.AddHttpClient();
        return services.AddExampleBank().AddSparMapper().AddNovu();
    }

    private static void RefuseProduction(IServiceProvider services)
    {
        if (services.GetRequiredService<IHostEnvironment>().IsProduction())
        {
            throw new InvalidOperationException(
                "The simulators are refused in Production: they answer as a bank and as a mapper, but move no money and know nobody.");
        }
    }
}
