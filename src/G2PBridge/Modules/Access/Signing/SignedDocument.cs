using System.Text;
using System.Text.Json;
using G2PBridge.Modules.Access.Domain;
using G2PBridge.Platform.Verification;

namespace G2PBridge.Modules.Access.Signing;

/// <summary>Checks what the bridge signed with nothing but the document and the published keys.</summary>
internal sealed class SignedDocument : ISignedDocument
{
    public Result<string> Check(string json, string member, string jwks)
    {
        try
        {
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { AllowDuplicateProperties = false });
            if (document.RootElement.ValueKind != JsonValueKind.Object || !document.RootElement.TryGetProperty(member, out var signed)
                || !document.RootElement.TryGetProperty("signature", out var text) || text.ValueKind != JsonValueKind.String)
            {
                return new Refusal("NOT_SIGNED", $"It has no members '{member}' and 'signature'.");
            }

            if (DetachedSignature.Parse(text.GetString()) is not { Algorithm: { } algorithm } signature)
            {
                return new Refusal("NOT_SIGNED", "Its signature is no detached JWS with an algorithm that may be used.");
            }

            if (KeyOf(jwks, signature.KeyId) is not { } key)
            {
                return new Refusal("KEY_UNKNOWN", $"The key '{signature.KeyId}' that signed it is not among the keys.");
            }

            using var input = new SigningInput(key.Algorithm.Hash(), key.HashPrefix(signature.Signature), signature.HeaderText);
            return key.Algorithm == algorithm && CanonicalJson.TryWrite(Encoding.UTF8.GetBytes(signed.GetRawText()), input) && key.Verify(input.Finish(), signature.Signature)
                ? signature.KeyId!
                : new Refusal("SIGNATURE_WRONG", $"It is not what was signed with the key '{signature.KeyId}'.");
        }
        catch (Exception exception) when (exception is JsonException or FormatException)
        {
            return new Refusal("UNREADABLE", $"The file or the keys cannot be read ({exception.Message.TrimEnd('.')}).");
        }
    }

    private static PartnerKey? KeyOf(string jwks, string? id)
    {
        using var set = JsonDocument.Parse(jwks);
        return set.RootElement.TryGetProperty("keys", out var keys) && keys.ValueKind == JsonValueKind.Array
            ? keys.EnumerateArray().Where(key => key.TryGetProperty("kid", out var kid) && kid.GetString() == id).Select(PartnerKey.FromJwk).FirstOrDefault()
            : null;
    }
}
