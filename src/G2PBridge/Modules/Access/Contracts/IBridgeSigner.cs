namespace G2PBridge.Modules.Access.Contracts;

/// <summary>
/// Signs in the bridge's own name: a detached JWS (RFC 7515, appendix F) over the canonical form of a JSON text (contract, section 1.3), by a key of
/// <c>Signing:Keys</c>. The public keys are at <c>GET /.well-known/jwks.json</c>.
/// </summary>
internal interface IBridgeSigner
{
    /// <summary>Whether there is a key that signs now.</summary>
    /// <param name="algorithm">ES256, EdDSA, PS256 or RS256; null: any.</param>
    bool CanSign(string? algorithm = null);

    /// <summary>Signs with the key whose turn it is. The text is read where it lies, and no second one is made.</summary>
    /// <param name="json">UTF-8, and no member twice.</param>
    /// <param name="algorithm">ES256, EdDSA, PS256 or RS256; null: that of the key whose turn it is.</param>
    /// <returns>Null when no such key signs now.</returns>
    /// <exception cref="ArgumentException">The text has no canonical form.</exception>
    BridgeSignature? Sign(ReadOnlyMemory<byte> json, string? algorithm = null);

    /// <summary>Whether one of the keys we publish signed this, also when its turn is over.</summary>
    bool IsOurs(ReadOnlyMemory<byte> json, string signature);
}

/// <summary>A signature of ours.</summary>
/// <param name="Value">The detached JWS, <c>header..signature</c>.</param>
/// <param name="KeyId">The <c>kid</c>, as in the published key set.</param>
/// <param name="Algorithm">As in RFC 7518 and RFC 8037.</param>
internal sealed record BridgeSignature(string Value, string KeyId, string Algorithm);
