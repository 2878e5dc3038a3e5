using G2PBridge.Connectors;

namespace G2PBridge.Modules.InKind.Contracts;

/// <summary>Who serves a place.</summary>
internal enum ServicePointKind
{
    Warehouse,
    Agency,
}

/// <summary>The configured registries and directories.</summary>
internal interface IInKindConnectors
{
    /// <summary>Null when no registry of this name is configured.</summary>
    IRegistryConnector? FindRegistry(string targetRegistry);

    /// <summary>Null when no directory of this kind is configured.</summary>
    IServicePointConnector? FindDirectory(ServicePointKind kind);
}
