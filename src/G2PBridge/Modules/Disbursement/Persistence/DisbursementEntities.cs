using G2PBridge.Modules.Disbursement.Contracts;
using G2PBridge.Modules.Disbursement.Domain;

namespace G2PBridge.Modules.Disbursement.Persistence;

/// <summary>The one row that makes references of two installations different.</summary>
internal sealed class Installation
{
    public short Id { get; init; }
    public required string Prefix { get; init; }
}

/// <summary>A funded envelope as the paying side knows it. Its counts are kept by the events of its chunks and lines.</summary>
internal sealed class DispatchEnvelope
{
    public required string EnvelopeId { get; init; }
    public long EnvelopeNumber { get; init; }
    public required string BankCode { get; init; }
    public required string AccountNumber { get; init; }
    public string? AccountType { get; init; }
    public string? BranchCode { get; init; }
    public required string Currency { get; init; }
    public required string BlockReference { get; init; }
    public decimal BlockedAmount { get; init; }
    public string? ProgrammeMnemonic { get; init; }
    public string? CycleMnemonic { get; init; }
    public int SentLines { get; init; }
    public decimal SentAmount { get; init; }
    public int UnknownLines { get; init; }
    public decimal UnknownAmount { get; init; }
    public int RefusedLines { get; init; }
    public decimal RefusedAmount { get; init; }
    public int InFlightLines { get; init; }
    public decimal InFlightAmount { get; init; }
    public int NothingToPayLines { get; init; }
    public int TooLateLines { get; init; }
    public decimal TooLateAmount { get; init; }
    public DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset? FinishDueAt { get; init; }
    public DateTimeOffset? CompleteAt { get; init; }
    public bool Released { get; init; }
}

/// <summary>Lines of one resolved set that go to the bank together. The status row is the queue.</summary>
internal sealed class Chunk
{
    public long Id { get; init; }
    public required string EnvelopeId { get; init; }
    public long EnvelopeNumber { get; init; }
    public string? BankCode { get; init; }
    public required string BatchId { get; init; }
    public long SliceId { get; init; }
    public int Round { get; init; }
    public long FirstSeq { get; init; }
    public long LastSeq { get; init; }

    /// <summary>Lines of the resolved set this chunk was cut from; zero on all but its first chunk.</summary>
    public int ResolvedLines { get; init; }

    /// <summary>Instructed lines.</summary>
    public int Lines { get; init; }
    public decimal Amount { get; init; }
    public int UnknownLines { get; init; }
    public ChunkState State { get; init; }

    /// <summary>Pays again the lines of retry_line, and no others of its run.</summary>
    public bool IsRetry { get; init; }

    /// <summary>The payment date of its order: the day whose limit it counts for.</summary>
    public DateOnly? OrderedFor { get; init; }
    public int Attempts { get; init; }
    public int Inquiries { get; init; }
    public long Fence { get; init; }
    public DateTimeOffset? LeaseUntil { get; init; }
    public DateTimeOffset? DueAt { get; init; }
    public string? IdempotencyKey { get; init; }
    public byte[]? PayloadHash { get; init; }
    public DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset? PreparedAt { get; init; }
    public DateTimeOffset? SentAt { get; init; }

    /// <summary>By the database's clock: the time from which "not found" at the bank is measured.</summary>
    public DateTimeOffset? UnknownAt { get; init; }
    public DateTimeOffset? SettledAt { get; init; }
    public string? LastErrorCode { get; init; }
    public string? LastError { get; init; }
}

internal sealed class ChunkHistory
{
    public long Id { get; init; }
    public long ChunkId { get; init; }
    public DateTimeOffset At { get; init; }
    public string? FromState { get; init; }
    public required string ToState { get; init; }
    public long Fence { get; init; }
    public required string Cause { get; init; }
    public required string Actor { get; init; }
}

/// <summary>The intent to pay one line once. Written by COPY before the bank is called, never changed.</summary>
internal sealed class Instruction
{
    public long Line { get; init; }
    public short Generation { get; init; }
    public short? PriorGeneration { get; init; }
    public long ChunkId { get; init; }
    public decimal Amount { get; init; }
    public required byte[] PayloadHash { get; init; }
}

/// <summary>Proof that an instruction was not paid, or that its money came back: the only thing that allows a next generation.</summary>
internal sealed class Failure
{
    public long Line { get; init; }
    public short Generation { get; init; }
    public required string ReasonCode { get; init; }
    public string? Reason { get; init; }
    public required string Proof { get; init; }
    public DateTimeOffset At { get; init; }
}

/// <summary>A payment of a line that differs from its chunk.</summary>
internal sealed class LineException
{
    public long Line { get; init; }
    public short Generation { get; init; }
    public long ChunkId { get; init; }
    public required string EnvelopeId { get; init; }
    public LineState State { get; init; }
    public string? ReasonCode { get; init; }
    public string? Reason { get; init; }

    /// <summary>How often the bank said that it does not know the reference.</summary>
    public short NotFound { get; init; }
    public DateTimeOffset Since { get; init; }
}

internal sealed class LineHistory
{
    public long Id { get; init; }
    public long Line { get; init; }
    public short Generation { get; init; }
    public DateTimeOffset At { get; init; }
    public string? FromState { get; init; }
    public required string ToState { get; init; }
    public required string Cause { get; init; }
    public required string Actor { get; init; }
}
