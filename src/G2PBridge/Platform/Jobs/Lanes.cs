using System.Collections.Concurrent;

namespace G2PBridge.Platform.Jobs;

/// <summary>
/// So many at once for each outside party in this process: one that is slow fills its own lanes and nobody else's. Politeness only: what
/// may be done is decided by the claim.
/// </summary>
/// <param name="width">Lanes to each party.</param>
internal sealed class Lanes(int width)
{
    private readonly ConcurrentDictionary<string, Lane> _lanes = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>A lane to this party, to be disposed of when its answer is settled; null when all are taken.</summary>
    public IDisposable? TryEnter(string party) => _lanes.GetOrAdd(party, _ => new Lane()).TryEnter(width);

    private sealed class Lane
    {
        private int _taken;

        public IDisposable? TryEnter(int most)
        {
            if (Interlocked.Increment(ref _taken) <= most)
            {
                return new Place(this);
            }

            Interlocked.Decrement(ref _taken);
            return null;
        }

        private sealed class Place(Lane lane) : IDisposable
        {
            private int _left;

            public void Dispose()
            {
                if (Interlocked.Exchange(ref _left, 1) == 0)
                {
                    Interlocked.Decrement(ref lane._taken);
                }
            }
        }
    }
}
