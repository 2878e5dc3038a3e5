using System.Numerics;
using System.Security.Cryptography;

namespace G2PBridge.Modules.Access.Domain;

/// <summary>
/// A private Ed25519 key that signs (RFC 8032, sections 5.1.5 and 5.1.6). What depends on the secret is computed without a branch or an index
/// that does: field elements are sixteen limbs of 16 bits in 64, reduced only by carries, and the ladder swaps by masks.
/// </summary>
internal sealed class Ed25519Key
{
    private const int Limbs = 16;
    private const int PointLimbs = 4 * Limbs;

    /// <summary>The order of the base point, a byte per element, the least first.</summary>
    private static readonly long[] Order = [0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10];

    private static readonly long[] TwiceD = ToLimbs(Ed25519.TwiceD);
    private static readonly long[] BaseX = ToLimbs(Ed25519.BaseX);
    private static readonly long[] BaseY = ToLimbs(Ed25519.BaseY);

    private readonly byte[] _scalar;
    private readonly byte[] _prefix;

    /// <param name="seed">The 32 bytes that RFC 8032 calls the private key.</param>
    public Ed25519Key(ReadOnlySpan<byte> seed)
    {
        if (seed.Length != Ed25519.KeyBytes)
        {
            throw new FormatException($"an Ed25519 key has {Ed25519.KeyBytes} bytes");
        }

        var expanded = SHA512.HashData(seed);
        _scalar = expanded[..32];
        _scalar[0] &= 248;
        _scalar[31] = (byte)((_scalar[31] & 127) | 64);
        _prefix = expanded[32..];
        Public = TimesBase(_scalar);
    }

    public byte[] Public { get; }

    /// <summary>What the first hash of a message begins with; it is secret.</summary>
    public ReadOnlySpan<byte> Prefix => _prefix;

    /// <summary>The first half of a signature, from SHA-512 over <see cref="Prefix"/> and the message; kept for <see cref="Finish"/>.</summary>
    public static (byte[] Nonce, byte[] FirstHalf) Begin(ReadOnlySpan<byte> digest)
    {
        Span<long> wide = stackalloc long[64];
        for (var i = 0; i < 64; i++)
        {
            wide[i] = digest[i];
        }

        var nonce = Reduce(wide);
        return (nonce, TimesBase(nonce));
    }

    /// <param name="digest">SHA-512 over the first half, the public key and the message.</param>
    public byte[] Finish(ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> firstHalf, ReadOnlySpan<byte> digest)
    {
        Span<long> wide = stackalloc long[64];
        for (var i = 0; i < 64; i++)
        {
            wide[i] = digest[i];
        }

        var challenge = Reduce(wide);
        wide.Clear();
        for (var i = 0; i < 32; i++)
        {
            wide[i] += nonce[i];
            for (var j = 0; j < 32; j++)
            {
                wide[i + j] += (long)challenge[i] * _scalar[j];
            }
        }

        return [.. firstHalf, .. Reduce(wide)];
    }

    /// <summary>A number of 64 bytes modulo <see cref="Order"/>.</summary>
    private static byte[] Reduce(Span<long> x)
    {
        for (var i = 63; i >= 32; i--)
        {
            var carried = 0L;
            var j = i - 32;
            for (; j < i - 12; j++)
            {
                x[j] += carried - (16 * x[i] * Order[j - (i - 32)]);
                carried = (x[j] + 128) >> 8;
                x[j] -= carried << 8;
            }

            x[j] += carried;
            x[i] = 0;
        }

        var carry = 0L;
        for (var j = 0; j < 32; j++)
        {
            x[j] += carry - ((x[31] >> 4) * Order[j]);
            carry = x[j] >> 8;
            x[j] &= 255;
        }

        for (var j = 0; j < 32; j++)
        {
            x[j] -= carry * Order[j];
        }

        var reduced = new byte[32];
        for (var i = 0; i < 32; i++)
        {
            x[i + 1] += x[i] >> 8;
            reduced[i] = (byte)(x[i] & 255);
        }

        return reduced;
    }

    /// <summary>The encoded product of a scalar and the base point. All 256 bits take the same way.</summary>
    private static byte[] TimesBase(ReadOnlySpan<byte> scalar)
    {
        Span<long> sum = stackalloc long[PointLimbs];
        Span<long> other = stackalloc long[PointLimbs];
        sum.Clear();
        sum[Limbs] = 1;
        sum[2 * Limbs] = 1;
        BaseX.CopyTo(other);
        BaseY.CopyTo(other[Limbs..]);
        other[(2 * Limbs)..].Clear();
        other[2 * Limbs] = 1;
        Multiply(other[(3 * Limbs)..], BaseX, BaseY);
        for (var i = 255; i >= 0; i--)
        {
            var bit = (scalar[i / 8] >> (i & 7)) & 1;
            Swap(sum, other, bit);
            AddTo(other, sum);
            AddTo(sum, sum);
            Swap(sum, other, bit);
        }

        return Encode(sum);
    }

