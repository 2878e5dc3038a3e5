using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace G2PBridge.IntegrationTests.Views;

internal sealed class HealthTests : IntegrationTest
{
    [Test]
    public async Task A_host_that_believes_unsigned_requests_outside_development_says_so_whenever_it_is_asked()
    {
        var health = await GetAsync("v1/health");
        Assert.That(health!["status"]!.GetValue<string>(), Is.EqualTo("OK"));
        Assert.That(health["notices"]!.AsArray().Select(notice => notice!.GetValue<string>()), Has.Some.Contains("PartnerSignatures:Required"));
    }

    [Test]
    public async Task A_host_whose_database_is_gone_says_so_and_does_not_hang()
    {
        await using var host = TestHost.Build("Host=127.0.0.1;Port=9;Database=nothing;Username=nobody", _ => { });
        await host.StartAsync();
        using var answer = await Http.GetAsync(new Uri(new Uri(host.Urls.First()), "v1/health"));
        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.ServiceUnavailable));
        Assert.That((await answer.Content.ReadFromJsonAsync<JsonNode>())!["status"]!.GetValue<string>(), Is.EqualTo("DATABASE_UNREACHABLE"));
    }
}
