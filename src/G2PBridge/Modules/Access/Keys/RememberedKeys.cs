using G2PBridge.Modules.Access.Domain;

namespace G2PBridge.Modules.Access.Keys;

/// <summary>How long an answer about keys holds.</summary>
internal sealed record KeyLifetimes(TimeSpan Soft, TimeSpan Hard, TimeSpan Negative, TimeSpan Cooldown);

/// <summary>What an endpoint said of somebody's keys.</summary>
/// <param name="Keys">Null: it knows nobody of that name.</param>
/// <param name="MaxAge">From <c>Cache-Control</c>; null when it says nothing.</param>
internal sealed record KeyAnswer(IReadOnlyList<PartnerKey>? Keys, TimeSpan? MaxAge);

/// <summary>
/// One party's keys, remembered: fresh up to the soft limit, stale but usable up to the hard one while the endpoint is out, then none. An unknown
/// <c>kid</c> makes us ask at once, but not again and again. However many wait, the endpoint is asked once at a time.
/// </summary>
/// <param name="ask">Null when the endpoint did not answer.</param>
internal sealed class RememberedKeys(Func<Task<KeyAnswer?>> ask, KeyLifetimes lifetimes, TimeProvider clock)
{
    private static readonly TimeSpan LeastTimeToLive = TimeSpan.FromSeconds(30);

    private readonly Lock _gate = new();
    private Known? _known;
    private Task<Known>? _asking;

    public bool IsEmpty => Volatile.Read(ref _known) is not { Keys.Count: > 0 };

    public async ValueTask<IReadOnlyList<PartnerKey>> FindAsync(string? keyId, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var known = Volatile.Read(ref _known);
        if (known is null || now >= known.SoftUntil || (IsUnknown(known, keyId) && now >= known.AskedAt + lifetimes.Cooldown))
        {
            known = await RefreshAsync(known).WaitAsync(cancellationToken);
        }

        return clock.GetUtcNow() < known.HardUntil ? known.Keys : [];
    }

    private static bool IsUnknown(Known known, string? keyId) => keyId is not null && known.Keys.Count > 0 && !known.Keys.Any(key => key.Id == keyId);

    private Task<Known> RefreshAsync(Known? seen)
    {
        lock (_gate)
        {
            if (_known is { } newer && !ReferenceEquals(newer, seen))
            {
                return Task.FromResult(newer);
            }

            // Not under the request's token: others wait for the same answer.
            return _asking ??= AskAsync(seen);
        }
    }

    private async Task<Known> AskAsync(Known? former)
    {
        await Task.Yield();
        var answer = await ask();
        var now = clock.GetUtcNow();
        var known = answer switch
        {
            { Keys: { } keys } => new Known(keys, now, now + SoftOf(answer), now + lifetimes.Hard),
            null when former is not null => former with { AskedAt = now, SoftUntil = now + lifetimes.Negative },
            _ => new Known([], now, now + lifetimes.Negative, now + lifetimes.Negative),
        };
        lock (_gate)
        {
            _known = known;
            _asking = null;
        }

        return known;
    }

    private TimeSpan SoftOf(KeyAnswer answer)
    {
        var soft = answer.MaxAge is { } age && age < lifetimes.Soft ? age : lifetimes.Soft;
        return soft < LeastTimeToLive ? LeastTimeToLive : soft;
    }

    private sealed record Known(IReadOnlyList<PartnerKey> Keys, DateTimeOffset AskedAt, DateTimeOffset SoftUntil, DateTimeOffset HardUntil);
}
