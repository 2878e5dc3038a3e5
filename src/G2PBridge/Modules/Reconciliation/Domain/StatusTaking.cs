using System.Security.Cryptography;
using System.Text;
using G2PBridge.Statements;

namespace G2PBridge.Modules.Reconciliation.Domain;

/// <summary>Takes one reported status as an entry that moves no money. Its type is the status.</summary>
internal sealed class StatusTaking(ReferenceScan scan, EntryHashes hashes)
{
    private const int TextLength = 140;
    private const int NarrativeLength = 4_000;

    /// <summary>What is reported of one payment.</summary>
    public ReadEntry OfPayment(PaymentStatus status, int no, int statement, int ordinal)
    {
        var ours = scan.FindWithin(status.OriginalInstructionId) ?? scan.FindWithin(status.OriginalEndToEndId);
        var entry = Take(status, no, statement, ordinal, 0, ours, ours is null ? Texts(status.OriginalEndToEndId, status.OriginalInstructionId) : null, false);
        JudgeStatus(entry);
        return entry;
    }

    /// <summary>What is reported of an order as a whole, where it says nothing about single payments.</summary>
    public ReadEntry OfOrder(PaymentStatus status, int no, int statement, int ordinal)
    {
        var entry = Take(status, no, statement, ordinal, 0, null, Texts(status.OriginalPaymentInformationId, status.OriginalMessageId), true);
        JudgeStatus(entry);
        return entry;
    }

    /// <summary>One payment of an order that is rejected as a whole.</summary>
    public ReadEntry OfPaymentInOrder(PaymentStatus status, int no, int statement, int ordinal, int detailOrdinal, PaymentReference payment) =>
        Take(status, no, statement, ordinal, detailOrdinal, payment, null, false);

    private static void JudgeStatus(ReadEntry entry)
    {
        switch (StatusMeanings.Of(entry.Type))
        {
            case StatusMeaning.Rejected when ReasonCatalogue.Find(entry.ReasonCode)?.Action == ReasonAction.QueryFirst:
                entry.Refuse(null, UnmatchedCause.HeldAsDuplicate, "The bank rejects it as a duplicate of what it has already: that is no proof that it was not paid. Ask the bank; pay nothing again.");
                break;
            case StatusMeaning.Blocked:
                entry.Refuse(null, UnmatchedCause.BlockedByBank, "The bank accepted it and holds it back now (BLCK): it will not be booked as it stands.");
                break;
            case StatusMeaning.NotKnown:
                entry.Refuse(null, UnmatchedCause.StatusUnknown, entry.Type is null ? "The report gives no status." : $"The status '{Masked.Text(entry.Type)}' is none that this program knows.");
                break;
            default:
                break;
        }
    }

    private ReadEntry Take(PaymentStatus status, int no, int statement, int ordinal, int detailOrdinal, PaymentReference? ours, string[]? texts, bool isAboutOrder)
    {
        var rejected = StatusMeanings.Of(status.Status) == StatusMeaning.Rejected;
        return new ReadEntry
        {
            No = no,
            Statement = statement,
            Ordinal = ordinal,
            DetailOrdinal = detailOrdinal,
            SponsorAccount = "",
            Kind = EntryKind.PaymentStatus,
            Type = Cut(status.Status?.Trim().ToUpperInvariant(), 35),
            Ours = ours,
            ReferenceTexts = texts,
            ReferenceKeys = hashes.OfReferences(texts),
            IsAboutOrder = isAboutOrder,
            BankReference = Cut(status.BankReference, TextLength),
            ReasonCode = rejected ? Cut(Masked.Text(status.ReasonCode), 64) ?? (status.RawReason is null && status.AdditionalInformation is null ? "MS03" : "NARR") : Cut(Masked.Text(status.ReasonCode), 64),
            Reason = Cut(status.RawReason ?? status.AdditionalInformation, TextLength),
            Narrative = Cut(status.AdditionalInformation, NarrativeLength),
            Fingerprint = hashes.OfEntry(FingerprintOf(status, ours)),
            FileLine = status.Line,
        };
    }

    private static string[]? Texts(params ReadOnlySpan<string?> texts)
    {
        var found = new List<string>(2);
        foreach (var text in texts)
        {
            if (!NarrativeCodes.IsPlaceholder(text ?? "") && Cut(text?.Replace("\u001f", "", StringComparison.Ordinal).Trim(), 128) is { Length: > 0 } known && !found.Contains(known))
            {
                found.Add(known);
            }
        }

        return found.Count == 0 ? null : [.. found];
    }

    /// <summary>The same word about the same payment in a later report is the same word.</summary>
    private static Guid FingerprintOf(PaymentStatus status, PaymentReference? ours)
    {
        var text = $"{status.Level}\n{ours}\n{status.OriginalMessageId}\n{status.OriginalPaymentInformationId}\n{status.OriginalInstructionId}\n{status.OriginalEndToEndId}\n{status.Status}\n{status.RawReason}\n{status.AdditionalInformation}";
        return new Guid(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 16), bigEndian: true);
    }

    private static string? Cut(string? text, int length)
    {
        text = text?.Replace("\0", "", StringComparison.Ordinal);
        return text is { Length: > 0 } && text.Length > length ? text[..(char.IsHighSurrogate(text[length - 1]) ? length - 1 : length)] : text;
    }
}
