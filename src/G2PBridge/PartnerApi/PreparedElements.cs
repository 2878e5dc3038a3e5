using System.Buffers;
using System.Text.Json;

namespace G2PBridge.PartnerApi;

/// <summary>Elements of a list as JSON, written while the answer waits for others; in memory of the pool, which the next answer uses again.</summary>
internal sealed class PreparedElements : IBufferWriter<byte>, IDisposable
{
    private readonly List<int> _ends;
    private byte[] _bytes;
    private int _length;

    private PreparedElements(int elements, int bytes) => (_ends, _bytes) = (new List<int>(elements), ArrayPool<byte>.Shared.Rent(bytes));

    /// <param name="bytes">About what they need in all; more is found when they need more.</param>
    public static PreparedElements Write<T>(IReadOnlyCollection<T> elements, int bytes, Action<Utf8JsonWriter, T> write)
    {
        var prepared = new PreparedElements(elements.Count, bytes);
        try
        {
            using var writer = new Utf8JsonWriter(prepared, PartnerEndpoint.WriterOptions);
            foreach (var element in elements)
            {
                write(writer, element);
                writer.Flush();
                prepared._ends.Add(prepared._length);
                writer.Reset();
            }

            return prepared;
        }
        catch
        {
            prepared.Dispose();
            throw;
        }
    }

    /// <summary>Into a list that was begun.</summary>
    public void CopyTo(Utf8JsonWriter writer)
    {
        var from = 0;
        foreach (var end in _ends)
        {
            writer.WriteRawValue(_bytes.AsSpan(from, end - from), skipInputValidation: true);
            from = end;
        }
    }

    public void Advance(int count) => _length += count;

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        var needed = _length + Math.Max(sizeHint, 1);
        if (needed > _bytes.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(needed, 2 * _bytes.Length));
            _bytes.AsSpan(0, _length).CopyTo(larger);
            (var former, _bytes) = (_bytes, larger);
            ArrayPool<byte>.Shared.Return(former);
        }

        return _bytes.AsMemory(_length);
    }

    public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    public void Dispose()
    {
        var bytes = Interlocked.Exchange(ref _bytes, []);
        if (bytes.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }
}
