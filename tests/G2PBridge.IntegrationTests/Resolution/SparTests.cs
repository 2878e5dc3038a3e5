using System.Text.Json.Nodes;
using G2PBridge.Connectors;
using G2PBridge.Connectors.Spar;
using G2PBridge.IntegrationTests.Simulators;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace G2PBridge.IntegrationTests.Resolution;

/// <summary>The SPAR connector against the SPAR simulator, both generations over real HTTP.</summary>
internal sealed class SparTests
{
    private TestSimulators _simulators = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _simulators = await TestSimulators.StartAsync(connectionString: await TestHost.FindDatabaseAsync("g2pbridge_test_spar"));
        await LinkAsync("B1", new JsonObject { ["strategy_id"] = 5, ["fa_type"] = "BANK_ACCOUNT", ["account_number"] = "ACC1", ["branch_code"] = "0001", ["bank_code"] = "EXAMPLE-BANK" });
        await LinkAsync("B2", new JsonObject
        {
            ["strategy_id"] = 2,
            ["fa_type"] = "BANK",
            ["account_number"] = "ACC2",
            ["branch_name"] = "Main",
            ["branch_code"] = "0002",
            ["bank_name"] = "Other",
            ["bank_code"] = "OTHER-BANK",
        });
        await LinkAsync("M1", new JsonObject { ["strategy_id"] = 3, ["fa_type"] = "MOBILE_WALLET", ["mobile_number"] = "+260", ["wallet_provider_name"] = "Pay", ["wallet_provider_code"] = "PY" });
        await LinkAsync("W1", new JsonObject { ["strategy_id"] = 4, ["fa_type"] = "EMAIL_WALLET", ["email_address"] = "a.b@example.org", ["wallet_provider_name"] = "Pay", ["wallet_provider_code"] = "PY" });
    }

    [OneTimeTearDown]
    public async Task StopAsync() => await _simulators.DisposeAsync();

    [TestCase("newest", "resolve")]
    [TestCase("1.0", "sync/resolve")]
    public async Task Every_kind_of_address_is_understood_and_the_unlinked_are_named(string generation, string path)
    {
        await using var services = Services(generation, new Uri(_simulators.Spar.BaseAddress!, path));
        AddressQuestion[] questions = [new("1", "B1"), new("2", "NOBODY"), new("3", "M1"), new("4", "W1"), new("5", "B1"), new("6", "B2")];

        var answer = await services.GetRequiredService<IMapperConnector>().ResolveAsync(questions, CancellationToken.None);

        var answers = ((MapperAnswer.Answered)answer).Answers.ToDictionary(item => item.Reference);
        var account = new ResolvedAddress("BANK_ACCOUNT", "ACC1", "EXAMPLE-BANK", "0001", null, null, null, null, null);
        Assert.Multiple(() =>
        {
            Assert.That(answers["1"].Address, Is.EqualTo(account));
            Assert.That(answers["5"].Address, Is.EqualTo(account), "one person, two disbursements");
            Assert.That(answers["2"], Is.EqualTo(new AddressAnswer("2", null, "succ.fa.not_linked_to_id", "ID doesn't exist, please link first")));
            Assert.That(answers["3"].Address, Is.EqualTo(new ResolvedAddress("MOBILE_WALLET", null, null, null, "+260", "Pay", null, null, null)));
            Assert.That(answers["4"].Address, Is.EqualTo(new ResolvedAddress("EMAIL_WALLET", null, null, null, null, null, "a.b@example.org", "Pay", null)));
            Assert.That(answers["6"].Address, Is.EqualTo(new ResolvedAddress("BANK_ACCOUNT", "ACC2", "OTHER-BANK", "0002", null, null, null, null, null)));
        });
    }

    private async Task LinkAsync(string id, JsonObject address)
    {
        var body = Wire.Request(new JsonObject
        {
            ["transaction_id"] = "t",
            ["link_request"] = new JsonArray(new JsonObject { ["reference_id"] = id, ["timestamp"] = "2026-06-19T10:15:00", ["id"] = id, ["fa"] = address }),
        });
        using var request = TestSimulators.Post("link", body.ToJsonString());
        using var response = await _simulators.Spar.SendAsync(request);
        Assert.That(await response.Content.ReadAsStringAsync(), Does.Contain("\"SUCCESS\""));
    }

    private static ServiceProvider Services(string generation, Uri url)
    {
        var settings = new Dictionary<string, string?> { ["Spar:Generation"] = generation, ["Spar:Url"] = url.ToString() };
        var services = new ServiceCollection();
        services.AddSingleton<IConfiguration>(new ConfigurationBuilder().AddInMemoryCollection(settings).Build());
        services.AddSingleton(TimeProvider.System);
        services.AddSparConnector();
        return services.BuildServiceProvider();
    }
}
