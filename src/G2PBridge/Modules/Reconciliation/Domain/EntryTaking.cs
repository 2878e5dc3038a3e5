using G2PBridge.Statements;

namespace G2PBridge.Modules.Reconciliation.Domain;

/// <summary>Takes what is needed out of the reader's entry, which is gone at its next step.</summary>
internal sealed class EntryTaking(ReferenceScan scan, EntryHashes hashes)
{
    /// <summary>The longest text kept for a person to read; the rest is in the stored file.</summary>
    private const int NarrativeLength = 4_000;
    private const int TextLength = 140;

    public ReadEntry Take(StatementEntry entry, StatementEvent what, int no, int statement, string sponsorAccount, string? currency)
    {
        if (what == StatementEvent.BadEntry)
        {
            return Unreadable(entry, no, statement, sponsorAccount);
        }

        var signal = entry.Return;
        var candidates = entry.References();
        var ours = scan.Find(entry, candidates);
        var isPlainDebit = ours is not null && entry.Mark == EntryMark.Debit;
        var order = ours is null && entry is { Mark: EntryMark.Debit, IsBooked: true, HasDetails: false } ? OrderKey.Find(entry) : null;
        var amount = Storable(entry);
        string[]? texts = isPlainDebit ? null : order is null ? Texts(entry, candidates) : [.. Texts(entry, candidates).Where(text => text != order), order];
        var taken = new ReadEntry
        {
            No = no,
            Statement = statement,
            Ordinal = entry.Ordinal,
            DetailOrdinal = entry.DetailOrdinal,
            SponsorAccount = sponsorAccount,
            Mark = Spell(entry.Mark),
            Type = Cut(entry.Type),
            ValueDate = entry.ValueDate,
            EntryDate = entry.EntryDate,
            Amount = amount,
            Currency = entry.Currency ?? currency,
            IsDebit = entry.Sign < 0,
            IsReturn = signal.IsPayoutReturn,
            IsNotAPayout = signal.Kind is ReturnKind.CollectionReturned or ReturnKind.ReceiptReversed || entry.Mark == EntryMark.ReversalOfCredit,
            Ours = ours,
            OrderKey = order,
            ReferenceTexts = texts,
            ReferenceKeys = hashes.OfReferences(texts),
            BankReference = Cut(entry.BankReference),
            Name = Cut(entry.Beneficiary),
            ReasonCode = signal.IsPayoutReturn ? signal.ReasonCode ?? (signal.RawReason is null ? "MS03" : "NARR") : null,
            Reason = signal.IsPayoutReturn ? Cut(signal.RawReason) : null,
            Narrative = isPlainDebit ? null : Cut(entry.NarrativeText(), NarrativeLength),
            Fingerprint = hashes.OfEntry(entry.Fingerprint()),
            FileLine = entry.Line,
            Kind = !entry.IsBooked ? EntryKind.Expected : entry.HasDetails ? EntryKind.Batch : EntryKind.Unknown,
        };
        if (taken.Kind == EntryKind.Unknown && ours is null && !taken.IsReturn)
        {
            taken.Kind = EntryClassifier.Of(entry);
        }

        if (amount is null)
        {
            taken.Kind = EntryKind.Unreadable;
            taken.Refuse(PartnerCodes.InvalidDisbursementQuantity, UnmatchedCause.Unreadable, "The amount has more digits than can be booked.");
        }

        return taken;
    }

    private ReadEntry Unreadable(StatementEntry entry, int no, int statement, string sponsorAccount)
    {
        var taken = new ReadEntry
        {
            No = no,
            Statement = statement,
            Ordinal = entry.Ordinal,
            DetailOrdinal = entry.DetailOrdinal,
            SponsorAccount = sponsorAccount,
            Kind = EntryKind.Unreadable,
            Narrative = Cut(entry.RawText(), NarrativeLength),
            Fingerprint = hashes.OfEntry(entry.Fingerprint()),
            FileLine = entry.Line,
        };
        taken.Refuse(PartnerCodes.StatementUploadError, UnmatchedCause.Unreadable, Cut(Masked.Text($"The entry cannot be read: {entry.Reason}."), 500)!);
        return taken;
    }

    /// <summary>A text line that the profile names comes first: where it is filled, banks cut the same id elsewhere.</summary>
    private static string[] Texts(StatementEntry entry, List<ReferenceCandidate> candidates)
    {
        var texts = new List<string>(4);
        foreach (var candidate in candidates.OrderBy(candidate => candidate.Place is ReferencePlace.NarrativeLine ? 0 : 1))
        {
            if (candidate.Value is not "None" && candidate.Place != ReferencePlace.FreeText && Tidy(candidate.Value) is { } text && !texts.Contains(text))
            {
                texts.Add(text);
            }
        }

        if (entry.CustomerReference is { } customer && !NarrativeCodes.IsPlaceholder(customer) && Tidy(customer) is { } own && !texts.Contains(own))
        {
            texts.Add(own);
        }

        return [.. texts];
    }

    /// <summary>The character that parts the texts of an entry is in none of them.</summary>
    private static string? Tidy(string? text) => Cut(text?.Replace("\u001f", "", StringComparison.Ordinal), 128);

    private static decimal? Storable(StatementEntry entry) =>
        entry.Amount < CurrencyUnits.AmountLimit && CurrencyUnits.DecimalsIn(entry.Amount) <= CurrencyUnits.StoredDecimals ? entry.Amount : null;

    private static string Spell(EntryMark mark) => mark switch
    {
        EntryMark.Credit => "C",
        EntryMark.Debit => "D",
        EntryMark.ReversalOfCredit => "RC",
        EntryMark.ReversalOfDebit => "RD",
        EntryMark.ExpectedCredit => "EC",
        EntryMark.ExpectedDebit => "ED",
        _ => "",
    };

    /// <summary>PostgreSQL holds no NUL in a text.</summary>
    private static string? Cut(string? text, int length = TextLength)
    {
        if (text is null)
        {
            return null;
        }

        if (text.Contains('\0', StringComparison.Ordinal))
        {
            text = text.Replace("\0", "", StringComparison.Ordinal);
        }

        if (text.Length > length)
        {
            text = text[..(char.IsHighSurrogate(text[length - 1]) ? length - 1 : length)];
        }

        return text;
    }
}
