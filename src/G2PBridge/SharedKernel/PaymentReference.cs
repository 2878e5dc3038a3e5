using System.Buffers;

namespace G2PBridge.SharedKernel;

/// <summary>
/// The reference under which a bank knows one payment: 16 characters of <c>[A-Z0-9]</c>, made of the installation's
/// prefix (4), the line and its generation in Crockford base32 (11) and one check character (ISO 7064 MOD 37,36).
/// It is arithmetic, not data: nothing has to be stored to read it back, and no index has to be kept to find its line.
/// Sixteen characters because MT940 <c>:61:</c> subfield 7 holds no more; capitals and digits only because banks fold the rest.
/// </summary>
/// <param name="Line">The line's number in this installation, 1 to 2^51 - 1.</param>
/// <param name="Generation">1 for the first instruction of a line; the next only after the one before is proved unpaid. At most 15.</param>
internal readonly record struct PaymentReference(long Line, int Generation)
{
    public const int Length = 16;
    public const int PrefixLength = 4;
    public const int MostGenerations = 15;
    public const long LastLine = (1L << 51) - 1;

    private const int BodyLength = 11;
    private const string Crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    private const string Alphanumeric = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

    private static readonly SearchValues<char> PrefixCharacters = SearchValues.Create(Crockford);

    public string Format(string prefix) => string.Create(Length, (prefix, this), static (span, state) => state.Item2.Write(state.prefix, span));

    public static bool IsPrefix(string? prefix) =>
        prefix is { Length: PrefixLength } && prefix.AsSpan().IndexOfAnyExcept(PrefixCharacters) < 0;

    /// <summary>
    /// Reads a reference as a bank gives it back. Blanks that a bank put in and lower case are forgiven;
    /// a wrong check character, another prefix or another length is not.
    /// </summary>
    public static bool TryParse(ReadOnlySpan<char> text, string prefix, out PaymentReference reference)
    {
        reference = default;
        Span<char> folded = stackalloc char[Length];
        var length = 0;
        foreach (var character in text)
        {
            if (character == ' ')
            {
                continue;
            }

            if (length == Length)
            {
                return false;
            }

            folded[length++] = char.ToUpperInvariant(character);
        }

        if (length != Length || !folded[..PrefixLength].SequenceEqual(prefix) || Check(folded[..(Length - 1)]) != folded[Length - 1])
        {
            return false;
        }

        var number = 0L;
        foreach (var character in folded.Slice(PrefixLength, BodyLength))
        {
            var digit = Crockford.IndexOf(character, StringComparison.Ordinal);
            if (digit < 0)
            {
                return false;
            }

            number = (number << 5) | (uint)digit;
        }

        reference = new PaymentReference(number >> 4, (int)(number & 15));
        return reference is { Line: > 0, Generation: > 0 };
    }

    private void Write(string prefix, Span<char> span)
    {
        if (Line is < 1 or > LastLine || Generation is < 1 or > MostGenerations)
        {
            throw new InvalidOperationException($"Line {Line}, generation {Generation} has no payment reference.");
        }

        prefix.CopyTo(span);
        var number = (Line << 4) | (long)Generation;
        for (var i = PrefixLength + BodyLength - 1; i >= PrefixLength; i--)
        {
            span[i] = Crockford[(int)(number & 31)];
            number >>= 5;
        }

        span[Length - 1] = Check(span[..(Length - 1)]);
    }

    private static char Check(ReadOnlySpan<char> text)
    {
        var product = 36;
        foreach (var character in text)
        {
            var value = Alphanumeric.IndexOf(character, StringComparison.Ordinal);
            if (value < 0)
            {
                return '\0';
            }

            var sum = (product + value) % 36;
            product = (sum == 0 ? 36 : sum) * 2 % 37;
        }

        return Alphanumeric[(37 - product) % 36];
    }
}
