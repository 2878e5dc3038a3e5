using G2PBridge.Modules.Reconciliation.Domain;

namespace G2PBridge.Modules.Reconciliation.Persistence;

/// <summary>One upload.</summary>
internal sealed class StatementFileRow
{
    /// <summary>The contract's statement_id.</summary>
    public Guid Id { get; init; }

    /// <summary>The same in eight bytes, for the tables with a row per entry.</summary>
    public long Number { get; init; }

    public string? FileName { get; init; }

    public string? ContentType { get; init; }

    /// <summary>Which way it came in.</summary>
    public required string Channel { get; init; }

    /// <summary>Profile asked for at the upload; null: the account's.</summary>
    public string? Profile { get; init; }

    /// <summary>Codes of the sponsor banks whose statements were taken from the sender; null: all.</summary>
    public string[]? Banks { get; init; }

    /// <summary>Of the bytes, keyed, and of <see cref="Banks"/> where there are any: the same bytes from the same sender have the same.</summary>
    public byte[]? ContentHash { get; init; }

    public long Bytes { get; init; }

    public DateTimeOffset ReceivedAt { get; init; }

    public FileState State { get; init; }

    public Guid? DuplicateOf { get; init; }

    public int Attempts { get; init; }

    public long Fence { get; init; }

    public DateTimeOffset? LeaseUntil { get; init; }

    public DateTimeOffset DueAt { get; init; }

    public string? ErrorCode { get; init; }

    public string? ErrorText { get; init; }

    public string? Format { get; init; }

    public string? Verdict { get; init; }

    /// <summary>Findings that belong to the file and to no statement in it.</summary>
    public string? Findings { get; init; }

    public int Statements { get; init; }

    public int Entries { get; init; }

    public int Matched { get; init; }

    public int Returned { get; init; }

    public int Classified { get; init; }

    public int Unmatched { get; init; }

    public int Repeated { get; init; }

    public DateTimeOffset? ProcessedAt { get; init; }

    /// <summary>When the paying side was told what the file proves; null: still owed.</summary>
    public DateTimeOffset? ToldAt { get; init; }
}

/// <summary>One mebibyte of a file, encrypted.</summary>
internal sealed class StatementFilePartRow
{
    public Guid FileId { get; init; }

    public int No { get; init; }

    public required byte[] Sealed { get; init; }
}

/// <summary>One statement of a file.</summary>
internal sealed class StatementRow
{
    public long File { get; init; }

    /// <summary>Position in the file, from 1.</summary>
    public int No { get; init; }

    public StatementState State { get; init; }

    public required string Format { get; init; }

    public string? Account { get; init; }

    public string? SponsorAccount { get; init; }

    public string? Reference { get; init; }

    public string? Number { get; init; }

    public string? Sequence { get; init; }

    public string? Currency { get; init; }

    public decimal? Opening { get; init; }

    public DateOnly? OpeningDate { get; init; }

    public bool? OpeningIntermediate { get; init; }

    public decimal? Closing { get; init; }

    public DateOnly? ClosingDate { get; init; }

    public bool? ClosingIntermediate { get; init; }

    public int Entries { get; init; }

    public int BadEntries { get; init; }

    public decimal Credits { get; init; }

    public decimal Debits { get; init; }

    public required string Verdict { get; init; }

    public required string Findings { get; init; }

    public string? ContentFingerprint { get; init; }

    public string? BookingsFingerprint { get; init; }

    public long? DuplicateOfFile { get; init; }

    public int? DuplicateOfNo { get; init; }
}

/// <summary>One movement. Written once by COPY and never changed: what became of it stands in match or unmatched.</summary>
internal sealed class EntryRow
{
    public long File { get; init; }

    /// <summary>Running number over the whole file, from 1.</summary>
    public int No { get; init; }

    public int Statement { get; init; }

    /// <summary>The bank's own order inside the statement, from 1.</summary>
    public int Ordinal { get; init; }

