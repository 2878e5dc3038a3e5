using System.Buffers.Text;
using System.Text;
using System.Text.Json;

namespace G2PBridge.Modules.Access.Domain;

/// <summary>
/// The value of the header <c>Signature</c>: a compact JWS whose payload was taken out, <c>header..signature</c> (RFC 7515, appendix F;
/// contract, section 1.3).
/// </summary>
/// <param name="HeaderText">The first part as received; it is signed as it stands.</param>
/// <param name="Algorithm">Null when the name is none that may be used, <c>none</c> and <c>HS256</c> among them.</param>
internal sealed record DetachedSignature(byte[] HeaderText, SignatureAlgorithm? Algorithm, string? KeyId, byte[] Signature)
{
    /// <summary>A header holds two names; an RSA key of 8192 bits signs with 1,366 characters.</summary>
    private const int MostCharacters = 4096;

    /// <summary>Null when it has not the form, or asks for something that is not understood.</summary>
    public static DetachedSignature? Parse(string? value)
    {
        if (value is null or { Length: 0 or > MostCharacters })
        {
            return null;
        }

        var parts = value.Split('.');
        if (parts.Length != 3 || parts[0].Length == 0 || parts[2].Length == 0 || !Base64Url.IsValid(parts[0]) || !Base64Url.IsValid(parts[2]))
        {
            return null;
        }

        try
        {
            using var header = JsonDocument.Parse(Base64Url.DecodeFromChars(parts[0]), new JsonDocumentOptions { AllowDuplicateProperties = false });
            if (header.RootElement.ValueKind != JsonValueKind.Object || header.RootElement.TryGetProperty("crit", out _) || header.RootElement.TryGetProperty("b64", out _))
            {
                // What must be understood is not (RFC 7515, section 4.1.11; RFC 7797).
                return null;
            }

            return new(
                Encoding.ASCII.GetBytes(parts[0]), SignatureAlgorithms.Parse(Text(header.RootElement, "alg")), Text(header.RootElement, "kid"), Base64Url.DecodeFromChars(parts[2]));
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string? Text(JsonElement header, string name) =>
        header.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
