using System.Collections.Concurrent;
using System.Net;
using System.Text.Json.Serialization;
using G2PBridge.Modules.Access.Domain;
using Microsoft.Extensions.Options;

namespace G2PBridge.Modules.Access.Keys;

/// <summary>
/// The partner management's keys, remembered: fresh for the soft time to live, stale but usable up to the hard one while the endpoint is out,
/// then none. However many requests wait for a partner's keys, the endpoint is asked once at a time.
/// </summary>
internal sealed partial class PartnerManagement(
    IHttpClientFactory clients, IOptions<PartnerSignatureOptions> options, TimeProvider clock, ILogger<PartnerManagement> logger) : IPartnerKeySource
{
    public const string Client = "partner-management";

    /// <summary>Names come from requests that nobody has vouched for yet; they must not fill the memory.</summary>
    private const int MostPartners = 10_000;

    private static readonly TimeSpan LeastTimeToLive = TimeSpan.FromSeconds(30);

    private readonly ConcurrentDictionary<string, Entry> _entries = new(StringComparer.Ordinal);

    public async ValueTask<IReadOnlyList<PartnerKey>> FindAsync(string partner, string? keyId, CancellationToken cancellationToken)
    {
        if (options.Value.PartnerManagement.Url is null || partner == PartnerNames.Unknown)
        {
            return [];
        }

        if (_entries.Count >= MostPartners)
        {
            foreach (var (name, known) in _entries)
            {
                if (known.Answer is not { Keys.Count: > 0 })
                {
                    _entries.TryRemove(name, out _);
                }
            }
        }

        var entry = _entries.GetOrAdd(partner, _ => new Entry());
        var now = clock.GetUtcNow();
        var answer = entry.Answer;
        if (answer is null || now >= answer.SoftUntil || (IsUnknown(answer, keyId) && now >= answer.AskedAt + options.Value.PartnerManagement.RefreshCooldown))
        {
            answer = await RefreshAsync(partner, entry, answer).WaitAsync(cancellationToken);
        }

        return clock.GetUtcNow() < answer.HardUntil ? answer.Keys : [];
    }

    private static bool IsUnknown(Answer answer, string? keyId) => keyId is not null && answer.Keys.Count > 0 && !answer.Keys.Any(key => key.Id == keyId);

    private Task<Answer> RefreshAsync(string partner, Entry entry, Answer? seen)
    {
        lock (entry)
        {
            if (entry.Answer is { } newer && !ReferenceEquals(newer, seen))
            {
                return Task.FromResult(newer);
            }

            // Not of the request's token: others wait for the same answer.
            return entry.Asking ??= AskAndKeepAsync(partner, entry, seen);
        }
    }

    private async Task<Answer> AskAndKeepAsync(string partner, Entry entry, Answer? former)
    {
        await Task.Yield();
        var answer = await AskAsync(partner, former);
        lock (entry)
        {
            entry.Answer = answer;
            entry.Asking = null;
        }

        return answer;
    }

    private async Task<Answer> AskAsync(string partner, Answer? former)
    {
        var settings = options.Value.PartnerManagement;
        var now = clock.GetUtcNow();
        try
        {
            using var limit = new CancellationTokenSource(settings.Timeout);
            using var client = clients.CreateClient(Client);
            using var response = await client.GetAsync(new Uri($"{settings.Url!.AbsoluteUri.TrimEnd('/')}/keys/{partner}"), limit.Token);
            if (response.StatusCode == HttpStatusCode.NotFound)
            {
                return new([], now, now + settings.NegativeTimeToLive, now + settings.NegativeTimeToLive);
            }

            response.EnsureSuccessStatusCode();
            var body = await response.Content.ReadFromJsonAsync<Body>(limit.Token);
            var soft = response.Headers.CacheControl?.MaxAge is { } age && age < settings.SoftTimeToLive ? age : settings.SoftTimeToLive;
            return new(Read(partner, body), now, now + (soft < LeastTimeToLive ? LeastTimeToLive : soft), now + settings.HardTimeToLive);
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException or System.Text.Json.JsonException)
        {
            LogOut(partner, exception.GetType().Name);
            // What is known stays usable up to its hard limit; the endpoint is left in peace for a while.
            return former is null
                ? new([], now, now + settings.NegativeTimeToLive, now + settings.NegativeTimeToLive)
                : former with { AskedAt = now, SoftUntil = now + settings.NegativeTimeToLive };
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

    private sealed class Entry
    {
        public volatile Answer? Answer;

        public Task<Answer>? Asking { get; set; }
    }

    private sealed record Answer(IReadOnlyList<PartnerKey> Keys, DateTimeOffset AskedAt, DateTimeOffset SoftUntil, DateTimeOffset HardUntil);

    private sealed record Body([property: JsonPropertyName("keys")] IReadOnlyList<BodyKey>? Keys);

    private sealed record BodyKey(
        [property: JsonPropertyName("kid")] string? Kid, [property: JsonPropertyName("algorithm")] string? Algorithm, [property: JsonPropertyName("public_key")] string? PublicKey);

    [LoggerMessage(904, LogLevel.Warning, "The partner management did not answer about {Partner} ({Fault}); what was known holds up to its limit")]
    private partial void LogOut(string partner, string fault);

    [LoggerMessage(905, LogLevel.Warning, "Key {Index} of {Partner} at the partner management cannot be used: {Problem}")]
    private partial void LogUnusable(string partner, int index, string problem);
}
