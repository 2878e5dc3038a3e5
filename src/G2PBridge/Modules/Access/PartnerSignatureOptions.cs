using System.ComponentModel.DataAnnotations;
using G2PBridge.Modules.Access.Domain;
using Microsoft.Extensions.Options;

namespace G2PBridge.Modules.Access;

/// <summary>Which requests of partners are believed.</summary>
internal sealed class PartnerSignatureOptions
{
    public const string Section = "PartnerSignatures";

    /// <summary>Null: every request must be signed, except in Development.</summary>
    public bool? Required { get; init; }

    /// <summary>Names of RFC 7518 and RFC 8037 that a request may be signed with. Null: ES256, EdDSA, PS256 and RS256.</summary>
    public IReadOnlyList<string>? Algorithms { get; init; }

    /// <summary>Folder with one JSON Web Key Set per partner, <c>PARTNER_PBMS.json</c>; read again when a file changes.</summary>
    public string? KeysFolder { get; init; }

    /// <summary>Keys given in the settings.</summary>
    public IReadOnlyList<ConfiguredKey> Keys { get; init; } = [];

    /// <summary>
    /// The mnemonics of the programmes that a partner may act for; <c>*</c> stands for all. When any partner is listed, those who are not may act for none. Nobody
    /// listed: everybody may act for all.
    /// </summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Programmes { get; init; } = new Dictionary<string, IReadOnlyList<string>>();

    public PartnerManagementOptions PartnerManagement { get; init; } = new();

    /// <summary>How far the time a request states may be from ours, into the past or the future. A signature is remembered for as long, and refused the second time.</summary>
    [Range(typeof(TimeSpan), "00:00:10", "1.00:00:00")]
    public TimeSpan Freshness { get; init; } = TimeSpan.FromMinutes(5);

    public bool IsRequired(IHostEnvironment environment) => Required ?? !environment.IsDevelopment();

    /// <param name="partner">Such as <c>PARTNER_PBMS</c>.</param>
    public AccessScope ScopeOf(string partner) => Programmes.Count == 0 ? AccessScope.Unlimited
        : Programmes.TryGetValue(partner, out var programmes) && programmes.Contains("*") ? AccessScope.Unlimited
        : new(programmes?.ToHashSet(StringComparer.Ordinal) ?? [], null);

    public bool Allows(SignatureAlgorithm algorithm) => Algorithms is not { Count: > 0 } names || names.Contains(algorithm.ToString());
}

/// <summary>A partner's key in the settings.</summary>
internal sealed class ConfiguredKey
{
    /// <summary>Such as <c>PARTNER_PBMS</c>: the sender's mnemonic in capitals, <c>-</c> as <c>_</c>, after <c>PARTNER_</c>.</summary>
    public string Partner { get; init; } = "";

    /// <summary>A certificate or public key in PEM, or the path of a file with one.</summary>
    public string PublicKey { get; init; } = "";

    /// <summary>Null: a certificate's SHA-256 in base64url.</summary>
    public string? KeyId { get; init; }

    /// <summary>Null: RS256 for RSA, ES256 for P-256, EdDSA for Ed25519.</summary>
    public string? Algorithm { get; init; }

    public DateTimeOffset? ValidFrom { get; init; }

    public DateTimeOffset? ValidTo { get; init; }

    /// <exception cref="FormatException">The message says what is wrong with the key.</exception>
    public PartnerKey Read()
    {
        string pem;
        try
        {
            pem = PublicKey.Contains("-----BEGIN", StringComparison.Ordinal) ? PublicKey : File.ReadAllText(PublicKey);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new FormatException("its file cannot be read", exception);
        }

        return PartnerKey.FromPem(pem, KeyId, Algorithm, ValidFrom, ValidTo);
    }
}

/// <summary>The partner management's endpoint <c>GET {Url}/keys/{partner}</c> and how long its answers hold (contract, section 1.3).</summary>
internal sealed class PartnerManagementOptions
{
    /// <summary>Null: it is not asked.</summary>
    public Uri? Url { get; init; }

    /// <summary>After this the keys are asked for again; an answer's <c>Cache-Control: max-age</c> shortens it, to 30 s at least.</summary>
    [Range(typeof(TimeSpan), "00:00:30", "1.00:00:00")]
    public TimeSpan SoftTimeToLive { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>While the endpoint is out, the last answer holds for this long; then the partner is refused.</summary>
    [Range(typeof(TimeSpan), "00:00:30", "7.00:00:00")]
    public TimeSpan HardTimeToLive { get; init; } = TimeSpan.FromHours(1);

    /// <summary>How long a partner that the endpoint does not know is not asked for again.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan NegativeTimeToLive { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>An unknown <c>kid</c> makes us ask at once, but not more often than this.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan RefreshCooldown { get; init; } = TimeSpan.FromSeconds(30);

    [Range(typeof(TimeSpan), "00:00:00.1", "00:01:00")]
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(5);
}

internal sealed class PartnerSignatureValidation(IHostEnvironment environment) : IValidateOptions<PartnerSignatureOptions>
{
    public ValidateOptionsResult Validate(string? name, PartnerSignatureOptions options)
    {
        var failures = new List<string>();
        foreach (var algorithm in (options.Algorithms ?? []).Where(algorithm => SignatureAlgorithms.Parse(algorithm) is null))
        {
            failures.Add($"PartnerSignatures:Algorithms: '{algorithm}' is not one of ES256, EdDSA, PS256, RS256.");
        }

        for (var i = 0; i < options.Keys.Count; i++)
        {
            var key = options.Keys[i];
            if (!PartnerNames.IsName(key.Partner))
            {
                failures.Add($"PartnerSignatures:Keys:{i}:Partner: '{key.Partner}' is not a partner's name; write it like PARTNER_PBMS.");
            }

            try
            {
                key.Read();
            }
            catch (FormatException exception)
            {
                failures.Add($"PartnerSignatures:Keys:{i}:PublicKey: the key cannot be used: {exception.Message}.");
            }
        }

        foreach (var partner in options.Programmes.Keys.Where(partner => !PartnerNames.IsName(partner)))
        {
            failures.Add($"PartnerSignatures:Programmes:{partner}: this is not a partner's name; write it like PARTNER_PBMS.");
        }

        if (options.KeysFolder is { } folder && !Directory.Exists(folder))
        {
            failures.Add($"PartnerSignatures:KeysFolder: there is no folder '{folder}'.");
        }

        if (options.PartnerManagement is { Url: { } url } && !(url.IsAbsoluteUri && url.Scheme is "http" or "https"))
        {
            failures.Add($"PartnerSignatures:PartnerManagement:Url: '{url}' is not an http or https address.");
        }

        if (options.IsRequired(environment) && options.KeysFolder is null && options.Keys.Count == 0 && options.PartnerManagement.Url is null)
        {
            failures.Add(
                $"PartnerSignatures: outside Development every request must be signed, and no partner has a key; set PartnerSignatures:KeysFolder, :Keys or :PartnerManagement:Url " +
                "(or PartnerSignatures:Required=false, if something before the bridge checks who calls).");
        }

        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }
}
