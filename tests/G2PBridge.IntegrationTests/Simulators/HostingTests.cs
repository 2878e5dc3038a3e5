using G2PBridge.Simulators;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace G2PBridge.IntegrationTests.Simulators;

internal sealed class HostingTests
{
    [Test]
    public async Task Production_refuses_the_simulators()
    {
        await using var app = Host(Environments.Production, "Host=nowhere");
        Assert.That(() => app.MapSimulators(), Throws.InvalidOperationException.With.Message.Contains("Production"));
        Assert.That(async () => await app.Services.PrepareSimulatorsAsync(CancellationToken.None), Throws.InvalidOperationException);
    }

    [Test]
    public async Task A_missing_connection_string_is_named()
    {
        await using var app = Host(Environments.Development, "");
        Assert.That(
            async () => await app.Services.PrepareSimulatorsAsync(CancellationToken.None),
            Throws.InstanceOf<OptionsValidationException>().With.Message.Contains("Simulators:ConnectionString"));
    }

    [TestCase("ExampleBank:ReturnShare", "3", "Simulators:ExampleBank:ReturnShare")]
    [TestCase("ExampleBank:StatementCallbackUrl", "bridge", "Simulators:ExampleBank:StatementCallbackUrl")]
    [TestCase("ExampleBank:Accounts:0:OpeningBalance", "5", "Simulators:ExampleBank:Accounts:0:Number")]
    [TestCase("ConnectionString", "garbage", "Simulators:ConnectionString")]
    public async Task A_wrong_setting_is_named(string key, string value, string named)
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(new Dictionary<string, string?> { ["Simulators:ConnectionString"] = "Host=x", ["Simulators:" + key] = value }).Build();
        await using var services = new ServiceCollection().AddSimulators(configuration.GetSection(SimulatorsOptions.Section)).BuildServiceProvider();
        Assert.That(
            () => services.GetRequiredService<IOptions<SimulatorsOptions>>().Value,
            Throws.InstanceOf<OptionsValidationException>().With.Message.Contains(named));
    }

    [Test]
    public async Task Preparing_again_and_at_once_changes_nothing()
    {
        var database = await SimulatorsPostgres.NewDatabaseAsync();
        var hosts = Enumerable.Range(0, 4).Select(_ => Host(Environments.Development, database)).ToList();
        await Task.WhenAll(hosts.Select(h => h.Services.PrepareSimulatorsAsync(CancellationToken.None)));
        foreach (var host in hosts)
            await host.DisposeAsync();
        await using var simulators = await TestSimulators.StartAsync(connectionString: database);
        Assert.That((decimal)(await simulators.GetBankAsync("accounts/SPONSOR0001"))["book"]!, Is.EqualTo(10_000_000m));
    }

    [Test]
    public async Task Settings_come_from_the_section_Simulators()
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Simulators:ConnectionString"] = "Host=x",
            ["Simulators:ExampleBank:ReturnShare"] = "0.5",
            ["Simulators:ExampleBank:Accounts:0:Number"] = "S2",
            ["Simulators:ExampleBank:Accounts:0:Currency"] = "KES",
            ["Simulators:ExampleBank:Accounts:0:OpeningBalance"] = "12.5",
            ["Simulators:ExampleBank:StatementCallbackHeaders:X-Api-Key"] = "k",
        }).Build();
        await using var services = new ServiceCollection().AddSimulators(configuration.GetSection(SimulatorsOptions.Section)).BuildServiceProvider();
        var bank = services.GetRequiredService<IOptions<SimulatorsOptions>>().Value.ExampleBank;
        Assert.That((bank.ReturnShare, bank.Accounts[0].Currency, bank.Accounts[0].OpeningBalance, bank.StatementCallbackHeaders["x-api-key"]), Is.EqualTo((0.5, "KES", 12.5m, "k")));
    }

    private static WebApplication Host(string environment, string connectionString)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { EnvironmentName = environment });
        builder.Services.AddSimulators(o => o.ConnectionString = connectionString);
        return builder.Build();
    }
}
