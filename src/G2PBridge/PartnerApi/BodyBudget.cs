using System.Buffers;
using Microsoft.Extensions.Options;

namespace G2PBridge.PartnerApi;

/// <summary>
/// Reads bodies, and knows how many bytes of them are held at once, all requests together. A body is read before its signature can be checked, so anybody
/// could fill the memory with large ones.
/// </summary>
internal sealed class BodyBudget(IOptions<PartnerApiOptions> options)
{
    /// <summary>Whatever a sender announces, no more is held for it before its bytes are there.</summary>
    private const int FirstBuffer = 256 * 1024;

    /// <summary>One request of the largest size always gets through, and one beside it.</summary>
    private readonly long _most = Math.Max(options.Value.MaxBufferedBytes, 2L * options.Value.MaxRequestBytes);

    private long _taken;

    public long Taken => Interlocked.Read(ref _taken);

    /// <summary>Null when the body is longer than it may be.</summary>
    /// <exception cref="BodyBudgetSpentException">Too many large bodies at once.</exception>
    public async Task<HeldBody?> ReadAsync(HttpRequest http, int mostBytes, CancellationToken cancellationToken)
    {
        if (http.ContentLength > mostBytes)
        {
            return null;
        }

        var announced = (http.ContentLength ?? 0) + 1;
        var buffer = Rent((int)Math.Clamp(announced, 4096, FirstBuffer));
        var length = 0;
        try
        {
            while (true)
            {
                if (length == buffer.Length)
                {
                    buffer = Grow(buffer, (int)Math.Min(Math.Clamp(announced, length * 2L, length * 8L), mostBytes + 1L));
                }

                var read = await http.Body.ReadAsync(buffer.AsMemory(length), cancellationToken);
                if (read == 0)
                {
                    return new(this, buffer, length);
                }

                length += read;
                if (length > mostBytes)
                {
                    Return(buffer);
                    return null;
                }
            }
        }
        catch
        {
            Return(buffer);
            throw;
        }
    }

    public bool TryTake(long bytes)
    {
        if (Interlocked.Add(ref _taken, bytes) <= _most)
        {
            return true;
        }

        GiveBack(bytes);
        return false;
    }

    public void GiveBack(long bytes) => Interlocked.Add(ref _taken, -bytes);

    public void Return(byte[] buffer)
    {
        ArrayPool<byte>.Shared.Return(buffer);
        GiveBack(buffer.Length);
    }

    private byte[] Grow(byte[] buffer, int length)
    {
        var larger = Rent(length);
        buffer.CopyTo(larger, 0);
        Return(buffer);
        return larger;
    }

    private byte[] Rent(int length)
    {
        var rented = ArrayPool<byte>.Shared.Rent(length);
        if (TryTake(rented.Length))
        {
            return rented;
        }

        ArrayPool<byte>.Shared.Return(rented);
        throw new BodyBudgetSpentException();
    }
}

/// <summary>A body in memory that goes back to where it came from.</summary>
internal sealed class HeldBody(BodyBudget budget, byte[] rented, int length) : IDisposable
{
    private byte[]? _rented = rented;

    public ReadOnlyMemory<byte> Bytes { get; } = rented.AsMemory(0, length);

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _rented, null) is { } held)
        {
            budget.Return(held);
        }
    }
}

/// <summary>More bodies are held than there is memory for; the sender may come again in a moment.</summary>
internal sealed class BodyBudgetSpentException : Exception;
