using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;
using G2PBridge.Modules.Access.Domain;
using Microsoft.Extensions.Options;

namespace G2PBridge.Modules.Access.Keys;

/// <summary>The partner management's keys, <c>GET {Url}/keys/{partner}</c> (contract, section 1.3).</summary>
internal sealed partial class PartnerManagement(
    IHttpClientFactory clients, IOptions<PartnerSignatureOptions> options, TimeProvider clock, ILogger<PartnerManagement> logger) : IPartnerKeySource
{
    public const string Client = "partner-management";

    /// <summary>Names come from requests that nobody has vouched for yet; they must not fill the memory.</summary>
    private const int MostPartners = 10_000;

    private readonly ConcurrentDictionary<string, RememberedKeys> _partners = new(StringComparer.Ordinal);

    public async ValueTask<IReadOnlyList<PartnerKey>> FindAsync(string partner, string? keyId, CancellationToken cancellationToken)
    {
        var settings = options.Value.PartnerManagement;
        if (settings.Url is null || partner == PartnerNames.Unknown)
        {
            return [];
        }

        if (_partners.Count >= MostPartners)
        {
            foreach (var (name, remembered) in _partners)
            {
                if (remembered.IsEmpty)
                {
                    _partners.TryRemove(name, out _);
                }
            }
        }

        var lifetimes = new KeyLifetimes(settings.SoftTimeToLive, settings.HardTimeToLive, settings.NegativeTimeToLive, settings.RefreshCooldown);
        return await _partners.GetOrAdd(partner, name => new RememberedKeys(() => AskAsync(name), lifetimes, clock)).FindAsync(keyId, cancellationToken);
    }

    private async Task<KeyAnswer?> AskAsync(string partner)
    {
        var settings = options.Value.PartnerManagement;
        try
        {
            using var limit = new CancellationTokenSource(settings.Timeout);
            using var client = clients.CreateClient(Client);
            using var response = await client.GetAsync(new Uri($"{settings.Url!.AbsoluteUri.TrimEnd('/')}/keys/{partner}"), limit.Token);
            if (response.StatusCode == HttpStatusCode.NotFound)
            {
                return new(null, null);
            }

            response.EnsureSuccessStatusCode();
            return new(Read(partner, await response.Content.ReadFromJsonAsync<Body>(limit.Token)), response.Headers.CacheControl?.MaxAge);
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException or JsonException)
        {
            LogOut(partner, exception.GetType().Name);
            return null;
        }
    }

    private List<PartnerKey> Read(string partner, Body? body)
    {
        var keys = new List<PartnerKey>();
        foreach (var (key, index) in (body?.Keys ?? []).Select((key, index) => (key, index)))
        {
            try
            {
                keys.Add(PartnerKey.FromPem(key.PublicKey ?? "", key.Kid, key.Algorithm));
            }
            catch (FormatException exception)
            {
                LogUnusable(partner, index, exception.Message);
            }
        }

        return keys;
    }

    private sealed record Body([property: JsonPropertyName("keys")] IReadOnlyList<BodyKey>? Keys);

    private sealed record BodyKey(
        [property: JsonPropertyName("kid")] string? Kid, [property: JsonPropertyName("algorithm")] string? Algorithm, [property: JsonPropertyName("public_key")] string? PublicKey);

    [LoggerMessage(904, LogLevel.Warning, "The partner management did not answer about {Partner} ({Fault}); what was known holds up to its limit")]
    private partial void LogOut(string partner, string fault);

    [LoggerMessage(905, LogLevel.Warning, "Key {Index} of {Partner} at the partner management cannot be used: {Problem}")]
    private partial void LogUnusable(string partner, int index, string problem);
}
