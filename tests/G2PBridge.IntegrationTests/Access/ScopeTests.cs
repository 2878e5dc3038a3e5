using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using G2PBridge.IntegrationTests.Reconciliation;
using G2PBridge.Platform.Identity;
using G2PBridge.Views;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace G2PBridge.IntegrationTests.Access;

/// <summary>Callers who are limited to programmes or banks: envelope E1 is CASHX at EXAMPLE-BANK, envelope E2 is CASHY at OTHER-BANK.</summary>
internal sealed class ScopeTests : ReconciliationTest
{
    private const string Beyond = "NOT_FOUND";

    private static readonly Dictionary<string, (string[] Programmes, string[] Banks)> Callers = new(StringComparer.Ordinal)
    {
        ["everything"] = ([], []),
        ["cashx"] = (["CASHX"], []),
        ["example bank"] = ([], ["example-bank"]),
        ["cashx at other bank"] = (["CASHX"], ["OTHER-BANK"]),
    };

    /// <summary>Routes that only those without limits may use, each with the reason.</summary>
    private static readonly Dictionary<string, string> ForEverythingOnly = new(StringComparer.Ordinal)
    {
        ["v1/health/invariants"] = "counts rows of the whole installation",
    };

    private readonly Dictionary<string, string> _keys = Callers.ToDictionary(caller => caller.Key, _ => ApiKey.Create(), StringComparer.Ordinal);
    private JoseSigner _signer = null!;
    private WebApplication _host = null!;

    [OneTimeSetUp]
    public async Task StartHost()
    {
        _signer = await JoseSigner.StartAsync();
        _host = TestHost.Build(TestHost.ConnectionString, services =>
        {
            services.AddSingleton<TimeProvider>(Clock);
            services.AddSingleton<G2PBridge.Connectors.IMapperConnector>(Mapper);
        }, Settings());
        await _host.StartAsync();
    }

    [OneTimeTearDown]
    public async Task StopHost()
    {
        await _host.DisposeAsync();
        await _signer.DisposeAsync();
    }

    [Test]
    public async Task Every_route_of_the_native_api_honours_limits_or_is_closed_to_whoever_has_any()
    {
        await using var host = TestHost.Build(TestHost.ConnectionString, _ => { }, [.. Settings(), ("Features:InKind", "true")]);
        var routes = Routes(host).Where(route => route.NeededRole() is not null).ToList();
        Assert.That(routes, Has.Count.GreaterThan(25));
        Assert.That(
            routes.Where(route => !ScopeGate.IsCovered(route)).Select(route => route.RoutePattern.RawText!.TrimStart('/')), Is.EquivalentTo(ForEverythingOnly.Keys),
            "A route that names no envelope, disbursement, bank, account, statement, entry or declaration says HonoursScope, or stands in this list with a reason.");
    }

    [Test]
    public async Task What_is_named_by_a_path_and_lies_beyond_ones_limits_does_not_exist_on_any_route()
    {
        await FillAsync();
        var statement = await ImportOfAsync("SPONSOR0002");
        var entry = (string)(await CallAsync(HttpMethod.Get, "v1/exceptions?limit=200", "everything"))["items"]!.AsArray().Single(item => (string?)item!["entry"]!["account"] == "SPONSOR0002")!["id"]!;
        var foreign = new Dictionary<string, string>
        {
            ["v1/envelopes"] = "E2",
            ["v1/disbursements"] = "E2-D1",
            ["v1/banks"] = "OTHER-BANK",
            ["v1/accounts"] = "SPONSOR0002",
            ["v1/statements"] = statement,
            ["v1/exceptions"] = entry,
            ["v1/declarations"] = Guid.Empty.ToString(),
        };
        var walked = 0;
        foreach (var route in Routes(_host).Where(route => route.NeededRole() is not null && route.RoutePattern.PathSegments.Count > 2))
        {
            var collection = string.Join('/', route.RoutePattern.RawText!.TrimStart('/').Split('/')[..2]);
            if (!foreign.TryGetValue(collection, out var id))
            {
                continue;
            }

            var path = System.Text.RegularExpressions.Regex.Replace(collection + "/" + id + "/" + string.Join('/', route.RoutePattern.RawText!.TrimStart('/').Split('/')[3..]), "{[^}]*}", Guid.Empty.ToString()).TrimEnd('/');
            foreach (var caller in new[] { "cashx", "example bank", "cashx at other bank" })
            {
                var answer = await CallAsync(new HttpMethod(route.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods[0]), path, caller);
                Assert.That((string?)answer["code"], Is.EqualTo(Beyond), $"{caller} {path}: {answer.ToJsonString()}");
                walked++;
            }

            var open = await CallAsync(new HttpMethod(route.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods[0]), path, "everything");
            Assert.That((string?)open["code"], Is.Not.EqualTo(Beyond), path);
        }

        Assert.That(walked, Is.GreaterThan(40));
    }

