using G2PBridge.Platform.Identity;
using Microsoft.Extensions.Options;

namespace G2PBridge.Modules.Access;

/// <summary>Who may use the native API and hand in statements.</summary>
internal sealed class OperatorAccessOptions
{
    public const string Section = "OperatorAccess";

    /// <summary>Null: whoever calls must say who he is, except in Development.</summary>
    public bool? Required { get; init; }

    public IReadOnlyList<ConfiguredApiKey> ApiKeys { get; init; } = [];

    public OidcOptions Oidc { get; init; } = new();

    /// <summary>Keys that sponsor banks sign their statements with.</summary>
    public IReadOnlyList<ConfiguredStatementKey> StatementKeys { get; init; } = [];

    /// <summary>Certificates that callers show in TLS.</summary>
    public IReadOnlyList<ConfiguredCertificate> Certificates { get; init; } = [];

    public ForwardedCertificateOptions ForwardedCertificate { get; init; } = new();

    /// <summary>Other names that keys, tokens or certificates give a person, each with the one that stands in the histories.</summary>
    public IReadOnlyDictionary<string, string> Aliases { get; init; } = new Dictionary<string, string>();

    public bool IsRequired(IHostEnvironment environment) => Required ?? !environment.IsDevelopment();
}

/// <summary>An API key, of which only a hash is known here. <c>g2pbridge api-key</c> makes one.</summary>
internal sealed class ConfiguredApiKey
{
    /// <summary>Who acts with the key, as it will stand in the histories. Keys and tokens of one person must lead to one name, or the person could confirm himself.</summary>
    public string Actor { get; init; } = "";

    /// <summary>SHA-256 of the key in hexadecimal.</summary>
    public string Sha256 { get; init; } = "";

    public IReadOnlyList<Role> Roles { get; init; } = [];

    /// <summary>Mnemonics of the programmes that the key is for. None: all.</summary>
    public IReadOnlyList<string> Programmes { get; init; } = [];

    /// <summary>Codes of the sponsor banks that the key is for. None: all.</summary>
    public IReadOnlyList<string> Banks { get; init; } = [];
}

/// <summary>The token server of people and services, and what its claims say of them.</summary>
internal sealed class OidcOptions : TokenServerOptions
{
    /// <summary>The claim that names who acts. It must be one that the server never gives to a second person; <c>sub</c> is.</summary>
    public string ActorClaim { get; init; } = "sub";

    /// <summary>Path of the claim that lists roles; inner names after a dot, as in <c>realm_access.roles</c>.</summary>
    public string RolesClaim { get; init; } = "roles";

    /// <summary>Our role for each role of the server; what is not listed counts by its own name.</summary>
    public IReadOnlyDictionary<string, Role> Roles { get; init; } = new Dictionary<string, Role>(StringComparer.Ordinal);

    /// <summary>Path of the claim that lists the mnemonics of programmes; <c>*</c> stands for all, and a token without it is for none. Null: tokens are for all.</summary>
    public string? ProgrammesClaim { get; init; }

    /// <summary>Path of the claim that lists the codes of sponsor banks, likewise.</summary>
    public string? BanksClaim { get; init; }
}

internal sealed class OperatorAccessValidation(IHostEnvironment environment) : IValidateOptions<OperatorAccessOptions>
{
    public ValidateOptionsResult Validate(string? name, OperatorAccessOptions options)
    {
        var failures = new List<string>();
        for (var i = 0; i < options.ApiKeys.Count; i++)
        {
            var key = options.ApiKeys[i];
            if (string.IsNullOrWhiteSpace(key.Actor) || key.Actor.Length > Actor.LongestName)
            {
                failures.Add($"OperatorAccess:ApiKeys:{i}:Actor: say in at most {Actor.LongestName} characters who acts with the key.");
            }

            if (key.Sha256.Length != 64 || !key.Sha256.All(char.IsAsciiHexDigit))
            {
                failures.Add($"OperatorAccess:ApiKeys:{i}:Sha256: this is no SHA-256 in hexadecimal; 'g2pbridge api-key' makes a key and shows its hash.");
            }

            if (key.Roles.Count == 0)
            {
                failures.Add($"OperatorAccess:ApiKeys:{i}:Roles: list at least one of {string.Join(", ", Enum.GetNames<Role>())}.");
            }
        }

        foreach (var twice in options.ApiKeys.GroupBy(key => key.Sha256, StringComparer.OrdinalIgnoreCase).Where(keys => keys.Count() > 1))
        {
            failures.Add($"OperatorAccess:ApiKeys: {string.Join(" and ", twice.Select(key => $"'{key.Actor}'"))} share one key; give each a key of its own.");
        }

        failures.AddRange(options.Oidc.Problems("OperatorAccess:Oidc"));
        if (options.IsRequired(environment) && options.ApiKeys.Count == 0 && options.Certificates.Count == 0 && options.Oidc.Issuer is null)
        {
            failures.Add(
                "OperatorAccess: outside Development whoever uses /v1 must say who he is, and nobody can; set OperatorAccess:ApiKeys ('g2pbridge api-key' makes one) or :Oidc:Issuer " +
                "(or OperatorAccess:Required=false, if something before the bridge checks who calls and sets X-Actor).");
        }

        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }
}
