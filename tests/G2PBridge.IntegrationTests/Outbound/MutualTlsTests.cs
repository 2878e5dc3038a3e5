using System.Net;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using G2PBridge.Connectors;
using G2PBridge.Modules.Funds.Contracts;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace G2PBridge.IntegrationTests.Outbound;

/// <summary>TLS with a bank on a real server: who shows what, who takes what, and what is known of a payment when they do not agree.</summary>
internal sealed class MutualTlsTests : IntegrationTest
{
    private static readonly PaymentOrder Order = new("key-1", "SPONSOR0001", null, null, "USD", "BLOCK", new DateOnly(2026, 6, 19), "CASHX", "2026-06",
        [new Payment("R1", 20m, "D1", "B1", "Asha", "BANK_ACCOUNT", "ACC1", "EXAMPLE-BANK", "0001", null, null, null, null, "June", null)]);

    private readonly Certificates _ours = new("Authority of the ministry");
    private readonly Certificates _foreign = new("Authority of nobody");
    private DirectoryInfo _folder = null!;
    private string _authority = "";
    private string _client = "";
    private int _orders;

    [OneTimeSetUp]
    public void Prepare()
    {
        _folder = Directory.CreateTempSubdirectory("g2pbridge-tls");
        _authority = Write("authority.pem", _ours.Authority.ExportCertificatePem());
        _client = Write("client.p12", _ours.Issue("bridge").Export(X509ContentType.Pkcs12, "a password"));
    }

    [OneTimeTearDown]
    public void CleanUp()
    {
        _ours.Dispose();
        _foreign.Dispose();
        _folder.Delete(recursive: true);
    }

    [SetUp]
    public void Forget() => _orders = 0;

    [TestCase(SslProtocols.Tls12)]
    [TestCase(SslProtocols.Tls13)]
    public async Task Both_sides_show_certificates_that_the_other_takes(SslProtocols protocol)
    {
        await using var server = await StartBankAsync(_ours.Issue("bank"), protocol);
        var key = Write("client.key", Key(_ours.Issue("bridge as pem"), "another password", out var pem));
        foreach (var shown in new (string, string)[][]
        {
            [("Tls:ClientCertificate", _client), ("Tls:PasswordFile", Write("client.password", "a password\n"))],
            [("Tls:ClientCertificate", Write("client.pem", pem)), ("Tls:ClientKey", key), ("Tls:Password", "another password")],
        })
        {
            Assert.That(await PayAsync(server, [("Tls:Authorities", _authority), .. shown]), Is.TypeOf<PaymentAnswer.Accepted>());
        }

        Assert.That(_orders, Is.EqualTo(2));
    }

    [TestCase(SslProtocols.Tls12, true)]
    [TestCase(SslProtocols.Tls12, false)]
    [TestCase(SslProtocols.Tls13, true)]
    [TestCase(SslProtocols.Tls13, false)]
    public async Task A_bank_that_does_not_take_our_certificate_or_misses_it_gets_no_order_and_none_counts_as_refused(SslProtocols protocol, bool showsForeign)
    {
        await using var server = await StartBankAsync(_ours.Issue("bank"), protocol);
        var answer = await PayAsync(
            server, showsForeign ? [("Tls:Authorities", _authority), ("Tls:ClientCertificate", Write("foreign.p12", _foreign.Issue("somebody").Export(X509ContentType.Pkcs12)))] : [("Tls:Authorities", _authority)]);
        // A bank may look at our certificate when the order is already on its way to it.
        Assert.That(answer, Is.TypeOf<PaymentAnswer.NotKnown>().Or.TypeOf<PaymentAnswer.NotSent>());
        Assert.That(Why(answer), Does.Contain("TLS connection to bank EXAMPLE-BANK").And.Contain(showsForeign ? "it may not take our client certificate 'CN=somebody'" : "none is set"));
        Assert.That(_orders, Is.Zero);
    }

    [Test]
    public async Task A_bank_whose_certificate_has_expired_is_not_called()
    {
        await using var server = await StartBankAsync(_ours.Issue("bank", expired: true));
        Assert.That(Why(await PayUnsentAsync(server, ("Tls:Authorities", _authority), ("Tls:ClientCertificate", _client), ("Tls:Password", "a password"))),
            Does.StartWith("no TLS connection to bank EXAMPLE-BANK: its certificate is refused: it expired on "));
    }

