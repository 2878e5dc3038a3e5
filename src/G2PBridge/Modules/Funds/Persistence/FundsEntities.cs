using G2PBridge.Modules.Funds.Domain;

namespace G2PBridge.Modules.Funds.Persistence;

/// <summary>The money of one envelope: the status row is the queue.</summary>
internal sealed record EnvelopeFunds
{
    public required string EnvelopeId { get; init; }
    public long EnvelopeNumber { get; init; }
    public int? ProgrammeId { get; init; }
    public int? BenefitCodeId { get; init; }
    public required string Currency { get; init; }
    public decimal Amount { get; init; }
    public DateOnly ScheduleDate { get; init; }
    public bool Overdue { get; init; }
    public string? BankCode { get; init; }
    public string? AccountNumber { get; init; }
    public string? AccountType { get; init; }
    public string? BranchCode { get; init; }
    public FundsState State { get; init; }
    public long Fence { get; init; }
    public DateTimeOffset? LeaseUntil { get; init; }
    public DateTimeOffset? DueAt { get; init; }
    public int CheckAttempts { get; init; }
    public int CheckFailures { get; init; }
    public string? CheckErrorCode { get; init; }
    public string? CheckError { get; init; }
    public DateTimeOffset? CheckedAt { get; init; }
    public int BlockAttempts { get; init; }
    public int BlockFailures { get; init; }
    public string? BlockErrorCode { get; init; }
    public string? BlockError { get; init; }
    public DateTimeOffset? BlockedAt { get; init; }
    public string? BlockKey { get; init; }
    public string? BlockReference { get; init; }
    public decimal BlockedAmount { get; init; }
    public ReleaseState ReleaseState { get; init; }
    public decimal ReleaseUsed { get; init; }
    public decimal ReleasedAmount { get; init; }
    public int ReleaseAttempts { get; init; }
    public string? ReleaseErrorCode { get; init; }
    public DateTimeOffset? ReleaseDueAt { get; init; }
    public DateTimeOffset? WatchAt { get; init; }
    public DateTimeOffset? AcknowledgedAt { get; init; }
    public DateTimeOffset CreatedAt { get; init; }
}

/// <summary>One change of an envelope's money or of its block's release; append-only.</summary>
internal sealed class EnvelopeFundsHistory
{
    public long Id { get; init; }
    public required string EnvelopeId { get; init; }
    public DateTimeOffset At { get; init; }
    public string? FromState { get; init; }
    public required string ToState { get; init; }
    public required string Cause { get; init; }
    public required string Actor { get; init; }
}
