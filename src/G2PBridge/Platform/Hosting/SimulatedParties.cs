using G2PBridge.Simulators;
using Microsoft.Extensions.Configuration.Memory;

namespace G2PBridge.Platform.Hosting;

/// <summary>The outside parties that a host plays itself when it is tried out: example bank, mapper, and what is handed out in kind. Never in Production.</summary>
internal static class SimulatedParties
{
    /// <summary>Adds them where settings or the private database say so; tells whether it did.</summary>
    /// <param name="builder">The host that is being put together.</param>
    /// <param name="database">Connection string of the simulators' private database, once its server is up; null when there is none.</param>
    public static async Task<bool> AddAsync(WebApplicationBuilder builder, Task<string>? database)
    {
        var section = builder.Configuration.GetSection(SimulatorsOptions.Section);
        if (builder.Environment.IsProduction() || !section.GetValue("Enabled", database is not null))
        {
            return false;
        }

        // The host plays all parts: it finds its mapper and its bank at its own address, and the bank finds it.
        var self = (builder.Configuration["urls"] ?? BridgeApplication.DefaultUrl).Split(';')[0].Replace("//0.0.0.0", "//127.0.0.1", StringComparison.Ordinal).TrimEnd('/');
        builder.Configuration.Sources.Insert(0, new MemoryConfigurationSource
        {
            InitialData = new Dictionary<string, string?>
            {
                ["Spar:Url"] = self + SimulatorsHosting.SparPath + "/resolve",
                // The example bank knows at once what it has; a real one needs minutes.
                ["SponsorBanks:Banks:EXAMPLE-BANK:NotFoundIsFinalAfter"] = "00:00:05",
                ["SponsorBanks:Banks:EXAMPLE-BANK:BaseUrl"] = self + SimulatorsHosting.BankPath,
                ["Simulators:ExampleBank:StatementCallbackUrl"] = self + "/upload_mt940",
                // A statement of this many entries stays below the contract's upload limit of 10 MiB.
                ["Simulators:ExampleBank:MaxEntriesPerStatement"] = "50000",
            },
        });
        if (builder.Configuration.GetSection(FeatureFlags.Section).Get<FeatureFlags>()?.InKind == true)
        {
            AddInKindParties(builder, database is null ? section["ConnectionString"] : await database, self);
        }

        builder.Services.AddSimulators(section);
        if (database is not null)
        {
            // Read when the host starts, which is after the server did.
            builder.Services.Configure<SimulatorsOptions>(options => options.ConnectionString = database.Result);
        }

        return true;
    }

    /// <summary>Registry, PBMS and Novu are played too; what somebody has configured himself stands.</summary>
    private static void AddInKindParties(WebApplicationBuilder builder, string? simulators, string self) =>
        builder.Configuration.Sources.Insert(0, new MemoryConfigurationSource
        {
            InitialData = new Dictionary<string, string?>
            {
                ["Simulators:InKind:Farmers"] = "1000",
                ["InKind:Registries:FARMER:Connector"] = "farmer-registry",
                ["InKind:Registries:FARMER:ConnectionString"] = $"{simulators};Search Path=registry",
                ["InKind:Warehouses:Connector"] = "pbms",
                ["InKind:Warehouses:ConnectionString"] = $"{simulators};Search Path=pbms",
                ["InKind:Agencies:Connector"] = "pbms",
                ["InKind:Agencies:ConnectionString"] = $"{simulators};Search Path=pbms",
                // The simulated parties answer at once.
                ["InKind:PayoutInterval"] = "00:00:02",
                ["Notifications:Channel"] = "novu",
                ["Notifications:Channels:novu:Connector"] = "novu",
                ["Notifications:Channels:novu:Url"] = self + SimulatorsHosting.NovuPath,
                ["Notifications:Channels:novu:ApiKey"] = "simulated",
            },
        });
}