    [Test]
    public async Task A_bank_whose_certificate_is_of_a_foreign_authority_or_of_none_is_not_called()
    {
        await using var server = await StartBankAsync(_foreign.Issue("bank"));
        foreach (var trusted in new (string, string)[][] { [("Tls:Authorities", _authority)], [] })
        {
            Assert.That(Why(await PayUnsentAsync(server, trusted)),
                Does.StartWith("no TLS connection to bank EXAMPLE-BANK: its certificate is refused: 'CN=bank' was not issued by an authority we trust (").And.Not.Contain("()"));
        }
    }

    [Test]
    public async Task A_bank_whose_certificate_is_made_out_to_another_is_not_called()
    {
        await using var server = await StartBankAsync(_ours.Issue("bank", host: "other.example"));
        Assert.That(Why(await PayUnsentAsync(server, ("Tls:Authorities", _authority))), Does.EndWith("'CN=bank' is not made out to the address we call"));
    }

    [Test]
    public async Task A_pinned_certificate_is_taken_whoever_issued_it_and_no_other()
    {
        using var certificate = _foreign.Issue("pinned");
        await using var server = await StartBankAsync(certificate, mode: ClientCertificateMode.NoCertificate);
        Assert.That(await PayAsync(server, ("Tls:Pinned:0", certificate.GetCertHashString(HashAlgorithmName.SHA256))), Is.TypeOf<PaymentAnswer.Accepted>());
        Assert.That(Why(await PayUnsentAsync(server, orders: 1, ("Tls:Pinned:0", new string('0', 64)))), Does.EndWith("'CN=pinned' is none of Tls:Pinned"));
    }

    [Test]
    public async Task The_mapper_is_called_with_a_certificate_too_and_a_refused_one_is_told()
    {
        await using var server = await StartBankAsync(_ours.Issue("mapper"));
        await using var host = TestHost.Build(
            TestHost.ConnectionString, _ => { }, ("Spar:Url", Address(server) + "/resolve"), ("Spar:RetryDelay", "00:00:00"),
            ("Spar:Tls:Authorities", _authority), ("Spar:Tls:ClientCertificate", _client), ("Spar:Tls:Password", "a password"));
        await host.Services.GetRequiredService<IMapperConnector>().ResolveAsync([new AddressQuestion("1", "B1")], CancellationToken.None);
        Assert.That(_orders, Is.EqualTo(1));

        await using var without = TestHost.Build(TestHost.ConnectionString, _ => { }, ("Spar:Url", Address(server) + "/resolve"), ("Spar:RetryDelay", "00:00:00"));
        var answer = await without.Services.GetRequiredService<IMapperConnector>().ResolveAsync([new AddressQuestion("1", "B1")], CancellationToken.None);
        Assert.That((answer as MapperAnswer.Failed)?.Why, Does.StartWith("no TLS connection to the mapper: its certificate is refused: 'CN=mapper' was not issued by an authority we trust"));
    }

    [TestCaseSource(nameof(Unusable))]
    public void A_certificate_that_cannot_be_used_stops_the_start_with_a_sentence_that_names_the_setting(string says, Func<MutualTlsTests, (string, string)[]> settings)
    {
        var refused = Assert.ThrowsAsync<OptionsValidationException>(async () =>
        {
            await using var host = TestHost.Build(TestHost.ConnectionString, _ => { }, [.. settings(this).Append(("BaseUrl", "https://127.0.0.1:9")).DistinctBy(setting => setting.Item1).Select(Prefixed)]);
            await host.StartAsync();
        });
        Assert.That(refused!.Message, Does.StartWith("SponsorBanks:Banks:EXAMPLE-BANK:Tls").And.Contain(says).And.Not.Contain("a password"));
    }