    [Test]
    public async Task What_lies_within_is_shown_and_lists_hold_nothing_else()
    {
        await FillAsync();
        var own = await ImportOfAsync("SPONSOR0001");
        await ImportOfAsync("SPONSOR0002");
        async Task<string> EnvelopesAsync(string caller) => string.Join(',', (await CallAsync(HttpMethod.Get, "v1/envelopes", caller))["envelopes"]!.AsArray().Select(envelope => (string?)envelope!["id"]).Order());
        async Task<int> ItemsAsync(string path, string caller) => (await CallAsync(HttpMethod.Get, path, caller))["items"]?.AsArray().Count ?? -1;
        Assert.That(
            (await EnvelopesAsync("everything"), await EnvelopesAsync("cashx"), await EnvelopesAsync("example bank"), await EnvelopesAsync("cashx at other bank")), Is.EqualTo(("E1,E2", "E1", "E1", "")));
        Assert.That(
            (await ItemsAsync("v1/statements", "everything"), await ItemsAsync("v1/statements", "example bank"), await ItemsAsync("v1/statements", "cashx"), await ItemsAsync("v1/exceptions", "everything"), await ItemsAsync("v1/exceptions", "example bank"), await ItemsAsync("v1/exceptions", "cashx")),
            Is.EqualTo((2, 1, -1, 2, 1, -1)));
        foreach (var path in new[] { "v1/envelopes/E1", "v1/envelopes/E1/exceptions", "v1/envelopes/E1/holds", "v1/disbursements/E1-D1" })
        {
            foreach (var caller in new[] { "cashx", "example bank" })
            {
                Assert.That((await CallAsync(HttpMethod.Get, path, caller))["code"], Is.Null, $"{caller} {path}");
            }
        }

        foreach (var path in new[] { $"v1/statements/{own}", "v1/accounts/SPONSOR0001/statements", "v1/banks/EXAMPLE-BANK/callbacks" })
        {
            Assert.That((await CallAsync(HttpMethod.Get, path, "example bank"))["code"], Is.Null, path);
            Assert.That((string?)(await CallAsync(HttpMethod.Get, path, "cashx"))["code"], Is.EqualTo(Beyond), path);
        }
    }

    [TestCase("ALL", null, "everything")]
    [TestCase("BANK", "EXAMPLE-BANK", "everything,example bank")]
    [TestCase("BANK", "OTHER-BANK", "everything")]
    [TestCase("PROGRAMME", "CASHX", "everything,cashx")]
    [TestCase("ENVELOPE", "E1", "everything,cashx,example bank")]
    [TestCase("ENVELOPE", "E2", "everything")]
    public async Task Nobody_stops_or_resumes_what_lies_beyond_the_limits(string scope, string? value, string permitted)
    {
        await FillAsync();
        foreach (var caller in Callers.Keys)
        {
            var expected = permitted.Split(',').Contains(caller);
            var pause = await CallAsync(HttpMethod.Post, "v1/pauses", caller, new JsonObject { ["scope"] = scope, ["value"] = value, ["reason"] = "a test" });
            Assert.That(pause["id"] is not null, Is.EqualTo(expected), $"{caller}: {pause.ToJsonString()}");
            var held = (await CallAsync(HttpMethod.Post, "v1/pauses", "everything", new JsonObject { ["scope"] = scope, ["value"] = value, ["reason"] = "a test" }))["id"]!.ToJsonString();
            var listed = (await CallAsync(HttpMethod.Get, "v1/pauses", caller))["items"]!.AsArray().Count;
            Assert.That(listed, Is.EqualTo(expected || scope == "ALL" ? 1 : 0), caller);
            var lifted = await CallAsync(HttpMethod.Delete, $"v1/pauses/{held}", caller);
            Assert.That((string?)lifted["code"], Is.EqualTo(expected ? null : "PAUSE_NOT_FOUND"), caller);
            await CallAsync(HttpMethod.Delete, $"v1/pauses/{held}", "everything");
        }
    }

