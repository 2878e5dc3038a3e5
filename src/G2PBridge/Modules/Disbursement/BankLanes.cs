using System.Collections.Concurrent;
using Microsoft.Extensions.Options;

namespace G2PBridge.Modules.Disbursement;

/// <summary>
/// So many orders at once per bank in this process. A slow bank fills its own lanes and nobody else's. Politeness only: what may be
/// sent is decided by the claim.
/// </summary>
internal sealed class BankLanes(IOptions<DisbursementOptions> options)
{
    private readonly ConcurrentDictionary<string, Lane> _lanes = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>A lane to this bank, to be disposed of when the order is settled; null when all are taken.</summary>
    public IDisposable? TryEnter(string bankCode) => _lanes.GetOrAdd(bankCode, _ => new Lane()).TryEnter(options.Value.Parallelism);

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