    /// <summary>RFC 8032, section 5.1.4: the same formula also doubles.</summary>
    private static void AddTo(Span<long> p, ReadOnlySpan<long> q)
    {
        Span<long> room = stackalloc long[9 * Limbs];
        var a = room[0..16];
        var b = room[16..32];
        var c = room[32..48];
        var d = room[48..64];
        var e = room[64..80];
        var f = room[80..96];
        var g = room[96..112];
        var h = room[112..128];
        var t = room[128..144];
        Subtract(a, p[16..32], p[..16]);
        Subtract(t, q[16..32], q[..16]);
        Multiply(a, a, t);
        Add(b, p[..16], p[16..32]);
        Add(t, q[..16], q[16..32]);
        Multiply(b, b, t);
        Multiply(c, p[48..64], q[48..64]);
        Multiply(c, c, TwiceD);
        Multiply(d, p[32..48], q[32..48]);
        Add(d, d, d);
        Subtract(e, b, a);
        Subtract(f, d, c);
        Add(g, d, c);
        Add(h, b, a);
        Multiply(p[..16], e, f);
        Multiply(p[16..32], h, g);
        Multiply(p[32..48], g, f);
        Multiply(p[48..64], e, h);
    }

    private static byte[] Encode(ReadOnlySpan<long> point)
    {
        Span<long> inverse = stackalloc long[Limbs];
        Span<long> x = stackalloc long[Limbs];
        Span<long> y = stackalloc long[Limbs];
        Invert(inverse, point[32..48]);
        Multiply(x, point[..16], inverse);
        Multiply(y, point[16..32], inverse);
        var encoded = new byte[32];
        Pack(encoded, y);
        Span<byte> packed = stackalloc byte[32];
        Pack(packed, x);
        encoded[31] ^= (byte)((packed[0] & 1) << 7);
        return encoded;
    }

    private static void Add(Span<long> sum, ReadOnlySpan<long> a, ReadOnlySpan<long> b)
    {
        for (var i = 0; i < Limbs; i++)
        {
            sum[i] = a[i] + b[i];
        }
    }

    private static void Subtract(Span<long> difference, ReadOnlySpan<long> a, ReadOnlySpan<long> b)
    {
        for (var i = 0; i < Limbs; i++)
        {
            difference[i] = a[i] - b[i];
        }
    }

    private static void Multiply(Span<long> product, ReadOnlySpan<long> a, ReadOnlySpan<long> b)
    {
        Span<long> wide = stackalloc long[31];
        wide.Clear();
        for (var i = 0; i < Limbs; i++)
        {
            for (var j = 0; j < Limbs; j++)
            {
                wide[i + j] += a[i] * b[j];
            }
        }

        // 2^256 is 38 modulo 2^255 - 19.
        for (var i = 0; i < Limbs - 1; i++)
        {
            wide[i] += 38 * wide[i + Limbs];
        }

        wide[..Limbs].CopyTo(product);
        Carry(product);
        Carry(product);
    }

    /// <summary>To the power of 2^255 - 21; the exponent is no secret.</summary>
    private static void Invert(Span<long> inverse, ReadOnlySpan<long> value)
    {
        Span<long> power = stackalloc long[Limbs];
        value.CopyTo(power);
        for (var bit = 253; bit >= 0; bit--)
        {
            Multiply(power, power, power);
            if (bit is not 2 and not 4)
            {
                Multiply(power, power, value);
            }
        }

        power.CopyTo(inverse);
    }

    private static void Carry(Span<long> value)
    {
        for (var i = 0; i < Limbs; i++)
        {
            value[i] += 1L << 16;
            var carry = (value[i] >> 16) - 1;
            value[(i + 1) % Limbs] += i == Limbs - 1 ? 38 * carry : carry;
            value[i] -= (carry + 1) << 16;
        }
    }

    private static void Pack(Span<byte> packed, ReadOnlySpan<long> value)
    {
        Span<long> whole = stackalloc long[Limbs];
        Span<long> less = stackalloc long[Limbs];
        value.CopyTo(whole);
        Carry(whole);
        Carry(whole);
        Carry(whole);
        for (var round = 0; round < 2; round++)
        {
            less[0] = whole[0] - 0xffed;
            for (var i = 1; i < Limbs - 1; i++)
            {
                less[i] = whole[i] - 0xffff - ((less[i - 1] >> 16) & 1);
                less[i - 1] &= 0xffff;
            }

            less[15] = whole[15] - 0x7fff - ((less[14] >> 16) & 1);
            var isBelow = (int)(less[15] >> 16) & 1;
            less[14] &= 0xffff;
            Swap(whole, less, 1 - isBelow);
        }

        for (var i = 0; i < Limbs; i++)
        {
            packed[2 * i] = (byte)whole[i];
            packed[(2 * i) + 1] = (byte)(whole[i] >> 8);
        }
    }

    /// <param name="bit">1 swaps, 0 does not; both take the same steps.</param>
    private static void Swap(Span<long> a, Span<long> b, int bit)
    {
        var mask = -(long)bit;
        for (var i = 0; i < a.Length; i++)
        {
            var difference = mask & (a[i] ^ b[i]);
            a[i] ^= difference;
            b[i] ^= difference;
        }
    }

    private static long[] ToLimbs(BigInteger value) => [.. Enumerable.Range(0, Limbs).Select(i => (long)((value >> (16 * i)) & 0xffff))];
}
