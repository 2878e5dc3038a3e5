using System.Buffers.Text;
using System.Text.Json;
using G2PBridge.Modules.Access.Domain;
using G2PBridge.Modules.Access.Keys;
using G2PBridge.Platform.Identity;

namespace G2PBridge.Modules.Access.Features;

/// <summary>Believes a bearer token that its server signed for us, and that holds now. What does not hold tells nothing about why.</summary>
internal sealed class BearerTokens(TokenServerOptions options, TokenServerKeys keys, TimeProvider clock)
{
    private const string Scheme = "Bearer ";
    private const int MostCharacters = 16 * 1024;

    public async ValueTask<TokenClaims?> ReadAsync(HttpRequest request, CancellationToken cancellationToken) =>
        options.Issuer is not null && request.Headers.Authorization is [{ Length: <= MostCharacters } header] && header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
            ? await ReadAsync(header[Scheme.Length..].Trim(), cancellationToken)
            : null;

    private async ValueTask<TokenClaims?> ReadAsync(string token, CancellationToken cancellationToken)
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
            return claims.RootElement.ValueKind == JsonValueKind.Object && new TokenClaims(claims.RootElement.Clone()) is var read && Holds(read) ? read : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>RFC 7519, section 4.1, with <c>exp</c> demanded; RFC 9068, section 4.</summary>
    private bool Holds(TokenClaims claims)
    {
        var now = clock.GetUtcNow();
        return claims.Text("iss") == options.Issuer
            && claims.Texts("aud").Contains(options.Audience)
            && claims.Time("exp") is { } expires && now < expires + options.ClockSkew
            && (!claims.Has("nbf") || claims.Time("nbf") <= now + options.ClockSkew);
    }
}

/// <summary>What a believed token says.</summary>
internal readonly struct TokenClaims(JsonElement claims)
{
    public bool Has(string name) => claims.TryGetProperty(name, out _);

    /// <param name="path">The name of a claim, or of one within others, with dots between.</param>
    public string? Text(string path) => At(path) is { ValueKind: JsonValueKind.String } value ? value.GetString() : null;

    public string[] Texts(string path) => At(path) switch
    {
        { ValueKind: JsonValueKind.String } one => one.GetString()!.Split(' ', StringSplitOptions.RemoveEmptyEntries),
        { ValueKind: JsonValueKind.Array } several => [.. several.EnumerateArray().Where(value => value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 }).Select(value => value.GetString()!)],
        _ => [],
    };

    public DateTimeOffset? Time(string name) =>
        claims.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var seconds) && seconds is >= 0 and < 253_402_300_800
            ? DateTimeOffset.UnixEpoch.AddSeconds(Math.Floor(seconds))
            : null;

    private JsonElement? At(string path)
    {
        // A claim may itself hold dots, as those that are addresses do.
        if (claims.TryGetProperty(path, out var whole))
        {
            return whole;
        }

        var within = claims;
        foreach (var name in path.Split('.'))
        {
            if (within.ValueKind != JsonValueKind.Object || !within.TryGetProperty(name, out within))
            {
                return null;
            }
        }

        return within;
    }
}
