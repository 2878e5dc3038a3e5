using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using G2PBridge.PartnerApi;
using G2PBridge.Platform.Identity;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace G2PBridge.IntegrationTests.Platform;

/// <summary>How much, how fast, how often and how long; and what every answer tells a browser.</summary>
internal sealed class EdgesTests : IntegrationTest
{
    private static readonly string OperatorKey = ApiKey.Create();

    private static readonly (string, string)[] Known =
    [
        ("OperatorAccess:Required", "true"), ("OperatorAccess:ApiKeys:0:Actor", "somebody"), ("OperatorAccess:ApiKeys:0:Sha256", ApiKey.Hash(OperatorKey)), ("OperatorAccess:ApiKeys:0:Roles:0", "Viewer"),
    ];

    [Test]
    public async Task Who_calls_too_often_from_one_address_is_told_when_to_come_again_in_the_shape_of_the_api_asked()
    {
        await using var host = await StartAsync(("Edges:PerAddress:PerMinute", "1"), ("Edges:PerAddress:Burst", "2"));
        using var first = await GetAsync(host, "v1/health");
        using var second = await GetAsync(host, "ping");
        using var native = await GetAsync(host, "v1/envelopes");
        using var partner = await PostAsync(host, "get_disbursement_status", Wire.Request(new JsonArray("x")));
        var problem = JsonNode.Parse(await native.Content.ReadAsStringAsync())!;
        var errors = JsonNode.Parse(await partner.Content.ReadAsStringAsync())!;
        Assert.Multiple(() =>
        {
            Assert.That((first.StatusCode, second.StatusCode), Is.EqualTo((HttpStatusCode.OK, HttpStatusCode.OK)));
            Assert.That((native.StatusCode, partner.StatusCode), Is.EqualTo((HttpStatusCode.TooManyRequests, HttpStatusCode.TooManyRequests)));
            Assert.That(native.Headers.RetryAfter?.Delta, Is.InRange(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(60)));
            Assert.That(partner.Headers.RetryAfter?.Delta, Is.InRange(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(60)));
            Assert.That((native.Content.Headers.ContentType?.MediaType, (string?)problem["code"], (int?)problem["status"]), Is.EqualTo(("application/problem+json", "TOO_MANY_REQUESTS", (int?)429)));
            Assert.That((string?)errors["errors"]![0]!["code"], Is.EqualTo("TOO_MANY_REQUESTS"));
        });
    }

    [Test]
    public async Task A_partner_that_calls_too_often_is_stopped_and_another_is_not()
    {
        await using var host = await StartAsync(("Edges:PerCaller:PerMinute", "1"), ("Edges:PerCaller:Burst", "1"));
        var statuses = new List<HttpStatusCode>();
        foreach (var sender in new[] { "ONE", "one", "TWO" })
        {
            var request = Wire.Request(new JsonArray("x"));
            request["request_header"]!["sender_app_mnemonic"] = sender;
            using var answer = await PostAsync(host, "get_disbursement_status", request);
            statuses.Add(answer.StatusCode);
        }

        Assert.That(statuses, Is.EqualTo(new[] { HttpStatusCode.OK, HttpStatusCode.TooManyRequests, HttpStatusCode.OK }));
    }

    [Test]
    public async Task A_caller_of_the_native_api_is_counted_by_name_and_who_was_not_recognised_is_not()
    {
        await using var host = await StartAsync([.. Known, ("Edges:PerCaller:PerMinute", "1"), ("Edges:PerCaller:Burst", "1")]);
        using var nobody = await GetAsync(host, "v1/envelopes");
        using var first = await GetAsync(host, "v1/envelopes", OperatorKey);
        using var second = await GetAsync(host, "v1/pauses", OperatorKey);
        Assert.That((nobody.StatusCode, first.StatusCode, second.StatusCode), Is.EqualTo((HttpStatusCode.Unauthorized, HttpStatusCode.OK, HttpStatusCode.TooManyRequests)));
    }

