using System.Buffers.Text;
using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using G2PBridge.Modules.Access.Domain;
using G2PBridge.Platform.Secrets;

namespace G2PBridge.Modules.Access.Signing;

/// <summary>A private key of the bridge, bound to one algorithm, with its public half.</summary>
internal sealed class SigningKey
{
    private static readonly byte[] Probe = "{}"u8.ToArray();

    private readonly RSAParameters _rsa;
    private readonly ECParameters _curve;
    private readonly Ed25519Key? _edwards;
    private readonly byte[] _header;

    private SigningKey(PrivateParts parts, string? id, string? algorithm)
    {
        (_rsa, _curve, _edwards) = (parts.Rsa, parts.Curve, parts.Edwards);
        var jwk = parts.PublicJwk();
        Id = id ?? Base64Url.EncodeToString(SHA256.HashData(Encoding.UTF8.GetBytes(jwk.ToJsonString())));
        if (algorithm is not null)
        {
            jwk["alg"] = algorithm;
        }

        (jwk["kid"], jwk["use"]) = (Id, "sig");
        using (var document = JsonDocument.Parse(jwk.ToJsonString()))
        {
            Public = PartnerKey.FromJwk(document.RootElement);
        }

        jwk["alg"] = Algorithm.ToString();
        PublicJwk = jwk;
        _header = Encoding.ASCII.GetBytes(Base64Url.EncodeToString(Encoding.UTF8.GetBytes(new JsonObject { ["alg"] = Algorithm.ToString(), ["kid"] = Id }.ToJsonString())));
        if (!Verify(Probe, DetachedSignature.Parse(Sign(Probe))!))
        {
            throw new FormatException("its private half does not belong to its public half");
        }
    }

    public string Id { get; }

    public SignatureAlgorithm Algorithm => Public.Algorithm;

    public PartnerKey Public { get; }

    /// <summary>As it is published (RFC 7517).</summary>
    public JsonObject PublicJwk { get; }

    /// <param name="bytes">PKCS#12, PEM or a JSON Web Key.</param>
    /// <exception cref="FormatException">The message says why, and continues "the key cannot be used: ".</exception>
    public static SigningKey Read(byte[] bytes, string? password, string? id, string? algorithm, DateTimeOffset now)
    {
        try
        {
            var text = bytes.AsSpan().TrimStart(" \t\r\n"u8);
            return text.StartsWith("{"u8) ? FromJwk(bytes, id, algorithm)
                : text.IndexOf("-----BEGIN "u8) >= 0 ? FromPem(Encoding.UTF8.GetString(bytes), password, id, algorithm, now)
                : FromPkcs12(bytes, password, id, algorithm, now);
        }
        catch (Exception exception) when (exception is CryptographicException or ArgumentException or JsonException or AsnContentException)
        {
            throw new FormatException("it is no private key in PKCS#12, PEM or as JSON Web Key, or its password is missing or wrong", exception);
        }
    }