    private static IEnumerable<TestCaseData> Unusable()
    {
        yield return Case("there is no file '/nowhere/client.p12'", _ => [("Tls:ClientCertificate", "/nowhere/client.p12")]);
        yield return Case("its password is wrong", tests => [("Tls:ClientCertificate", tests._client), ("Tls:Password", "a password that is wrong")]);
        yield return Case("holds no private key", tests => [("Tls:ClientCertificate", tests.Write("bare.p12", X509CertificateLoader.LoadCertificate(tests._ours.Issue("x").RawData).Export(X509ContentType.Pkcs12)))]);
        yield return Case("it has no private key", tests => [("Tls:ClientCertificate", tests._authority)]);
        yield return Case("expired on ", tests => [("Tls:ClientCertificate", tests.Write("old.p12", tests._ours.Issue("x", expired: true).Export(X509ContentType.Pkcs12)))]);
        yield return Case("1024 bits", tests =>
        {
            using var key = RSA.Create(1024);
            return [("Tls:ClientCertificate", tests.Write("small.p12", tests._ours.Issue("x", key: key).Export(X509ContentType.Pkcs12)))];
        });
        yield return Case("can be forged", tests => [("Tls:ClientCertificate", tests.Write("sha1.p12", tests._ours.Issue("x", isForgeable: true).Export(X509ContentType.Pkcs12)))]);
        yield return Case("is no certificate in PEM or DER", tests => [("Tls:Authorities", tests.Write("none.pem", "nothing"))]);
        yield return Case("is no SHA-256 in hexadecimal", _ => [("Tls:Pinned:0", "abc")]);
        yield return Case("write https:", tests => [("Tls:Authorities", tests._authority), ("BaseUrl", "http://127.0.0.1:9")]);

        static TestCaseData Case(string says, Func<MutualTlsTests, (string, string)[]> settings) => new TestCaseData(says, settings).SetArgDisplayNames(says);
    }

    private static (string Key, string Value) Prefixed((string Key, string Value) setting) => ("SponsorBanks:Banks:EXAMPLE-BANK:" + setting.Key, setting.Value);

    private static string? Why(PaymentAnswer answer) => answer switch
    {
        PaymentAnswer.NotSent no => no.Why,
        PaymentAnswer.NotKnown no => no.Why,
        _ => null,
    };

    private static string Address(WebApplication server) => server.Urls.First();

    private static async Task<PaymentAnswer> PayAsync(WebApplication server, params (string Key, string Value)[] settings)
    {
        await using var host = TestHost.Build(TestHost.ConnectionString, _ => { }, [("SponsorBanks:Banks:EXAMPLE-BANK:BaseUrl", Address(server)), .. settings.Select(Prefixed)]);
        return await host.Services.GetRequiredService<IBankConnectors>().Find("EXAMPLE-BANK")!.InitiatePaymentsAsync(Order, CancellationToken.None);
    }

    private Task<PaymentAnswer> PayUnsentAsync(WebApplication server, params (string Key, string Value)[] settings) => PayUnsentAsync(server, 0, settings);

    private async Task<PaymentAnswer> PayUnsentAsync(WebApplication server, int orders, params (string Key, string Value)[] settings)
    {
        var answer = await PayAsync(server, settings);
        Assert.That(answer, Is.TypeOf<PaymentAnswer.NotSent>());
        Assert.That(_orders, Is.EqualTo(orders));
        return answer;
    }

    private async Task<WebApplication> StartBankAsync(X509Certificate2 certificate, SslProtocols protocol = SslProtocols.None, ClientCertificateMode mode = ClientCertificateMode.RequireCertificate)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(https =>
        {
            https.ServerCertificate = certificate;
            https.SslProtocols = protocol;
            https.ClientCertificateMode = mode;
            https.ClientCertificateValidation = (client, _, _) => client.Issuer == _ours.Authority.Subject;
        })));
        var server = builder.Build();
        server.MapPost("{path}", async (HttpContext http) =>
        {
            Interlocked.Increment(ref _orders);
            await http.Response.WriteAsJsonAsync(new { status = "success" });
        });
        await server.StartAsync();
        return server;
    }

    private static string Key(X509Certificate2 certificate, string password, out string pem)
    {
        using var rsa = certificate.GetRSAPrivateKey()!;
        pem = certificate.ExportCertificatePem();
        return rsa.ExportEncryptedPkcs8PrivateKeyPem(password, new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 1000));
    }

    private string Write(string name, string text) => Write(name, System.Text.Encoding.UTF8.GetBytes(text));

    private string Write(string name, byte[] bytes)
    {
        var path = Path.Combine(_folder.FullName, name);
        File.WriteAllBytes(path, bytes);
        return path;
    }
}
