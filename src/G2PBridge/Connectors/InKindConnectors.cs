using G2PBridge.Modules.InKind.Contracts;

namespace G2PBridge.Connectors;

/// <summary>
/// The configured registries (<c>InKind:Registries:NAME</c>) and the directories of warehouses (<c>InKind:Warehouses</c>) and agencies (<c>InKind:Agencies</c>).
/// Each is made at start, which opens no connection, so that a wrong setting stops the start and an outage does not.
/// </summary>
internal sealed class InKindConnectors : IInKindConnectors, IAsyncDisposable
{
    public const string Section = "InKind";

    private readonly Dictionary<string, IRegistryConnector> _registries = new(StringComparer.OrdinalIgnoreCase);
    private readonly IServicePointConnector? _warehouses;
    private readonly IServicePointConnector? _agencies;

    public InKindConnectors(
        IServiceProvider provider, IConfiguration configuration, IEnumerable<ConnectorKind<IRegistryConnector>> registries, IEnumerable<WarehouseConnectorKind> warehouses, IEnumerable<AgencyConnectorKind> agencies)
    {
        foreach (var registry in configuration.GetSection($"{Section}:Registries").GetChildren())
        {
            _registries.Add(registry.Key, registries.Make(provider, registry));
        }

        _warehouses = Make(configuration.GetSection($"{Section}:Warehouses"), warehouses.Select(kind => kind.Kind), provider);
        _agencies = Make(configuration.GetSection($"{Section}:Agencies"), agencies.Select(kind => kind.Kind), provider);
    }

    public IRegistryConnector? FindRegistry(string targetRegistry) => _registries.GetValueOrDefault(targetRegistry);

    public IServicePointConnector? FindDirectory(ServicePointKind kind) => kind == ServicePointKind.Warehouse ? _warehouses : _agencies;

    public async ValueTask DisposeAsync()
    {
        foreach (var disposable in _registries.Values.Cast<object?>().Append(_warehouses).Append(_agencies).OfType<IAsyncDisposable>())
        {
            await disposable.DisposeAsync();
        }
    }

    private static IServicePointConnector? Make(IConfigurationSection section, IEnumerable<ConnectorKind<IServicePointConnector>> kinds, IServiceProvider provider) =>
        string.IsNullOrEmpty(section["Connector"]) && string.IsNullOrEmpty(section["Assembly"]) ? null : kinds.Make(provider, section);
}

/// <summary>A way to read a directory of warehouses.</summary>
internal sealed record WarehouseConnectorKind(ConnectorKind<IServicePointConnector> Kind);

/// <summary>A way to read a directory of agencies.</summary>
internal sealed record AgencyConnectorKind(ConnectorKind<IServicePointConnector> Kind);

internal static class InKindConnectorsRegistration
{
    public static IServiceCollection AddInKindConnectors(this IServiceCollection services)
    {
        services.AddSingleton<InKindConnectors>();
        services.AddSingleton<IInKindConnectors>(provider => provider.GetRequiredService<InKindConnectors>());
        services.AddSingleton(new ConnectorKind<IRegistryConnector>(FarmerRegistry.FarmerRegistryConnector.Kind, FarmerRegistry.FarmerRegistryConnector.Create));
        services.AddSingleton(new WarehouseConnectorKind(new(Pbms.PbmsConnector.Kind, Pbms.PbmsConnector.CreateWarehouses)));
        services.AddSingleton(new AgencyConnectorKind(new(Pbms.PbmsConnector.Kind, Pbms.PbmsConnector.CreateAgencies)));
        return services;
    }
}
