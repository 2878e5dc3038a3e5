using System.ComponentModel.DataAnnotations;

namespace G2PBridge.Platform.Identity;

/// <summary>A token server whose bearer tokens are believed (OpenID Connect; RFC 9068).</summary>
internal abstract class TokenServerOptions
{
    /// <summary>The <c>iss</c> of a token, exactly. Null: no token is believed.</summary>
    public string? Issuer { get; init; }

    /// <summary>Must be among a token's <c>aud</c>.</summary>
    public string? Audience { get; init; }

    /// <summary>Where the server's keys are. Null: what <c>{Issuer}/.well-known/openid-configuration</c> names.</summary>
    public Uri? KeysUrl { get; init; }

    /// <summary>By how much the server's clock may be off.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00")]
    public TimeSpan ClockSkew { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>What of these settings cannot be used, one sentence each.</summary>
    public IEnumerable<string> Problems(string section)
    {
        if (this is { Issuer: not null, Audience: null or "" })
        {
            yield return $"{section}:Audience: name the audience that tokens for the bridge carry; without it a token for any other service would do.";
        }

        if (Issuer is not null && !(Uri.TryCreate(Issuer, UriKind.Absolute, out var address) && address.Scheme is "http" or "https"))
        {
            yield return $"{section}:Issuer: '{Issuer}' is not an http or https address.";
        }
    }
}
