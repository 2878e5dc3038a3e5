using System.Security.Cryptography;

namespace G2PBridge.Modules.Access.Domain;

/// <summary>
/// What a partner may sign with, by the names of RFC 7518, section 3.1, and RFC 8037. There is no name here for an unsigned message or for a
/// shared secret, so that no setting can let one in.
/// </summary>
internal enum SignatureAlgorithm
{
    ES256,
    EdDSA,
    PS256,
    RS256,
}

internal static class SignatureAlgorithms
{
    public static SignatureAlgorithm? Parse(string? name) => name switch
    {
        nameof(SignatureAlgorithm.ES256) => SignatureAlgorithm.ES256,
        nameof(SignatureAlgorithm.EdDSA) => SignatureAlgorithm.EdDSA,
        nameof(SignatureAlgorithm.PS256) => SignatureAlgorithm.PS256,
        nameof(SignatureAlgorithm.RS256) => SignatureAlgorithm.RS256,
        _ => null,
    };

    public static HashAlgorithmName Hash(this SignatureAlgorithm algorithm) => algorithm == SignatureAlgorithm.EdDSA ? HashAlgorithmName.SHA512 : HashAlgorithmName.SHA256;
}
