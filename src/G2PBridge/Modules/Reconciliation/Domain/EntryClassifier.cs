using G2PBridge.Statements;

namespace G2PBridge.Modules.Reconciliation.Domain;

/// <summary>
/// What an entry without a reference of ours is, where its type or its words say so plainly. Whatever they leave open stays
/// unknown and is shown: a guess here would hide money.
/// </summary>
internal static class EntryClassifier
{
    private static readonly string[] FeeWords = ["BANK CHARGE", "BANK FEE", "SERVICE CHARGE", "SERVICE FEE", "ACCOUNT FEE", "COMMISSION", "ENTGELT", "KONTOFUEHRUNG"];
    private static readonly string[] InterestWords = ["INTEREST", "ZINSEN"];
    private static readonly string[] TopUpWords = ["TOP-UP", "TOP UP", "TOPUP", "FUNDING", "TREASURY TRANSFER"];

    public static EntryKind Of(StatementEntry entry)
    {
        var type = entry.Type is { Length: 4 } code ? code[1..] : "";
        if (type is "CHG" or "COM")
        {
            return EntryKind.Fee;
        }

        if (type is "INT")
        {
            return EntryKind.Interest;
        }

        if (HasAny(entry, InterestWords))
        {
            return EntryKind.Interest;
        }

        return entry.Sign < 0
            ? HasAny(entry, FeeWords) ? EntryKind.Fee : EntryKind.Unknown
            : HasAny(entry, TopUpWords) ? EntryKind.TopUp : EntryKind.Unknown;
    }

    private static bool HasAny(StatementEntry entry, string[] words)
    {
        for (var i = 0; i < entry.NarrativeCount; i++)
        {
            var line = entry.Narrative(i);
            if (Array.Exists(words, word => line.Contains(word, StringComparison.OrdinalIgnoreCase)))
            {
                return true;
            }
        }

        return entry.Text(EntryField.AdditionalInformation) is { } text && Array.Exists(words, word => text.Contains(word, StringComparison.OrdinalIgnoreCase));
    }
}
