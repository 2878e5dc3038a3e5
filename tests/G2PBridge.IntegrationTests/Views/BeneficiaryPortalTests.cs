using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using G2PBridge.IntegrationTests.Access;
using G2PBridge.IntegrationTests.Reconciliation;
using G2PBridge.Platform.Identity;
using G2PBridge.Platform.Persistence;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace G2PBridge.IntegrationTests.Views;

/// <summary>What people who are paid may see: their own, by a token of their own realm.</summary>
internal sealed class BeneficiaryPortalTests : ReconciliationTest
{
    private const string All = "bene-portal/disbursement/get_all_disbursements";
    private const string Summary = "bene-portal/disbursement/get_disbursement_summary_till_date";
    private const string Audience = "beneficiary-portal";

    private TokenServer _citizens = null!;
    private TokenServer _staff = null!;
    private WebApplication _host = null!;

    [OneTimeSetUp]
    public async Task StartHost()
    {
        _citizens = await TokenServer.StartAsync("citizens");
        _staff = await TokenServer.StartAsync("staff");
        _host = TestHost.Build(
            TestHost.ConnectionString, services => services.AddSingleton<TimeProvider>(Clock),
            ("BeneficiaryPortal:Enabled", "true"), ("BeneficiaryPortal:Oidc:Issuer", _citizens.Issuer), ("BeneficiaryPortal:Oidc:Audience", Audience), ("BeneficiaryPortal:Oidc:BeneficiaryClaim", "g2p.beneficiary"),
            ("OperatorAccess:Required", "true"), ("OperatorAccess:Oidc:Issuer", _staff.Issuer), ("OperatorAccess:Oidc:Audience", Audience), ("PartnerSignatures:Required", "true"),
            ("PartnerSignatures:PartnerManagement:Url", "http://127.0.0.1:9"));
        await _host.Services.GetRequiredService<DatabaseMigrator>().MigrateAsync(CancellationToken.None);
        await _host.StartAsync();
    }

    [OneTimeTearDown]
    public async Task StopHost()
    {
        await _host.DisposeAsync();
        await _citizens.DisposeAsync();
        await _staff.DisposeAsync();
        await ExecuteAsync("drop index envelopes.ix_disbursement_beneficiary");
    }

    [Test]
    public async Task A_person_sees_what_is_meant_for_them_page_by_page_newest_first()
    {
        await Journey.ReceiveAsync("E1", 3);
        await Journey.ReceiveAsync("E2", 2, 250.5m);
        var first = await AskAsync(All, "B2", Page(1, 1));
        var second = await AskAsync(All, "B2", Page(2, 1));
        Assert.Multiple(() =>
        {
            Assert.That(first.Succeeded());
            Assert.That(first["response_body"]!["pagination_response"]!.ToJsonString(), Is.EqualTo("""{"number_of_items":2,"number_of_pages":2}"""));
            Assert.That(first.Payload()!.ToJsonString(), Is.EqualTo(
                """[{"disbursement_id":"E2-D2","disbursement_envelope_id":"E2","program_mnemonic":"CASHX","cycle_code_mnemonic":"2026-06/E2","disbursement_quantity":250.5,"benefit_code":"CASHX_USD","benefit_type":"CASH_DIGITAL","agency_mnemonic":null,"measurement_unit":"USD","disbursement_schedule_date":"2026-06-19"}]"""));
            Assert.That((string?)second.Payload()![0]!["disbursement_id"], Is.EqualTo("E1-D2"));
        });
    }

    [Test]
    public async Task What_was_received_is_what_a_statement_proves()
    {
        var payments = await PayAsync(3);
        await ImportAsync(new StatementText().Debit(payments[0]).Debit(payments[1]).Return(payments[1]));
        var received = new List<string>();
        foreach (var who in new[] { "B1", "B2", "B3" })
        {
            received.Add((await AskAsync(Summary, who)).Payload()!.ToJsonString());
        }

        Assert.That(received, Is.EqualTo(new[]
        {
            """[{"benefit_code_mnemonic":"CASHX_USD","benefit_type":"CASH_DIGITAL","measurement_unit":"USD","total_quantity_received":1000.0}]""",
            """[{"benefit_code_mnemonic":"CASHX_USD","benefit_type":"CASH_DIGITAL","measurement_unit":"USD","total_quantity_received":0.0}]""",
            """[{"benefit_code_mnemonic":"CASHX_USD","benefit_type":"CASH_DIGITAL","measurement_unit":"USD","total_quantity_received":0.0}]""",
        }));
    }

    [TestCase(All, "DISBURSEMENT_NOT_FOUND")]
    [TestCase(Summary, "DISBURSEMENT_SUMMARY_NOT_FOUND")]
    public async Task Who_gets_nothing_is_told_so(string path, string code)
    {
        await Journey.ReceiveAsync("E1", 2);
        await PostAsync("cancel_disbursement_envelope", Wire.Request(new JsonArray(Wire.Envelope("E1", 2, 2000))));
        foreach (var who in new[] { "B1", "B9" })
        {
            var answer = await AskAsync(path, who);
            Assert.That((answer.Code(), answer.Payload()!.ToJsonString()), Is.EqualTo((code, "[]")), who);
        }
    }

