using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using Npgsql;

namespace G2PBridge.Platform.Persistence;

/// <summary>
/// Rows into a table by binary COPY, laid out in a buffer here and sent as it fills. A value costs some nanoseconds; the driver's own
/// importer awaits each, which was an eighth of the host's processor time on a pay-day.
/// </summary>
/// <remarks>
/// The layout is that of PostgreSQL's documentation, COPY, "Binary Format", with each type's own send format. Types must be the columns'
/// own: the server converts nothing. What the server refuses is thrown by <see cref="CompleteAsync"/>, or by the first send after it.
/// </remarks>
internal sealed class BinaryCopy : IAsyncDisposable
{
    private const int SendAt = 48 * 1024;
    private const int UuidOid = 2950;

    // PGCOPY, a line feed, and three bytes that a careless transfer would change; then flags and the length of an extension, both none.
    private static ReadOnlySpan<byte> Header => [(byte)'P', (byte)'G', (byte)'C', (byte)'O', (byte)'P', (byte)'Y', (byte)'\n', 0xff, (byte)'\r', (byte)'\n', 0, 0, 0, 0, 0, 0, 0, 0, 0];

    private static readonly DateTimeOffset Epoch = new(2000, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly int EpochDay = DateOnly.FromDateTime(Epoch.UtcDateTime).DayNumber;

    private readonly NpgsqlRawCopyStream _stream;
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(64 * 1024);
    private int _used;
    private bool _completed;

    private BinaryCopy(NpgsqlRawCopyStream stream)
    {
        _stream = stream;
        Put(Header);
    }

    /// <param name="connection">Open; it does nothing else until the copy is disposed of.</param>
    /// <param name="sql"><c>copy TABLE (COLUMNS) from stdin (format binary)</c>.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public static async Task<BinaryCopy> BeginAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken) =>
        new(await connection.BeginRawBinaryCopyAsync(sql, cancellationToken));

    /// <summary>Begins a row; as many values must follow as there are columns.</summary>
    public async ValueTask StartRowAsync(short columns, CancellationToken cancellationToken)
    {
        if (_used >= SendAt)
        {
            await _stream.WriteAsync(_buffer.AsMemory(0, _used), cancellationToken);
            _used = 0;
        }

        BinaryPrimitives.WriteInt16BigEndian(Take(2), columns);
    }

    public void WriteNull() => BinaryPrimitives.WriteInt32BigEndian(Take(4), -1);

    public void Write(bool value) => Value(1)[0] = value ? (byte)1 : (byte)0;

    public void Write(bool? value)
    {
        if (value is { } present)
        {
            Write(present);
        }
        else
        {
            WriteNull();
        }
    }

    public void Write(short value) => BinaryPrimitives.WriteInt16BigEndian(Value(2), value);

    public void Write(short? value)
    {
        if (value is { } present)
        {
            Write(present);
        }
        else
        {
            WriteNull();
        }
    }

    public void Write(int value) => BinaryPrimitives.WriteInt32BigEndian(Value(4), value);

    public void Write(int? value)
    {
        if (value is { } present)
        {
            Write(present);
        }
        else
        {
            WriteNull();
        }
    }

    public void Write(long value) => BinaryPrimitives.WriteInt64BigEndian(Value(8), value);

    public void Write(long? value)
    {
        if (value is { } present)
        {
            Write(present);
        }
        else
        {
            WriteNull();
        }
    }

    /// <summary>A <c>date</c>: days since the first of January 2000.</summary>
    public void Write(DateOnly? value)
    {
        if (value is { } present)
        {
            Write(present.DayNumber - EpochDay);
        }
        else
        {
            WriteNull();
        }
    }

    /// <summary>A <c>timestamptz</c>: microseconds since the first of January 2000; what is finer is cut off, as by the driver.</summary>
    public void Write(DateTimeOffset value) => Write((value.UtcTicks - Epoch.UtcTicks) / TimeSpan.TicksPerMicrosecond);

    public void Write(Guid value) => value.TryWriteBytes(Value(16), bigEndian: true, out _);

    /// <summary>A <c>bytea</c>.</summary>
    public void Write(ReadOnlySpan<byte> value) => value.CopyTo(Value(value.Length));

    public void Write(byte[]? value)
    {
        if (value is null)
        {
            WriteNull();
        }
        else
        {
            Write(value.AsSpan());
        }
    }

    /// <summary>A <c>text</c> or <c>varchar</c>.</summary>
    /// <exception cref="EncoderFallbackException">Half of a surrogate pair, which is no text.</exception>
    public void Write(string? value)
    {
        if (value is null)
        {
            WriteNull();
            return;
        }

        var length = StrictUtf8.GetByteCount(value);
        StrictUtf8.GetBytes(value, Value(length));
    }

    /// <summary>A <c>jsonb</c> from its UTF-8 text: a byte for the version, then the text.</summary>
    public void WriteJson(ReadOnlySpan<byte> utf8)
    {
        var target = Value(utf8.Length + 1);
        target[0] = 1;
        utf8.CopyTo(target[1..]);
    }

    /// <summary>A <c>uuid[]</c> of one dimension.</summary>
    public void Write(IReadOnlyList<Guid>? values)
    {
        if (values is null)
        {
            WriteNull();
            return;
        }

        var start = _used;
        Take(4);
        BinaryPrimitives.WriteInt32BigEndian(Take(4), values.Count == 0 ? 0 : 1);
        BinaryPrimitives.WriteInt32BigEndian(Take(4), 0);
        BinaryPrimitives.WriteInt32BigEndian(Take(4), UuidOid);
        if (values.Count > 0)
        {
            BinaryPrimitives.WriteInt32BigEndian(Take(4), values.Count);
            BinaryPrimitives.WriteInt32BigEndian(Take(4), 1);
            foreach (var value in values)
            {
                Write(value);
            }
        }

        BinaryPrimitives.WriteInt32BigEndian(_buffer.AsSpan(start), _used - start - 4);
    }

    public void Write(decimal? value)
    {
        if (value is { } present)
        {
            Write(present);
        }
        else
        {
            WriteNull();
        }
    }

    /// <summary>A <c>numeric</c>, scale kept: groups of four decimal digits, aligned to the decimal point, without zero groups at the end.</summary>
    public void Write(decimal value)
    {
        Span<int> bits = stackalloc int[4];
        decimal.GetBits(value, bits);
        var scale = (bits[3] >> 16) & 0xff;
        var fraction = (scale + 3) / 4;
        var mantissa = new UInt128((uint)bits[2], ((ulong)(uint)bits[1] << 32) | (uint)bits[0]);
        for (var i = scale; i < fraction * 4; i++)
        {
            mantissa *= 10;
        }

        Span<short> groups = stackalloc short[16];
        var count = 0;
        while (mantissa > ulong.MaxValue)
        {
            (mantissa, var group) = UInt128.DivRem(mantissa, 10_000);
            groups[count++] = (short)group;
        }

        for (var rest = (ulong)mantissa; rest > 0; rest /= 10_000)
        {
            groups[count++] = (short)(rest % 10_000);
        }

        var first = 0;
        while (first < count && groups[first] == 0)
        {
            first++;
        }

        var target = Value(8 + (2 * (count - first)));
        BinaryPrimitives.WriteInt16BigEndian(target, (short)(count - first));
        BinaryPrimitives.WriteInt16BigEndian(target[2..], (short)(count == 0 ? 0 : count - fraction - 1));
        BinaryPrimitives.WriteInt16BigEndian(target[4..], (short)(value < 0 ? 0x4000 : 0));
        BinaryPrimitives.WriteInt16BigEndian(target[6..], (short)scale);
        for (var i = count - 1; i >= first; i--)
        {
            BinaryPrimitives.WriteInt16BigEndian(target[(8 + (2 * (count - 1 - i)))..], groups[i]);
        }
    }

    /// <summary>Sends what is left and ends the copy; without it, disposing takes everything back.</summary>
    /// <exception cref="PostgresException">The server refuses the rows.</exception>
    public async Task CompleteAsync(CancellationToken cancellationToken)
    {
        BinaryPrimitives.WriteInt16BigEndian(Take(2), -1);
        await _stream.WriteAsync(_buffer.AsMemory(0, _used), cancellationToken);
        _completed = true;
        await _stream.DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        ArrayPool<byte>.Shared.Return(_buffer, clearArray: true);
        _buffer = [];
        if (!_completed)
        {
            _completed = true;
            await _stream.CancelAsync();
        }
    }

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private void Put(ReadOnlySpan<byte> bytes) => bytes.CopyTo(Take(bytes.Length));

    private Span<byte> Value(int length)
    {
        var target = Take(4 + length);
        BinaryPrimitives.WriteInt32BigEndian(target, length);
        return target[4..];
    }

    private Span<byte> Take(int length)
    {
        if (_buffer.Length - _used < length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(_buffer.Length * 2, _used + length));
            _buffer.AsSpan(0, _used).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_buffer, clearArray: true);
            _buffer = larger;
        }

        var taken = _buffer.AsSpan(_used, length);
        _used += length;
        return taken;
    }
}
