using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace G2PBridge.IntegrationTests.Outbound;

/// <summary>An authority of the tests, and what it issues. TLS goes by the machine's clock, so these do too.</summary>
internal sealed class Certificates : IDisposable
{
    private readonly RSA _key = RSA.Create(2048);
    private readonly List<X509Certificate2> _issued = [];

    public Certificates(string name)
    {
        var request = new CertificateRequest($"CN={name}", _key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        Authority = request.CreateSelfSigned(Now.AddYears(-1), Now.AddYears(1));
    }

    public static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    public X509Certificate2 Authority { get; }

    /// <summary>A certificate with its private key, for 127.0.0.1 unless another name is given.</summary>
    public X509Certificate2 Issue(string name, bool expired = false, string? host = null, RSA? key = null, bool isForgeable = false)
    {
        var own = key is null ? RSA.Create(2048) : null;
        var request = new CertificateRequest($"CN={name}", key ?? own!, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var names = new SubjectAlternativeNameBuilder();
        if (host is null)
        {
            names.AddIpAddress(IPAddress.Loopback);
        }
        else
        {
            names.AddDnsName(host);
        }

        request.CertificateExtensions.Add(names.Build());
        using var issued = request.Create(
            Authority.SubjectName, isForgeable ? new WithSha1(_key) : X509SignatureGenerator.CreateForRSA(_key, RSASignaturePadding.Pkcs1), Now.AddDays(-30), expired ? Now.AddDays(-1) : Now.AddDays(30), Guid.CreateVersion7().ToByteArray());
        using var paired = issued.CopyWithPrivateKey(key ?? own!);
        var certificate = X509CertificateLoader.LoadPkcs12(paired.Export(X509ContentType.Pkcs12), null, X509KeyStorageFlags.Exportable);
        own?.Dispose();
        _issued.Add(certificate);
        return certificate;
    }

    public void Dispose()
    {
        _issued.ForEach(certificate => certificate.Dispose());
        Authority.Dispose();
        _key.Dispose();
    }

    /// <summary>The framework signs no certificate with SHA-1 any more.</summary>
    private sealed class WithSha1(RSA key) : X509SignatureGenerator
    {
        // sha1WithRSAEncryption (RFC 8017, appendix A.2.4).
        public override byte[] GetSignatureAlgorithmIdentifier(HashAlgorithmName hashAlgorithm) => Convert.FromHexString("300d06092a864886f70d0101050500");

        public override byte[] SignData(byte[] data, HashAlgorithmName hashAlgorithm) => key.SignData(data, HashAlgorithmName.SHA1, RSASignaturePadding.Pkcs1);

        protected override PublicKey BuildPublicKey() => CreateForRSA(key, RSASignaturePadding.Pkcs1).PublicKey;
    }
}
