using System.Net;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using G2PBridge.Commands;
using G2PBridge.IntegrationTests.Reconciliation;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace G2PBridge.IntegrationTests.Audit;

/// <summary>What is said of an envelope when all is done, and that nobody can say something else in its name.</summary>
internal sealed class CertificateTests : ReconciliationTest
{
    private const string Hostile = "<script>alert(1)</script> \u202EDEGREME\u2066 é";

    private WebApplication _host = null!;
    private Uri _address = null!;

    [SetUp]
    public async Task StartWithAKeyAsync()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        _host = TestHost.Build(TestHost.ConnectionString, services => services.AddSingleton<TimeProvider>(Clock), ("Signing:Keys:0:Key", key.ExportPkcs8PrivateKeyPem()), ("Signing:Keys:0:KeyId", "of-2026"));
        await _host.StartAsync();
        _address = new Uri(_host.Urls.First());
    }

    [TearDown]
    public async Task StopAsync() => await _host.DisposeAsync();

    [Test]
    public async Task There_is_none_while_a_line_is_open_and_the_answer_says_which()
    {
        await PayAsync(3);
        using var answer = await Http.GetAsync(new Uri(_address, "v1/envelopes/E/certificate"));
        var problem = JsonNode.Parse(await answer.Content.ReadAsStringAsync())!;
        Assert.Multiple(() =>
        {
            Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.Conflict));
            Assert.That((string)problem["code"]!, Is.EqualTo("ENVELOPE_NOT_CLOSED"));
            Assert.That((string)problem["detail"]!, Does.Contain("AWAITING_STATEMENT").And.Contain("3 sent and not yet on a statement"));
        });
        using var nobody = await Http.GetAsync(new Uri(_address, "v1/envelopes/X/certificate"));
        Assert.That(nobody.StatusCode, Is.EqualTo(HttpStatusCode.NotFound));
        using var keyless = await Http.GetAsync(new Uri(TestHost.Address, "v1/envelopes/E/certificate"));
        Assert.That(await keyless.Content.ReadAsStringAsync(), Does.Contain("SIGNING_KEY_MISSING"));
    }

    [Test]
    public async Task It_has_every_sum_the_statements_and_the_audit_block()
    {
        var certificate = (await CertifyAsync())["certificate"]!;
        Assert.Multiple(() =>
        {
            Assert.That((string)certificate["format"]!, Is.EqualTo("g2p-bridge-closure-certificate-1"));
            Assert.That(Part(certificate["approved"]), Is.EqualTo((3, 3000m)));
            Assert.That(Part(certificate["sent"]), Is.EqualTo((3, 3000m)));
            Assert.That(Part(certificate["paid"]), Is.EqualTo((2, 2000m)));
            Assert.That(Part(certificate["returned"]), Is.EqualTo((1, 1000m)));
            Assert.That(Part(certificate["unclaimed"]), Is.EqualTo((0, 0m)));
            Assert.That(Part(certificate["control_sums"]!["accounted_for"]), Is.EqualTo((3, 3000m)));
            Assert.That((decimal)certificate["control_sums"]!["paid_by_statements"]!, Is.EqualTo(3000m));
            Assert.That((decimal)certificate["control_sums"]!["returned_by_statements"]!, Is.EqualTo(1000m));
            Assert.That(certificate["statements"]!.AsArray(), Has.Count.EqualTo(1));
            Assert.That(Part(certificate["statements"]![0]!["returned"]), Is.EqualTo((1, 1000m)));
        });
        Assert.That((string)certificate["audit_block"]!["hash"]!, Is.EqualTo(await ScalarAsync<string>($"select encode(hash, 'hex') from audit.block where number = {certificate["audit_block"]!["number"]}")));
    }

    [Test]
    public async Task It_is_checked_without_the_bridge_and_a_changed_digit_is_found()
    {
        var signed = await CertifyAsync();
        var keys = await Http.GetStringAsync(new Uri(_address, ".well-known/jwks.json"));
        Assert.That(await CheckAsync(signed.ToJsonString(), keys), Is.EqualTo((0, "Genuine")));
        signed["certificate"]!["paid"]!["amount"] = 3000m;
        Assert.That(await CheckAsync(signed.ToJsonString(), keys), Is.EqualTo((1, "NOT GENUINE")));
        signed["certificate"]!["paid"]!["amount"] = 2000m;
        Assert.That(await CheckAsync(signed.ToJsonString(), """{"keys":[]}"""), Is.EqualTo((1, "NOT GENUINE")));
        Assert.That(await CheckAsync("{", keys), Is.EqualTo((1, "NOT GENUINE")));
    }

    [Test]
    public async Task The_page_stands_alone_and_shows_foreign_text_as_it_is_written()
    {
        await CertifyAsync(Hostile);
        using var answer = await Http.GetAsync(new Uri(_address, "v1/envelopes/E/certificate.html"));
        var page = await answer.Content.ReadAsStringAsync();
        Assert.Multiple(() =>
        {
            Assert.That(answer.Content.Headers.ContentType!.MediaType, Is.EqualTo("text/html"));
            // Code unit by code unit: to a culture, what turns the direction of writing is nothing.
            Assert.That(new[] { "<script", "\u202E", "\u2066", "http://", "https://", "src=", "url(" }.Where(text => page.Contains(text, StringComparison.Ordinal)), Is.Empty);
            Assert.That(page, Does.Contain("&lt;script&gt;").And.Contain("[U+202E]").And.Contain("[U+2066]"));
            Assert.That(page, Does.Contain("3,000.00").And.Contain("Audit block").And.Contain("of-2026"));
        });
        if (Environment.GetEnvironmentVariable("G2PBRIDGE_KEEP_PAGE") is { Length: > 0 } file)
        {
            await File.WriteAllTextAsync(file, page);
        }
    }

    /// <summary>Three lines, debited on one statement, of which one comes back.</summary>
    private async Task<JsonNode> CertifyAsync(string? cycle = null)
    {
        await Journey.ReceiveAsync(Envelope, 3, 1000m, envelope => envelope["cycle_code_mnemonic"] = cycle ?? (string?)envelope["cycle_code_mnemonic"]);
        await WorkAsync();
        var payments = Bank.Orders.SelectMany(order => order.Payments).OrderBy(payment => payment.Reference, StringComparer.Ordinal).ToList();
        await ImportAsync(payments.Aggregate(new StatementText(), (statement, payment) => statement.Debit(payment)).Return(payments[1], "AC04"));
        await WorkAsync();
        using var answer = await Http.GetAsync(new Uri(_address, "v1/envelopes/E/certificate"));
        var body = await answer.Content.ReadAsStringAsync();
        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.OK), body + string.Join('\n', TestLog.Lines));
        return JsonNode.Parse(body)!;
    }

    private static (int, decimal) Part(JsonNode? part) => ((int)part!["lines"]!, (decimal)part["amount"]!);

    private static async Task<(int Code, string Verdict)> CheckAsync(string certificate, string keys)
    {
        var folder = Directory.CreateTempSubdirectory("certificate");
        try
        {
            var (file, jwks) = (Path.Combine(folder.FullName, "certificate.json"), Path.Combine(folder.FullName, "jwks.json"));
            await File.WriteAllTextAsync(file, certificate);
            await File.WriteAllTextAsync(jwks, keys);
            await using var output = new StringWriter();
            return (await VerifyCommand.CheckCertificateAsync(file, jwks, output, CancellationToken.None), output.ToString().Split(':')[0]);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
