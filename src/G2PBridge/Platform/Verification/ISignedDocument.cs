namespace G2PBridge.Platform.Verification;

/// <summary>Checks a document that the bridge signed, without a bridge and without a database.</summary>
internal interface ISignedDocument
{
    /// <param name="json">An object with the signed part, and <c>signature</c>, a detached JWS over the canonical form of that part.</param>
    /// <param name="member">The name of the signed part.</param>
    /// <param name="jwks">The keys that the bridge publishes at <c>/.well-known/jwks.json</c>.</param>
    /// <returns>The id of the key that signed it.</returns>
    Result<string> Check(string json, string member, string jwks);
}
