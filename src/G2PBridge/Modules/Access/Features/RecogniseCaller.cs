using System.Buffers.Text;
using System.Text.Json;
using G2PBridge.Modules.Access.Domain;
using G2PBridge.Modules.Access.Keys;
using G2PBridge.Platform.Identity;
using Microsoft.Extensions.Options;

namespace G2PBridge.Modules.Access.Features;

/// <summary>Somebody who has shown who he is.</summary>
/// <param name="Actor">How he stands in the histories; one name per person.</param>
internal sealed record Caller(string Actor, IReadOnlyCollection<Role> Roles);

/// <summary>Tells from an API key or a bearer token who calls. What does not hold tells nothing about why.</summary>
internal sealed class RecogniseCaller(IOptions<OperatorAccessOptions> options, TokenServerKeys keys, TimeProvider clock)
{
    private const string Bearer = "Bearer ";
    private const int MostCharacters = 16 * 1024;

    private readonly Lazy<Dictionary<string, ConfiguredApiKey>> _apiKeys = new(() => options.Value.ApiKeys.ToDictionary(key => key.Sha256, StringComparer.OrdinalIgnoreCase));

    public async ValueTask<Caller?> RecogniseAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        if (request.Headers[ApiKey.Header] is [{ Length: > 0 and <= 256 } key])
        {
            // Looked up by its hash, so that the time taken says nothing about the keys there are.
            return _apiKeys.Value.TryGetValue(ApiKey.Hash(key), out var configured) ? new(configured.Actor, [.. configured.Roles]) : null;
        }

        return request.Headers.Authorization is [{ Length: <= MostCharacters } header] && header.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase) && options.Value.Oidc.Issuer is not null
            ? await ReadTokenAsync(header[Bearer.Length..].Trim(), cancellationToken)
            : null;
    }

    private async ValueTask<Caller?> ReadTokenAsync(string token, CancellationToken cancellationToken)
    {
        var parts = token.Split('.');
        if (parts.Length != 3 || parts[1].Length == 0 || !Base64Url.IsValid(parts[1])
            || DetachedSignature.Parse($"{parts[0]}..{parts[2]}") is not { Algorithm: { } algorithm } signature
            || await keys.FindAsync(signature.KeyId, algorithm, cancellationToken) is not { } key)
        {
            return null;
        }

        using var input = new SigningInput(algorithm.Hash(), key.HashPrefix(signature.Signature), signature.HeaderText);
        input.Write(Base64Url.DecodeFromChars(parts[1]));
        if (!key.Verify(input.Finish(), signature.Signature))
        {
            return null;
        }

        try
        {
            using var claims = JsonDocument.Parse(Base64Url.DecodeFromChars(parts[1]), new JsonDocumentOptions { AllowDuplicateProperties = false });
            return Read(claims.RootElement);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>RFC 7519, section 4.1, with <c>exp</c> demanded; RFC 9068, section 4.</summary>
    private Caller? Read(JsonElement claims)
    {
        var oidc = options.Value.Oidc;
        var now = clock.GetUtcNow();
        if (claims.ValueKind != JsonValueKind.Object
            || Text(claims, "iss") != oidc.Issuer
            || !Texts(claims, "aud").Contains(oidc.Audience)
            || Time(claims, "exp") is not { } expires || now >= expires + oidc.ClockSkew
            || (claims.TryGetProperty("nbf", out _) && !(Time(claims, "nbf") <= now + oidc.ClockSkew))
            || Text(claims, oidc.ActorClaim) is not { Length: > 0 and <= Actor.LongestName } actor)
        {
            return null;
        }

        var roles = Texts(claims, oidc.RolesClaim)
            .Select(name => oidc.Roles.TryGetValue(name, out var mapped) ? mapped : Enum.TryParse<Role>(name, ignoreCase: true, out var own) && !char.IsAsciiDigit(name[0]) ? own : (Role?)null)
            .OfType<Role>();
        return new(actor, [.. roles]);
    }

    private static JsonElement? At(JsonElement claims, string path)
    {
        // A claim may itself hold dots, as those that are addresses do.
        if (claims.TryGetProperty(path, out var whole))
        {
            return whole;
        }

        foreach (var name in path.Split('.'))
        {
            if (claims.ValueKind != JsonValueKind.Object || !claims.TryGetProperty(name, out claims))
            {
                return null;
            }
        }

        return claims;
    }

    private static string? Text(JsonElement claims, string path) => At(claims, path) is { ValueKind: JsonValueKind.String } value ? value.GetString() : null;

    private static string[] Texts(JsonElement claims, string path) => At(claims, path) switch
    {
        { ValueKind: JsonValueKind.String } one => one.GetString()!.Split(' ', StringSplitOptions.RemoveEmptyEntries),
        { ValueKind: JsonValueKind.Array } several => [.. several.EnumerateArray().Where(value => value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 }).Select(value => value.GetString()!)],
        _ => [],
    };

    private static DateTimeOffset? Time(JsonElement claims, string name) =>
        claims.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var seconds) && seconds is >= 0 and < 253_402_300_800
            ? DateTimeOffset.UnixEpoch.AddSeconds(Math.Floor(seconds))
            : null;
}