    /// <summary>The detached JWS over a JSON text.</summary>
    /// <exception cref="ArgumentException">It has no canonical form.</exception>
    public string Sign(ReadOnlyMemory<byte> json)
    {
        byte[] signature;
        if (_edwards is not null)
        {
            // The message is hashed twice, once for the nonce; it is never copied.
            var (nonce, firstHalf) = Ed25519Key.Begin(Hash(json, _edwards.Prefix));
            signature = _edwards.Finish(nonce, firstHalf, Hash(json, [.. firstHalf, .. _edwards.Public]));
        }
        else if (Algorithm == SignatureAlgorithm.ES256)
        {
            using var curve = ECDsa.Create(_curve);
            signature = curve.SignHash(Hash(json, []), DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        }
        else
        {
            using var rsa = RSA.Create(_rsa);
            signature = rsa.SignHash(Hash(json, []), HashAlgorithmName.SHA256, Algorithm == SignatureAlgorithm.PS256 ? RSASignaturePadding.Pss : RSASignaturePadding.Pkcs1);
        }

        return $"{Encoding.ASCII.GetString(_header)}..{Base64Url.EncodeToString(signature)}";
    }

    public bool Verify(ReadOnlyMemory<byte> json, DetachedSignature signature)
    {
        using var input = new SigningInput(Algorithm.Hash(), Public.HashPrefix(signature.Signature), signature.HeaderText);
        return signature.Algorithm == Algorithm && CanonicalJson.TryWrite(json, input) && Public.Verify(input.Finish(), signature.Signature);
    }

    private byte[] Hash(ReadOnlyMemory<byte> json, ReadOnlySpan<byte> prefix)
    {
        using var input = new SigningInput(Algorithm.Hash(), prefix, _header);
        return CanonicalJson.TryWrite(json, input) ? input.Finish() : throw new ArgumentException("The text is no JSON with a canonical form.", nameof(json));
    }

    private static SigningKey FromPkcs12(byte[] bytes, string? password, string? id, string? algorithm, DateTimeOffset now)
    {
        using var certificate = X509CertificateLoader.LoadPkcs12(bytes, password, X509KeyStorageFlags.Exportable);
        using var rsa = certificate.GetRSAPrivateKey();
        using var curve = certificate.GetECDsaPrivateKey();
        var parts = rsa is not null ? PrivateParts.Of(rsa) : curve is not null ? PrivateParts.Of(curve) : throw new FormatException("it holds no private key of kind RSA or EC");
        return Certified(certificate, parts, id, algorithm, now);
    }

    private static SigningKey FromPem(string pem, string? password, string? id, string? algorithm, DateTimeOffset now)
    {
        var parts = PrivateParts.FromPem(pem, password);
        if (!pem.Contains("-----BEGIN CERTIFICATE-----", StringComparison.Ordinal))
        {
            return new(parts, id, algorithm);
        }

        using var certificate = X509Certificate2.CreateFromPem(pem);
        return Certified(certificate, parts, id, algorithm, now);
    }

    /// <summary>The <c>kid</c> of a certified key is the certificate's SHA-256, by which upstream's partners register it (contract, section 1.3).</summary>
    private static SigningKey Certified(X509Certificate2 certificate, PrivateParts parts, string? id, string? algorithm, DateTimeOffset now)
    {
        if (CertificateFile.Problem(certificate, now) is { } problem)
        {
            throw new FormatException($"of its certificate, {problem}");
        }

        var key = new SigningKey(parts, id ?? Base64Url.EncodeToString(SHA256.HashData(certificate.RawDataMemory.Span)), algorithm);
        var certified = PartnerKey.FromPem(certificate.ExportCertificatePem(), null, key.Algorithm.ToString());
        return certified.HasSameNumbers(key.Public) ? key : throw new FormatException("it does not belong to its certificate");
    }

    private static SigningKey FromJwk(byte[] bytes, string? id, string? algorithm)
    {
        using var document = JsonDocument.Parse(bytes);
        var jwk = document.RootElement;
        return new(PrivateParts.FromJwk(jwk), id ?? PartnerKey.Text(jwk, "kid"), algorithm ?? PartnerKey.Text(jwk, "alg"));
    }

    /// <summary>One of the three.</summary>
    private sealed record PrivateParts(RSAParameters Rsa, ECParameters Curve, Ed25519Key? Edwards)
    {
        public static PrivateParts Of(RSA rsa) => new(rsa.ExportParameters(true), default, null);

        public static PrivateParts Of(ECDsa curve) => curve.KeySize == 256 ? new(default, curve.ExportParameters(true), null) : throw new FormatException("its curve is not P-256");

        public static PrivateParts FromPem(string pem, string? password)
        {
            for (var rest = pem.AsSpan(); PemEncoding.TryFind(rest, out var fields); rest = rest[fields.Location.End..])
            {
                var der = new byte[fields.DecodedDataLength];
                Convert.TryFromBase64Chars(rest[fields.Base64Data], der, out _);
                switch (rest[fields.Label])
                {
                    case "PRIVATE KEY":
                        return FromPkcs8(der);
                    case "ENCRYPTED PRIVATE KEY":
                        return Decrypted(pem, password ?? throw new FormatException("it is encrypted; give its Password or PasswordFile"));
                    case "RSA PRIVATE KEY":
                        using (var rsa = RSA.Create())
                        {
                            rsa.ImportRSAPrivateKey(der, out _);
                            return Of(rsa);
                        }

                    case "EC PRIVATE KEY":
                        using (var curve = ECDsa.Create())
                        {
                            curve.ImportECPrivateKey(der, out _);
                            return Of(curve);
                        }

                    default:
                        break;
                }
            }

            throw new FormatException("it has no private key");
        }

        public static PrivateParts FromJwk(JsonElement jwk)
        {
            if (!jwk.TryGetProperty("d", out _))
            {
                throw new FormatException("it has no private key");
            }

            byte[] Of(string name) => PartnerKey.Bytes(jwk, name);
            return PartnerKey.Text(jwk, "kty") switch
            {
                "RSA" => new(new RSAParameters { Modulus = Of("n"), Exponent = Of("e"), D = Of("d"), P = Of("p"), Q = Of("q"), DP = Of("dp"), DQ = Of("dq"), InverseQ = Of("qi") }, default, null),
                "EC" when PartnerKey.Text(jwk, "crv") == "P-256" =>
                    new(default, new ECParameters { Curve = ECCurve.NamedCurves.nistP256, Q = new ECPoint { X = Of("x"), Y = Of("y") }, D = Of("d") }, null),
                "OKP" when PartnerKey.Text(jwk, "crv") == "Ed25519" => new(default, default, new Ed25519Key(Of("d"))),
                _ => throw new FormatException("it is not of kind RSA, EC with P-256, or OKP with Ed25519"),
            };
        }

        /// <summary>With exactly the members that RFC 7638 hashes, in the order in which it does.</summary>
        public JsonObject PublicJwk() => Edwards is not null ? new() { ["crv"] = "Ed25519", ["kty"] = "OKP", ["x"] = Base64Url.EncodeToString(Edwards.Public) }
            : Curve.D is not null ? new() { ["crv"] = "P-256", ["kty"] = "EC", ["x"] = Base64Url.EncodeToString(Curve.Q.X), ["y"] = Base64Url.EncodeToString(Curve.Q.Y) }
            : new() { ["e"] = Base64Url.EncodeToString(Rsa.Exponent), ["kty"] = "RSA", ["n"] = Base64Url.EncodeToString(Rsa.Modulus) };

        /// <summary>.NET decrypts RSA and EC; an encrypted Ed25519 key comes as a JSON Web Key or in a mounted file instead.</summary>
        private static PrivateParts Decrypted(string pem, string password)
        {
            try
            {
                using var rsa = RSA.Create();
                rsa.ImportFromEncryptedPem(pem, password);
                return Of(rsa);
            }
            catch (CryptographicException)
            {
                using var curve = ECDsa.Create();
                curve.ImportFromEncryptedPem(pem, password);
                return Of(curve);
            }
        }

        /// <summary>PrivateKeyInfo (RFC 5958, section 2).</summary>
        private static PrivateParts FromPkcs8(byte[] der)
        {
            var info = new AsnReader(der, AsnEncodingRules.BER).ReadSequence();
            info.ReadInteger();
            switch (info.ReadSequence().ReadObjectIdentifier())
            {
                case "1.2.840.113549.1.1.1":
                    using (var rsa = RSA.Create())
                    {
                        rsa.ImportPkcs8PrivateKey(der, out _);
                        return Of(rsa);
                    }

                case "1.2.840.10045.2.1":
                    using (var curve = ECDsa.Create())
                    {
                        curve.ImportPkcs8PrivateKey(der, out _);
                        return Of(curve);
                    }

                // An octet string in an octet string (RFC 8410, section 7).
                case "1.3.101.112":
                    return new(default, default, new Ed25519Key(new AsnReader(info.ReadOctetString(), AsnEncodingRules.BER).ReadOctetString()));
                default:
                    throw new FormatException("it is not of kind RSA, EC with P-256, or Ed25519");
            }
        }
    }
}
