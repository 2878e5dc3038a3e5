using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using G2PBridge.IntegrationTests.Outbound;
using G2PBridge.IntegrationTests.Reconciliation;
using G2PBridge.Platform.Identity;
using G2PBridge.Platform.Jobs;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace G2PBridge.IntegrationTests.Access;

/// <summary>Who hands a statement in: by a signature over it, by a key, or by a certificate, and of which bank. SPONSOR0001 is at EXAMPLE-BANK, SPONSOR0002 at OTHER-BANK.</summary>
internal sealed class StatementSenderTests : ReconciliationTest
{
    private static readonly string[] Ways = ["upload_mt940", "v1/statements"];

    private readonly Certificates _authority = new("Authority of the banks");
    private readonly Certificates _foreign = new("Authority of nobody");
    private readonly string _key = ApiKey.Create();
    private JoseSigner _signer = null!;
    private DirectoryInfo _folder = null!;
    private WebApplication _host = null!;
    private (string, string)[] _settings = [];

    [OneTimeSetUp]
    public async Task StartHost()
    {
        _signer = await JoseSigner.StartAsync();
        _folder = Directory.CreateTempSubdirectory("g2pbridge-senders");
        var authorities = Path.Combine(_folder.FullName, "authorities.pem");
        await File.WriteAllTextAsync(authorities, _authority.Authority.ExportCertificatePem());
        var rsa = (await _signer.GenerateAsync("RS256", "RS256")).Pem;
        var edwards = (await _signer.GenerateAsync("EdDSA", "EdDSA")).Pem;
        await _signer.GenerateAsync("foreign", "RS256");
        _settings =
        [
            ("OperatorAccess:Required", "true"),
            ("SponsorBanks:Banks:OTHER-BANK:Connector", "example-bank"), ("SponsorBanks:Banks:OTHER-BANK:BaseUrl", "http://127.0.0.1:9"),
            ("SponsorBanks:Accounts:0:ProgramId", "7"), ("SponsorBanks:Accounts:0:SponsorBankCode", "OTHER-BANK"), ("SponsorBanks:Accounts:0:AccountNumber", "SPONSOR0002"),
            ("OperatorAccess:StatementKeys:0:Bank", "EXAMPLE-BANK"), ("OperatorAccess:StatementKeys:0:PublicKey", rsa), ("OperatorAccess:StatementKeys:0:KeyId", "RS256"),
            ("OperatorAccess:StatementKeys:1:Bank", "OTHER-BANK"), ("OperatorAccess:StatementKeys:1:PublicKey", edwards), ("OperatorAccess:StatementKeys:1:KeyId", "EdDSA"),
            ("OperatorAccess:ApiKeys:0:Actor", "the other bank"), ("OperatorAccess:ApiKeys:0:Sha256", ApiKey.Hash(_key)), ("OperatorAccess:ApiKeys:0:Roles:0", "StatementSender"), ("OperatorAccess:ApiKeys:0:Banks:0", "OTHER-BANK"),
            ("OperatorAccess:Certificates:0:Actor", "the example bank"), ("OperatorAccess:Certificates:0:Subject", "CN=example bank"), ("OperatorAccess:Certificates:0:Authorities", authorities),
            ("OperatorAccess:Certificates:0:Roles:0", "StatementSender"), ("OperatorAccess:Certificates:0:Banks:0", "EXAMPLE-BANK"),
            ("OperatorAccess:ForwardedCertificate:Header", "X-Client-Certificate"), ("OperatorAccess:ForwardedCertificate:Gateways:0", "127.0.0.0/8"),
        ];
        _host = TestHost.Build(TestHost.ConnectionString, services => services.AddSingleton<TimeProvider>(Clock), _settings);
        await _host.StartAsync();
    }

    [OneTimeTearDown]
    public async Task StopHost()
    {
        await _host.DisposeAsync();
        await _signer.DisposeAsync();
        _authority.Dispose();
        _foreign.Dispose();
        _folder.Delete(recursive: true);
    }

    [TestCase("RS256", "SPONSOR0001")]
    [TestCase("EdDSA", "SPONSOR0002")]
    public async Task A_statement_that_its_bank_signed_is_taken_and_booked(string key, string account)
    {
        foreach (var (way, number) in Ways.Select((way, i) => (way, i)))
        {
            // Longer than one part of the store, so that what is signed is seen in pieces.
            var text = Statement(account, $"S{number}", entries: 12_000);
            using var answer = await SendAsync(way, text, signature: await SignAsync(key, text));
            Assert.That((int)answer.StatusCode, Is.EqualTo(way == "upload_mt940" ? 200 : 202), await answer.Content.ReadAsStringAsync());
        }

        Assert.That(await StatesAsync(), Is.EqualTo("Booked,Booked"));
    }

