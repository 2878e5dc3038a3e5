using System.Buffers.Text;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using G2PBridge.Platform.Secrets;

namespace G2PBridge.Modules.Access.Domain;

/// <summary>A public key that a partner has registered, bound to the one algorithm that it may be used with.</summary>
internal sealed class PartnerKey
{
    private const int LeastRsaBits = 2048;
    private const string NoKey = "it is neither a certificate nor a public key in PEM";

    private readonly RSAParameters _rsa;
    private readonly ECParameters _curve;
    private readonly byte[] _edwards = [];

    private PartnerKey(string? id, RSAParameters rsa, SignatureAlgorithm algorithm) => (Id, _rsa, Algorithm) = (id, rsa, algorithm);

    private PartnerKey(string? id, ECParameters curve) => (Id, _curve, Algorithm) = (id, curve, SignatureAlgorithm.ES256);

    private PartnerKey(string? id, byte[] edwards) => (Id, _edwards, Algorithm) = (id, edwards, SignatureAlgorithm.EdDSA);

    /// <summary>The <c>kid</c>; null when it was registered without.</summary>
    public string? Id { get; }

    public SignatureAlgorithm Algorithm { get; }

    /// <summary>Null: from the beginning of time.</summary>
    public DateTimeOffset? ValidFrom { get; private set; }

    /// <summary>Null: until it is taken away.</summary>
    public DateTimeOffset? ValidTo { get; private set; }

    public bool IsValidAt(DateTimeOffset moment) => !(moment < ValidFrom) && !(moment >= ValidTo);

    /// <summary>Whether it is the same key, whatever it is called and used for.</summary>
    public bool HasSameNumbers(PartnerKey other) =>
        _edwards.AsSpan().SequenceEqual(other._edwards)
        && _rsa.Modulus.AsSpan().SequenceEqual(other._rsa.Modulus) && _rsa.Exponent.AsSpan().SequenceEqual(other._rsa.Exponent)
        && _curve.Q.X.AsSpan().SequenceEqual(other._curve.Q.X) && _curve.Q.Y.AsSpan().SequenceEqual(other._curve.Q.Y);

    /// <summary>What the hash of the signed text begins with.</summary>
    public byte[] HashPrefix(ReadOnlySpan<byte> signature) =>
        Algorithm == SignatureAlgorithm.EdDSA && signature.Length == Ed25519.SignatureBytes ? [.. signature[..32], .. _edwards] : [];

