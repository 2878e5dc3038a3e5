using System.Buffers;
using G2PBridge.Statements;

namespace G2PBridge.Modules.Reconciliation.Domain;

/// <summary>
/// Finds the key of an order in what a bank writes: a UUID, in 36 characters or as 32 hexadecimal digits, in either case. A word that is one
/// counts first, then one that the bank broke over two lines, then one that it wrote with blanks. A wrong find is the key of no order.
/// </summary>
internal static class OrderKey
{
    private const int Digits = 32;
    private const int Dashed = 36;
    private const int LongestText = 4 * 1024;

    private static readonly SearchValues<char> Characters = SearchValues.Create("0123456789abcdefABCDEF-");

    /// <summary>The key in its stored spelling, or null.</summary>
    public static string? Find(StatementEntry entry) =>
        FindWithin(entry.Text(EntryField.PaymentInformationId)) ?? FindWithin(entry.Text(EntryField.MessageId)) ?? FindWithin(entry.CustomerReference)
        ?? FindWithin(entry.Text(EntryField.EndToEndId)) ?? FindWithin(entry.Text(EntryField.InstructionId)) ?? FindWithin(entry.Supplementary)
        ?? FindWithin(entry.NarrativeText()) ?? FindWithin(entry.Text(EntryField.AdditionalInformation));

    public static string? FindWithin(string? text) =>
        text is null || text.Length < Digits || text.Length > LongestText ? null : FindWithin(text, "", false) ?? FindWithin(text, "\r\n", false) ?? FindWithin(text, "\r\n\t ", true);

    /// <param name="forgiven">Characters that are left out before looking.</param>
    /// <param name="isLoose">A word before it may have run into it: then its end counts.</param>
    private static string? FindWithin(string text, string forgiven, bool isLoose)
    {
        Span<char> folded = stackalloc char[text.Length];
        var length = 0;
        foreach (var character in text)
        {
            if (!forgiven.Contains(character, StringComparison.Ordinal))
            {
                folded[length++] = character;
            }
        }

        ReadOnlySpan<char> rest = folded[..length];
        while (rest.IndexOfAny(Characters) is var start and >= 0)
        {
            rest = rest[start..];
            var end = rest.IndexOfAnyExcept(Characters);
            var word = (end < 0 ? rest : rest[..end]).Trim('-');
            if (Guid.TryParseExact(word, "D", out var key) || Guid.TryParseExact(word, "N", out key)
                || (isLoose && word.Length > Dashed && Guid.TryParseExact(word[^Dashed..], "D", out key)) || (isLoose && word.Length > Digits && Guid.TryParseExact(word[^Digits..], "N", out key)))
            {
                return key.ToString();
            }

            rest = end < 0 ? default : rest[end..];
        }

        return null;
    }
}