    [TestCase("203.0.113.7", HttpStatusCode.OK)]
    [TestCase("127.0.0.1", HttpStatusCode.TooManyRequests)]
    public async Task Behind_a_named_gateway_callers_are_told_apart_by_the_address_it_gives(string proxy, HttpStatusCode expected)
    {
        // The second gateway is the one that the request comes from; the first is somebody who only writes the header.
        await using var host = await StartAsync(("Edges:PerAddress:PerMinute", "1"), ("Edges:PerAddress:Burst", "1"), ("Edges:Proxies:0", proxy == "127.0.0.1" ? "10.0.0.0/8" : "127.0.0.1"));
        HttpStatusCode last = default;
        foreach (var address in new[] { "198.51.100.1", "198.51.100.2" })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(AddressOf(host), "ping"));
            request.Headers.Add("X-Forwarded-For", address);
            using var answer = await Http.SendAsync(request);
            last = answer.StatusCode;
        }

        Assert.That(last, Is.EqualTo(expected));
    }

    [Test]
    public async Task A_body_that_does_not_come_to_its_end_is_given_up_and_held_no_transaction()
    {
        await using var host = TestHost.Build(TestHost.ConnectionString + ";Application Name=slow sender", services => services.AddSingleton<TimeProvider>(Clock), ("Edges:BodyTimeout", "00:00:01"));
        await host.StartAsync();
        foreach (var path in new[] { "create_disbursements", "v1/statements", "v1/pauses" })
        {
            using var socket = new TcpClient();
            await socket.ConnectAsync(IPAddress.Loopback, AddressOf(host).Port);
            var stream = socket.GetStream();
            await stream.WriteAsync(Encoding.ASCII.GetBytes($"POST /{path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{{"));
            var busy = await ScalarAsync<long>("select count(*) from pg_stat_activity where application_name = 'slow sender' and state like 'idle in transaction%'");
            var answer = await ReadAnswerAsync(stream);
            Assert.That(busy, Is.Zero, path);
            Assert.That(answer, Does.StartWith("HTTP/1.1 408 ").And.Contain("arrived too slowly"), path);
        }
    }

    [Test]
    public async Task A_sender_that_announces_much_and_sends_little_is_given_little_memory()
    {
        await using var host = await StartAsync();
        var budget = host.Services.GetRequiredService<BodyBudget>();
        using var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, AddressOf(host).Port);
        await socket.GetStream().WriteAsync(Encoding.ASCII.GetBytes("POST /create_disbursements HTTP/1.1\r\nHost: x\r\nContent-Length: 60000000\r\n\r\n{"));
        // The next request is answered after the first one was begun.
        SpinWait.SpinUntil(() => budget.Taken > 0, TimeSpan.FromSeconds(10));
        Assert.That(budget.Taken, Is.InRange(1, 1024 * 1024));
        socket.Close();
        SpinWait.SpinUntil(() => budget.Taken == 0, TimeSpan.FromSeconds(10));
        Assert.That(budget.Taken, Is.Zero);
    }

    [Test]
    public async Task More_large_bodies_than_there_is_memory_for_are_sent_away_and_small_ones_are_not()
    {
        await using var host = await StartAsync(("PartnerApi:MaxRequestBytes", "1048576"), ("PartnerApi:MaxBufferedBytes", "1024"));
        var budget = host.Services.GetRequiredService<BodyBudget>();
        Assert.That(budget.TryTake(2 * 1024 * 1024 - (64 * 1024)));
        var large = Wire.Request(new JsonArray(new string('x', 500_000)));
        using var refused = await PostAsync(host, "get_disbursement_status", large);
        using var small = await PostAsync(host, "get_disbursement_status", Wire.Request(new JsonArray("x")));
        budget.GiveBack(2 * 1024 * 1024 - (64 * 1024));
        using var later = await PostAsync(host, "get_disbursement_status", large);
        Assert.That((refused.StatusCode, refused.Headers.RetryAfter?.Delta, small.StatusCode, later.StatusCode, budget.Taken), Is.EqualTo((HttpStatusCode.TooManyRequests, (TimeSpan?)TimeSpan.FromSeconds(1), HttpStatusCode.OK, HttpStatusCode.OK, 0L)));
    }

    [TestCase("get_disbursement_status")]
    [TestCase("create_disbursements")]
    [TestCase("cancel_disbursements")]
    [TestCase("create_disbursement_envelopes")]
    public async Task A_list_that_is_too_long_is_named(string path)
    {
        await using var host = await StartAsync(("PartnerApi:MaxItems", "3"));
        JsonNode Item() => path.StartsWith("get", StringComparison.Ordinal) ? JsonValue.Create("x") : path.EndsWith("envelopes", StringComparison.Ordinal) ? Wire.Envelope("E", 1, 1) : Wire.Line("E", "D", "B", 1);
        using var fits = await PostAsync(host, path, Wire.Request(new JsonArray(Item(), Item(), Item())));
        using var answer = await PostAsync(host, path, Wire.Request(new JsonArray(Item(), Item(), Item(), Item())));
        Assert.That((fits.StatusCode, answer.StatusCode), Is.EqualTo((HttpStatusCode.OK, HttpStatusCode.BadRequest)));
        Assert.That(await answer.Content.ReadAsStringAsync(), Does.Contain("request_payload: List should have at most 3 items"));
    }

    [TestCase("ping", "application/json", "default-src 'none'; frame-ancestors 'none'")]
    [TestCase("v1/envelopes", "application/json", "default-src 'none'; frame-ancestors 'none'")]
    [TestCase("v1/nothing", "application/problem+json", "default-src 'none'; frame-ancestors 'none'")]
    [TestCase("docs/index.html", "text/html", "script-src 'self'")]
    public async Task Every_answer_tells_a_browser_what_not_to_do(string path, string type, string policy)
    {
        using var answer = await Http.GetAsync(new Uri(TestHost.Address, path));
        string? Header(string name) => answer.Headers.TryGetValues(name, out var values) ? string.Join(", ", values) : null;
        Assert.Multiple(() =>
        {
            Assert.That(answer.Content.Headers.ContentType?.MediaType, Is.EqualTo(type));
            Assert.That((Header("X-Content-Type-Options"), Header("X-Frame-Options"), Header("Referrer-Policy"), Header("Cross-Origin-Resource-Policy")), Is.EqualTo(("nosniff", "DENY", "no-referrer", "same-origin")));
            Assert.That(Header("Content-Security-Policy"), Does.Contain(policy).And.Contain("frame-ancestors 'none'").And.Not.Contain("script-src 'self' 'unsafe"));
            Assert.That(path.StartsWith("docs", StringComparison.Ordinal) || answer.Headers.CacheControl is { NoStore: true }, "data is kept nowhere");
            Assert.That((Header("Server"), Header("X-Powered-By"), Header("Strict-Transport-Security")), Is.EqualTo(((string?)null, (string?)null, (string?)null)));
        });
    }

    [Test]
    public async Task Behind_tls_a_browser_is_told_to_stay_there()
    {
        await using var host = await StartAsync(("Edges:Proxies:0", "127.0.0.0/8"));
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(AddressOf(host), "ping"));
        request.Headers.Add("X-Forwarded-For", "198.51.100.1");
        request.Headers.Add("X-Forwarded-Proto", "https");
        using var answer = await Http.SendAsync(request);
        Assert.That(answer.Headers.GetValues("Strict-Transport-Security"), Is.EqualTo(new[] { "max-age=31536000; includeSubDomains" }));
    }

    [Test]
    public async Task The_documentations_page_needs_nothing_that_its_policy_forbids()
    {
        var html = await Http.GetStringAsync(new Uri(TestHost.Address, "docs/index.html"));
        Assert.That(System.Text.RegularExpressions.Regex.Count(html, "<script(?![^>]*src=)[^>]*>"), Is.Zero, "no script stands in the page itself");
        Assert.That(html, Does.Not.Match("\\son[a-z]+=\""), "no handlers");
    }

    [TestCase("create_disbursements", "errors")]
    [TestCase("v1/pauses", "code")]
    public async Task A_body_that_is_longer_than_it_may_be_is_answered_413_in_the_shape_of_the_api_asked(string path, string member)
    {
        await using var host = await StartAsync(("PartnerApi:MaxRequestBytes", "1048576"), ("Edges:MaxBodyBytes", "1048576"));
        using var answer = await PostAsync(host, path, Wire.Request(new JsonArray(new string('x', 2_000_000))));
        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.RequestEntityTooLarge));
        Assert.That(JsonNode.Parse(await answer.Content.ReadAsStringAsync())![member], Is.Not.Null);
    }

    [Test]
    public async Task A_request_that_takes_too_long_is_given_up_with_a_sentence()
    {
        await using var host = await StartAsync(("Edges:RequestTimeout", "00:00:01"));
        await using var holder = await TestHost.Source.OpenConnectionAsync();
        await using var hold = await holder.BeginTransactionAsync();
        await using (var wait = new Npgsql.NpgsqlCommand("lock table envelopes.envelope in access exclusive mode", holder))
        {
            await wait.ExecuteNonQueryAsync();
        }

        using var answer = await GetAsync(host, "v1/envelopes");
        Assert.That((answer.StatusCode, (string?)JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["code"]), Is.EqualTo((HttpStatusCode.ServiceUnavailable, "TIMED_OUT")));
    }

    [TestCase("GET", "v1/envelopes")]
    [TestCase("POST", "create_disbursement_envelopes")]
    public async Task A_fault_says_nothing_of_its_cause(string method, string path)
    {
        await using var host = await StartAsync();
        await ExecuteAsync("alter table envelopes.envelope rename to lost");
        try
        {
            using var answer = method == "GET" ? await GetAsync(host, path) : await PostAsync(host, path, Wire.Request(new JsonArray(Wire.Envelope("E", 1, 10))));
            Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.InternalServerError));
            Assert.That(await answer.Content.ReadAsStringAsync(), Does.Not.Contain("42P01").And.Not.Contain("relation").And.Not.Contain("envelopes.envelope").And.Not.Contain("Exception").And.Not.Contain("Npgsql").And.Not.Contain("   at "));
        }
        finally
        {
            await ExecuteAsync("alter table envelopes.lost rename to envelope");
        }
    }

    [TestCase("text/plain")]
    [TestCase("application/x-www-form-urlencoded")]
    [TestCase("multipart/form-data; boundary=x")]
    public async Task A_partner_whose_body_is_of_another_type_is_told_so_and_nothing_is_stored(string type)
    {
        var body = Wire.Request(new JsonArray(Wire.Envelope("E", 1, 10))).ToJsonString();
        using var content = new StringContent(body);
        content.Headers.ContentType = System.Net.Http.Headers.MediaTypeHeaderValue.Parse(type);
        using var answer = await Http.PostAsync(new Uri(TestHost.Address, "create_disbursement_envelopes"), content);
        Assert.That((answer.StatusCode, await answer.Content.ReadAsStringAsync()), Is.EqualTo((HttpStatusCode.BadRequest,
            "{\"errors\":[{\"code\":\"G2P-REQ-102\",\"message\":\"Invalid Input. Content-Type: the body is not announced as JSON; send it with the header Content-Type: application/json.\"}]}")));
        Assert.That(await ScalarAsync<long>("select count(*) from envelopes.envelope"), Is.Zero);
        using var untold = new ByteArrayContent(System.Text.Encoding.UTF8.GetBytes(body));
        using var taken = await Http.PostAsync(new Uri(TestHost.Address, "create_disbursement_envelopes"), untold);
        Assert.That(taken.StatusCode, Is.EqualTo(HttpStatusCode.OK), "a sender that names no type is believed");
        Assert.That(await ScalarAsync<long>("select count(*) from envelopes.envelope"), Is.EqualTo(1));
    }

    [TestCase("v1/pauses", null)]
    [TestCase("v1/pauses", "text/plain")]
    [TestCase("v1/declarations", "application/x-www-form-urlencoded")]
    public async Task A_body_of_another_type_is_refused_with_a_sentence_that_says_which(string path, string? type)
    {
        using var content = new ByteArrayContent("{}"u8.ToArray());
        content.Headers.ContentType = type is null ? null : new(type);
        using var answer = await Http.PostAsync(new Uri(TestHost.Address, path), content);
        var problem = await answer.Content.ReadFromJsonAsync<JsonObject>();
        Assert.That((answer.StatusCode, (string?)problem!["code"], (string?)problem["detail"]), Is.EqualTo(
            (HttpStatusCode.UnsupportedMediaType, "G2P-REQ-415", $"POST /{path} takes a body as application/json; send it with the header Content-Type: application/json.")));
    }

    [TestCase("v1/pauses", "{\"scope\":", "The body cannot be read at $")]
    [TestCase("v1/pauses", "{\"scope\":{\"a\":1}}", "The body cannot be read at $.scope")]
    [TestCase("v1/pauses", "", "The body is missing")]
    [TestCase("v1/pauses", "\"text\"", "The body cannot be read at $")]
    public async Task What_cannot_be_read_is_named_without_a_name_of_our_code(string path, string body, string said)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var answer = await Http.PostAsync(new Uri(TestHost.Address, path), content);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.BadRequest));
        Assert.That(text, Does.Contain(said).And.Not.Contain("G2PBridge").And.Not.Contain("parameter").And.Not.Contain("Body body"));
    }

    [Test]
    public async Task A_text_that_no_database_can_hold_is_refused_and_not_a_fault()
    {
        using var content = new StringContent("""{"scope":"ENVELOPE","value":"a\u0000b","reason":"a test"}""", Encoding.UTF8, "application/json");
        using var body = await Http.PostAsync(new Uri(TestHost.Address, "v1/pauses"), content);
        using var query = await Http.GetAsync(new Uri(TestHost.Address, "v1/envelopes?programme=%00"));
        Assert.That((body.StatusCode, query.StatusCode), Is.EqualTo((HttpStatusCode.BadRequest, HttpStatusCode.BadRequest)));
        Assert.That(await query.Content.ReadAsStringAsync(), Does.Contain("NUL"));
    }

    [TestCase("ffffffffffffffff\r\n{}")]
    [TestCase("zz\r\n{}")]
    public async Task A_body_that_breaks_http_is_malformed_and_not_a_fault(string chunks)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, TestHost.Address.Port);
        var stream = socket.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"POST /get_disbursement_status HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}"));
        Assert.That(await new StreamReader(stream).ReadLineAsync(), Is.EqualTo("HTTP/1.1 400 Bad Request"));
    }

    [TestCase("v1/envelopes?limit=many", "limit cannot be read from 'many'")]
    [TestCase("v1/envelopes?from=2026-13-45", "from cannot be read from '2026-13-45'")]
    public async Task A_parameter_that_cannot_be_read_is_named(string path, string said)
    {
        using var answer = await Http.GetAsync(new Uri(TestHost.Address, path));
        Assert.That(await answer.Content.ReadAsStringAsync(), Does.Contain(said).And.Not.Contain("Nullable"));
    }

    private static async Task<WebApplication> StartAsync(params (string, string)[] settings)
    {
        var host = TestHost.Build(TestHost.ConnectionString, services => services.AddSingleton<TimeProvider>(Clock), settings);
        await host.StartAsync();
        return host;
    }

    /// <summary>An answer in chunks to its end; what the server does with the connection afterwards is no part of it.</summary>
    private static async Task<string> ReadAnswerAsync(NetworkStream stream)
    {
        var (answer, part) = (new StringBuilder(), new byte[4096]);
        while (!answer.ToString().EndsWith("\r\n0\r\n\r\n", StringComparison.Ordinal) && await stream.ReadAsync(part) is var length and > 0)
        {
            answer.Append(Encoding.ASCII.GetString(part, 0, length));
        }

        return answer.ToString();
    }

    private static Uri AddressOf(WebApplication host) => new(host.Urls.First());

    private static async Task<HttpResponseMessage> GetAsync(WebApplication host, string path, string? key = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(AddressOf(host), path));
        if (key is not null)
        {
            request.Headers.Add(ApiKey.Header, key);
        }

        return await Http.SendAsync(request);
    }

    private static Task<HttpResponseMessage> PostAsync(WebApplication host, string path, JsonNode body) => Http.PostAsJsonAsync(new Uri(AddressOf(host), path), body);
}
