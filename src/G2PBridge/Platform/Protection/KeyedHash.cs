using System.Buffers;
using System.Security.Cryptography;
using System.Text;

namespace G2PBridge.Platform.Protection;

/// <summary>
/// HMAC-SHA-256 under a key that the database does not hold. Account and telephone numbers are few enough to be tried one by one, so whatever is stored of them to be
/// compared is never a plain hash. Sixteen bytes are kept where it stands in for equality.
/// </summary>
internal sealed class KeyedHash(byte[] key)
{
    public const int Length = 32;

    /// <summary>Keyed once and used again: setting up a hash costs more than hashing sixty bytes does.</summary>
    private IncrementalHash? _spare;

    /// <summary>The first sixteen bytes.</summary>
    public Guid Of(ReadOnlySpan<byte> data)
    {
        Span<byte> hash = stackalloc byte[Length];
        Compute(data, hash);
        return new Guid(hash[..16], bigEndian: true);
    }

    public Guid Of(Guid data)
    {
        Span<byte> bytes = stackalloc byte[16];
        data.TryWriteBytes(bytes, bigEndian: true, out _);
        return Of(bytes);
    }

    public Guid Of(string text)
    {
        var rented = ArrayPool<byte>.Shared.Rent(Encoding.UTF8.GetMaxByteCount(text.Length));
        try
        {
            return Of(rented.AsSpan(0, Encoding.UTF8.GetBytes(text, rented)));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented, clearArray: true);
        }
    }

    /// <summary>All thirty-two bytes.</summary>
    public byte[] Whole(ReadOnlySpan<byte> data)
    {
        var hash = new byte[Length];
        Compute(data, hash);
        return hash;
    }

    /// <summary>Whoever comes while another computes sets up one of his own; the last to finish leaves his.</summary>
    private void Compute(ReadOnlySpan<byte> data, Span<byte> hash)
    {
        var computing = Interlocked.Exchange(ref _spare, null) ?? IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, key);
        computing.AppendData(data);
        computing.GetHashAndReset(hash);
        Interlocked.Exchange(ref _spare, computing)?.Dispose();
    }
}
