using G2PBridge.Platform.Secrets;
using Microsoft.Extensions.Options;

namespace G2PBridge.Modules.Access.Signing;

/// <summary>The keys that the bridge signs with in its own name.</summary>
internal sealed class SigningOptions
{
    public const string Section = "Signing";

    /// <summary>All of them are published; of each algorithm the one with the latest <see cref="ConfiguredSigningKey.SignFrom"/> that has come signs.</summary>
    public IReadOnlyList<ConfiguredSigningKey> Keys { get; init; } = [];
}

/// <summary>A private key of the bridge.</summary>
internal sealed class ConfiguredSigningKey
{
    /// <summary>PKCS#12, PEM or a JSON Web Key; told apart by what is in it.</summary>
    public string? File { get; init; }

    /// <summary>In place of a file: the key in PEM or as JSON Web Key, from the environment.</summary>
    public string? Key { get; init; }

    /// <summary>Of a PKCS#12 file or an encrypted PEM key.</summary>
    public string? Password { get; init; }

    /// <summary>Null: the key's own <c>kid</c>, a certificate's SHA-256 in base64url, or the thumbprint of RFC 7638.</summary>
    public string? KeyId { get; init; }

    /// <summary>Null: RS256 for RSA, ES256 for P-256, EdDSA for Ed25519.</summary>
    public string? Algorithm { get; init; }

    /// <summary>Until then the key is published and does not sign, so that whoever checks can learn it before. Null: from the beginning.</summary>
    public DateTimeOffset? SignFrom { get; init; }

    /// <exception cref="FormatException">The message says why, and continues "the key cannot be used: ".</exception>
    public SigningKey Read(DateTimeOffset now)
    {
        var key = string.IsNullOrEmpty(File) ? System.Text.Encoding.UTF8.GetBytes(Key ?? "") : SecretFile.Read(File);
        return SigningKey.Read(key, string.IsNullOrEmpty(Password) ? null : Password, KeyId, Algorithm, now);
    }
}

internal sealed class SigningValidation(TimeProvider clock) : IValidateOptions<SigningOptions>
{
    public ValidateOptionsResult Validate(string? name, SigningOptions options)
    {
        var failures = new List<string>();
        var ids = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < options.Keys.Count; i++)
        {
            var key = options.Keys[i];
            if (string.IsNullOrEmpty(key.File) == string.IsNullOrEmpty(key.Key))
            {
                failures.Add($"Signing:Keys:{i}: give either File or Key.");
                continue;
            }

            try
            {
                if (!ids.Add(key.Read(clock.GetUtcNow()).Id))
                {
                    failures.Add($"Signing:Keys:{i}:KeyId: another key has the same; whoever checks a signature could not tell them apart.");
                }
            }
            catch (FormatException exception)
            {
                failures.Add($"Signing:Keys:{i}: the key cannot be used: {exception.Message}.");
            }
        }

        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }
}
