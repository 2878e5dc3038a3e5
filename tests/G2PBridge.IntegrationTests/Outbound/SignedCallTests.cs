using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using G2PBridge.Connectors;
using G2PBridge.IntegrationTests.Access;
using G2PBridge.Modules.Access.Signing;
using G2PBridge.Modules.Funds.Contracts;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace G2PBridge.IntegrationTests.Outbound;

/// <summary>What reaches a bank and a mapper over real HTTP, and its signature as an independent implementation sees it.</summary>
internal sealed class SignedCallTests : IntegrationTest
{
    private const string EdwardsKey = "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"d\":\"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}";

    private static readonly PaymentOrder Order = new("key-1", "SPONSOR0001", null, null, "USD", "BLOCK", new DateOnly(2026, 6, 19), "CASHX", "2026-06",
        [.. Enumerable.Range(0, 300).Select(i => new Payment($"R{i}", 1000.5000m + i, $"D{i}", $"B{i}", "Åsa „x“ \\ 😀", "BANK_ACCOUNT", "ACC1", "EXAMPLE-BANK", "0001", null, null, null, null, "Juni / é", null))]);

    private readonly ConcurrentQueue<(string Path, string Body, string? Signature)> _received = new();
    private readonly RSA _rsa = RSA.Create(2048);
    private readonly ECDsa _curve = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private JoseSigner _jose = null!;
    private WebApplication _party = null!;

    [OneTimeSetUp]
    public async Task StartParty()
    {
        _jose = await JoseSigner.StartAsync();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _party = builder.Build();
        _party.MapPost("{path}", async (string path, HttpContext http) =>
        {
            using var reader = new StreamReader(http.Request.Body, Encoding.UTF8);
            _received.Enqueue((path, await reader.ReadToEndAsync(), http.Request.Headers["Signature"].SingleOrDefault()));
            await http.Response.WriteAsJsonAsync(new { status = "success" });
        });
        await _party.StartAsync();
    }

    [OneTimeTearDown]
    public async Task StopParty()
    {
        await _party.DisposeAsync();
        await _jose.DisposeAsync();
        _rsa.Dispose();
        _curve.Dispose();
    }

    [SetUp]
    public void Forget() => _received.Clear();

    [TestCase("ES256")]
    [TestCase("EdDSA")]
    [TestCase("PS256")]
    [TestCase("RS256")]
    public async Task Every_call_to_a_bank_and_to_the_mapper_is_signed_over_what_is_sent(string algorithm)
    {
        await using var host = Build(("SponsorBanks:Banks:EXAMPLE-BANK:Sign", "true"), ("SponsorBanks:Banks:EXAMPLE-BANK:SignAlgorithm", algorithm), ("Spar:Sign", "true"), ("Spar:SignAlgorithm", algorithm));
        await CallAsync(host);

        var published = new JsonObject { ["keys"] = new JsonArray([.. host.Services.GetRequiredService<BridgeSigner>().Published.Select(key => key.PublicJwk.DeepClone())]) };
        Assert.That(_received.Select(call => call.Path), Is.EquivalentTo(new[] { "check_funds", "block_funds", "initiate_payment", "inquire_payments", "release_block", "resolve" }));
        foreach (var (path, body, signature) in _received)
        {
            Assert.That(await _jose.VerifyAsync(signature!, body, published), Is.EqualTo((true, (string?)algorithm, (string?)Id(algorithm))), path);
            var other = body.Replace("R17", "R71", StringComparison.Ordinal).Replace("B17", "B71", StringComparison.Ordinal).Replace("1000.5", "1000.6", StringComparison.Ordinal).Replace("BLOCK", "BLICK", StringComparison.Ordinal);
            Assert.That(other, Is.Not.EqualTo(body), path);
            Assert.That((await _jose.VerifyAsync(signature!, other, published)).IsValid, Is.False, path);
        }
    }

    [Test]
    public async Task Without_the_setting_nothing_is_signed()
    {
        await using var host = Build();
        await CallAsync(host);
        Assert.That(_received.Select(call => call.Signature), Is.All.Null);
        Assert.That(_received, Has.Count.EqualTo(6));
    }

