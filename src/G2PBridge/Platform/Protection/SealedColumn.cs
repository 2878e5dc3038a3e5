using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace G2PBridge.Platform.Protection;

/// <summary>
/// A column of ciphertexts, one per row for everything secret in it. Its name and the row's primary key are bound into each ciphertext, so that one which is put into
/// another row, column or table does not open there.
/// </summary>
/// <param name="Table">With its schema.</param>
/// <param name="Key">The primary key's columns with their types (<c>bigint</c>, <c>integer</c>, <c>uuid</c>, <c>text</c>), in order.</param>
internal sealed record SealedColumn(string Table, string Column, params IReadOnlyList<(string Name, string Type)> Key)
{
    /// <summary>What fits a fingerprint that stands beside it, for <c>verify</c>; both null where there is none.</summary>
    public string? FingerprintColumn { get; init; }

    /// <summary>The fingerprint of the fields; given the key of this kind of fingerprint.</summary>
    public Func<KeyRing, IReadOnlyList<string?>, Guid>? Fingerprint { get; init; }

    /// <summary>The ciphertext is of bytes and not of fields: a part of a file.</summary>
    public bool IsBytes { get; init; }

    /// <summary>
    /// The column whose ciphertexts stand here too, with the columns of this table that name their rows there: they are bound to those rows, whichever table holds them.
    /// Null for a column with ciphertexts of its own.
    /// </summary>
    public (SealedColumn Of, IReadOnlyList<string> Row)? Copy { get; init; }

    private readonly byte[] _tag = Encoding.ASCII.GetBytes($"{Table}.{Column}\0");

    public byte[] Tag => Copy?.Of.Tag ?? _tag;

    /// <summary>For people.</summary>
    public override string ToString() => $"{Table}.{Column}";
}

/// <summary>The primary key of a row, as bytes that no other key of the table has.</summary>
internal readonly struct RowKey
{
    private readonly byte _kind;
    private readonly Guid _guid;
    private readonly long _first;
    private readonly long _second;
    private readonly string? _text;

    private RowKey(byte kind, Guid guid, long first, long second, string? text) => (_kind, _guid, _first, _second, _text) = (kind, guid, first, second, text);

    public static RowKey Of(long key) => new(1, default, key, 0, null);

    public static RowKey Of(long first, long second) => new(2, default, first, second, null);

    public static RowKey Of(Guid first, long second) => new(3, first, second, 0, null);

    public static RowKey Of(string key) => new(4, default, 0, 0, key);

    /// <summary>From the values of the key's columns, as the database gives them.</summary>
    public static RowKey Of(IReadOnlyList<object> values) => values switch
    {
        [string text] => Of(text),
        [Guid guid, var number] => Of(guid, Number(number)),
        [var number] => Of(Number(number)),
        [var first, var second] => Of(Number(first), Number(second)),
        _ => throw new ArgumentException("A key of one or two columns is expected.", nameof(values)),
    };

    public int Length => _kind switch { 1 => 9, 2 => 17, 3 => 25, _ => 1 + Encoding.UTF8.GetByteCount(_text!) };

    public void Write(Span<byte> target)
    {
        target[0] = _kind;
        switch (_kind)
        {
            case 1:
                BinaryPrimitives.WriteInt64BigEndian(target[1..], _first);
                break;
            case 2:
                BinaryPrimitives.WriteInt64BigEndian(target[1..], _first);
                BinaryPrimitives.WriteInt64BigEndian(target[9..], _second);
                break;
            case 3:
                _guid.TryWriteBytes(target[1..], bigEndian: true, out _);
                BinaryPrimitives.WriteInt64BigEndian(target[17..], _first);
                break;
            default:
                Encoding.UTF8.GetBytes(_text!, target[1..]);
                break;
        }
    }

    private static long Number(object value) => Convert.ToInt64(value, CultureInfo.InvariantCulture);
}
