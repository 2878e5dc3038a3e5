using System.Text.Json.Nodes;
using G2PBridge.Modules.InKind.Contracts;
using G2PBridge.Platform.Jobs;
using G2PBridge.Platform.Persistence;
using MediatR;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace G2PBridge.IntegrationTests.InKind;

/// <summary>The switch: off leaves no trace, on is all of it, and digital cash is the same both ways.</summary>
internal sealed class InKindSwitchTests : InKindTest
{
    private static readonly string[] Ours = ["in_kind", "notifications"];

    [Test]
    public async Task Switched_off_there_are_no_jobs_routes_handlers_or_tables()
    {
        var off = TestHost.Services;
        await using var schemas = TestHost.Source.CreateCommand("select count(*)::int from pg_namespace where nspname in ('in_kind', 'notifications')");
        var present = (int)(await schemas.ExecuteScalarAsync())!;
        Assert.Multiple(() =>
        {
            Assert.That(off.GetRequiredService<PollingJobRegistry>().Jobs.Values.Where(job => Ours.Contains(job.Module)), Is.Empty);
            Assert.That(Routes(off).Where(IsOurs), Is.Empty);
            Assert.That(off.CreateScope().ServiceProvider.GetService<IRequestHandler<ReadInKindProgress, IReadOnlyList<InKindProgress>>>(), Is.Null);
            Assert.That(off.GetService<IInKindConnectors>(), Is.Null);
            Assert.That(off.GetServices<MigratedContext>().Where(context => Ours.Contains(context.Schema)), Is.Empty);
            Assert.That(present, Is.Zero);
        });
    }

    [Test]
    public void Switched_on_there_are_jobs_and_handlers()
    {
        var on = InKindHost.Services;
        Assert.Multiple(() =>
        {
            Assert.That(on.GetRequiredService<PollingJobRegistry>().Jobs.Values.Select(job => job.Module), Does.Contain("in_kind"));
            Assert.That(on.CreateScope().ServiceProvider.GetService<IRequestHandler<ReadInKindProgress, IReadOnlyList<InKindProgress>>>(), Is.Not.Null);
        });
    }

    [TestCase("COMMODITY")]
    [TestCase("SERVICE")]
    [TestCase("COMBINATION")]
    [TestCase("CASH_PHYSICAL")]
    public async Task Switched_off_other_benefit_types_are_refused_in_one_sentence(string type)
    {
        using var response = await Http.PostAsync(
            new Uri(TestHost.Address, "create_disbursement_envelopes"),
            new StringContent(Wire.Request(new JsonArray(Wire.Envelope("E", 2, 20, envelope => envelope["benefit_type"] = type))).ToJsonString(), System.Text.Encoding.UTF8, "application/json"));
        var answer = JsonNode.Parse(await response.Content.ReadAsStringAsync())!;
        Assert.Multiple(() =>
        {
            Assert.That(answer.Code(), Is.EqualTo("BENEFIT_TYPE_NOT_ENABLED"));
            Assert.That((string?)answer["response_header"]!["response_error_detail"], Does.Contain("benefit_type").And.Contain("Features:InKind"));
        });
    }

    [Test]
    public async Task Switched_on_goods_are_never_paid()
    {
        await ReceiveAsync("COMMODITY", 4);
        await WorkAsync();
        Assert.Multiple(() =>
        {
            Assert.That(TestHost.Mapper.Calls, Is.Empty);
            Assert.That(Bank.BlockRequests, Is.Empty);
            Assert.That(Bank.Orders, Is.Empty);
        });
    }

    [Test]
    public async Task Switched_on_digital_cash_is_paid_as_ever()
    {
        await ReceiveAsync("CASH_DIGITAL", 1);
        await WorkAsync();
        Assert.That(Bank.Books, Has.Count.EqualTo(1));
        Assert.That(Places.RegistryCalls, Is.Empty);
    }

    private static IEnumerable<string> Routes(IServiceProvider services) =>
        services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>().Select(endpoint => endpoint.RoutePattern.RawText ?? "");

    private static bool IsOurs(string route) => route.Contains("proofs-of-delivery", StringComparison.Ordinal) || route.Contains("notifications", StringComparison.Ordinal) || route.Contains("places", StringComparison.Ordinal);
}
