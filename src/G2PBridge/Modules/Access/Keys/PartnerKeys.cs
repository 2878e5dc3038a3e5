using G2PBridge.Modules.Access.Domain;
using Microsoft.Extensions.Options;

namespace G2PBridge.Modules.Access.Keys;

/// <summary>A place where keys of partners are registered.</summary>
internal interface IPartnerKeySource
{
    /// <param name="partner">Such as <c>PARTNER_PBMS</c>.</param>
    /// <param name="keyId">The <c>kid</c> that is looked for; a source that remembers answers asks anew when it does not know it.</param>
    /// <returns>All keys of the partner; none when it is not known here or cannot be asked about.</returns>
    ValueTask<IReadOnlyList<PartnerKey>> FindAsync(string partner, string? keyId, CancellationToken cancellationToken);
}

/// <summary>Every place at once: a key that is registered anywhere counts, so that a new one can be brought in beside the old.</summary>
internal sealed class PartnerKeys(IEnumerable<IPartnerKeySource> sources, TimeProvider clock)
{
    /// <summary>So many keys a signature is tried with; more of one kind and without a name a partner does not have.</summary>
    private const int MostTried = 4;

    /// <summary>
    /// The keys a signature may have been made with: those of its <c>kid</c>, or, without one on either side, those of its algorithm. There are several while an old key
    /// without a name stands beside a new one.
    /// </summary>
    public async ValueTask<IReadOnlyList<PartnerKey>> FindAsync(string partner, string? keyId, SignatureAlgorithm algorithm, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var found = new List<PartnerKey>();
        foreach (var source in sources)
        {
            foreach (var key in await source.FindAsync(partner, keyId, cancellationToken))
            {
                if (key.Algorithm != algorithm || !key.IsValidAt(now))
                {
                    continue;
                }

                if (keyId is not null && key.Id == keyId)
                {
                    return [key];
                }

                if (keyId is null || key.Id is null)
                {
                    found.Add(key);
                }
            }
        }

        return found.Count > MostTried ? found[..MostTried] : found;
    }
}

/// <summary>Keys that stand in the settings.</summary>
internal sealed class ConfiguredKeys(IOptions<PartnerSignatureOptions> options) : IPartnerKeySource
{
    private readonly Lazy<ILookup<string, PartnerKey>> _keys = new(() => options.Value.Keys.ToLookup(key => key.Partner, key => key.Read(), StringComparer.Ordinal));

    public ValueTask<IReadOnlyList<PartnerKey>> FindAsync(string partner, string? keyId, CancellationToken cancellationToken) =>
        ValueTask.FromResult<IReadOnlyList<PartnerKey>>([.. _keys.Value[partner]]);
}
