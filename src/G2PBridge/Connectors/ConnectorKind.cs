using Microsoft.Extensions.Options;

namespace G2PBridge.Connectors;

/// <summary>One way to talk to a party of one sort that comes with the bridge, found by the name that configuration gives it.</summary>
/// <param name="Name">As in the setting <c>Connector</c> of the party's section.</param>
/// <param name="Create">Makes the connector from its own section of the configuration; called once.</param>
internal sealed record ConnectorKind<T>(string Name, Func<IServiceProvider, IConfigurationSection, T> Create);

internal static class ConnectorKinds
{
    /// <summary>
    /// Makes the connector that a section of the configuration names: a built-in one (<c>Connector</c>, the last registered of a name wins) or one from an assembly in the
    /// connectors' folder (<c>Assembly</c>).
    /// </summary>
    /// <exception cref="OptionsValidationException">No such connector exists, or its settings cannot be used.</exception>
    public static T Make<T>(this IEnumerable<ConnectorKind<T>> kinds, IServiceProvider provider, IConfigurationSection section)
        where T : class
    {
        if (section["Assembly"] is { Length: > 0 } assembly)
        {
            return FromAssembly<T>(provider, section, assembly);
        }

        var byName = new Dictionary<string, ConnectorKind<T>>(StringComparer.OrdinalIgnoreCase);
        foreach (var kind in kinds)
        {
            byName[kind.Name] = kind;
        }

        return byName.TryGetValue(section["Connector"] ?? "", out var named)
            ? named.Create(provider, section)
            : throw new OptionsValidationException(section.Path, typeof(T),
                [$"{section.Path}:Connector is '{section["Connector"]}'; known connectors are {string.Join(", ", byName.Keys.Order(StringComparer.Ordinal))}. One of your own is named by {section.Path}:Assembly."]);
    }

    /// <summary>A connection string that a connector cannot do without.</summary>
    public static string RequireConnectionString(this IConfigurationSection section) =>
        section["ConnectionString"] is { Length: > 0 } text
            ? text
            : throw new OptionsValidationException(section.Path, typeof(ConnectorKinds), [$"{section.Path}:ConnectionString is missing; give the PostgreSQL database to read from."]);

    private static T FromAssembly<T>(IServiceProvider provider, IConfigurationSection section, string assembly)
        where T : class
    {
        var folder = Path.GetFullPath(provider.GetRequiredService<IConfiguration>()[BankConnectors.FolderSetting] ?? "connectors", AppContext.BaseDirectory);
        var values = section.AsEnumerable(makePathsRelative: true).Where(pair => pair.Value is not null).ToDictionary(pair => pair.Key, pair => pair.Value!, StringComparer.OrdinalIgnoreCase);
        try
        {
            return ConnectorAssembly.Create<T>(folder, assembly, new BankSettings(section.Key, values, provider.GetRequiredService<TimeProvider>()));
        }
        catch (BankSettingsException exception)
        {
            throw new OptionsValidationException(section.Path, typeof(T), [$"{section.Path}: {exception.Message}"]);
        }
    }
}