    [Test]
    public async Task No_parameter_shows_another_person()
    {
        await Journey.ReceiveAsync("E1", 3);
        foreach (var path in new[] { All, Summary })
        {
            var own = (await AskAsync(path, "B1")).Payload()!.ToJsonString();
            foreach (var change in Attempts())
            {
                var body = Page(1, 30);
                change(body);
                Assert.That((await AskAsync($"{path}?beneficiary_id=B2&sub=B2", "B1", body)).Payload()!.ToJsonString(), Is.EqualTo(own), body.ToJsonString());
            }

            Assert.That(own, Does.Not.Contain("E1-D2").And.Not.Contain("2000"));
        }
    }

    [TestCaseSource(nameof(BadTokens))]
    public async Task A_token_that_does_not_hold_shows_nothing(string name, Func<BeneficiaryPortalTests, Task<string?>> make)
    {
        await Journey.ReceiveAsync("E1", 2);
        foreach (var path in new[] { All, Summary })
        {
            using var answer = await CallAsync(path, await make(this), Page(1, 30));
            var text = await answer.Content.ReadAsStringAsync();
            Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.Unauthorized), name);
            Assert.That(JsonNode.Parse(text)!["errors"]![0]!["code"]!.GetValue<string>(), Is.EqualTo("G2P-AUT-401"), name);
            Assert.That(text, Does.Not.Contain("E1"), name);
        }
    }

    [Test]
    public async Task A_citizens_token_opens_nothing_else_and_an_operators_opens_no_portal()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(new Uri(_host.Urls.First()), "v1/envelopes"));
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", await _citizens.TokenAsync(Audience, claims => (claims["sub"], claims["roles"]) = ("B1", new JsonArray("Administrator"))));
        using var answer = await Http.SendAsync(request);
        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.Unauthorized));
        Assert.That((await AskAsync("create_disbursements", "B1")).Code(), Is.EqualTo("rjct.jwt.invalid"));
    }

    [TestCase("{\"current_page\":0,\"page_size\":10}", "current_page")]
    [TestCase("{\"current_page\":1,\"page_size\":201}", "page_size")]
    [TestCase("{\"current_page\":1}", "page_size")]
    [TestCase("{\"current_page\":\"x\",\"page_size\":1}", "current_page")]
    [TestCase("{\"current_page\":1e9,\"page_size\":99999999999}", "page_size")]
    [TestCase("[]", "pagination_request")]
    public async Task A_page_that_is_none_is_named(string pagination, string field)
    {
        var body = Wire.Request(null);
        body["request_body"]!["pagination_request"] = JsonNode.Parse(pagination);
        using var answer = await CallAsync(All, await TokenOfAsync("B1"), body);
        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.BadRequest));
        Assert.That(await answer.Content.ReadAsStringAsync(), Does.Contain(field));
    }

    [Test]
    public async Task Everybody_may_ask_whether_the_portal_is_there()
    {
        Assert.That(await Http.GetStringAsync(new Uri(new Uri(_host.Urls.First()), "bene-portal/ping")), Is.EqualTo("\"pong\""));
    }

    [Test]
    public async Task Lines_of_a_person_are_found_by_an_index()
    {
        await using var command = TestHost.Source.CreateCommand("begin; set local enable_seqscan = off; explain select * from envelopes.disbursement where beneficiary_id = 'B1'; rollback");
        await using var reader = await command.ExecuteReaderAsync();
        var plan = new StringBuilder();
        while (await reader.ReadAsync())
        {
            plan.AppendLine(reader.GetString(0));
        }

        // Each partition has its part of the index, under a name of its own.
        Assert.That(plan.ToString(), Does.Contain("beneficiary_id_idx").And.Not.Contain("Seq Scan"));
    }

    [Test]
    public async Task Without_being_switched_on_there_is_no_portal()
    {
        foreach (var path in new[] { All, Summary, "bene-portal/ping" })
        {
            using var answer = await PostRawAsync(path, Page(1, 30));
            Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.NotFound), path);
        }
    }

    [Test]
    public async Task A_database_without_the_index_is_missing_something_where_the_portal_is_on()
    {
        await using var other = TestHost.Build(await TestHost.FindDatabaseAsync("g2pbridge_portal_test"), _ => { }, ("BeneficiaryPortal:Enabled", "true"), ("BeneficiaryPortal:Oidc:Issuer", "http://127.0.0.1:9/realms/citizens"), ("BeneficiaryPortal:Oidc:Audience", Audience));
        await using var without = TestHost.Build(await TestHost.FindDatabaseAsync("g2pbridge_portal_test"), _ => { });
        await without.Services.GetRequiredService<DatabaseMigrator>().MigrateAsync(CancellationToken.None);
        var before = await other.Services.GetRequiredService<DatabaseMigrator>().PendingAsync(CancellationToken.None);
        await other.Services.GetRequiredService<DatabaseMigrator>().MigrateAsync(CancellationToken.None);
        var after = await other.Services.GetRequiredService<DatabaseMigrator>().PendingAsync(CancellationToken.None);
        await other.Services.GetRequiredService<Npgsql.NpgsqlDataSource>().ExecuteAsync("drop index envelopes.ix_disbursement_beneficiary", [], CancellationToken.None);
        Assert.That((before, after), Is.EqualTo((new[] { "envelopes.ix_disbursement_beneficiary" }, Array.Empty<string>())));
    }

    [Test]
    public async Task The_documents_describe_the_portal_where_there_is_one()
    {
        var document = await Http.GetFromJsonAsync<JsonObject>(new Uri(new Uri(_host.Urls.First()), "openapi/partner.json"));
        Assert.That(document!["paths"]!.AsObject().Select(path => path.Key), Is.SupersetOf(new[] { "/" + All, "/" + Summary, "/bene-portal/ping" }));
        Assert.That(document["components"]!["schemas"]!["OwnDisbursement"]!["properties"]!.AsObject().Select(field => field.Key), Is.EqualTo(new[]
        {
            "disbursement_id", "disbursement_envelope_id", "program_mnemonic", "cycle_code_mnemonic", "disbursement_quantity", "benefit_code", "benefit_type", "agency_mnemonic", "measurement_unit",
            "disbursement_schedule_date",
        }));
    }

    private static IEnumerable<Action<JsonObject>> Attempts()
    {
        yield return _ => { };
        yield return body => body["request_body"]!["request_payload"] = new JsonObject { ["beneficiary_id"] = "B2", ["sub"] = "B2" };
        yield return body => body["request_body"]!["pagination_request"]!["filter_by"] = new JsonObject { ["beneficiary_id"] = "B2" };
        yield return body => body["request_body"]!["pagination_request"]!["search_text"] = "B2";
        yield return body => body["request_body"]!["pagination_request"]!["sort_by"] = "beneficiary_id; select 1";
        yield return body => body["request_header"]!["sender_app_mnemonic"] = "B2";
        yield return body => body["beneficiary_id"] = "B2";
    }

    private static IEnumerable<TestCaseData> BadTokens()
    {
        yield return Case("none", _ => Task.FromResult<string?>(null));
        yield return Case("no token at all", _ => Task.FromResult<string?>("B1"));
        yield return Case("of the other realm", async tests => await tests._staff.TokenAsync(Audience, For("B1")));
        yield return Case("of the other realm in this one's name", async tests => await tests._staff.TokenAsync(Audience, claims => { For("B1")(claims); claims["iss"] = tests._citizens.Issuer; }));
        yield return Case("for another service", async tests => await tests._citizens.TokenAsync("account", For("B1")));
        yield return Case("expired", async tests => await tests._citizens.TokenAsync(Audience, claims => { For("B1")(claims); claims["exp"] = Clock.GetUtcNow().ToUnixTimeSeconds() - 61; }));
        yield return Case("for nobody", async tests => await tests._citizens.TokenAsync(Audience, claims => claims["sub"] = "B1"));
        yield return Case("for an empty name", async tests => await tests._citizens.TokenAsync(Audience, For("")));
        yield return Case("for a number", async tests => await tests._citizens.TokenAsync(Audience, claims => claims["g2p.beneficiary"] = 1));

        static TestCaseData Case(string name, Func<BeneficiaryPortalTests, Task<string?>> make) => new TestCaseData(name, make).SetName($"A token shows nothing: {name}");
    }

    private static Action<JsonObject> For(string who) => claims => claims["g2p"] = new JsonObject { ["beneficiary"] = who };

    private static JsonObject Page(int number, int size)
    {
        var body = Wire.Request(null);
        body["request_body"]!["pagination_request"] = new JsonObject { ["current_page"] = number, ["page_size"] = size };
        return body;
    }

    private Task<string> TokenOfAsync(string who) => _citizens.TokenAsync(Audience, For(who));

    private async Task<JsonNode> AskAsync(string path, string who, JsonObject? body = null)
    {
        using var answer = await CallAsync(path, await TokenOfAsync(who), body ?? Page(1, 30));
        return (await answer.Content.ReadFromJsonAsync<JsonNode>())!;
    }

    private async Task<HttpResponseMessage> CallAsync(string path, string? token, JsonObject body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(new Uri(_host.Urls.First()), path)) { Content = JsonContent.Create(body) };
        // Believed in Development only, and only where there is no token server.
        request.Headers.Add(BeneficiaryPortalOptions.DevelopmentHeader, "B1");
        if (token is not null)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }

        return await Http.SendAsync(request);
    }
}
