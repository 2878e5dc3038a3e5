using System.Text.Json;
using G2PBridge.Modules.Access.Domain;
using G2PBridge.Platform.Identity;

namespace G2PBridge.Modules.Access.Keys;

/// <summary>The keys a token server signs with, from its JSON Web Key Set.</summary>
internal sealed partial class TokenServerKeys
{
    public const string Client = "token-server";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private static readonly KeyLifetimes Lifetimes = new(TimeSpan.FromMinutes(10), TimeSpan.FromHours(2), TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(30));

    private readonly IHttpClientFactory _clients;
    private readonly TokenServerOptions _options;
    private readonly ILogger<TokenServerKeys> _logger;
    private readonly RememberedKeys _keys;

    public TokenServerKeys(TokenServerOptions options, IHttpClientFactory clients, TimeProvider clock, ILogger<TokenServerKeys> logger)
    {
        (_clients, _options, _logger) = (clients, options, logger);
        _keys = new(AskAsync, Lifetimes, clock);
    }

    public async ValueTask<PartnerKey?> FindAsync(string? keyId, SignatureAlgorithm algorithm, CancellationToken cancellationToken) =>
        (await _keys.FindAsync(keyId, cancellationToken)).FirstOrDefault(key => key.Algorithm == algorithm && (keyId is null || key.Id == keyId));

    private async Task<KeyAnswer?> AskAsync()
    {
        try
        {
            using var limit = new CancellationTokenSource(Patience);
            using var client = _clients.CreateClient(Client);
            using var response = await client.GetAsync(_options.KeysUrl ?? await DiscoverAsync(client, limit.Token), limit.Token);
            response.EnsureSuccessStatusCode();
            using var set = await JsonDocument.ParseAsync(await response.Content.ReadAsStreamAsync(limit.Token), cancellationToken: limit.Token);
            // A server lists its keys for encryption too.
            return new(PartnerKey.FromSet(set.RootElement, (_, problem) => LogPassedOver(problem)), response.Headers.CacheControl?.MaxAge);
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException or JsonException or KeyNotFoundException or InvalidOperationException or UriFormatException)
        {
            LogOut(exception.GetType().Name);
            return null;
        }
    }

    /// <summary>OpenID Connect Discovery 1.0, section 4: the document must speak of the very issuer it was asked of.</summary>
    private async Task<Uri> DiscoverAsync(HttpClient client, CancellationToken cancellationToken)
    {
        using var response = await client.GetAsync(new Uri($"{_options.Issuer!.TrimEnd('/')}/.well-known/openid-configuration"), cancellationToken);
        response.EnsureSuccessStatusCode();
        using var document = await JsonDocument.ParseAsync(await response.Content.ReadAsStreamAsync(cancellationToken), cancellationToken: cancellationToken);
        return document.RootElement.GetProperty("issuer").GetString() == _options.Issuer
            ? new Uri(document.RootElement.GetProperty("jwks_uri").GetString()!)
            : throw new InvalidOperationException("The discovery document is of another issuer.");
    }

    [LoggerMessage(906, LogLevel.Warning, "The token server did not give its keys ({Fault}); what was known holds up to its limit")]
    private partial void LogOut(string fault);

    [LoggerMessage(907, LogLevel.Debug, "A key of the token server is not for signatures we take: {Problem}")]
    private partial void LogPassedOver(string problem);
}