    /// <param name="hash">The hash of the signed text, begun with <see cref="HashPrefix"/>.</param>
    public bool Verify(ReadOnlySpan<byte> hash, ReadOnlySpan<byte> signature)
    {
        switch (Algorithm)
        {
            case SignatureAlgorithm.EdDSA:
                return Ed25519.Verify(_edwards, hash, signature);
            case SignatureAlgorithm.ES256:
                using (var curve = ECDsa.Create(_curve))
                {
                    return curve.VerifyHash(hash, signature, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
                }

            default:
                using (var rsa = RSA.Create(_rsa))
                {
                    return rsa.VerifyHash(hash, signature, HashAlgorithmName.SHA256, Algorithm == SignatureAlgorithm.PS256 ? RSASignaturePadding.Pss : RSASignaturePadding.Pkcs1);
                }
        }
    }

    /// <summary>A key in PEM: a certificate, or the bare public key.</summary>
    /// <param name="id">Null: a certificate's SHA-256 in base64url, none for a bare key (contract, section 1.3).</param>
    /// <param name="algorithm">Null: what fits the kind of key, RS256 for RSA.</param>
    /// <exception cref="FormatException">It cannot be used; the message says why and continues "the key cannot be used: ".</exception>
    public static PartnerKey FromPem(string pem, string? id, string? algorithm, DateTimeOffset? validFrom = null, DateTimeOffset? validTo = null)
    {
        try
        {
            PartnerKey key;
            if (pem.Contains("-----BEGIN CERTIFICATE-----", StringComparison.Ordinal))
            {
                using var certificate = X509Certificate2.CreateFromPem(pem);
                if (CertificateFile.WeakProblem(certificate) is { } weak)
                {
                    throw new FormatException($"of its certificate, {weak}");
                }

                id ??= Base64Url.EncodeToString(SHA256.HashData(certificate.RawDataMemory.Span));
                key = FromPublicKey(certificate.PublicKey.ExportSubjectPublicKeyInfo(), id, algorithm);
            }
            else
            {
                key = FromPublicKey(Der(pem), id, algorithm);
            }

            (key.ValidFrom, key.ValidTo) = (validFrom, validTo);
            return key;
        }
        catch (Exception exception) when (exception is CryptographicException or ArgumentException)
        {
            throw new FormatException(NoKey, exception);
        }
    }

    /// <summary>A JSON Web Key (RFC 7517; RFC 8037 for Ed25519). Private members are not looked at.</summary>
    /// <exception cref="FormatException">It cannot be used; the message says why.</exception>
    public static PartnerKey FromJwk(JsonElement jwk)
    {
        var id = Text(jwk, "kid");
        if (Text(jwk, "use") is { } use && use != "sig")
        {
            throw new FormatException($"its use is '{use}' and not 'sig'");
        }

        switch (Text(jwk, "kty"))
        {
            case "RSA":
                return Rsa(id, new RSAParameters { Modulus = Bytes(jwk, "n"), Exponent = Bytes(jwk, "e") }, Text(jwk, "alg"));
            case "EC" when Text(jwk, "crv") == "P-256":
                return Curve(id, new ECParameters { Curve = ECCurve.NamedCurves.nistP256, Q = new ECPoint { X = Bytes(jwk, "x"), Y = Bytes(jwk, "y") } }, Text(jwk, "alg"));
            case "OKP" when Text(jwk, "crv") == "Ed25519":
                return Edwards(id, Bytes(jwk, "x"), Text(jwk, "alg"));
            default:
                throw new FormatException("it is not of kind RSA, EC with P-256, or OKP with Ed25519");
        }
    }

    /// <summary>The usable keys of a JSON Web Key Set (RFC 7517, section 5).</summary>
    /// <param name="passedOver">Told the position of a key that cannot be used, and why; it does not take the others with it.</param>
    /// <exception cref="InvalidOperationException">It is no key set; also a <see cref="KeyNotFoundException"/>.</exception>
    public static List<PartnerKey> FromSet(JsonElement set, Action<int, string> passedOver)
    {
        var keys = new List<PartnerKey>();
        foreach (var (jwk, index) in set.GetProperty("keys").EnumerateArray().Select((jwk, index) => (jwk, index)))
        {
            try
            {
                keys.Add(FromJwk(jwk));
            }
            catch (FormatException exception)
            {
                passedOver(index, exception.Message);
            }
        }

        return keys;
    }

    private static byte[] Der(string pem)
    {
        var fields = PemEncoding.Find(pem);
        return pem[fields.Label] == "PUBLIC KEY" ? Convert.FromBase64String(pem[fields.Base64Data]) : throw new FormatException(NoKey);
    }

    private static PartnerKey FromPublicKey(byte[] der, string? id, string? algorithm)
    {
        // The object identifier of the key's kind (RFC 5280, section 4.1.2.7; RFC 8410 for Ed25519).
        switch (PublicKey.CreateFromSubjectPublicKeyInfo(der, out _).Oid.Value)
        {
            case "1.2.840.113549.1.1.1":
                using (var rsa = RSA.Create())
                {
                    rsa.ImportSubjectPublicKeyInfo(der, out _);
                    return Rsa(id, rsa.ExportParameters(false), algorithm);
                }

            case "1.2.840.10045.2.1":
                using (var curve = ECDsa.Create())
                {
                    curve.ImportSubjectPublicKeyInfo(der, out _);
                    return curve.KeySize == 256 ? Curve(id, curve.ExportParameters(false), algorithm) : throw new FormatException("its curve is not P-256");
                }

            case "1.3.101.112":
                return Edwards(id, der[^Ed25519.KeyBytes..], algorithm);
            default:
                throw new FormatException("it is not of kind RSA, EC with P-256, or Ed25519");
        }
    }

    private static PartnerKey Rsa(string? id, RSAParameters rsa, string? algorithm)
    {
        var bound = Bound(algorithm ?? nameof(SignatureAlgorithm.RS256), SignatureAlgorithm.RS256, SignatureAlgorithm.PS256);
        using var key = Usable(() => RSA.Create(rsa));
        return key.KeySize >= LeastRsaBits ? new(id, rsa, bound) : throw new FormatException($"it has {key.KeySize} bits; at least {LeastRsaBits} are needed");
    }

    private static PartnerKey Curve(string? id, ECParameters curve, string? algorithm)
    {
        Bound(algorithm ?? nameof(SignatureAlgorithm.ES256), SignatureAlgorithm.ES256);
        using var key = Usable(() => ECDsa.Create(curve));
        return new(id, curve);
    }

    private static PartnerKey Edwards(string? id, byte[] key, string? algorithm)
    {
        Bound(algorithm ?? nameof(SignatureAlgorithm.EdDSA), SignatureAlgorithm.EdDSA);
        return Ed25519.IsKey(key) ? new(id, key) : throw new FormatException("it is no point of Ed25519 that could sign");
    }

    private static SignatureAlgorithm Bound(string name, params ReadOnlySpan<SignatureAlgorithm> fitting) =>
        // RFC 9864 has a name of its own for what RFC 8037 calls EdDSA with this curve.
        SignatureAlgorithms.Parse(name == "Ed25519" ? nameof(SignatureAlgorithm.EdDSA) : name) is { } algorithm && fitting.Contains(algorithm)
            ? algorithm
            : throw new FormatException($"the algorithm '{name}' does not fit its kind");

    private static T Usable<T>(Func<T> create)
    {
        try
        {
            return create();
        }
        catch (CryptographicException exception)
        {
            throw new FormatException("its numbers are no key of that kind", exception);
        }
    }

    public static string? Text(JsonElement jwk, string name) =>
        jwk.ValueKind == JsonValueKind.Object && jwk.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    public static byte[] Bytes(JsonElement jwk, string name) =>
        Text(jwk, name) is { } text && Base64Url.IsValid(text) ? Base64Url.DecodeFromChars(text) : throw new FormatException($"'{name}' is missing or not base64url");
}
