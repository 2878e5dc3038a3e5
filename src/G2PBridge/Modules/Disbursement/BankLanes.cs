using System.Collections.Concurrent;
using Microsoft.Extensions.Options;

namespace G2PBridge.Modules.Disbursement;

/// <summary>
/// So many orders at once per bank, in this process, and none while the bank asked to be left alone. A slow bank fills its own lanes
/// and nobody else's. Politeness only: what may be sent is decided by the claim.
/// </summary>
internal sealed class BankLanes(IOptions<DisbursementOptions> options, TimeProvider clock)
{
    private readonly ConcurrentDictionary<string, Lane> _lanes = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>A lane to this bank, to be disposed of when the order is settled; null when there is none now.</summary>
    public IDisposable? TryEnter(string bankCode)
    {
        var lane = _lanes.GetOrAdd(bankCode, _ => new Lane());
        return clock.GetUtcNow() >= lane.RestUntil ? lane.TryEnter(options.Value.Parallelism) : null;
    }

    public void Rest(string bankCode, TimeSpan pause) => _lanes.GetOrAdd(bankCode, _ => new Lane()).RestUntil = clock.GetUtcNow() + pause;

    private sealed class Lane
    {
        private long _restUntil;
        private int _taken;

        public DateTimeOffset RestUntil
        {
            get => new(Interlocked.Read(ref _restUntil), TimeSpan.Zero);
            set => Interlocked.Exchange(ref _restUntil, value.UtcTicks);
        }

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
