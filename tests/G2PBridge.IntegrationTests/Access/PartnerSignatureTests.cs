using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace G2PBridge.IntegrationTests.Access;

/// <summary>Requests that must be signed, by keys and signatures of an independent implementation.</summary>
internal sealed class PartnerSignatureTests : IntegrationTest
{
    private static readonly string[] Algorithms = ["ES256", "EdDSA", "PS256", "RS256"];

    /// <summary>Every endpoint of the contract that takes its envelope, with whether its payload is a list.</summary>
    private static readonly (string Path, bool IsList)[] Endpoints =
    [
        ("create_disbursement_envelopes", true), ("create_disbursement_envelope", true), ("amend_disbursement_envelope", true), ("cancel_disbursement_envelope", true),
        ("create_disbursements", true), ("cancel_disbursements", true), ("get_disbursement_status", true),
        ("get_disbursement_envelope_status", false), ("get_disbursement_batch_control", false),
    ];

    private readonly Dictionary<string, (JsonObject Jwk, string Pem)> _keys = new(StringComparer.Ordinal);
    private JoseSigner _signer = null!;
    private DirectoryInfo _folder = null!;
    private WebApplication _host = null!;

    [OneTimeSetUp]
    public async Task StartHost()
    {
        _signer = await JoseSigner.StartAsync();
        foreach (var algorithm in Algorithms)
        {
            _keys[algorithm] = await _signer.GenerateAsync(algorithm, algorithm);
        }

        _keys["foreign"] = await _signer.GenerateAsync("foreign", "RS256");
        _keys["configured"] = await _signer.GenerateAsync("configured", "RS256");
        _keys["expired"] = await _signer.GenerateAsync("expired", "RS256");
        _folder = Directory.CreateTempSubdirectory("g2pbridge-keys");
        WriteKeys("PARTNER_TEST_PBMS", Algorithms);
        WriteKeys("PARTNER_OTHER", "foreign");
        _host = TestHost.Build(
            TestHost.ConnectionString, services => services.AddSingleton<TimeProvider>(Clock),
            ("PartnerSignatures:Required", "true"), ("PartnerSignatures:KeysFolder", _folder.FullName),
            ("PartnerSignatures:Keys:0:Partner", "PARTNER_CONFIGURED"), ("PartnerSignatures:Keys:0:PublicKey", _keys["configured"].Pem),
            ("PartnerSignatures:Keys:1:Partner", "PARTNER_CONFIGURED"), ("PartnerSignatures:Keys:1:PublicKey", _keys["expired"].Pem), ("PartnerSignatures:Keys:1:ValidTo", "2026-06-19T10:00:00Z"));
        await _host.StartAsync();
    }