    [Test]
    public async Task A_mapper_of_the_first_generation_gets_a_signature_too()
    {
        await using var host = Build(("Spar:Sign", "true"), ("Spar:Generation", "1.0"));
        await host.Services.GetRequiredService<IMapperConnector>().ResolveAsync([new AddressQuestion("101", "B17")], CancellationToken.None);
        var published = new JsonObject { ["keys"] = new JsonArray([.. host.Services.GetRequiredService<BridgeSigner>().Published.Select(key => key.PublicJwk.DeepClone())]) };
        var (_, body, signature) = _received.Single();
        Assert.That((await _jose.VerifyAsync(signature!, body, published)).IsValid, Is.True);
    }

    [Test]
    public async Task A_large_order_is_signed_where_it_lies()
    {
        var body = new byte[30 << 20];
        Array.Fill(body, (byte)'x');
        "{\"a\":\""u8.CopyTo(body);
        "\"}"u8.CopyTo(body.AsSpan(body.Length - 2));
        await using var host = Build();
        var signer = host.Services.GetRequiredService<BridgeSigner>();
        foreach (var algorithm in new[] { "RS256", "EdDSA" })
        {
            signer.Sign("{}"u8.ToArray(), algorithm);
            var before = GC.GetAllocatedBytesForCurrentThread();
            signer.Sign(body, algorithm);
            Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(1 << 20), algorithm);
        }
    }

    [Test]
    public void A_party_whose_calls_shall_be_signed_without_a_key_stops_the_start()
    {
        var refused = Assert.ThrowsAsync<OptionsValidationException>(async () =>
        {
            await using var host = TestHost.Build(TestHost.ConnectionString, _ => { }, ("SponsorBanks:Banks:EXAMPLE-BANK:Sign", "true"));
            await host.StartAsync();
        });
        Assert.That(refused!.Message, Is.EqualTo("SponsorBanks:Banks:EXAMPLE-BANK:Sign: no key of Signing:Keys signs now; add one, or set it to false."));
    }

    private static async Task CallAsync(WebApplication host)
    {
        var bank = host.Services.GetRequiredService<IBankConnectors>().Find("EXAMPLE-BANK")!;
        await bank.CheckFundsAsync(new FundsRequest("SPONSOR0001", "USD", 1000.5000m, "k1"), CancellationToken.None);
        await bank.BlockFundsAsync(new FundsRequest("SPONSOR0001", "USD", 1000.5000m, "k2"), CancellationToken.None);
        await bank.InitiatePaymentsAsync(Order, CancellationToken.None);
        await bank.InquireAsync(["R17"], CancellationToken.None);
        await bank.ReleaseBlockAsync("BLOCK", CancellationToken.None);
        await host.Services.GetRequiredService<IMapperConnector>().ResolveAsync([new AddressQuestion("101", "B17")], CancellationToken.None);
    }

    private static string Id(string algorithm) => "key-" + algorithm;

    private WebApplication Build(params (string Key, string Value)[] settings) => TestHost.Build(
        TestHost.ConnectionString, _ => { },
        [
            ("SponsorBanks:Banks:EXAMPLE-BANK:BaseUrl", _party.Urls.First()), ("SponsorBanks:Banks:EXAMPLE-BANK:ReadTries", "1"), ("Spar:Url", _party.Urls.First() + "/resolve"), ("Spar:RetryDelay", "00:00:00"),
            ("Signing:Keys:0:Key", _rsa.ExportPkcs8PrivateKeyPem()), ("Signing:Keys:0:KeyId", Id("RS256")),
            ("Signing:Keys:1:Key", _rsa.ExportPkcs8PrivateKeyPem()), ("Signing:Keys:1:KeyId", Id("PS256")), ("Signing:Keys:1:Algorithm", "PS256"),
            ("Signing:Keys:2:Key", _curve.ExportPkcs8PrivateKeyPem()), ("Signing:Keys:2:KeyId", Id("ES256")),
            ("Signing:Keys:3:Key", EdwardsKey), ("Signing:Keys:3:KeyId", Id("EdDSA")),
            .. settings,
        ]);
}
