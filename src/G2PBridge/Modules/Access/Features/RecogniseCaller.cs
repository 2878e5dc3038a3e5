using G2PBridge.Platform.Identity;
using Microsoft.Extensions.Options;

namespace G2PBridge.Modules.Access.Features;

/// <summary>Somebody who has shown who he is.</summary>
/// <param name="Actor">How he stands in the histories; one name per person.</param>
/// <param name="Scope">Of which programmes and banks.</param>
internal sealed record Caller(string Actor, IReadOnlyCollection<Role> Roles, AccessScope Scope);

/// <summary>Tells from an API key, a bearer token, the signature of an upload or a client certificate who calls. What does not hold tells nothing about why.</summary>
internal sealed class RecogniseCaller(IOptions<OperatorAccessOptions> options, [FromKeyedServices(OperatorAccessOptions.Section)] BearerTokens tokens, SignedUploads uploads, ClientCertificates certificates)
{
    private readonly Lazy<Dictionary<string, ConfiguredApiKey>> _apiKeys = new(() => options.Value.ApiKeys.ToDictionary(key => key.Sha256, StringComparer.OrdinalIgnoreCase));

    public async ValueTask<Caller?> RecogniseAsync(HttpContext http, CancellationToken cancellationToken)
    {
        var request = http.Request;
        if (request.Headers[ApiKey.Header] is [{ Length: > 0 and <= 256 } key])
        {
            // Looked up by its hash, so that the time taken says nothing about the keys there are.
            return _apiKeys.Value.TryGetValue(ApiKey.Hash(key), out var configured) ? new(NameOf(configured.Actor), [.. configured.Roles], AccessScope.Of(configured.Programmes, configured.Banks)) : null;
        }

        if (request.Headers.Authorization.Count > 0)
        {
            return await tokens.ReadAsync(request, cancellationToken) is { } claims ? Read(claims) : null;
        }

        return (uploads.Recognise(http) ?? certificates.Recognise(http)) is { } caller ? caller with { Actor = NameOf(caller.Actor) } : null;
    }

    private Caller? Read(TokenClaims claims)
    {
        var oidc = options.Value.Oidc;
        if (claims.Text(oidc.ActorClaim) is not { Length: > 0 and <= Actor.LongestName } actor)
        {
            return null;
        }

        var roles = claims.Texts(oidc.RolesClaim)
            .Select(name => oidc.Roles.TryGetValue(name, out var mapped) ? mapped : Enum.TryParse<Role>(name, ignoreCase: true, out var own) && !char.IsAsciiDigit(name[0]) ? own : (Role?)null)
            .OfType<Role>();
        return new(NameOf(actor), [.. roles], new(Limit(claims, oidc.ProgrammesClaim, StringComparer.Ordinal), Limit(claims, oidc.BanksClaim, StringComparer.OrdinalIgnoreCase)));
    }

    /// <summary>Null for no limit; a token that should say its limit and does not is for nothing.</summary>
    private static HashSet<string>? Limit(TokenClaims claims, string? path, StringComparer comparer) =>
        path is null || claims.Texts(path) is var listed && listed.Contains("*") ? null : listed.ToHashSet(comparer);

    private string NameOf(string actor) => options.Value.Aliases.FirstOrDefault(alias => Actor.IsSame(alias.Key, actor)).Value ?? actor;
}