    [OneTimeTearDown]
    public async Task StopHost()
    {
        await _host.DisposeAsync();
        await _signer.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    [Test]
    public void Every_route_that_takes_a_body_outside_the_native_api_is_among_them_or_has_a_check_of_its_own()
    {
        // Statements are signed over the file (StatementSenderTests); people are known by their tokens (BeneficiaryPortalTests).
        var posts = ((IEndpointRouteBuilder)_host).DataSources.SelectMany(source => source.Endpoints).OfType<RouteEndpoint>()
            .Where(route => route.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods.Any(method => method is not ("GET" or "HEAD")) == true)
            .Select(route => route.RoutePattern.RawText!.TrimStart('/'))
            .Where(path => !path.StartsWith("v1/", StringComparison.Ordinal) && !path.StartsWith("bene-portal/", StringComparison.Ordinal) && path != "upload_mt940");
        Assert.That(posts, Is.EquivalentTo(Endpoints.Select(endpoint => endpoint.Path)));
    }

    [TestCaseSource(nameof(Algorithms))]
    public async Task A_request_signed_with_each_algorithm_is_let_in(string algorithm)
    {
        var body = Body();
        var answer = await SendAsync("create_disbursement_envelopes", body, await SignAsync(algorithm, body));
        Assert.That(Status(answer), Is.EqualTo("SUCCESS"), answer.ToJsonString());
        Assert.That(await ScalarAsync<long>("select count(*) from envelopes.envelope"), Is.EqualTo(1));
    }

    [Test]
    public async Task The_keys_of_a_body_may_come_in_any_order_and_with_any_white_space_and_escapes()
    {
        var body = Body(envelope => envelope["benefit_program_description"] = "Zahlung „Juni“ / \"x\" \\ \t €");
        var other = "\n " + body.Replace("\"request_body\"", "\"request\\u005fbody\"", StringComparison.Ordinal).Replace(",", " ,\r\n", StringComparison.Ordinal);
        var answer = await SendAsync("create_disbursement_envelopes", other, await SignAsync("RS256", other));
        Assert.That(Status(answer), Is.EqualTo("SUCCESS"), answer.ToJsonString());
    }

    [Test]
    public async Task A_number_is_signed_in_the_characters_it_came_in()
    {
        const string Written = "{\"request_body\":{\"request_payload\":[]},\"request_header\":{\"request_id\":\"n1\",\"request_timestamp\":\"2026-06-19T10:15:00Z\",\"sender_app_mnemonic\":\"TEST_PBMS\",\"sender_app_url\":\"\",\"x\":1000.0}}";
        var signature = await _signer.SignAsync("ES256", Written, Header("ES256"), canonical: Written);
        Assert.That(Code(await SendAsync("get_disbursement_status", Written.Replace("1000.0", "1000", StringComparison.Ordinal), signature)), Is.EqualTo("rjct.jwt.invalid"));
        Assert.That(Code(await SendAsync("get_disbursement_status", Written.Replace("1000.0", "1e3", StringComparison.Ordinal), signature)), Is.EqualTo("rjct.jwt.invalid"));
        Assert.That(Code(await SendAsync("get_disbursement_status", Written, signature)), Is.EqualTo("EMPTY_REQUEST_PAYLOAD"));
    }

    [TestCaseSource(nameof(Attacks))]
    public async Task A_request_that_is_not_its_senders_own_is_refused_on_every_endpoint(Attack attack)
    {
        foreach (var (path, isList) in Endpoints)
        {
            var body = Body();
            var (sent, signature) = await attack.Make(this, body);
            var answer = await SendAsync(path, sent, signature);
            Assert.That((Status(answer), Code(answer)), Is.EqualTo(("ERROR", "rjct.jwt.invalid")), $"{path}: {answer.ToJsonString()}");
            Assert.That(answer["response_body"]!["response_payload"]?.ToJsonString(), Is.EqualTo(isList ? "[]" : null), path);
        }

        Assert.That(await ScalarAsync<long>("select count(*) from envelopes.envelope"), Is.Zero);
        Assert.That(await ScalarAsync<long>("select count(*) from access.seen_signature"), Is.Zero);
    }

    [Test]
    public async Task The_same_signed_request_is_refused_the_second_time_on_every_endpoint()
    {
        foreach (var (path, _) in Endpoints)
        {
            var body = Body();
            var signature = await SignAsync("RS256", body);
            // An envelope is not what each of them asks for; that is told only to whom it may concern.
            using (var first = await SendRawAsync(path, body, signature))
            {
                Assert.That(await first.Content.ReadAsStringAsync(), Does.Not.Contain("REQUEST_REPLAYED").And.Not.Contain("rjct.jwt"), path);
            }

            Assert.That(Code(await SendAsync(path, body, signature)), Is.EqualTo("REQUEST_REPLAYED"), path);
        }
    }

    [Test]
    public async Task A_second_signature_over_the_same_content_does_not_make_it_new()
    {
        // Whoever sees (r, s) can write (r, n - s), and ECDSA takes both.
        var body = Body();
        var signature = await SignAsync("ES256", body);
        Assert.That(Status(await SendAsync("create_disbursement_envelopes", body, signature)), Is.EqualTo("SUCCESS"));
        Assert.That(Code(await SendAsync("create_disbursement_envelopes", body, Twin(signature))), Is.EqualTo("REQUEST_REPLAYED"));
    }

    [Test]
    public async Task A_repetition_that_is_dated_and_signed_anew_gets_the_first_answer()
    {
        var body = Body();
        var first = await SendAsync("create_disbursement_envelopes", body, await SignAsync("RS256", body));
        Clock.Advance(TimeSpan.FromMinutes(30));
        var again = body.Replace("10:15:00Z", "10:45:00Z", StringComparison.Ordinal);
        var second = await SendAsync("create_disbursement_envelopes", again, await SignAsync("RS256", again));
        Assert.That(second.ToJsonString(), Is.EqualTo(first.ToJsonString()));
        Assert.That(await ScalarAsync<long>("select count(*) from envelopes.envelope"), Is.EqualTo(1));
    }

    [TestCase(-301)]
    [TestCase(301)]
    public async Task A_request_whose_time_is_far_from_ours_is_refused_on_every_endpoint(int seconds)
    {
        foreach (var (path, _) in Endpoints)
        {
            var body = Body();
            var signature = await SignAsync("RS256", body);
            Clock.Reset();
            Clock.Advance(TimeSpan.FromSeconds(seconds));
            Assert.That(Code(await SendAsync(path, body, signature)), Is.EqualTo("REQUEST_EXPIRED"), path);
        }
    }

    [Test]
    public async Task Version_1_0_is_checked_alike_and_refused_in_its_own_shape()
    {
        var body = "{\"header\":{\"version\":\"1.0.0\",\"message_id\":\"m1\",\"message_ts\":\"2026-06-19T10:15:00\",\"action\":\"x\",\"sender_id\":\"test-pbms\"},\"message\":[]}";
        var refused = await SendAsync("get_disbursement_status", body, null);
        Assert.That((refused["header"]!["status"]!.GetValue<string>(), refused["header"]!["status_reason_message"]!.GetValue<string>()), Is.EqualTo(("rjct", "rjct.jwt.invalid")));
        var signed = await SendAsync("get_disbursement_status", body, await SignAsync("EdDSA", body));
        Assert.That(signed["header"]!["status_reason_message"]!.GetValue<string>(), Is.EqualTo("EMPTY_REQUEST_PAYLOAD"));
        var undated = body.Replace("2026-06-19T10:15:00", "soon", StringComparison.Ordinal);
        Assert.That((await SendAsync("get_disbursement_status", undated, await SignAsync("EdDSA", undated)))["header"]!["status_reason_message"]!.GetValue<string>(), Is.EqualTo("REQUEST_EXPIRED"));
    }

    [Test]
    public async Task A_key_is_known_from_the_moment_its_file_is_written_until_it_is_taken_away()
    {
        var key = await _signer.GenerateAsync("rotated", "RS256");
        async Task<string?> SignedAsync()
        {
            var body = Body(sender: "ROTATING");
            return Status(await SendAsync("create_disbursement_envelopes", body, await _signer.SignAsync("rotated", body, new JsonObject { ["alg"] = "RS256", ["kid"] = "rotated" })));
        }

        Assert.That(await SignedAsync(), Is.EqualTo("ERROR"), "before it is registered");
        _keys["rotated"] = key;
        WriteKeys("PARTNER_ROTATING", "RS256", "rotated");
        Assert.That(await SignedAsync(), Is.EqualTo("SUCCESS"), "beside the old one");
        WriteKeys("PARTNER_ROTATING", "RS256");
        Assert.That(await SignedAsync(), Is.EqualTo("ERROR"), "after it was taken away");
        await File.WriteAllTextAsync(Path.Combine(_folder.FullName, "PARTNER_ROTATING.json"), "{ this is no key set");
        Assert.That(await SignedAsync(), Is.EqualTo("ERROR"), "while the file cannot be read");
    }

    [Test]
    public async Task A_key_of_the_settings_holds_within_its_time()
    {
        var body = Body(sender: "configured");
        Assert.That(Status(await SendAsync("create_disbursement_envelopes", body, await _signer.SignAsync("configured", body, new JsonObject { ["alg"] = "RS256" }))), Is.EqualTo("SUCCESS"));
        body = Body(sender: "configured");
        Assert.That(Code(await SendAsync("create_disbursement_envelopes", body, await _signer.SignAsync("expired", body, new JsonObject { ["alg"] = "RS256" }))), Is.EqualTo("rjct.jwt.invalid"));
    }

    [Test]
    public async Task A_new_key_without_a_name_stands_beside_the_old_one_until_that_is_taken_away()
    {
        await using var host = await StartAnotherAsync(
            ("PartnerSignatures:Keys:0:Partner", "PARTNER_TEST_PBMS"), ("PartnerSignatures:Keys:0:PublicKey", _keys["RS256"].Pem),
            ("PartnerSignatures:Keys:1:Partner", "PARTNER_TEST_PBMS"), ("PartnerSignatures:Keys:1:PublicKey", _keys["configured"].Pem));
        foreach (var key in new[] { "RS256", "configured" })
        {
            var body = Body();
            Assert.That(Status(await SendAsync("create_disbursement_envelopes", body, await _signer.SignAsync(key, body, new JsonObject { ["alg"] = "RS256" }), host)), Is.EqualTo("SUCCESS"), key);
            body = Body();
            Assert.That(Status(await SendAsync("create_disbursement_envelopes", body, await _signer.SignAsync(key, body, new JsonObject { ["alg"] = "RS256", ["kid"] = "of my own" }), host)), Is.EqualTo("SUCCESS"), key);
        }

        var foreign = Body();
        Assert.That(Code(await SendAsync("create_disbursement_envelopes", foreign, await _signer.SignAsync("foreign", foreign, new JsonObject { ["alg"] = "RS256" }), host)), Is.EqualTo("rjct.jwt.invalid"));
    }

    [Test]
    public async Task An_algorithm_that_the_settings_do_not_name_is_refused_and_one_that_they_name_is_not()
    {
        await using var host = await StartAnotherAsync(("PartnerSignatures:KeysFolder", _folder.FullName), ("PartnerSignatures:Algorithms:0", "ES256"), ("PartnerSignatures:Algorithms:1", "PS256"));
        foreach (var algorithm in Algorithms)
        {
            var body = Body();
            Assert.That(Code(await SendAsync("create_disbursement_envelopes", body, await SignAsync(algorithm, body), host)), Is.EqualTo(algorithm is "ES256" or "PS256" ? null : "rjct.jwt.invalid"), algorithm);
        }
    }

    [TestCase(59, null)]
    [TestCase(61, "REQUEST_EXPIRED")]
    [TestCase(-59, null)]
    [TestCase(-61, "REQUEST_EXPIRED")]
    public async Task How_far_a_requests_time_may_be_from_ours_stands_in_the_settings(int seconds, string? code)
    {
        await using var host = await StartAnotherAsync(("PartnerSignatures:KeysFolder", _folder.FullName), ("PartnerSignatures:Freshness", "00:01:00"));
        var body = Body();
        Clock.Advance(TimeSpan.FromSeconds(seconds));
        Assert.That(Code(await SendAsync("create_disbursement_envelopes", body, await SignAsync("RS256", body), host)), Is.EqualTo(code));
    }

    [Test]
    public async Task A_signed_message_of_version_1_0_is_refused_the_second_time()
    {
        var body = "{\"header\":{\"version\":\"1.0.0\",\"message_id\":\"m2\",\"message_ts\":\"2026-06-19T10:15:00\",\"action\":\"x\",\"sender_id\":\"test-pbms\"},\"message\":[\"NOBODY\"]}";
        var signature = await SignAsync("EdDSA", body);
        Assert.That((await SendAsync("get_disbursement_status", body, signature))["header"]!["status"]!.GetValue<string>(), Is.EqualTo("succ"));
        Assert.That((await SendAsync("get_disbursement_status", body, signature))["header"]!["status_reason_message"]!.GetValue<string>(), Is.EqualTo("REQUEST_REPLAYED"));
    }

    [Test]
    public async Task What_is_too_old_to_come_again_is_forgotten()
    {
        var body = Body();
        await SendAsync("create_disbursement_envelopes", body, await SignAsync("RS256", body));
        await TestHost.WorkAsync("forget-signatures", _host.Services);
        Assert.That(await ScalarAsync<long>("select count(*) from access.seen_signature"), Is.EqualTo(1));
        Clock.Advance(TimeSpan.FromMinutes(6));
        await TestHost.WorkAsync("forget-signatures", _host.Services);
        Assert.That(await ScalarAsync<long>("select count(*) from access.seen_signature"), Is.Zero);
    }

    internal sealed record Attack(string Name, Func<PartnerSignatureTests, string, Task<(string Body, string? Signature)>> Make)
    {
        public override string ToString() => Name;
    }

    private static IEnumerable<Attack> Attacks()
    {
        yield return new("no header", (_, body) => Task.FromResult((body, (string?)null)));
        yield return new("empty header", (_, body) => Task.FromResult((body, (string?)"")));
        yield return new("no three parts", async (tests, body) => (body, (await tests.SignAsync("RS256", body)).Replace("..", ".", StringComparison.Ordinal)));
        yield return new("no base64url", (_, body) => Task.FromResult((body, (string?)"e30..@@@")));
        yield return new("a changed byte", async (tests, body) => (body.Replace("Cash X", "Cash Y", StringComparison.Ordinal), await tests.SignAsync("RS256", body)));
        yield return new("a number rewritten", async (tests, body) => (body.Replace(":990001", ":990001.0", StringComparison.Ordinal), await tests.SignAsync("RS256", body)));
        yield return new("a member twice", async (tests, body) => (body.Replace("\"instance_id\":null", "\"instance_id\":null,\"instance_id\":null", StringComparison.Ordinal), await tests.SignAsync("RS256", body)));
        yield return new("a changed signature", async (tests, body) => (body, Changed(await tests.SignAsync("RS256", body))));
        yield return new("a key of another partner", async (tests, body) => (body, await tests._signer.SignAsync("foreign", body, new JsonObject { ["alg"] = "RS256", ["kid"] = "foreign" })));
        yield return new("a foreign key under a known name", async (tests, body) => (body, await tests._signer.SignAsync("foreign", body, Header("RS256"))));
        yield return new("an unknown kid", async (tests, body) => (body, await tests._signer.SignAsync("RS256", body, new JsonObject { ["alg"] = "RS256", ["kid"] = "nobody's" })));
        yield return new("an unknown partner", async (tests, body) =>
        {
            var other = body.Replace("TEST_PBMS", "NOBODY", StringComparison.Ordinal);
            return (other, await tests.SignAsync("RS256", other));
        });
        yield return new("a sender that is a path", async (tests, body) =>
        {
            var other = body.Replace("TEST_PBMS", "x/../PARTNER_TEST_PBMS", StringComparison.Ordinal);
            return (other, await tests.SignAsync("RS256", other));
        });
        yield return new("alg none", (_, body) => Task.FromResult((body, (string?)$"{Encode("{\"alg\":\"none\",\"kid\":\"RS256\"}")}..{Encode("x")}")));
        yield return new("the public key as a shared secret", async (tests, body) => (body, await tests._signer.SignAsync("", body, new JsonObject { ["alg"] = "HS256", ["kid"] = "RS256" }, secret: tests._keys["RS256"].Pem)));
        yield return new("another algorithm than the key's", async (tests, body) => (body, Relabelled(await tests.SignAsync("RS256", body), "PS256")));
        yield return new("an algorithm of our own kind under the key's name", async (tests, body) => (body, await tests._signer.SignAsync("PS256", body, new JsonObject { ["alg"] = "PS256", ["kid"] = "RS256" })));
        yield return new("a key of the settings whose time is over", async (tests, body) =>
        {
            var other = body.Replace("TEST_PBMS", "CONFIGURED", StringComparison.Ordinal);
            return (other, await tests._signer.SignAsync("expired", other, new JsonObject { ["alg"] = "RS256" }));
        });
        yield return new("a key that was taken away", async (tests, body) =>
        {
            // It is known first: an old request shows that, and leaves nothing behind.
            var header = new JsonObject { ["alg"] = "RS256", ["kid"] = "foreign" };
            var other = body.Replace("TEST_PBMS", "REVOKED", StringComparison.Ordinal);
            var old = JsonNode.Parse(other)!;
            old["request_header"]!["request_timestamp"] = "2026-06-18T10:15:00Z";
            tests.WriteKeys("PARTNER_REVOKED", "RS256", "foreign");
            Assert.That(Code(await tests.SendAsync("get_disbursement_status", old.ToJsonString(), await tests._signer.SignAsync("foreign", old.ToJsonString(), header.DeepClone().AsObject()))), Is.EqualTo("REQUEST_EXPIRED"));
            tests.WriteKeys("PARTNER_REVOKED", "RS256");
            return (other, await tests._signer.SignAsync("foreign", other, header));
        });
        yield return new("something critical that is not understood", async (tests, body) => (body, Critical(await tests.SignAsync("RS256", body))));
    }

    private static string Encode(string text) => System.Buffers.Text.Base64Url.EncodeToString(Encoding.UTF8.GetBytes(text));

    private static string Changed(string signature) => signature[..^6] + (signature[^6] == 'A' ? 'B' : 'A') + signature[^5..];

    private static string Relabelled(string signature, string algorithm) => $"{Encode($"{{\"alg\":\"{algorithm}\",\"kid\":\"RS256\"}}")}..{signature.Split("..")[1]}";

    private static string Critical(string signature) => $"{Encode("{\"alg\":\"RS256\",\"kid\":\"RS256\",\"crit\":[\"exp\"],\"exp\":1}")}..{signature.Split("..")[1]}";

    private static string Twin(string signature)
    {
        var parts = signature.Split("..");
        var bytes = System.Buffers.Text.Base64Url.DecodeFromChars(parts[1]);
        var order = System.Numerics.BigInteger.Parse("0FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551", System.Globalization.NumberStyles.HexNumber, null);
        var s = order - new System.Numerics.BigInteger(bytes.AsSpan(32), isUnsigned: true, isBigEndian: true);
        Array.Clear(bytes, 32, 32);
        var twin = s.ToByteArray(isUnsigned: true, isBigEndian: true);
        twin.CopyTo(bytes, 64 - twin.Length);
        return $"{parts[0]}..{System.Buffers.Text.Base64Url.EncodeToString(bytes)}";
    }

    private static JsonObject Header(string algorithm) => new() { ["alg"] = algorithm, ["kid"] = algorithm };

    private static string Body(Action<JsonObject>? change = null, string sender = "TEST_PBMS")
    {
        var request = Wire.Request(new JsonArray(Wire.Envelope($"E{RandomNumberGenerator.GetHexString(12)}", 1, 10, change)));
        request["request_header"]!["sender_app_mnemonic"] = sender;
        return request.ToJsonString();
    }

    private static string? Status(JsonNode answer) => answer["response_header"]!["response_status"]!.GetValue<string>();

    private static string? Code(JsonNode answer) => answer["response_header"]!["response_error_code"]?.GetValue<string>();

    private async Task<string> SignAsync(string algorithm, string body) => await _signer.SignAsync(algorithm, body, Header(algorithm));

    private void WriteKeys(string partner, params string[] names)
    {
        var keys = new JsonArray([.. names.Select(name =>
        {
            var jwk = _keys[name].Jwk.DeepClone().AsObject();
            jwk["kid"] = name;
            jwk["alg"] = Algorithms.Contains(name) ? name : "RS256";
            return (JsonNode)jwk;
        })]);
        File.WriteAllText(Path.Combine(_folder.FullName, partner + ".json"), new JsonObject { ["keys"] = keys }.ToJsonString());
    }

    private static async Task<WebApplication> StartAnotherAsync(params (string Key, string Value)[] settings)
    {
        var host = TestHost.Build(TestHost.ConnectionString, services => services.AddSingleton<TimeProvider>(Clock), [("PartnerSignatures:Required", "true"), .. settings]);
        await host.StartAsync();
        return host;
    }

    private async Task<JsonNode> SendAsync(string path, string body, string? signature, WebApplication? host = null)
    {
        using var response = await SendRawAsync(path, body, signature, host);
        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.OK), path);
        return (await response.Content.ReadFromJsonAsync<JsonNode>())!;
    }

    private async Task<HttpResponseMessage> SendRawAsync(string path, string body, string? signature, WebApplication? host = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(new Uri((host ?? _host).Urls.First()), path)) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        if (signature is not null)
        {
            request.Headers.TryAddWithoutValidation("Signature", signature);
        }

        return await Http.SendAsync(request);
    }
}
