using System.Buffers.Text;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using G2PBridge.Platform.Identity;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace G2PBridge.IntegrationTests.Access;

/// <summary>Who may use the native API: API keys, and tokens of a server that is asked over real HTTP.</summary>
internal sealed class OperatorAccessTests : IntegrationTest
{
    private static readonly Dictionary<Role, string> Keys = Enum.GetValues<Role>().ToDictionary(role => role, _ => ApiKey.Create());

    private JoseSigner _signer = null!;
    private WebApplication _tokens = null!;
    private WebApplication _host = null!;
    private string _issuer = "";
    private JsonArray _published = [];

    [OneTimeSetUp]
    public async Task StartHost()
    {
        _signer = await JoseSigner.StartAsync();
        var (signing, _) = await _signer.GenerateAsync("tokens", "RS256");
        var (encrypting, _) = await _signer.GenerateAsync("encrypting", "RS256");
        // The shape in which Keycloak publishes its keys: one for encryption beside the one for signatures.
        (signing["kid"], signing["alg"], signing["use"], signing["x5t"]) = ("tokens", "RS256", "sig", "AAAA");
        (encrypting["kid"], encrypting["alg"], encrypting["use"]) = ("encrypting", "RSA-OAEP", "enc");
        _published = [encrypting, signing];
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        _tokens = builder.Build();
        _tokens.MapGet("/realms/g2p/.well-known/openid-configuration", () => new JsonObject { ["issuer"] = _issuer, ["jwks_uri"] = _issuer + "/protocol/openid-connect/certs" });
        _tokens.MapGet("/realms/g2p/protocol/openid-connect/certs", () => new JsonObject { ["keys"] = _published.DeepClone() });
        await _tokens.StartAsync();
        _issuer = _tokens.Urls.First() + "/realms/g2p";
        _host = TestHost.Build(
            TestHost.ConnectionString, services => services.AddSingleton<TimeProvider>(Clock),
            [
                ("OperatorAccess:Required", "true"), ("OperatorAccess:Oidc:Issuer", _issuer), ("OperatorAccess:Oidc:Audience", "g2p-bridge"), ("OperatorAccess:Oidc:RolesClaim", "realm_access.roles"),
                ("OperatorAccess:Oidc:Roles:bridge-approver", "Approver"),
                .. Keys.SelectMany((key, i) => new[]
                {
                    ($"OperatorAccess:ApiKeys:{i}:Actor", $"the {key.Key}"), ($"OperatorAccess:ApiKeys:{i}:Sha256", ApiKey.Hash(key.Value)), ($"OperatorAccess:ApiKeys:{i}:Roles:0", key.Key.ToString()),
                }),
            ]);
        await _host.StartAsync();
    }

    [OneTimeTearDown]
    public async Task StopHost()
    {
        await _host.DisposeAsync();
        await _tokens.DisposeAsync();
        await _signer.DisposeAsync();
    }

    [TestCase(Role.Viewer, HttpStatusCode.OK, HttpStatusCode.Forbidden)]
    [TestCase(Role.Operator, HttpStatusCode.OK, HttpStatusCode.UnprocessableEntity)]
    [TestCase(Role.Approver, HttpStatusCode.OK, HttpStatusCode.Forbidden)]
    [TestCase(Role.Administrator, HttpStatusCode.OK, HttpStatusCode.UnprocessableEntity)]
    [TestCase(Role.StatementSender, HttpStatusCode.Forbidden, HttpStatusCode.Forbidden)]
    public async Task A_key_opens_what_its_role_opens(Role role, HttpStatusCode looking, HttpStatusCode pausing)
    {
        using var look = await CallAsync(HttpMethod.Get, "v1/envelopes", apiKey: Keys[role]);
        using var pause = await CallAsync(HttpMethod.Post, "v1/pauses", apiKey: Keys[role], body: "{}");
        Assert.That((look.StatusCode, pause.StatusCode), Is.EqualTo((looking, pausing)));
    }

