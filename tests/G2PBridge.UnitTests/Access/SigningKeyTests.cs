using System.Buffers.Text;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using G2PBridge.Modules.Access.Domain;
using G2PBridge.Modules.Access.Signing;

namespace G2PBridge.UnitTests.Access;

/// <summary>Our own keys: every form they may come in, and what is told about one that cannot be used.</summary>
internal sealed class SigningKeyTests
{
    private static readonly DateTimeOffset Now = new(2026, 6, 19, 10, 15, 0, TimeSpan.Zero);
    private static readonly PbeParameters Encryption = new(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 1000);

    [Test]
    public void A_key_in_each_form_signs_what_its_public_half_verifies()
    {
        using var rsa = RSA.Create(2048);
        using var curve = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var rsaCertificate = Certificate(rsa, Now.AddDays(-1), Now.AddDays(1));
        using var curveCertificate = new CertificateRequest("CN=bridge", curve, HashAlgorithmName.SHA256).CreateSelfSigned(Now.AddDays(-1), Now.AddDays(1));
        // RFC 8410, section 10.3.
        const string Edwards = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n-----END PRIVATE KEY-----";
        (byte[] Bytes, string? Password, string? Algorithm, SignatureAlgorithm Expected)[] forms =
        [
            (rsaCertificate.Export(X509ContentType.Pkcs12, "secret"), "secret", null, SignatureAlgorithm.RS256),
            (rsaCertificate.Export(X509ContentType.Pkcs12, "secret"), "secret", "PS256", SignatureAlgorithm.PS256),
            (curveCertificate.Export(X509ContentType.Pkcs12), null, null, SignatureAlgorithm.ES256),
            (Text(rsa.ExportPkcs8PrivateKeyPem()), null, null, SignatureAlgorithm.RS256),
            (Text(rsa.ExportRSAPrivateKeyPem()), null, "PS256", SignatureAlgorithm.PS256),
            (Text(rsa.ExportEncryptedPkcs8PrivateKeyPem("secret", Encryption)), "secret", null, SignatureAlgorithm.RS256),
            (Text(rsaCertificate.ExportCertificatePem() + "\n" + rsa.ExportPkcs8PrivateKeyPem()), null, null, SignatureAlgorithm.RS256),
            (Text(curve.ExportPkcs8PrivateKeyPem()), null, null, SignatureAlgorithm.ES256),
            (Text(curve.ExportECPrivateKeyPem()), null, null, SignatureAlgorithm.ES256),
            (Text(curve.ExportEncryptedPkcs8PrivateKeyPem("secret", Encryption)), "secret", null, SignatureAlgorithm.ES256),
            (Text(Edwards), null, null, SignatureAlgorithm.EdDSA),
            // RFC 8037, appendix A.1.
            (Text("{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"d\":\"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}"), null, null, SignatureAlgorithm.EdDSA),
            (Text(Jwk(rsa)), null, null, SignatureAlgorithm.RS256),
        ];
        foreach (var (bytes, password, algorithm, expected) in forms)
        {
            var key = SigningKey.Read(bytes, password, null, algorithm, Now);
            var signature = DetachedSignature.Parse(key.Sign("{\"b\":1.50,\"a\":[true,\"ü\"]}"u8.ToArray()))!;
            Assert.That((key.Algorithm, signature.Algorithm, signature.KeyId), Is.EqualTo((expected, (SignatureAlgorithm?)expected, key.Id)));
            Assert.That(key.Verify("{ \"a\" : [ true , \"\\u00fc\" ], \"b\": 1.50 }"u8.ToArray(), signature), Is.True, expected.ToString());
            Assert.That(key.Verify("{\"a\":[true,\"ü\"],\"b\":1.5}"u8.ToArray(), signature), Is.False, "a number in other characters");
            Assert.That(key.PublicJwk.Select(member => member.Key), Has.None.AnyOf("d", "p", "q", "dp", "dq", "qi"));
        }
    }

