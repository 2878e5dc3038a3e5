using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace G2PBridge.IntegrationTests.Access;

/// <summary>A partner acts for the programmes that it is bound to, and learns nothing about others, whatever its signature is worth.</summary>
internal sealed class PartnerProgrammeTests : IntegrationTest
{
    private static readonly string[] Refused = ["ERROR", "PROGRAM_NOT_PERMITTED"];

    private JoseSigner _signer = null!;
    private WebApplication _host = null!;

    [OneTimeSetUp]
    public async Task StartHost()
    {
        _signer = await JoseSigner.StartAsync();
        var (_, pem) = await _signer.GenerateAsync("key", "RS256");
        _host = TestHost.Build(
            TestHost.ConnectionString, services => services.AddSingleton<TimeProvider>(Clock),
            [
                ("PartnerSignatures:Required", "true"),
                .. new[] { "OWNER", "OTHER", "ANY", "UNLISTED" }.SelectMany((name, i) => new[] { ($"PartnerSignatures:Keys:{i}:Partner", $"PARTNER_{name}"), ($"PartnerSignatures:Keys:{i}:PublicKey", pem) }),
                ("PartnerSignatures:Programmes:PARTNER_OWNER:0", "CASHX"), ("PartnerSignatures:Programmes:PARTNER_OTHER:0", "CASHY"), ("PartnerSignatures:Programmes:PARTNER_OTHER:1", "cashx"),
                ("PartnerSignatures:Programmes:PARTNER_ANY:0", "*"),
            ]);
        await _host.StartAsync();
    }

    [OneTimeTearDown]
    public async Task StopHost()
    {
        await _host.DisposeAsync();
        await _signer.DisposeAsync();
    }

    [TestCase("other")]
    [TestCase("unlisted")]
    public async Task A_partner_of_another_programme_is_refused_on_every_endpoint_and_changes_nothing(string sender)
    {
        await FillAsync();
        var asked = new Dictionary<string, Func<JsonNode?>>
        {
            ["create_disbursement_envelopes"] = () => new JsonArray(Wire.Envelope("E2", 1, 10)),
            ["create_disbursement_envelope"] = () => new JsonArray(Wire.Envelope("E2", 1, 10)),
            ["amend_disbursement_envelope"] = () => new JsonArray(Wire.Envelope("E1", 5, 90, envelope => envelope["disbursement_schedule_date"] = "2026-06-26")),
            ["cancel_disbursement_envelope"] = () => new JsonArray(new JsonObject { ["id"] = "E1" }),
            ["create_disbursements"] = () => Wire.Lines("E1", 1, 10, from: 3),
            ["cancel_disbursements"] = () => new JsonArray(new JsonObject { ["disbursement_id"] = "E1-D1" }),
            ["get_disbursement_status"] = () => new JsonArray("nothing", "E1-D1"),
            ["get_disbursement_envelope_status"] = () => "E1",
            ["get_disbursement_batch_control"] = () => "BATCH-1",
        };
        Assert.That(asked.Keys, Is.EquivalentTo(PartnerRoutes()), "Every endpoint of the partner API is asked.");
        var before = await CountAsync();
        foreach (var (path, payload) in asked)
        {
            var answer = await SendAsync(path, sender, payload(), path == "create_disbursements" ? "BATCH-2" : null);
            Assert.That(new[] { (string?)answer["response_header"]!["response_status"], answer.Code() }, Is.EqualTo(Refused), $"{path}: {answer.ToJsonString()}");
            Assert.That(answer["response_body"]!.ToJsonString(), Does.Not.Contain("\"B1\"").And.Not.Contain("CASHX_USD").Or.Contain("\"E2\""), path);
        }

        Assert.That(await CountAsync(), Is.EqualTo(before));
    }

    [TestCase("owner")]
    [TestCase("any")]
    public async Task A_partner_of_the_programme_does_and_sees_what_it_may(string sender)
    {
        await FillAsync();
        Assert.That((await SendAsync("get_disbursement_status", sender, new JsonArray("E1-D1"))).Code(), Is.Null);
        Assert.That((await SendAsync("get_disbursement_envelope_status", sender, "E1")).Code(), Is.Null);
        Assert.That((await SendAsync("get_disbursement_batch_control", sender, "BATCH-1"))["response_body"]!["response_payload"], Is.Not.Null);
        Assert.That((await SendAsync("cancel_disbursements", sender, new JsonArray(new JsonObject { ["disbursement_id"] = "E1-D1" }))).Code(), Is.Null);
        Assert.That((await SendAsync("cancel_disbursement_envelope", sender, new JsonArray(new JsonObject { ["id"] = "E1" }))).Code(), Is.Null);
    }

    private static async Task<string> CountAsync() => (await ScalarAsync<string>(
        """
        select concat_ws('/', (select count(*) from envelopes.envelope), (select sum(disbursements_received) from envelopes.envelope), (select count(*) from envelopes.disbursement),
            (select count(*) from envelopes.request), (select string_agg(status, ',') from envelopes.envelope))
        """))!;

    private async Task FillAsync()
    {
        Assert.That((await SendAsync("create_disbursement_envelopes", "owner", new JsonArray(Wire.Envelope("E1", 4, 40, envelope => envelope["disbursement_schedule_date"] = "2026-06-25")))).Code(), Is.Null);
        Assert.That((await SendAsync("create_disbursements", "owner", Wire.Lines("E1", 2, 10), "BATCH-1")).Code(), Is.Null);
    }

    private IEnumerable<string> PartnerRoutes() => ((IEndpointRouteBuilder)_host).DataSources.SelectMany(source => source.Endpoints).OfType<RouteEndpoint>()
        .Where(route => route.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods.Contains("POST") == true)
        .Select(route => route.RoutePattern.RawText!.TrimStart('/')).Where(path => !path.Contains('/', StringComparison.Ordinal) && path != "upload_mt940");

    private async Task<JsonNode> SendAsync(string path, string sender, JsonNode? payload, string? batchId = null)
    {
        var request = Wire.Request(payload, batchId);
        request["request_header"]!["sender_app_mnemonic"] = sender;
        var body = request.ToJsonString();
        using var message = new HttpRequestMessage(HttpMethod.Post, new Uri(new Uri(_host.Urls.First()), path)) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        message.Headers.TryAddWithoutValidation("Signature", await _signer.SignAsync("key", body, new JsonObject { ["alg"] = "RS256" }));
        using var response = await Http.SendAsync(message);
        return (await response.Content.ReadFromJsonAsync<JsonNode>())!;
    }
}