    [Test]
    public async Task Every_route_of_the_native_api_asks_who_calls_except_those_that_are_open_to_all()
    {
        string[] open = [.. Routes().Where(route => route.NeededRole() is null).Select(route => route.RoutePattern.RawText!.TrimStart('/'))];
        Assert.That(open, Is.EquivalentTo(new[] { "v1/health", "v1/banks/{code}/callbacks" }));
        foreach (var route in Routes().Where(route => route.NeededRole() is not null))
        {
            var path = Filled(route);
            using var answer = await CallAsync(new HttpMethod(route.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods[0]), path);
            Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.Unauthorized), path);
            Assert.That(answer.Headers.WwwAuthenticate.ToString(), Does.Contain("Bearer"), path);
        }
    }

    [Test]
    public async Task Every_route_opens_to_the_roles_that_may_use_it_and_to_no_other()
    {
        var wrong = new List<string>();
        var calls = 0;
        foreach (var route in Routes().Where(route => route.NeededRole() is not null))
        {
            var (method, pattern) = (new HttpMethod(route.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods[0]), route.RoutePattern.RawText!.TrimStart('/'));
            // Said here a second time on purpose: a route that is marked wrongly in the program is found.
            Role[] may = method == HttpMethod.Get ? [Role.Viewer, Role.Operator, Role.Approver, Role.Administrator]
                : pattern.EndsWith("/confirm", StringComparison.Ordinal) ? [Role.Approver, Role.Administrator]
                : pattern == "v1/statements" ? [Role.StatementSender, Role.Operator, Role.Administrator]
                : [Role.Operator, Role.Administrator];
            foreach (var (role, key) in Keys)
            {
                using var answer = await CallAsync(method, Filled(route), apiKey: key, body: method == HttpMethod.Get ? null : "{}");
                calls++;
                if (answer.StatusCode == HttpStatusCode.Unauthorized || answer.StatusCode == HttpStatusCode.Forbidden == may.Contains(role))
                {
                    wrong.Add($"{method} {pattern} for {role}: {(int)answer.StatusCode}");
                }
            }
        }

        Assert.That(wrong, Is.Empty);
        Assert.That(calls, Is.GreaterThan(100));
    }

    [Test]
    public void What_confirms_another_persons_proposal_needs_an_approver()
    {
        var confirming = Routes().Where(route => route.RoutePattern.RawText!.Contains("/confirm", StringComparison.Ordinal)).ToList();
        Assert.That(confirming, Is.Not.Empty);
        Assert.That(confirming.Select(route => route.NeededRole()), Is.All.EqualTo(Role.Approver));
    }

    [Test]
    public async Task Statements_are_taken_from_their_sender_and_from_nobody_who_does_not_say_who_he_is()
    {
        foreach (var path in new[] { "upload_mt940", "v1/statements" })
        {
            using var nobody = await CallAsync(HttpMethod.Post, path, body: "{}");
            using var viewer = await CallAsync(HttpMethod.Post, path, apiKey: Keys[Role.Viewer], body: "{}");
            using var sender = await CallAsync(HttpMethod.Post, path, apiKey: Keys[Role.StatementSender], body: "{}");
            Assert.That((nobody.StatusCode, viewer.StatusCode), Is.EqualTo((HttpStatusCode.Unauthorized, HttpStatusCode.Forbidden)), path);
            Assert.That(sender.StatusCode, Is.Not.EqualTo(HttpStatusCode.Unauthorized).And.Not.EqualTo(HttpStatusCode.Forbidden), path);
        }
    }

    [TestCase("wrong")]
    [TestCase("")]
    [TestCase("g2pb_0000000000000000000000000000000000000000000")]
    public async Task A_key_that_is_not_known_opens_nothing(string key)
    {
        using var answer = await CallAsync(HttpMethod.Get, "v1/envelopes", apiKey: key);
        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.Unauthorized));
    }

    [Test]
    public async Task A_token_of_the_server_opens_what_its_roles_open()
    {
        using var look = await CallAsync(HttpMethod.Get, "v1/envelopes", token: await TokenAsync());
        using var pause = await CallAsync(HttpMethod.Post, "v1/pauses", token: await TokenAsync(), body: "{}");
        using var asOperator = await CallAsync(HttpMethod.Post, "v1/pauses", token: await TokenAsync(claims => claims["realm_access"]!["roles"] = new JsonArray("operator")), body: "{}");
        using var without = await CallAsync(HttpMethod.Get, "v1/envelopes", token: await TokenAsync(claims => claims["realm_access"]!["roles"] = new JsonArray("3", "uma_authorization")));
        Assert.That(
            (look.StatusCode, pause.StatusCode, asOperator.StatusCode, without.StatusCode),
            Is.EqualTo((HttpStatusCode.OK, HttpStatusCode.Forbidden, HttpStatusCode.UnprocessableEntity, HttpStatusCode.Forbidden)));
    }

    [TestCaseSource(nameof(BadTokens))]
    public async Task A_token_that_is_not_for_us_now_opens_nothing(string name, Action<JsonObject> change)
    {
        using var answer = await CallAsync(HttpMethod.Get, "v1/envelopes", token: await TokenAsync(change));
        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.Unauthorized), name);
    }

    [Test]
    public async Task A_token_that_was_not_signed_by_the_server_opens_nothing()
    {
        var good = await TokenAsync();
        var parts = good.Split('.');
        string[] bad =
        [
            $"{Encode("{\"alg\":\"none\"}")}.{parts[1]}.",
            $"{Encode("{\"alg\":\"none\"}")}.{parts[1]}.{parts[2]}",
            $"{parts[0]}.{Encode("{\"sub\":\"x\"}")}.{parts[2]}",
            $"{parts[0]}.{parts[1]}",
            "x.y.z",
            await TokenAsync(key: "encrypting", header: new JsonObject { ["alg"] = "RS256", ["kid"] = "encrypting" }),
            await TokenAsync(key: "encrypting"),
        ];
        foreach (var token in bad)
        {
            using var answer = await CallAsync(HttpMethod.Get, "v1/envelopes", token: token);
            Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.Unauthorized), token);
        }
    }

    [Test]
    public async Task A_key_of_the_server_that_is_new_is_asked_for()
    {
        using (var before = await CallAsync(HttpMethod.Get, "v1/envelopes", token: await TokenAsync()))
        {
            Assert.That(before.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        }

        var (rotated, _) = await _signer.GenerateAsync("rotated", "ES256");
        (rotated["kid"], rotated["alg"]) = ("rotated", "ES256");
        _published.Add(rotated);
        Clock.Advance(TimeSpan.FromMinutes(1));
        using var answer = await CallAsync(HttpMethod.Get, "v1/envelopes", token: await TokenAsync(key: "rotated", header: new JsonObject { ["alg"] = "ES256", ["kid"] = "rotated" }));
        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.OK));
    }

    [Test]
    public async Task Who_acts_is_who_was_recognised_whatever_the_header_says()
    {
        using var request = Request(HttpMethod.Post, "v1/pauses", Keys[Role.Operator], null, "{\"scope\":\"ALL\",\"reason\":\"a test\"}");
        request.Headers.Add("X-Actor", "somebody else");
        using var answer = await Http.SendAsync(request);
        Assert.That((await answer.Content.ReadFromJsonAsync<JsonNode>())!["actor"]!.GetValue<string>(), Is.EqualTo("the Operator"));
    }

    private static IEnumerable<TestCaseData> BadTokens()
    {
        yield return Case("another issuer", claims => claims["iss"] = "http://127.0.0.1/realms/g2p");
        yield return Case("another audience", claims => claims["aud"] = "account");
        yield return Case("no audience", claims => claims.Remove("aud"));
        yield return Case("expired", claims => claims["exp"] = Clock.GetUtcNow().ToUnixTimeSeconds() - 61);
        yield return Case("no end", claims => claims.Remove("exp"));
        yield return Case("an end that is text", claims => claims["exp"] = "2099-01-01");
        yield return Case("not yet", claims => claims["nbf"] = Clock.GetUtcNow().ToUnixTimeSeconds() + 61);
        yield return Case("nobody", claims => claims.Remove("sub"));
        yield return Case("a nameless one", claims => claims["sub"] = "");

        static TestCaseData Case(string name, Action<JsonObject> change) => new TestCaseData(name, change).SetName($"A token is not taken: {name}");
    }

    private IEnumerable<RouteEndpoint> Routes() => ((IEndpointRouteBuilder)_host).DataSources.SelectMany(source => source.Endpoints).OfType<RouteEndpoint>()
        .Where(route => route.RoutePattern.RawText!.TrimStart('/').StartsWith("v1/", StringComparison.Ordinal));

    private static string Filled(RouteEndpoint route) => System.Text.RegularExpressions.Regex.Replace(
        route.RoutePattern.RawText!, "{[^}]*}", parameter => parameter.Value.Contains(":long", StringComparison.Ordinal) ? "1" : Guid.Empty.ToString());

    private static string Encode(string text) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(text));

    private async Task<string> TokenAsync(Action<JsonObject>? change = null, string key = "tokens", JsonObject? header = null)
    {
        var now = Clock.GetUtcNow().ToUnixTimeSeconds();
        var claims = new JsonObject
        {
            ["iss"] = _issuer,
            ["aud"] = new JsonArray("account", "g2p-bridge"),
            ["sub"] = "5f1c",
            ["exp"] = now + 300,
            ["nbf"] = now,
            ["realm_access"] = new JsonObject { ["roles"] = new JsonArray("offline_access", "bridge-approver") },
        };
        change?.Invoke(claims);
        var payload = claims.ToJsonString();
        var detached = await _signer.SignAsync(key, "", header ?? new JsonObject { ["alg"] = "RS256", ["kid"] = "tokens", ["typ"] = "JWT" }, canonical: payload);
        return detached.Replace("..", $".{Encode(payload)}.", StringComparison.Ordinal);
    }

    private HttpRequestMessage Request(HttpMethod method, string path, string? apiKey, string? token, string? body)
    {
        var request = new HttpRequestMessage(method, new Uri(new Uri(_host.Urls.First()), path));
        if (apiKey is not null)
        {
            request.Headers.TryAddWithoutValidation(ApiKey.Header, apiKey);
        }

        if (token is not null)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }

        if (body is not null)
        {
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        }

        return request;
    }

    private async Task<HttpResponseMessage> CallAsync(HttpMethod method, string path, string? apiKey = null, string? token = null, string? body = null)
    {
        using var request = Request(method, path, apiKey, token, body);
        return await Http.SendAsync(request);
    }
}
