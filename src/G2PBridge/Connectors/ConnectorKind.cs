using Microsoft.Extensions.Options;

namespace G2PBridge.Connectors;

/// <summary>One way to talk to a party of one sort, found by the name that configuration gives it. Connectors from other assemblies register one of these too.</summary>
/// <param name="Name">As in the setting <c>Connector</c> of the party's section.</param>
/// <param name="Create">Makes the connector from its own section of the configuration; called once.</param>
internal sealed record ConnectorKind<T>(string Name, Func<IServiceProvider, IConfigurationSection, T> Create);

internal static class ConnectorKinds
{
    /// <summary>Makes the connector that a section of the configuration names; the last registered of a name wins.</summary>
    /// <exception cref="OptionsValidationException">No connector of this name exists, or its settings cannot be used.</exception>
    public static T Make<T>(this IEnumerable<ConnectorKind<T>> kinds, IServiceProvider provider, IConfigurationSection section)
    {
        var byName = new Dictionary<string, ConnectorKind<T>>(StringComparer.OrdinalIgnoreCase);
        foreach (var kind in kinds)
        {
            byName[kind.Name] = kind;
        }

        return byName.TryGetValue(section["Connector"] ?? "", out var named)
            ? named.Create(provider, section)
            : throw new OptionsValidationException(section.Path, typeof(T),
                [$"{section.Path}:Connector is '{section["Connector"]}'; known connectors are {string.Join(", ", byName.Keys.Order(StringComparer.Ordinal))}."]);
    }

    /// <summary>A connection string that a connector cannot do without.</summary>
    public static string RequireConnectionString(this IConfigurationSection section) =>
        section["ConnectionString"] is { Length: > 0 } text
            ? text
            : throw new OptionsValidationException(section.Path, typeof(ConnectorKinds), [$"{section.Path}:ConnectionString is missing; give the PostgreSQL database to read from."]);
}