    /// <summary>Position inside a batch entry, from 1; 0 for the entry itself.</summary>
    public int DetailOrdinal { get; init; }

    public EntryKind Kind { get; init; }

    public string? Mark { get; init; }

    public string? Type { get; init; }

    public DateOnly? ValueDate { get; init; }

    public DateOnly? EntryDate { get; init; }

    public decimal? Amount { get; init; }

    public string? Currency { get; init; }

    public long? Line { get; init; }

    public short? Generation { get; init; }

    public int? Envelope { get; init; }

    /// <summary>One of the contract's error codes where the entry cannot be matched whatever else is booked.</summary>
    public string? Problem { get; init; }

    public string? Cause { get; init; }

    public string? Detail { get; init; }

    /// <summary>Stand for texts that may be a reference, where none was recognised.</summary>
    public Guid[]? ReferenceKeys { get; init; }

    /// <summary>Of a debit of ours; what else it is written beside is encrypted with it.</summary>
    public string? BankReference { get; init; }

    public string? ReasonCode { get; init; }

    /// <summary>What the bank wrote about a person: see <see cref="EntryTexts"/>.</summary>
    public byte[]? Sealed { get; init; }

    public Guid Fingerprint { get; init; }

    /// <summary>The paying side did not know for sure that the bank has this payment.</summary>
    public bool Tell { get; init; }

    public long FileLine { get; init; }
}

/// <summary>The proof that a payment was debited (kind 0) or came back (kind 1, 2 …).</summary>
internal sealed class MatchRow
{
    public long Line { get; init; }

    public short Generation { get; init; }

    public short Kind { get; init; }

    public long File { get; init; }

    public int EntryNo { get; init; }

    public int Envelope { get; init; }

    public decimal Amount { get; init; }

    public string? ReasonCode { get; init; }

    public Guid Fingerprint { get; init; }

    /// <summary>The file whose booking made this match; not the entry's own where a return waited for its debit.</summary>
    public long BookedBy { get; init; }

    /// <summary>
    /// With all that follows a copy from the entry of an ordinary debit, so that a question about its payment need not look for the entry. Null in any other match:
    /// a return, one debit for many payments, what people decided, and what was booked before there were copies.
    /// </summary>
    public int? Statement { get; init; }

    public int? Ordinal { get; init; }

    public DateOnly? EntryDate { get; init; }

    public DateOnly? ValueDate { get; init; }

    public string? BankReference { get; init; }

    /// <summary>Opens as the entry's: see <see cref="EntryTexts.Copy"/>.</summary>
    public byte[]? Sealed { get; init; }
}

/// <summary>An entry that is not matched: the queue of exceptions.</summary>
internal sealed class UnmatchedRow
{
    public long File { get; init; }

    public int EntryNo { get; init; }

    public int Statement { get; init; }

    public UnmatchedState State { get; init; }

    public string? Account { get; init; }

    public long? Line { get; init; }

    public short? Generation { get; init; }

    /// <summary>Of the contract's closed list; null where the contract knows no error.</summary>
    public string? ErrorReason { get; init; }

    public required string Cause { get; init; }

    public required string Detail { get; init; }

    public required Guid[] ReferenceKeys { get; init; }

    public Guid Fingerprint { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset? ClosedAt { get; init; }
}

/// <summary>What statements prove of one envelope, kept by the bookings.</summary>
internal sealed class EnvelopeProgressRow
{
    /// <summary>The envelope in four bytes, for the tables with a row per entry.</summary>
    public int Id { get; init; }

    public required string EnvelopeId { get; init; }

    public int Reconciled { get; init; }

    public decimal ReconciledAmount { get; init; }

    public int Returned { get; init; }

    public decimal ReturnedAmount { get; init; }
}

internal sealed class FileHistoryRow
{
    public long Id { get; init; }

    public Guid FileId { get; init; }

    public DateTimeOffset At { get; init; }

    public string? FromState { get; init; }

    public required string ToState { get; init; }

    public required string Cause { get; init; }

    public required string Actor { get; init; }
}
