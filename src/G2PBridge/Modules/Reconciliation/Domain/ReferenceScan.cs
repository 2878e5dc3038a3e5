using G2PBridge.Statements;

namespace G2PBridge.Modules.Reconciliation.Domain;

/// <summary>
/// Finds our reference in an entry. First the places that the bank's profile names, then any text: a bank may move the reference,
/// fold it to lower case, break it over two lines or put blanks into it. The prefix and the check character tell it from chance.
/// </summary>
internal sealed class ReferenceScan(string prefix)
{
    private const int LongestText = 16 * 1024;

    public PaymentReference? Find(StatementEntry entry, List<ReferenceCandidate> candidates)
    {
        foreach (var candidate in candidates)
        {
            if (PaymentReference.TryParse(candidate.Value, prefix, out var reference))
            {
                return reference;
            }
        }

        return FindWithin(entry.CustomerReference) ?? FindWithin(entry.BankReference) ?? FindWithin(entry.Supplementary)
            ?? FindWithin(entry.NarrativeText()) ?? FindWithin(entry.Text(EntryField.AdditionalInformation)) ?? FindWithin(entry.Text(EntryField.EndToEndId));
    }

    /// <summary>The first text of our form in a longer one, blanks, line ends and case forgiven.</summary>
    public PaymentReference? FindWithin(string? text)
    {
        if (text is null || text.Length < PaymentReference.Length || text.Length > LongestText)
        {
            return null;
        }

        Span<char> folded = text.Length <= 1024 ? stackalloc char[text.Length] : new char[text.Length];
        var length = 0;
        foreach (var character in text)
        {
            if (character is not (' ' or '\n' or '\r' or '\t'))
            {
                folded[length++] = char.ToUpperInvariant(character);
            }
        }

        ReadOnlySpan<char> rest = folded[..length];
        while (rest.IndexOf(prefix, StringComparison.Ordinal) is var at and >= 0 && rest.Length - at >= PaymentReference.Length)
        {
            if (PaymentReference.TryParse(rest.Slice(at, PaymentReference.Length), prefix, out var reference))
            {
                return reference;
            }

            rest = rest[(at + 1)..];
        }

        return null;
    }
}
