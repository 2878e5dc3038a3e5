using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using G2PBridge.Modules.Access.Contracts;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace G2PBridge.IntegrationTests.Access;

/// <summary>What the bridge signs in its own name, checked by an independent implementation with the keys it publishes.</summary>
internal sealed class BridgeSignatureTests : IntegrationTest
{
    private const string Body = "{\"zeta\":[1,2.5,{\"b\":null,\"a\":\"„Juni“ / \\\"x\\\" \\\\ \\t €\"}],\"alpha\":true}";

    private readonly RSA _rsa = RSA.Create(2048);
    private readonly ECDsa _curve = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private JoseSigner _jose = null!;
    private DirectoryInfo _folder = null!;

    [OneTimeSetUp]
    public async Task Prepare()
    {
        _jose = await JoseSigner.StartAsync();
        _folder = Directory.CreateTempSubdirectory("g2pbridge-signing");
    }

    [OneTimeTearDown]
    public async Task CleanUp()
    {
        await _jose.DisposeAsync();
        _folder.Delete(recursive: true);
        _rsa.Dispose();
        _curve.Dispose();
    }

    [Test]
    public async Task What_the_bridge_signs_with_each_algorithm_is_valid_for_an_independent_implementation_with_the_published_keys()
    {
        await using var host = await StartAsync(
            ("Signing:Keys:0:Key", _rsa.ExportPkcs8PrivateKeyPem()), ("Signing:Keys:0:KeyId", "rs"),
            ("Signing:Keys:1:File", await WriteAsync("ps.pem", _rsa.ExportEncryptedPkcs8PrivateKeyPem("a password", new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 1000)))),
            ("Signing:Keys:1:PasswordFile", await WriteAsync("ps.password", "a password\n")), ("Signing:Keys:1:Algorithm", "PS256"),
            ("Signing:Keys:1:KeyId", "ps"),
            ("Signing:Keys:2:Key", _curve.ExportECPrivateKeyPem()),
            ("Signing:Keys:3:Key", "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"ed\",\"d\":\"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}"));
        var signer = host.Services.GetRequiredService<IBridgeSigner>();
        var published = await KeysAsync(host);
        Assert.That(published.ToJsonString(), Does.Not.Contain("\"d\"").And.Not.Contain("\"p\""));
        foreach (var algorithm in new[] { "RS256", "PS256", "ES256", "EdDSA" })
        {
            var signature = signer.Sign(Encoding.UTF8.GetBytes(Body), algorithm)!;
            Assert.That(await _jose.VerifyAsync(signature.Value, Body, published), Is.EqualTo((true, (string?)algorithm, (string?)signature.KeyId)), algorithm);
            Assert.That((await _jose.VerifyAsync(signature.Value, Body.Replace("2.5", "2.6", StringComparison.Ordinal), published)).IsValid, Is.False, algorithm);
            Assert.That(signer.IsOurs(Encoding.UTF8.GetBytes(Body), signature.Value), Is.True, algorithm);
        }

        Assert.That(signer.Sign("{}"u8.ToArray())!.KeyId, Is.EqualTo("rs"), "the first of those whose turn it is");
    }

    [Test]
    public async Task A_new_key_is_published_before_it_signs_and_the_old_one_is_published_after_it_has_signed()
    {
        await using var host = await StartAsync(
            ("Signing:Keys:0:Key", _rsa.ExportPkcs8PrivateKeyPem()), ("Signing:Keys:0:KeyId", "old"),
            ("Signing:Keys:1:Key", _curve.ExportPkcs8PrivateKeyPem()), ("Signing:Keys:1:KeyId", "new"), ("Signing:Keys:1:SignFrom", "2026-06-20T00:00:00Z"));
        var signer = host.Services.GetRequiredService<IBridgeSigner>();
        var before = signer.Sign("{}"u8.ToArray())!;
        Assert.That((before.KeyId, signer.CanSign("ES256"), (await KeysAsync(host))["keys"]!.AsArray().Count), Is.EqualTo(("old", false, 2)));
        Clock.Advance(TimeSpan.FromDays(1));
        Assert.That((signer.Sign("{}"u8.ToArray())!.KeyId, signer.IsOurs("{}"u8.ToArray(), before.Value)), Is.EqualTo(("new", true)));
        Assert.That((await _jose.VerifyAsync(before.Value, "{}", await KeysAsync(host))).IsValid, Is.True);
    }

    [Test]
    public async Task Without_a_key_nothing_is_signed_and_none_is_published()
    {
        var signer = TestHost.Services.GetRequiredService<IBridgeSigner>();
        Assert.That((signer.CanSign(), signer.Sign("{}"u8.ToArray())), Is.EqualTo((false, (BridgeSignature?)null)));
        Assert.That((await GetAsync(".well-known/jwks.json"))!.ToJsonString(), Is.EqualTo("{\"keys\":[]}"));
    }

    [TestCase("Signing:Keys:0:File", "/nowhere/key.p12", "Signing:Keys:0: the key cannot be used: there is no file '/nowhere/key.p12'.")]
    [TestCase("Signing:Keys:0:Key", "secret nonsense", "Signing:Keys:0: the key cannot be used: it is no private key in PKCS#12, PEM or as JSON Web Key, or its password is missing or wrong.")]
    [TestCase("Signing:Keys:0:KeyId", "x", "Signing:Keys:0: give either File or Key.")]
    public void A_signing_key_that_cannot_be_used_stops_the_start_and_is_not_shown(string setting, string value, string says)
    {
        var refused = Assert.ThrowsAsync<OptionsValidationException>(() => StartAsync((setting, value)));
        Assert.That(refused!.Message, Is.EqualTo(says));
    }

    private static async Task<WebApplication> StartAsync(params (string Key, string Value)[] settings)
    {
        var host = TestHost.Build(TestHost.ConnectionString, services => services.AddSingleton<TimeProvider>(Clock), settings);
        try
        {
            await host.StartAsync();
            return host;
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
    }

    private static async Task<JsonNode> KeysAsync(WebApplication host) => (await Http.GetFromJsonAsync<JsonNode>(new Uri(new Uri(host.Urls.First()), ".well-known/jwks.json")))!;

    private async Task<string> WriteAsync(string name, string text)
    {
        var path = Path.Combine(_folder.FullName, name);
        await File.WriteAllTextAsync(path, text);
        return path;
    }
}
