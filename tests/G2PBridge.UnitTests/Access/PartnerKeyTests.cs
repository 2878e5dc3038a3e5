using System.Buffers.Text;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using G2PBridge.Modules.Access.Domain;

namespace G2PBridge.UnitTests.Access;

internal sealed class PartnerKeyTests
{
    [Test]
    public void A_certificate_is_named_by_its_hash_and_is_for_RS256()
    {
        using var rsa = RSA.Create(2048);
        using var certificate = new CertificateRequest("CN=pbms", rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1).CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(1));
        var key = PartnerKey.FromPem(certificate.ExportCertificatePem(), null, null);
        Assert.That((key.Id, key.Algorithm), Is.EqualTo((Base64Url.EncodeToString(SHA256.HashData(certificate.RawData)), SignatureAlgorithm.RS256)));
    }

    [TestCase("RS384")]
    [TestCase("HS256")]
    [TestCase("none")]
    [TestCase("ES256")]
    public void A_key_is_not_bound_to_an_algorithm_that_does_not_fit(string algorithm)
    {
        using var rsa = RSA.Create(2048);
        Assert.That(() => PartnerKey.FromPem(rsa.ExportSubjectPublicKeyInfoPem(), null, algorithm), Throws.TypeOf<FormatException>().With.Message.Contains(algorithm));
    }

    [Test]
    public void A_short_key_is_refused()
    {
        using var rsa = RSA.Create(1024);
        Assert.That(() => PartnerKey.FromPem(rsa.ExportSubjectPublicKeyInfoPem(), null, null), Throws.TypeOf<FormatException>().With.Message.Contains("1024 bits"));
    }

    [Test]
    public void Another_curve_is_refused()
    {
        using var curve = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        Assert.That(() => PartnerKey.FromPem(curve.ExportSubjectPublicKeyInfoPem(), null, null), Throws.TypeOf<FormatException>().With.Message.Contains("P-256"));
    }

    [Test]
    public void A_private_key_is_no_key_of_a_partner()
    {
        using var rsa = RSA.Create(2048);
        Assert.That(() => PartnerKey.FromPem(rsa.ExportPkcs8PrivateKeyPem(), null, null), Throws.TypeOf<FormatException>());
    }

    [TestCase("")]
    [TestCase("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----")]
    [TestCase("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----")]
    public void What_is_no_key_is_told_so(string pem) => Assert.That(() => PartnerKey.FromPem(pem, null, null), Throws.TypeOf<FormatException>());

    [TestCase("{}")]
    [TestCase("[]")]
    [TestCase("{\"kty\":\"oct\",\"k\":\"AAAA\"}")]
    [TestCase("{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}")]
    [TestCase("{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AQAB\",\"y\":\"AQAB\"}")]
    [TestCase("{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AQAB\"}")]
    [TestCase("{\"kty\":\"OKP\",\"crv\":\"X25519\",\"x\":\"AQAB\"}")]
    public void What_is_no_usable_web_key_is_told_so(string jwk)
    {
        using var document = JsonDocument.Parse(jwk);
        Assert.That(() => PartnerKey.FromJwk(document.RootElement), Throws.TypeOf<FormatException>());
    }

    [TestCase("pbms", "PARTNER_PBMS")]
    [TestCase("my-pbms-2", "PARTNER_MY_PBMS_2")]
    [TestCase("", "PARTNER_UNKNOWN")]
    [TestCase("../etc", "PARTNER_UNKNOWN")]
    [TestCase("x\n", "PARTNER_UNKNOWN")]
    [TestCase("ı", "PARTNER_UNKNOWN")]
    public void A_sender_has_one_name(string sender, string name) => Assert.That(PartnerNames.Of(sender), Is.EqualTo(name));
}
