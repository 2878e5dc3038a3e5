using G2PBridge.Statements;

namespace G2PBridge.Modules.Reconciliation.Domain;

/// <summary>
/// Finds the key of an order in what a bank writes: a UUID, in 36 characters or as 32 hexadecimal digits, in either case, blanks and line
/// ends forgiven. No other text has this form by chance.
/// </summary>
internal static class OrderKey
{
    private const int Digits = 32;
    private const int Dashed = 36;
    private const int LongestText = 4 * 1024;

    /// <summary>The key in its stored spelling, or null.</summary>
    public static string? Find(StatementEntry entry) =>
        FindWithin(entry.Text(EntryField.PaymentInformationId)) ?? FindWithin(entry.Text(EntryField.MessageId)) ?? FindWithin(entry.CustomerReference)
        ?? FindWithin(entry.Text(EntryField.EndToEndId)) ?? FindWithin(entry.Text(EntryField.InstructionId)) ?? FindWithin(entry.Supplementary)
        ?? FindWithin(entry.NarrativeText()) ?? FindWithin(entry.Text(EntryField.AdditionalInformation));

    public static string? FindWithin(string? text)
    {
        if (text is null || text.Length < Digits || text.Length > LongestText)
        {
            return null;
        }

        Span<char> folded = stackalloc char[text.Length];
        var length = 0;
        foreach (var character in text)
        {
            if (character is not (' ' or '\n' or '\r' or '\t'))
            {
                folded[length++] = character;
            }
        }

        ReadOnlySpan<char> rest = folded[..length];
        for (var at = 0; at + Digits <= rest.Length; at++)
        {
            if (!char.IsAsciiHexDigit(rest[at]))
            {
                continue;
            }

            // Letters before a key may be digits too ("PREF"); only a UUID of the version that we draw is one of ours.
            if (((at + Dashed <= rest.Length && Guid.TryParseExact(rest.Slice(at, Dashed), "D", out var key)) || Guid.TryParseExact(rest.Slice(at, Digits), "N", out key))
                && key is { Version: 7, Variant: >= 8 and <= 11 })
            {
                return key.ToString();
            }
        }

        return null;
    }
}
