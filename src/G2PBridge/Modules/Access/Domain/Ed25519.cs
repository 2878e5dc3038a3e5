using System.Globalization;
using System.Numerics;

namespace G2PBridge.Modules.Access.Domain;

/// <summary>
/// Verification of Ed25519 signatures as RFC 8032, section 5.1.7, describes it; .NET has none, and no kept library restores (ADR 0022).
/// Only public values pass through here, so that nothing is lost by its time depending on them; <see cref="Ed25519Key"/> signs.
/// </summary>
internal static class Ed25519
{
    public const int KeyBytes = 32;
    public const int SignatureBytes = 64;

    private static readonly BigInteger P = BigInteger.Pow(2, 255) - 19;
    private static readonly BigInteger L = BigInteger.Pow(2, 252) + BigInteger.Parse("27742317777372353535851937790883648493", CultureInfo.InvariantCulture);
    private static readonly BigInteger D = Modulo(-121665 * Inverse(121666));
    private static readonly BigInteger SquareRootOfMinusOne = BigInteger.ModPow(2, (P - 1) / 4, P);
    private static readonly Point Base = Decode(BasePoint())!.Value;
    private static readonly Point Neutral = new(0, 1, 1, 0);

    public static BigInteger TwiceD => Modulo(2 * D);

    public static BigInteger BaseX => Base.X;

    public static BigInteger BaseY => Base.Y;

    /// <summary>A point of the curve that generates more than a handful of values: with a key of small order, anyone's signature would be valid.</summary>
    public static bool IsKey(ReadOnlySpan<byte> key)
    {
        if (key.Length != KeyBytes || Decode(key) is not { } point)
        {
            return false;
        }

        var eightfold = point.Twice().Twice().Twice();
        return !(eightfold.X.IsZero && eightfold.Y == eightfold.Z);
    }

    /// <param name="digest">SHA-512 over the signature's first 32 bytes, the key and the message.</param>
    public static bool Verify(ReadOnlySpan<byte> key, ReadOnlySpan<byte> digest, ReadOnlySpan<byte> signature)
    {
        if (signature.Length != SignatureBytes || Decode(key) is not { } point)
        {
            return false;
        }

        var s = Number(signature[32..]);
        if (s >= L)
        {
            // Without this, each signature would have a second form that is valid too (RFC 8032, section 8.4).
            return false;
        }

        var k = Number(digest) % L;
        return Encode(Combine(s, Base, k, point.Negative())).AsSpan().SequenceEqual(signature[..32]);
    }

    /// <summary>a·A + b·B with one run of doublings.</summary>
    private static Point Combine(BigInteger a, Point first, BigInteger b, Point second)
    {
        var both = first.Plus(second);
        var sum = Neutral;
        for (var bit = 255; bit >= 0; bit--)
        {
            sum = sum.Twice();
            var (inFirst, inSecond) = (!((a >> bit) & 1).IsZero, !((b >> bit) & 1).IsZero);
            if (inFirst || inSecond)
            {
                sum = sum.Plus(inFirst ? inSecond ? both : first : second);
            }
        }

        return sum;
    }

    private static Point? Decode(ReadOnlySpan<byte> encoded)
    {
        Span<byte> bytes = stackalloc byte[KeyBytes];
        encoded.CopyTo(bytes);
        var isOdd = (bytes[31] & 0x80) != 0;
        bytes[31] &= 0x7f;
        var y = Number(bytes);
        if (y >= P)
        {
            return null;
        }

        // x² = (y² − 1) / (d·y² + 1), section 5.1.3.
        var u = Modulo((y * y) - 1);
        var v = Modulo((D * y * y) + 1);
        var x = Modulo(u * BigInteger.ModPow(v, 3, P) * BigInteger.ModPow(u * BigInteger.ModPow(v, 7, P), (P - 5) / 8, P));
        var check = Modulo(v * x * x);
        if (check == Modulo(-u))
        {
            x = Modulo(x * SquareRootOfMinusOne);
        }
        else if (check != u)
        {
            return null;
        }

        if (x.IsZero && isOdd)
        {
            return null;
        }

        x = !x.IsEven == isOdd ? x : P - x;
        return new Point(x, y, 1, Modulo(x * y));
    }

    private static byte[] Encode(Point point)
    {
        var inverse = Inverse(point.Z);
        var (x, y) = (Modulo(point.X * inverse), Modulo(point.Y * inverse));
        var encoded = new byte[KeyBytes];
        y.TryWriteBytes(encoded, out _, isUnsigned: true);
        encoded[31] |= (byte)(x.IsEven ? 0 : 0x80);
        return encoded;
    }

    private static byte[] BasePoint()
    {
        var y = Modulo(4 * Inverse(5));
        var encoded = new byte[KeyBytes];
        y.TryWriteBytes(encoded, out _, isUnsigned: true);
        return encoded;
    }

    private static BigInteger Number(ReadOnlySpan<byte> littleEndian) => new(littleEndian, isUnsigned: true);

    private static BigInteger Inverse(BigInteger value) => BigInteger.ModPow(Modulo(value), P - 2, P);

    private static BigInteger Modulo(BigInteger value)
    {
        var rest = value % P;
        return rest.Sign < 0 ? rest + P : rest;
    }

    /// <summary>Extended coordinates, section 5.1.4: x = X/Z, y = Y/Z, x·y = T/Z.</summary>
    private readonly record struct Point(BigInteger X, BigInteger Y, BigInteger Z, BigInteger T)
    {
        public Point Negative() => new(Modulo(-X), Y, Z, Modulo(-T));

        public Point Plus(Point other)
        {
            var a = Modulo((Y - X) * (other.Y - other.X));
            var b = Modulo((Y + X) * (other.Y + other.X));
            var c = Modulo(2 * T * other.T % P * D);
            var d = Modulo(2 * Z * other.Z);
            var (e, f, g, h) = (b - a, d - c, d + c, b + a);
            return new(Modulo(e * f), Modulo(g * h), Modulo(f * g), Modulo(e * h));
        }

        public Point Twice()
        {
            var a = Modulo(X * X);
            var b = Modulo(Y * Y);
            var c = 2 * Z * Z;
            var h = a + b;
            var e = h - ((X + Y) * (X + Y));
            var g = a - b;
            var f = c + g;
            return new(Modulo(e * f), Modulo(g * h), Modulo(f * g), Modulo(e * h));
        }
    }
}
