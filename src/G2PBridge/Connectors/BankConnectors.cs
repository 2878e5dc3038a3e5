using System.ComponentModel.DataAnnotations;
using G2PBridge.Modules.Funds.Contracts;
using Microsoft.Extensions.Options;

namespace G2PBridge.Connectors;

/// <summary>One way to talk to banks that comes with the bridge, found by the name that configuration gives it.</summary>
/// <param name="Name">As in <c>SponsorBanks:Banks:CODE:Connector</c>.</param>
/// <param name="Create">Makes the connector of one bank from its own section of the configuration; called once per bank.</param>
internal sealed record BankConnectorKind(string Name, Func<IServiceProvider, string, IConfigurationSection, IBankConnector> Create);

/// <summary>
/// The configured banks, by a built-in connector (<c>Connector</c>) or one from an assembly in the connectors' folder (<c>Assembly</c>).
/// Each connector is made when it is first asked for and kept: breaker and rate limit belong to the bank.
/// </summary>
internal sealed class BankConnectors : IBankConnectors, IDisposable
{
    public const string Section = "SponsorBanks:Banks";
    public const string FolderSetting = "Connectors:Folder";
    private const string AssemblySetting = "Assembly";

    private readonly Dictionary<string, Lazy<IBankConnector>> _banks = new(StringComparer.OrdinalIgnoreCase);

    public BankConnectors(IServiceProvider provider, IConfiguration configuration, IEnumerable<BankConnectorKind> kinds)
    {
        // The last of a name wins, as everywhere in the container.
        var byName = new Dictionary<string, BankConnectorKind>(StringComparer.OrdinalIgnoreCase);
        foreach (var kind in kinds)
        {
            byName[kind.Name] = kind;
        }

        foreach (var bank in configuration.GetSection(Section).GetChildren())
        {
            if (bank[AssemblySetting] is { Length: > 0 } assembly)
            {
                _banks.Add(bank.Key, new Lazy<IBankConnector>(() => FromAssembly(provider, assembly, bank, Path.GetFullPath(configuration[FolderSetting] ?? "connectors", AppContext.BaseDirectory))));
                continue;
            }

            var name = bank["Connector"] ?? "";
            if (!byName.TryGetValue(name, out var named))
            {
                throw new OptionsValidationException(Section, typeof(BankConnectors),
                    [$"{bank.Path}:Connector is '{name}'; known connectors are {string.Join(", ", byName.Keys.Order(StringComparer.Ordinal))}. One of your own is named by {bank.Path}:{AssemblySetting}."]);
            }

            _banks.Add(bank.Key, new Lazy<IBankConnector>(() => named.Create(provider, bank.Key, bank)));
        }
    }

    public IReadOnlyCollection<string> Codes => _banks.Keys;

    public IBankConnector? Find(string sponsorBankCode) => _banks.TryGetValue(sponsorBankCode, out var bank) ? bank.Value : null;

    public void Dispose()
    {
        foreach (var bank in _banks.Values.Where(bank => bank.IsValueCreated))
        {
            (bank.Value as IDisposable)?.Dispose();
        }
    }

    /// <summary>The guard that every bank is called through, by the settings in its own section.</summary>
    public static GuardedBank Guard(IServiceProvider provider, IBankConnector bank, IConfigurationSection section) =>
        new(bank, Read<GuardSettings>(section), provider.GetRequiredService<TimeProvider>());

    /// <exception cref="OptionsValidationException">A setting cannot be used.</exception>
    public static T Read<T>(IConfigurationSection section)
        where T : class, new()
    {
        var settings = section.Get<T>() ?? new T();
        var faults = new List<ValidationResult>();
        return Validator.TryValidateObject(settings, new ValidationContext(settings), faults, validateAllProperties: true)
            ? settings
            : throw new OptionsValidationException(section.Path, typeof(T), faults.Select(fault => $"{section.Path}: {fault.ErrorMessage}"));
    }

    private static GuardedBank FromAssembly(IServiceProvider provider, string assembly, IConfigurationSection bank, string folder)
    {
        if (bank["Connector"] is { Length: > 0 })
        {
            throw Unusable(bank, "it names both a built-in Connector and an Assembly; remove one.");
        }

        var values = bank.AsEnumerable(makePathsRelative: true).Where(pair => pair.Value is not null).ToDictionary(pair => pair.Key, pair => pair.Value!, StringComparer.OrdinalIgnoreCase);
        try
        {
            return Guard(provider, ConnectorAssembly.Create<IBankConnector>(folder, assembly, new BankSettings(bank.Key, values, provider.GetRequiredService<TimeProvider>())), bank);
        }
        catch (BankSettingsException exception)
        {
            throw Unusable(bank, exception.Message);
        }
    }

    private static OptionsValidationException Unusable(IConfigurationSection bank, string why) => new(bank.Path, typeof(BankSettings), [$"{bank.Path}: {why}"]);
}

internal static class BankConnectorsRegistration
{
    /// <summary>Registers the banks and the connectors that come with the bridge.</summary>
    public static IServiceCollection AddBankConnectors(this IServiceCollection services)
    {
        services.AddSingleton<IBankConnectors, BankConnectors>();
        services.AddSingleton(new BankConnectorKind(ExampleBank.ExampleBankConnector.Kind, ExampleBank.ExampleBankConnector.Create));
        return services;
    }
}
