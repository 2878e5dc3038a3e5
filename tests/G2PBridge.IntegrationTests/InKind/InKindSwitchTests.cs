using System.Net.Http.Json;
using System.Text.Json.Nodes;
using G2PBridge.Connectors;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace G2PBridge.IntegrationTests.InKind;

/// <summary>The switch of the in-kind modules, which are empty shells so far: nothing may be paid in their stead.</summary>
internal sealed class InKindSwitchTests : IntegrationTest
{
    [TestCase("COMMODITY", "KG")]
    [TestCase("CASH_PHYSICAL", "USD")]
    public async Task Switched_on_the_other_benefit_types_are_taken_and_nobody_is_paid_digitally(string type, string unit)
    {
        await using var host = TestHost.Build(TestHost.ConnectionString, Register, ("Features:InKind", "true"));
        await host.StartAsync();
        var envelope = Wire.Envelope("E", 2, 20, change =>
        {
            change["benefit_type"] = type;
            change["measurement_unit"] = unit;
        });

        Assert.That((await AskAsync(host, "create_disbursement_envelopes", Wire.Request(new JsonArray(envelope)))).Succeeded(), Is.True);
        Assert.That((await AskAsync(host, "create_disbursements", Wire.Request(Wire.Lines("E", 2, 10), "B-1"))).Succeeded(), Is.True);
        await TestHost.WorkAsync(host.Services);

        Assert.Multiple(() =>
        {
            Assert.That(Mapper.Calls, Is.Empty);
            Assert.That(Bank.BlockRequests, Is.Empty);
            Assert.That(Bank.Orders, Is.Empty);
        });
    }

    [Test]
    public async Task Switched_on_digital_cash_is_paid_as_ever()
    {
        await using var host = TestHost.Build(TestHost.ConnectionString, Register, ("Features:InKind", "true"));
        await host.StartAsync();
        await AskAsync(host, "create_disbursement_envelopes", Wire.Request(new JsonArray(Wire.Envelope("E", 1, 10))));
        await AskAsync(host, "create_disbursements", Wire.Request(Wire.Lines("E", 1, 10), "B-1"));
        await TestHost.WorkAsync(host.Services);

        Assert.That(Bank.Books, Has.Count.EqualTo(1));
    }

    private static void Register(IServiceCollection services)
    {
        services.AddSingleton<TimeProvider>(Clock);
        services.AddSingleton<IMapperConnector>(Mapper);
        Bank.Register(services);
    }

    private static async Task<JsonNode> AskAsync(WebApplication host, string path, JsonNode body)
    {
        using var response = await Http.PostAsJsonAsync(new Uri(new Uri(host.Urls.First()), path), body);
        return (await response.Content.ReadFromJsonAsync<JsonNode>())!;
    }
}
