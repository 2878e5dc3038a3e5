using G2PBridge.Modules.Funds.Contracts;
using Microsoft.Extensions.Options;

namespace G2PBridge.Connectors;

/// <summary>One way to talk to banks, found by the name that configuration gives it. Connectors from other assemblies register one of these too.</summary>
/// <param name="Name">As in <c>SponsorBanks:Banks:CODE:Connector</c>.</param>
/// <param name="Create">Makes the connector of one bank from its own section of the configuration; called once per bank.</param>
internal sealed record BankConnectorKind(string Name, Func<IServiceProvider, string, IConfigurationSection, IBankConnector> Create);

/// <summary>The configured banks. Each connector is made when it is first asked for and kept: breaker and rate limit belong to the bank.</summary>
internal sealed class BankConnectors : IBankConnectors
{
    public const string Section = "SponsorBanks:Banks";

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
            var name = bank["Connector"] ?? "";
            if (!byName.TryGetValue(name, out var named))
            {
                throw new OptionsValidationException(Section, typeof(BankConnectors),
                    [$"{bank.Path}:Connector is '{name}'; known connectors are {string.Join(", ", byName.Keys.Order(StringComparer.Ordinal))}."]);
            }

            _banks.Add(bank.Key, new Lazy<IBankConnector>(() => named.Create(provider, bank.Key, bank)));
        }
    }

    public IReadOnlyCollection<string> Codes => _banks.Keys;

    public IBankConnector? Find(string sponsorBankCode) => _banks.TryGetValue(sponsorBankCode, out var bank) ? bank.Value : null;
}

internal static class BankConnectorsRegistration
{
    /// <summary>Registers the banks and the connectors that come with the bridge.</summary>
    public static IServiceCollection AddBankConnectors(this IServiceCollection services)
    {
        services.AddHttpClient(ExampleBank.ExampleBankConnector.HttpName).ConfigurePrimaryHttpMessageHandler(ExampleBank.ExampleBankConnector.Handler);
        services.AddSingleton<IBankConnectors, BankConnectors>();
        services.AddSingleton(new BankConnectorKind(ExampleBank.ExampleBankConnector.Kind, ExampleBank.ExampleBankConnector.Create));
        return services;
    }
}
