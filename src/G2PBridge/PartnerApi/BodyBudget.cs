using Microsoft.Extensions.Options;

namespace G2PBridge.PartnerApi;

/// <summary>
/// How many bytes of bodies are held at once, all requests together. A body is read before its signature can be checked, so anybody could fill the
/// memory with large ones.
/// </summary>
internal sealed class BodyBudget(IOptions<PartnerApiOptions> options)
{
    /// <summary>One request of the largest size always gets through, and one beside it.</summary>
    private readonly long _most = Math.Max(options.Value.MaxBufferedBytes, 2L * options.Value.MaxRequestBytes);

    private long _taken;

    public long Taken => Interlocked.Read(ref _taken);

    public bool TryTake(long bytes)
    {
        if (Interlocked.Add(ref _taken, bytes) <= _most)
        {
            return true;
        }

        Interlocked.Add(ref _taken, -bytes);
        return false;
    }

    public void GiveBack(long bytes) => Interlocked.Add(ref _taken, -bytes);
}
