using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace G2PBridge.Platform.Protection;

/// <summary>A ciphertext that no key of this process opens, or that is not the one that was written for this row. Holds nothing of its content.</summary>
internal sealed class SealedTextException(string message) : Exception(message);

/// <summary>
/// The layout of a ciphertext: version (1 byte), id of the key (4), nonce (12), ciphertext, tag (16). Bound to it: version, key id, table, column and row. Inside: each
/// field as its length plus one in base 128 (zero: null) and its UTF-8.
/// </summary>
/// <remarks>
/// Nonces are 96 random bits of the operating system's generator. Two of a million rows a month under one key in ten years agree with a probability of 10⁻¹³; a
/// counter would be no better, since a copied machine would go on with the same one. A key is good for 2³² rows, and `keys` says how many it has.
/// </remarks>
internal static class SealedText
{
    public const int Overhead = Header + NonceLength + DataKey.TagLength;

    private const byte Version = 1;
    private const int Header = 5;
    private const int NonceLength = 12;
    private const int OnStack = 512;

    /// <summary>The generator is asked once for so many nonces.</summary>
    private const int NoncesAtOnce = 64;

    [ThreadStatic]
    private static byte[]? _nonces;

    [ThreadStatic]
    private static int _noncesLeft;

    public static byte[] Seal(DataKey key, SealedColumn column, RowKey row, ReadOnlySpan<string?> fields)
    {
        var length = 0;
        foreach (var field in fields)
        {
            length += field is null ? 1 : Size(Encoding.UTF8.GetByteCount(field));
        }

        byte[]? rented = null;
        var plain = length <= OnStack ? stackalloc byte[OnStack] : rented = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            var at = 0;
            foreach (var field in fields)
            {
                at += WriteField(plain[at..], field);
            }

            return SealBytes(key, column, row, plain[..length]);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(plain[..length]);
            Return(rented);
        }
    }

    public static byte[] SealBytes(DataKey key, SealedColumn column, RowKey row, ReadOnlySpan<byte> plain)
    {
        var sealedText = new byte[Overhead + plain.Length];
        SealBytes(key, column, row, plain, sealedText);
        return sealedText;
    }

    /// <param name="target">As long as the plain bytes and <see cref="Overhead"/>.</param>
    public static void SealBytes(DataKey key, SealedColumn column, RowKey row, ReadOnlySpan<byte> plain, Span<byte> target)
    {
        target[0] = Version;
        BinaryPrimitives.WriteInt32BigEndian(target[1..], key.Id);
        var nonce = target.Slice(Header, NonceLength);
        Draw(nonce);
        Span<byte> bound = stackalloc byte[OnStack];
        key.Cipher.Encrypt(nonce, plain, target.Slice(Header + NonceLength, plain.Length), target[^DataKey.TagLength..], Bind(target, column, row, bound));
    }

    /// <summary>The id of the key that it was written under; null for what is no ciphertext of ours.</summary>
    public static int? KeyOf(ReadOnlySpan<byte> sealedText) =>
        sealedText.Length >= Overhead && sealedText[0] == Version ? BinaryPrimitives.ReadInt32BigEndian(sealedText[1..]) : null;

    /// <summary>Fills in the fields that there are; those that a newer program may have added are left out, those that an older one did not know stay null.</summary>
    /// <exception cref="SealedTextException"/>
    public static void Open(DataKey key, SealedColumn column, RowKey row, ReadOnlySpan<byte> sealedText, Span<string?> fields)
    {
        var length = sealedText.Length - Overhead;
        byte[]? rented = null;
        var plain = length <= OnStack ? stackalloc byte[OnStack] : rented = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            plain = plain[..length];
            OpenBytes(key, column, row, sealedText, plain);
            fields.Clear();
            for (var (i, at) = (0, 0); i < fields.Length && at < length; i++)
            {
                at += ReadField(plain[at..], out fields[i]);
            }
        }
        finally
        {
            CryptographicOperations.ZeroMemory(plain);
            Return(rented);
        }
    }

    /// <param name="plain">As long as the ciphertext without <see cref="Overhead"/>.</param>
    /// <exception cref="SealedTextException"/>
    public static void OpenBytes(DataKey key, SealedColumn column, RowKey row, ReadOnlySpan<byte> sealedText, Span<byte> plain)
    {
        Span<byte> bound = stackalloc byte[OnStack];
        try
        {
            key.Cipher.Decrypt(
                sealedText.Slice(Header, NonceLength), sealedText[(Header + NonceLength)..^DataKey.TagLength], sealedText[^DataKey.TagLength..], plain, Bind(sealedText, column, row, bound));
        }
        catch (CryptographicException)
        {
            throw new SealedTextException($"A value of {column} is not the one that was written for its row.");
        }
    }

    private static Span<byte> Bind(ReadOnlySpan<byte> header, SealedColumn column, RowKey row, Span<byte> space)
    {
        var length = Header + column.Tag.Length + row.Length;
        var bound = length <= space.Length ? space[..length] : new byte[length];
        header[..Header].CopyTo(bound);
        column.Tag.CopyTo(bound[Header..]);
        row.Write(bound[(Header + column.Tag.Length)..]);
        return bound;
    }

    private static void Draw(Span<byte> nonce)
    {
        var nonces = _nonces ??= new byte[NoncesAtOnce * NonceLength];
        if (_noncesLeft == 0)
        {
            RandomNumberGenerator.Fill(nonces);
            _noncesLeft = NoncesAtOnce;
        }

        nonces.AsSpan(--_noncesLeft * NonceLength, NonceLength).CopyTo(nonce);
    }

    private static int Size(int bytes)
    {
        var size = bytes + 1;
        for (var rest = bytes + 1; rest >= 0x80; rest >>= 7)
        {
            size++;
        }

        return size;
    }

    private static int WriteField(Span<byte> target, string? field)
    {
        if (field is null)
        {
            target[0] = 0;
            return 1;
        }

        var rest = Encoding.UTF8.GetByteCount(field) + 1;
        var at = 0;
        for (; rest >= 0x80; rest >>= 7)
        {
            target[at++] = (byte)(rest | 0x80);
        }

        target[at++] = (byte)rest;
        return at + Encoding.UTF8.GetBytes(field, target[at..]);
    }

    private static int ReadField(ReadOnlySpan<byte> source, out string? field)
    {
        var (length, at) = (0, 0);
        for (var shift = 0; ; shift += 7)
        {
            var part = source[at++];
            length |= (part & 0x7f) << shift;
            if (part < 0x80)
            {
                break;
            }
        }

        field = length == 0 ? null : Encoding.UTF8.GetString(source.Slice(at, length - 1));
        return at + Math.Max(0, length - 1);
    }

    private static void Return(byte[]? rented)
    {
        if (rented is not null)
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }
}
