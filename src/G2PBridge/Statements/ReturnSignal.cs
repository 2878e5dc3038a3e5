namespace G2PBridge.Statements;

/// <summary>How a movement says that something came back.</summary>
internal enum ReturnKind
{
    None,

    /// <summary>RD: a debit of ours was reversed.</summary>
    ReversalMark,

    /// <summary>A credit with an explicit return reason: <c>/RTRN/</c>, RtrInf.</summary>
    ReasonGiven,

    /// <summary>A credit of type RTI (returned item).</summary>
    ReturnType,

    /// <summary>A credit whose bank transaction code is a return: RRTN, ARET, GVC 159.</summary>
    TransactionCode,

    /// <summary>A credit with camt's reversal indicator.</summary>
    ReversalIndicator,

    /// <summary>Only words in the text point to it: a suggestion for a person, never proof.</summary>
    Words,

    /// <summary>A debit that returns a collection of ours: not a payout event.</summary>
    CollectionReturned,

    /// <summary>RC, or a debit with the reversal indicator: money we had received was taken back. Not a payout event.</summary>
    ReceiptReversed,
}

/// <param name="Kind">The strongest signal.</param>
/// <param name="RawReason">The bank's own text, kept as written.</param>
/// <param name="ReasonCode">ISO 20022 code, if the bank gave one or its words are known; never guessed.</param>
internal readonly record struct ReturnSignal(ReturnKind Kind, string? RawReason, string? ReasonCode)
{
    /// <summary>True when a payment of ours came back or may have come back.</summary>
    public bool IsPayoutReturn => Kind is not (ReturnKind.None or ReturnKind.CollectionReturned or ReturnKind.ReceiptReversed);

    /// <summary>False where a person has to confirm.</summary>
    public bool IsCertain => IsPayoutReturn && Kind != ReturnKind.Words;

    private static readonly string[] Words = ["RETURN", "RETOUR", "RUECK", "RÜCK", "STORNO", "UNPAID", "REVERSAL", "REJECTED", "ZWROT"];

    internal static ReturnSignal Of(StatementEntry entry, BankProfile profile)
    {
        if (!entry.IsBooked) return default;
        var type = entry.Type ?? "";
        var reasonCode = entry.Text(EntryField.ReturnCode);
        var reasonText = entry.Text(EntryField.ReturnText);
        // Codes between slashes need a slash; an ordinary debit has none, and its text is not taken apart.
        var slash = entry.NarrativeContains((byte)'/') ? entry.Codes.Find("RTRN") ?? entry.Codes.Find("RETN") : null;
        var returnType = type.Length == 4 && type[0] is 'N' or 'F' or 'S' && type.AsSpan(1).SequenceEqual("RTI");
        var family = type.EndsWith("/RRTN", StringComparison.Ordinal) || type.EndsWith("/ARET", StringComparison.Ordinal);

        if (entry.Mark == EntryMark.ReversalOfCredit) return new(ReturnKind.ReceiptReversed, reasonText ?? slash, null);
        if (entry.Mark == EntryMark.Debit)
        {
            if (returnType || slash is not null) return With(ReturnKind.CollectionReturned);
            if (reasonCode is not null || reasonText is not null || family) return With(ReturnKind.CollectionReturned);
            return entry.ReversalIndicator == true ? With(ReturnKind.ReceiptReversed) : default;
        }
        if (entry.Mark == EntryMark.ReversalOfDebit) return With(ReturnKind.ReversalMark);
        if (slash is not null || reasonCode is not null || reasonText is not null) return With(ReturnKind.ReasonGiven);
        if (returnType) return With(ReturnKind.ReturnType);
        // GVC 159: returned SEPA credit transfer (DFÜ-Abkommen annex 3, list of transaction codes).
        if (family || entry.Codes.Find("GVC") == "159") return With(ReturnKind.TransactionCode);
        if (entry.ReversalIndicator == true) return With(ReturnKind.ReversalIndicator);
        return HasReturnWord(entry) ? With(ReturnKind.Words) : default;

        ReturnSignal With(ReturnKind kind)
        {
            var raw = reasonText ?? reasonCode ?? Lead(slash) ?? LineReason() ?? entry.Codes.Find("?34");
            var iso = ReasonCatalogue.Map(reasonCode, profile) ?? ReasonCatalogue.Map(Lead(slash), profile)
                ?? ReasonCatalogue.Map(reasonText, profile) ?? ReasonCatalogue.Map(raw, profile) ?? ScanForCode();
            return new(kind, raw, iso);
        }

        string? LineReason()
        {
            if (profile.ReturnReasonLine == 0 || entry.NarrativeCount == 0) return null;
            var index = profile.ReturnReasonLine < 0 ? entry.NarrativeCount - 1 : profile.ReturnReasonLine - 1;
            var text = entry.Narrative(Math.Min(index, entry.NarrativeCount - 1)).Trim();
            if (index >= entry.NarrativeCount && ReasonCatalogue.Map(text, profile) is null) return null;
            return text.Length == 0 || text == "None" ? null : text;
        }

        string? ScanForCode()
        {
            for (var i = 0; i < entry.NarrativeCount; i++)
                if (ReasonCatalogue.FindCode(entry.Narrative(i)) is { } code) return code;
            return ReasonCatalogue.FindCode(entry.Text(EntryField.AdditionalInformation) ?? entry.Supplementary ?? "");
        }
    }

    /// <summary>The first part of a slash value: <c>AC04/details</c> → <c>AC04</c>.</summary>
    private static string? Lead(string? value)
    {
        if (value is null) return null;
        var end = value.IndexOf('/', StringComparison.Ordinal);
        var lead = (end < 0 ? value : value[..end]).Trim();
        return lead.Length == 0 ? null : lead;
    }

    private static bool HasReturnWord(StatementEntry entry)
    {
        for (var i = 0; i < entry.NarrativeCount; i++)
            if (Contains(entry.Narrative(i))) return true;
        return Contains(entry.Text(EntryField.AdditionalInformation)) || Contains(entry.Supplementary) || Contains(entry.Text(EntryField.ProprietaryCode));

        static bool Contains(string? text)
        {
            if (text is null) return false;
            foreach (var word in Words)
                if (text.Contains(word, StringComparison.OrdinalIgnoreCase)) return true;
            return false;
        }
    }
}
