using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace G2PBridge.Platform.Secrets;

/// <summary>Certificates from files, in PKCS#12 or PEM.</summary>
internal static class CertificateFile
{
    /// <summary>RSA keys below this are too weak (NIST SP 800-131A).</summary>
    public const int LeastRsaBits = 2048;

    /// <summary>Signature algorithms by which anyone could make a second certificate: MD5 and SHA-1, with RSA and ECDSA.</summary>
    private static readonly string[] BrokenSignatures = ["1.2.840.113549.1.1.4", "1.2.840.113549.1.1.5", "1.3.14.3.2.29", "1.2.840.10045.4.1"];

    /// <summary>A certificate with its private key: PKCS#12, or PEM with both in one file or the key in a second.</summary>
    /// <param name="password">Of the PKCS#12 file or the encrypted key; null: none.</param>
    /// <exception cref="FormatException">The message says why it cannot be used, and continues "the certificate cannot be used: ".</exception>
    public static X509Certificate2 LoadWithKey(string path, string? keyPath, string? password)
    {
        var bytes = SecretFile.Read(path);
        try
        {
            var certificate = IsPem(bytes) ? FromPem(bytes, keyPath is null ? bytes : SecretFile.Read(keyPath), password) : X509CertificateLoader.LoadPkcs12(bytes, password, X509KeyStorageFlags.Exportable);
            return certificate.HasPrivateKey ? certificate : throw new FormatException($"'{path}' holds no private key");
        }
        catch (CryptographicException exception)
        {
            throw new FormatException($"'{path}' is no PKCS#12 or PEM file with a certificate and its private key, or its password is wrong", exception);
        }
        catch (ArgumentException exception)
        {
            throw new FormatException($"the private key of '{path}' does not belong to its certificate", exception);
        }
    }

    /// <summary>The certificates of a PEM file, or the one of a DER file; no keys.</summary>
    /// <exception cref="FormatException">The message says why it cannot be used.</exception>
    public static X509Certificate2Collection LoadAll(string path)
    {
        var bytes = SecretFile.Read(path);
        try
        {
            var certificates = new X509Certificate2Collection();
            if (IsPem(bytes))
            {
                certificates.ImportFromPem(Encoding.UTF8.GetString(bytes));
            }
            else
            {
                certificates.Add(X509CertificateLoader.LoadCertificate(bytes));
            }

            return certificates.Count > 0 ? certificates : throw new FormatException($"'{path}' holds no certificate");
        }
        catch (CryptographicException exception)
        {
            throw new FormatException($"'{path}' is no certificate in PEM or DER", exception);
        }
    }

    /// <summary>Why a certificate must not be used at this time; null when it may.</summary>
    public static string? Problem(X509Certificate2 certificate, DateTimeOffset now) =>
        now < certificate.NotBefore.ToUniversalTime() ? $"it is not valid before {Day(certificate.NotBefore)}"
        : now >= certificate.NotAfter.ToUniversalTime() ? $"it expired on {Day(certificate.NotAfter)}; put a new one in its place"
        : WeakProblem(certificate);

    /// <summary>Why a certificate is too weak whatever the time; null when it is not. A root's own signature proves nothing and is not looked at.</summary>
    public static string? WeakProblem(X509Certificate2 certificate)
    {
        if (BrokenSignatures.Contains(certificate.SignatureAlgorithm.Value) && !certificate.SubjectName.RawData.AsSpan().SequenceEqual(certificate.IssuerName.RawData))
        {
            return $"it is signed with {certificate.SignatureAlgorithm.FriendlyName}, which can be forged; have it issued with SHA-256";
        }

        using var rsa = certificate.GetRSAPublicKey();
        return rsa is { KeySize: < LeastRsaBits } ? $"its RSA key has {rsa.KeySize} bits; at least {LeastRsaBits} are needed" : null;
    }

    private static bool IsPem(byte[] bytes) => bytes.AsSpan().IndexOf("-----BEGIN "u8) >= 0;

    private static X509Certificate2 FromPem(byte[] certificate, byte[] key, string? password)
    {
        var (certificatePem, keyPem) = (Encoding.UTF8.GetString(certificate), Encoding.UTF8.GetString(key));
        if (!keyPem.Contains("PRIVATE KEY-----", StringComparison.Ordinal))
        {
            throw new FormatException("it has no private key; give the file of the key as well");
        }

        using var paired = password is null ? X509Certificate2.CreateFromPem(certificatePem, keyPem) : X509Certificate2.CreateFromEncryptedPem(certificatePem, keyPem, password);
        // A key that lives in memory alone is not taken by every platform's TLS.
        return X509CertificateLoader.LoadPkcs12(paired.Export(X509ContentType.Pkcs12), null, X509KeyStorageFlags.Exportable);
    }

    private static string Day(DateTime time) => time.ToUniversalTime().ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture);
}