    [Test]
    public void A_key_is_named_by_its_certificate_or_by_its_thumbprint()
    {
        using var rsa = RSA.Create(2048);
        using var certificate = Certificate(rsa, Now.AddDays(-1), Now.AddDays(1));
        var certified = SigningKey.Read(certificate.Export(X509ContentType.Pkcs12, "secret"), "secret", null, null, Now);
        Assert.That(certified.Id, Is.EqualTo(Base64Url.EncodeToString(SHA256.HashData(certificate.RawData))));
        // RFC 8037, appendix A.3.
        var edwards = SigningKey.Read(Text("{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"d\":\"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}"), null, null, null, Now);
        Assert.That(edwards.Id, Is.EqualTo("kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"));
    }

    [Test]
    public void A_key_that_cannot_be_used_is_refused_and_said_why()
    {
        using var rsa = RSA.Create(2048);
        using var other = RSA.Create(2048);
        using var small = RSA.Create(1024);
        using var wide = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        using var good = Certificate(rsa, Now.AddDays(-1), Now.AddDays(1));
        using var expired = Certificate(rsa, Now.AddDays(-9), Now.AddDays(-1));
        using var early = Certificate(rsa, Now.AddDays(1), Now.AddDays(9));
        (byte[] Bytes, string? Password, string Says)[] bad =
        [
            ([], null, "no private key"),
            ("nonsense"u8.ToArray(), null, "no private key in PKCS#12, PEM"),
            (good.Export(X509ContentType.Pkcs12, "secret"), "wrong", "password"),
            (good.Export(X509ContentType.Pkcs12, "secret"), null, "password"),
            (X509CertificateLoader.LoadCertificate(good.RawData).Export(X509ContentType.Pkcs12), null, "no private key"),
            (Text(good.ExportCertificatePem()), null, "no private key"),
            (Text(rsa.ExportSubjectPublicKeyInfoPem()), null, "no private key"),
            (Text(rsa.ExportEncryptedPkcs8PrivateKeyPem("secret", Encryption)), null, "encrypted"),
            (Text(rsa.ExportEncryptedPkcs8PrivateKeyPem("secret", Encryption)), "wrong", "password"),
            (Text(small.ExportPkcs8PrivateKeyPem()), null, "1024 bits"),
            (Text(wide.ExportPkcs8PrivateKeyPem()), null, "P-256"),
            (expired.Export(X509ContentType.Pkcs12), null, "expired on 2026-06-18"),
            (early.Export(X509ContentType.Pkcs12), null, "not valid before 2026-06-20"),
            (Text(good.ExportCertificatePem() + "\n" + other.ExportPkcs8PrivateKeyPem()), null, "does not belong"),
            (Text("{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}"), null, "no private key"),
            (Text("{\"kty\":\"oct\",\"k\":\"AAAA\",\"d\":\"x\"}"), null, "not of kind"),
        ];
        foreach (var (bytes, password, says) in bad)
        {
            Assert.That(() => SigningKey.Read(bytes, password, null, null, Now), Throws.TypeOf<FormatException>().With.Message.Contains(says), says);
        }
    }

    [Test]
    public void Text_without_a_canonical_form_is_not_signed()
    {
        using var rsa = RSA.Create(2048);
        var key = SigningKey.Read(Text(rsa.ExportPkcs8PrivateKeyPem()), null, null, null, Now);
        Assert.That(() => key.Sign("{\"a\":1,\"a\":2}"u8.ToArray()), Throws.ArgumentException);
    }

    private static X509Certificate2 Certificate(RSA rsa, DateTimeOffset from, DateTimeOffset to) =>
        new CertificateRequest("CN=bridge", rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1).CreateSelfSigned(from, to);

    private static byte[] Text(string text) => Encoding.UTF8.GetBytes(text);

    private static string Jwk(RSA rsa)
    {
        var numbers = rsa.ExportParameters(true);
        (string Name, byte[]? Value)[] members =
        [
            ("n", numbers.Modulus), ("e", numbers.Exponent), ("d", numbers.D), ("p", numbers.P), ("q", numbers.Q), ("dp", numbers.DP), ("dq", numbers.DQ), ("qi", numbers.InverseQ),
        ];
        return "{\"kty\":\"RSA\"," + string.Join(",", members.Select(member => $"\"{member.Name}\":\"{Base64Url.EncodeToString(member.Value)}\"")) + "}";
    }
}