    [Test]
    public async Task Declarations_are_about_envelopes_within_the_limits_only()
    {
        await FillAsync();
        foreach (var caller in new[] { "cashx", "example bank" })
        {
            var body = new JsonObject { ["envelope_id"] = "E2", ["outcome"] = "PAID", ["reason"] = "a test" };
            Assert.That((string?)(await CallAsync(HttpMethod.Post, "v1/declarations", caller, body))["code"], Is.EqualTo("DISBURSEMENT_ENVELOPE_NOT_FOUND"), caller);
            Assert.That((string?)(await CallAsync(HttpMethod.Get, "v1/declarations?envelope_id=E2", caller))["code"], Is.EqualTo("DISBURSEMENT_ENVELOPE_NOT_FOUND"), caller);
            body["envelope_id"] = "E1";
            Assert.That((string?)(await CallAsync(HttpMethod.Post, "v1/declarations", caller, body))["code"], Is.EqualTo("PAYMENT_NOT_UNKNOWN"), caller);
        }
    }

    [TestCase("[\"CASHX\"]", "E1")]
    [TestCase("[\"*\"]", "E1,E2")]
    [TestCase("[]", "")]
    [TestCase(null, "", Description = "a token that does not say")]
    public async Task A_tokens_claim_limits_it(string? programmes, string shown)
    {
        await FillAsync();
        var (jwk, _) = await _signer.GenerateAsync("limits", "RS256");
        (jwk["kid"], jwk["alg"]) = ("limits", "RS256");
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseSetting("urls", "http://127.0.0.1:0");
        await using var server = builder.Build();
        server.MapGet("/keys", () => new JsonObject { ["keys"] = new JsonArray(jwk.DeepClone()) });
        await server.StartAsync();
        await using var host = TestHost.Build(
            TestHost.ConnectionString, services => services.AddSingleton<TimeProvider>(Clock),
            [.. Settings(), ("OperatorAccess:Oidc:Issuer", "https://login.example"), ("OperatorAccess:Oidc:Audience", "bridge"), ("OperatorAccess:Oidc:KeysUrl", server.Urls.First() + "/keys"), ("OperatorAccess:Oidc:ProgrammesClaim", "g2p.programmes")]);
        await host.StartAsync();
        var claims = new JsonObject { ["iss"] = "https://login.example", ["aud"] = "bridge", ["sub"] = "x", ["exp"] = Clock.GetUtcNow().ToUnixTimeSeconds() + 60, ["roles"] = new JsonArray("viewer"), ["g2p"] = new JsonObject { ["programmes"] = programmes is null ? null : JsonNode.Parse(programmes) } };
        var detached = await _signer.SignAsync("limits", "", new JsonObject { ["alg"] = "RS256", ["kid"] = "limits" }, canonical: claims.ToJsonString());
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(new Uri(host.Urls.First()), "v1/envelopes"));
        request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + detached.Replace("..", $".{System.Buffers.Text.Base64Url.EncodeToString(Encoding.UTF8.GetBytes(claims.ToJsonString()))}.", StringComparison.Ordinal));
        using var answer = await Http.SendAsync(request);
        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        Assert.That(string.Join(',', (await answer.Content.ReadFromJsonAsync<JsonNode>())!["envelopes"]!.AsArray().Select(envelope => (string?)envelope!["id"]).Order()), Is.EqualTo(shown));
    }

    [Test]
    public async Task One_person_with_two_keys_under_two_names_does_not_confirm_what_he_proposed()
    {
        var keys = new[] { ApiKey.Create(), ApiKey.Create(), ApiKey.Create() };
        await using var host = TestHost.Build(
            TestHost.ConnectionString, services => services.AddSingleton<TimeProvider>(Clock),
            [
                ("OperatorAccess:Required", "true"), ("OperatorAccess:Aliases:asha.deputy", "asha"),
                .. new[] { "asha", "Asha.Deputy", "ben" }.SelectMany((name, i) => new[] { ($"OperatorAccess:ApiKeys:{i}:Actor", name), ($"OperatorAccess:ApiKeys:{i}:Sha256", ApiKey.Hash(keys[i])), ($"OperatorAccess:ApiKeys:{i}:Roles:0", "Administrator") }),
            ]);
        await host.StartAsync();
        await ImportAsync(new StatementText().Entry("D", "NOBODYS", 10, "B1"));
        var entry = (string)(await GetAsync("v1/exceptions"))!["items"]![0]!["id"]!;
        var proposed = await CallAsync(host, keys[0], HttpMethod.Post, $"v1/exceptions/{entry}/decisions", new JsonObject { ["kind"] = "CLASSIFY", ["class"] = "FEE", ["reason"] = "a fee" });
        var path = $"v1/exceptions/{entry}/decisions/{(string)proposed["id"]!}/confirm";
        Assert.That((string?)(await CallAsync(host, keys[0], HttpMethod.Post, path))["code"], Is.EqualTo("SECOND_PERSON_REQUIRED"));
        Assert.That((string?)(await CallAsync(host, keys[1], HttpMethod.Post, path))["code"], Is.EqualTo("SECOND_PERSON_REQUIRED"));
        Assert.That((string?)(await CallAsync(host, keys[2], HttpMethod.Post, path))["confirmed_by"], Is.EqualTo("ben"));
    }

    private static IEnumerable<RouteEndpoint> Routes(WebApplication host) => ((IEndpointRouteBuilder)host).DataSources.SelectMany(source => source.Endpoints).OfType<RouteEndpoint>()
        .Where(route => route.RoutePattern.RawText!.TrimStart('/').StartsWith("v1/", StringComparison.Ordinal));

    private (string Key, string Value)[] Settings() =>
    [
        ("OperatorAccess:Required", "true"), ("Resolution:Interval", "00:00:02"),
        ("SponsorBanks:Banks:OTHER-BANK:Connector", "example-bank"), ("SponsorBanks:Banks:OTHER-BANK:BaseUrl", "http://127.0.0.1:9"),
        ("SponsorBanks:Accounts:0:ProgramId", "990002"), ("SponsorBanks:Accounts:0:SponsorBankCode", "OTHER-BANK"), ("SponsorBanks:Accounts:0:AccountNumber", "SPONSOR0002"),
        .. Callers.SelectMany((caller, i) => new[]
            {
                ($"OperatorAccess:ApiKeys:{i}:Actor", caller.Key), ($"OperatorAccess:ApiKeys:{i}:Sha256", ApiKey.Hash(_keys[caller.Key])), ($"OperatorAccess:ApiKeys:{i}:Roles:0", "Administrator"),
            }
            .Concat(caller.Value.Programmes.Select((programme, n) => ($"OperatorAccess:ApiKeys:{i}:Programmes:{n}", programme)))
            .Concat(caller.Value.Banks.Select((bank, n) => ($"OperatorAccess:ApiKeys:{i}:Banks:{n}", bank)))),
    ];

    private async Task FillAsync()
    {
        foreach (var (id, programme, number) in new[] { ("E1", "CASHX", 990001), ("E2", "CASHY", 990002) })
        {
            using var envelope = await Http.PostAsJsonAsync(new Uri(new Uri(_host.Urls.First()), "create_disbursement_envelopes"), Wire.Request(new JsonArray(Wire.Envelope(id, 1, 10, wish =>
        {
            wish["benefit_program_mnemonic"] = programme;
            wish["benefit_program_id"] = number;
        }))));
            using var lines = await Http.PostAsJsonAsync(new Uri(new Uri(_host.Urls.First()), "create_disbursements"), Wire.Request(Wire.Lines(id, 1, 10), "B-" + id));
            Assert.That((await lines.Content.ReadFromJsonAsync<JsonNode>())!.Code(), Is.Null);
        }
    }

    /// <summary>A statement with one entry that matches nothing.</summary>
    private async Task<string> ImportOfAsync(string account)
    {
        using var content = new StringContent(new StatementText(account, reference: account).Entry("D", "NOBODYS", 10, "B" + account).ToString(), Encoding.Latin1, "text/plain");
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(new Uri(_host.Urls.First()), "v1/statements")) { Content = content };
        request.Headers.Add(ApiKey.Header, _keys["everything"]);
        using var response = await Http.SendAsync(request);
        var id = (string)(await response.Content.ReadFromJsonAsync<JsonNode>())!["id"]!;
        await TestHost.WorkAsync(G2PBridge.Platform.Jobs.Work.ReadStatements, _host.Services);
        return id;
    }

    private Task<JsonNode> CallAsync(HttpMethod method, string path, string caller, JsonNode? body = null) => CallAsync(_host, _keys[caller], method, path, body);

    private static async Task<JsonNode> CallAsync(WebApplication host, string key, HttpMethod method, string path, JsonNode? body = null)
    {
        using var request = new HttpRequestMessage(method, new Uri(new Uri(host.Urls.First()), path)) { Content = body is null ? null : JsonContent.Create(body) };
        request.Headers.Add(ApiKey.Header, key);
        using var response = await Http.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        return text.Length == 0 || response.Content.Headers.ContentType?.MediaType == "text/csv" ? new JsonObject() : JsonNode.Parse(text)!;
    }
}
