using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace G2PBridge.Platform.Identity;

/// <summary>An API key: 32 random bytes, so that its plain hash can be kept where a password's could not.</summary>
internal static class ApiKey
{
    /// <summary>The environment variable from which our own commands take the key they call the bridge with.</summary>
    public const string Variable = "G2PBRIDGE_API_KEY";

    public const string Header = "X-Api-Key";

    private const string Prefix = "g2pb_";

    /// <summary>A new key; it is known nowhere but in what this returns.</summary>
    public static string Create() => Prefix + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));

    /// <summary>SHA-256 of the key in hexadecimal.</summary>
    public static string Hash(string key) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)));
}