    [Test]
    public async Task A_statement_as_json_is_signed_in_its_canonical_form()
    {
        var body = new JsonObject { ["statement_file"] = new JsonObject { ["filename"] = "x", ["content"] = Statement("SPONSOR0001", "J"), ["content_type"] = "text/plain" } }.ToJsonString();
        var signature = await _signer.SignAsync("RS256", body, new JsonObject { ["alg"] = "RS256", ["kid"] = "RS256" });
        async Task<JsonNode> PostAsync(string sent)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(new Uri(_host.Urls.First()), "upload_mt940")) { Content = new StringContent(sent, Encoding.UTF8, "application/json") };
            request.Headers.Add("Signature", signature);
            using var response = await Http.SendAsync(request);
            return JsonNode.Parse(await response.Content.ReadAsStringAsync())!;
        }

        Assert.That((await PostAsync(body.Replace("ROW", "RAW", StringComparison.Ordinal).Replace("100000000,00", "100000001,00", StringComparison.Ordinal))).Code(), Is.EqualTo("rjct.jwt.invalid"));
        Assert.That((await PostAsync(body)).Succeeded());
        Assert.That(await StatesAsync(), Is.EqualTo("Booked"));
    }

    [Test]
    public async Task A_statement_that_is_not_what_was_signed_is_refused_and_nothing_is_stored()
    {
        var text = Statement("SPONSOR0001", "S", entries: 12_000);
        var good = await SignAsync("RS256", text);
        (string Name, string Text, string? Signature, HttpStatusCode Expected)[] attacks =
        [
            ("a changed byte at the end", text[..^1] + "7", good, HttpStatusCode.OK),
            ("a changed byte at the beginning", text.Replace(":20:S", ":20:T", StringComparison.Ordinal), good, HttpStatusCode.OK),
            ("cut short", text[..^100], good, HttpStatusCode.OK),
            ("something after it", text + "\n", good, HttpStatusCode.OK),
            ("a foreign key under a known name", text, await _signer.SignAsync("foreign", "", new JsonObject { ["alg"] = "RS256", ["kid"] = "RS256" }, canonical: text), HttpStatusCode.OK),
            ("the key of another algorithm", text, await _signer.SignAsync("EdDSA", "", new JsonObject { ["alg"] = "EdDSA", ["kid"] = "RS256" }, canonical: text), HttpStatusCode.Unauthorized),
            ("an unknown key", text, await _signer.SignAsync("foreign", "", new JsonObject { ["alg"] = "RS256", ["kid"] = "foreign" }, canonical: text), HttpStatusCode.Unauthorized),
            ("no kid", text, await _signer.SignAsync("RS256", "", new JsonObject { ["alg"] = "RS256" }, canonical: text), HttpStatusCode.Unauthorized),
            ("none", text, "eyJhbGciOiJub25lIiwia2lkIjoiUlMyNTYifQ..AA", HttpStatusCode.Unauthorized),
            ("no signature", text, null, HttpStatusCode.Unauthorized),
        ];
        foreach (var (name, sent, signature, expected) in attacks)
        {
            foreach (var way in Ways)
            {
                using var answer = await SendAsync(way, sent, signature: signature);
                Assert.That(answer.StatusCode, Is.EqualTo(expected == HttpStatusCode.OK && way != "upload_mt940" ? HttpStatusCode.UnprocessableEntity : expected), $"{name} {way}");
                Assert.That(await answer.Content.ReadAsStringAsync(), expected == HttpStatusCode.OK ? Does.Contain("rjct.jwt.invalid") : Does.Contain("UNAUTHENTICATED"), $"{name} {way}");
            }
        }

        Assert.That(await ScalarAsync<long>("select count(*) from reconciliation.statement_file"), Is.Zero);
        Assert.That(await ScalarAsync<long>("select count(*) from reconciliation.statement_file_part"), Is.Zero);
    }

    [Test]
    public async Task A_signature_opens_the_upload_alone()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(new Uri(_host.Urls.First()), "v1/statements"));
        request.Headers.Add("Signature", await SignAsync("RS256", ""));
        using var answer = await Http.SendAsync(request);
        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.Unauthorized));
    }

    [Test]
    public async Task A_sender_books_statements_of_its_own_bank_and_of_no_other()
    {
        foreach (var way in Ways)
        {
            foreach (var account in new[] { "SPONSOR0001", "SPONSOR0002" })
            {
                using var answer = await SendAsync(way, Statement(account, way[..2] + account), key: _key);
                Assert.That(answer.IsSuccessStatusCode, $"{way} {account}");
            }
        }

        Assert.That(await StatesAsync(), Is.EqualTo("Booked,Booked,UnknownAccount,UnknownAccount"));
        Assert.That(await ScalarAsync<long>("select count(*) from reconciliation.statement where account = 'SPONSOR0001' and state = 'Booked'"), Is.Zero);
    }

    [Test]
    public async Task A_file_that_a_sender_of_another_bank_handed_in_first_stands_in_nobodys_way()
    {
        var text = Statement("SPONSOR0001", "S");
        using (await SendAsync("upload_mt940", text, key: _key))
        {
        }

        using (await SendAsync("upload_mt940", text, signature: await SignAsync("RS256", text)))
        {
        }

        Assert.That(await StatesAsync(), Is.EqualTo("Booked,UnknownAccount"));
    }

    [Test]
    public async Task A_bank_proves_and_reports_nothing_about_payments_that_another_was_ordered_to_make()
    {
        Bank.Capabilities = Bank.Capabilities with { CanInquire = false };
        Bank.NextPayment(order =>
        {
            Bank.Take(order);
            return Task.FromResult<G2PBridge.Connectors.PaymentAnswer?>(new G2PBridge.Connectors.PaymentAnswer.NotKnown("time-out"));
        });
        var payments = await PayAsync(2);
        Assert.That(await StateAsync(payments[0]), Is.EqualTo(G2PBridge.Modules.Disbursement.Contracts.LineState.Unknown));
        using (await SendAsync("upload_mt940", new StatementText("SPONSOR0002").Debit(payments[0]).ToString(), key: _key))
        {
        }

        await TestHost.WorkAsync(Work.ReadStatements, _host.Services);
        await WorkAsync();
        Assert.That(await StateAsync(payments[0]), Is.EqualTo(G2PBridge.Modules.Disbursement.Contracts.LineState.Unknown));
        Assert.That(await ScalarAsync<string>("select cause from reconciliation.unmatched"), Is.EqualTo("AccountDiffers"));
    }

    [Test]
    public async Task A_certificate_that_a_gateway_hands_on_lets_its_bank_in()
    {
        using var own = _authority.Issue("example bank");
        var pem = own.ExportCertificatePem();
        foreach (var (form, i) in new[] { Uri.EscapeDataString(pem), Convert.ToBase64String(own.RawData), $"Hash=abc;Cert=\"{Uri.EscapeDataString(pem)}\";Subject=\"x\"" }.Select((form, i) => (form, i)))
        {
            using var answer = await SendAsync("upload_mt940", Statement("SPONSOR0001", $"C{i}"), forwarded: form);
            Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.OK), form);
        }

        Assert.That(await StatesAsync(), Is.EqualTo("Booked,Booked,Booked"));
        foreach (var refused in new[] { _foreign.Issue("example bank"), _authority.Issue("another bank"), _authority.Issue("example bank", expired: true) })
        {
            using var answer = await SendAsync("upload_mt940", Statement("SPONSOR0001", "X"), forwarded: Convert.ToBase64String(refused.RawData));
            Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.Unauthorized), refused.Subject);
        }

        using var nonsense = await SendAsync("upload_mt940", Statement("SPONSOR0001", "X"), forwarded: "%zz nonsense");
        Assert.That(nonsense.StatusCode, Is.EqualTo(HttpStatusCode.Unauthorized));
    }

    [TestCase("10.1.2.3", false, null, HttpStatusCode.Unauthorized)]
    [TestCase("10.1.2.3", true, "10.1.2.3", HttpStatusCode.Unauthorized, Description = "who only says that he comes from the gateway")]
    [TestCase("127.0.0.1", true, "203.0.113.9", HttpStatusCode.OK, Description = "the gateway itself, which also names the caller's address")]
    public async Task A_certificate_in_a_header_from_an_address_that_is_no_gateway_proves_nothing(string gateway, bool isProxy, string? forwardedFor, HttpStatusCode expected)
    {
        using var own = _authority.Issue("example bank");
        await using var host = TestHost.Build(
            TestHost.ConnectionString, services => services.AddSingleton<TimeProvider>(Clock),
            [
                .. _settings.Where(setting => !setting.Item1.Contains("Gateways", StringComparison.Ordinal)), ("OperatorAccess:ForwardedCertificate:Gateways:0", gateway),
                .. isProxy ? new[] { ("Edges:Proxies:0", "127.0.0.1") } : [],
            ]);
        await host.StartAsync();
        using var client = new HttpClient();
        client.DefaultRequestHeaders.TryAddWithoutValidation("X-Forwarded-For", forwardedFor);
        using var answer = await SendAsync("upload_mt940", Statement("SPONSOR0001", "X"), forwarded: Convert.ToBase64String(own.RawData), host: host, client: client);
        Assert.That(answer.StatusCode, Is.EqualTo(expected));
    }

    [Test]
    public async Task A_certificate_that_is_shown_in_TLS_lets_its_bank_in_and_another_does_not()
    {
        var server = Path.Combine(_folder.FullName, "server.p12");
        await File.WriteAllBytesAsync(server, _authority.Issue("bridge").Export(X509ContentType.Pkcs12, "x"));
        await using var host = TestHost.Build(
            TestHost.ConnectionString, services => services.AddSingleton<TimeProvider>(Clock),
            [.. _settings, ("Kestrel:Endpoints:Tls:Url", "https://127.0.0.1:0"), ("Kestrel:Endpoints:Tls:Certificate:Path", server), ("Kestrel:Endpoints:Tls:Certificate:Password", "x")]);
        await host.StartAsync();
        foreach (var (shown, expected) in new[] { (_authority.Issue("example bank"), HttpStatusCode.OK), (_foreign.Issue("example bank"), HttpStatusCode.Unauthorized), (null, HttpStatusCode.Unauthorized) })
        {
            using var handler = new HttpClientHandler { ServerCertificateCustomValidationCallback = (_, _, _, _) => true };
            if (shown is not null)
            {
                handler.ClientCertificates.Add(shown);
            }

            using var client = new HttpClient(handler);
            using var answer = await SendAsync("upload_mt940", Statement("SPONSOR0001", "T"), host: host, client: client);
            Assert.That(answer.StatusCode, Is.EqualTo(expected), shown?.Issuer);
        }

        Assert.That(await StatesAsync(), Is.EqualTo("Booked"));
    }

    [TestCase("OperatorAccess:StatementKeys:0:PublicKey", "nonsense", "OperatorAccess:StatementKeys:0:PublicKey: the key cannot be used")]
    [TestCase("OperatorAccess:StatementKeys:0:Bank", "", "OperatorAccess:StatementKeys:0:Bank")]
    [TestCase("OperatorAccess:Certificates:0:Subject", null, "give the certificate's Sha256 in hexadecimal, or its Subject")]
    [TestCase("OperatorAccess:Certificates:0:Authorities", "/nowhere.pem", "there is no file '/nowhere.pem'")]
    [TestCase("OperatorAccess:ForwardedCertificate:Gateways:0", "nowhere", "'nowhere' is neither an address nor a network")]
    [TestCase("OperatorAccess:ForwardedCertificate:Gateways:0", null, "list the addresses of the gateways")]
    public void A_wrong_setting_stops_the_start(string key, string? value, string says)
    {
        var settings = _settings.Where(setting => setting.Item1 != key).Concat(value is null ? [] : [(key, value)]);
        var refused = Assert.ThrowsAsync<OptionsValidationException>(async () =>
        {
            await using var host = TestHost.Build(TestHost.ConnectionString, _ => { }, [.. settings]);
            await host.StartAsync();
        });
        Assert.That(refused!.Message, Does.Contain(says));
    }

    private static string Statement(string account, string reference, int entries = 1)
    {
        var statement = new StatementText(account, reference: reference);
        for (var i = 0; i < entries; i++)
        {
            statement.Entry("C", "NONREF", 10, $"{reference}{i}", "a top-up that is nobody's payment");
        }

        return statement.ToString();
    }

    private Task<string> SignAsync(string key, string text) => _signer.SignAsync(key, "", new JsonObject { ["alg"] = key, ["kid"] = key }, canonical: text);

    private async Task<string> StatesAsync()
    {
        await TestHost.WorkAsync(Work.ReadStatements, _host.Services);
        return (await ScalarAsync<string>("select string_agg(state, ',' order by state) from reconciliation.statement"))!;
    }

    private async Task<HttpResponseMessage> SendAsync(string path, string text, string? signature = null, string? key = null, string? forwarded = null, WebApplication? host = null, HttpClient? client = null)
    {
        using var file = new ByteArrayContent(Encoding.UTF8.GetBytes(text));
        file.Headers.ContentType = MediaTypeHeaderValue.Parse("text/plain");
        using var form = new MultipartFormDataContent { { file, "statement_file", "statement.mt940" } };
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(new Uri((host ?? _host).Urls.First()), path)) { Content = path == "upload_mt940" ? form : file };
        foreach (var (name, value) in new[] { ("Signature", signature), (ApiKey.Header, key), ("X-Client-Certificate", forwarded) })
        {
            if (value is not null)
            {
                request.Headers.TryAddWithoutValidation(name, value);
            }
        }

        return await (client ?? Http).SendAsync(request);
    }
}
