using G2PBridge.Modules.InKind.Domain;

namespace G2PBridge.Modules.InKind.Persistence;

// Only the shape of the tables: these rows move in sets (TaskStore, PlaceStore, AllocationStore, ProofStore), never through the change tracker.
internal sealed class BatchRow
{
    public required string BatchId { get; init; }
    public required string EnvelopeId { get; init; }
    public long EnvelopeNumber { get; init; }
    public long FirstSeq { get; init; }
    public long LastSeq { get; init; }
    public bool NeedsWarehouse { get; init; }
    public bool IsCash { get; init; }
    public int? ProgrammeId { get; init; }
    public int? BenefitCodeId { get; init; }
    public int? CycleId { get; init; }
    public string? TargetRegistry { get; init; }
    public DateTimeOffset TakenAt { get; init; }
}

internal sealed class TaskRow
{
    public required string BatchId { get; init; }
    public TaskKind Kind { get; init; }
    public TaskState State { get; init; }
    public int Attempts { get; init; }
    public int FailedAttempts { get; init; }
    public short Rounds { get; init; }
    public DateTimeOffset DueAt { get; init; }
    public DateTimeOffset? LeaseUntil { get; init; }
    public long Fence { get; init; }
    public string? LastErrorCode { get; init; }
    public string? LastError { get; init; }
    public DateTimeOffset? SettledAt { get; init; }
}

internal sealed class TaskHistoryRow
{
    public long Id { get; init; }
    public required string BatchId { get; init; }
    public required string Kind { get; init; }
    public DateTimeOffset At { get; init; }
    public string? FromState { get; init; }
    public required string ToState { get; init; }
    public required string Cause { get; init; }
    public required string Actor { get; init; }
}

internal sealed class GeoRow
{
    public required string Id { get; init; }
    public long Number { get; init; }
    public required string BatchId { get; init; }
    public required string EnvelopeId { get; init; }
    public short Round { get; init; }
    public required string LargeId { get; init; }
    public string? LargeMnemonic { get; init; }
    public required string SmallId { get; init; }
    public string? SmallMnemonic { get; init; }
    public int Beneficiaries { get; init; }
    public decimal Quantity { get; init; }
    public string? WarehouseId { get; init; }
    public string? WarehouseMnemonic { get; init; }
    public string? WarehouseName { get; init; }
    public byte[]? WarehouseSealed { get; init; }
    public string? WarehouseBenefitDescription { get; init; }
    public string? WarehouseReason { get; init; }
    public DateTimeOffset? WarehouseAt { get; init; }
    public string? AgencyId { get; init; }
    public string? AgencyMnemonic { get; init; }
    public string? AgencyName { get; init; }
    public byte[]? AgencySealed { get; init; }
    public string? AgencyBenefitDescription { get; init; }
    public string? AgencyReason { get; init; }
    public DateTimeOffset? AgencyAt { get; init; }
    public DateTimeOffset? PayoutAt { get; init; }
    public DateTimeOffset? NoticedAt { get; init; }
}

internal sealed class BeneficiaryRow
{
    public long Seq { get; init; }
    public required string GeoId { get; init; }
    public required string BeneficiaryId { get; init; }
    public decimal Quantity { get; init; }
    public byte[]? Sealed { get; init; }
}

internal sealed class MissingRow
{
    public long Seq { get; init; }
    public required string BatchId { get; init; }
    public required string EnvelopeId { get; init; }
    public decimal Quantity { get; init; }
    public required string ReasonCode { get; init; }
    public int Attempts { get; init; }
    public DateTimeOffset LastAttemptAt { get; init; }
}

internal sealed class ProofRow
{
    public long Seq { get; init; }
    public required string ProofId { get; init; }
    public required string EnvelopeId { get; init; }
    public required string DisbursementId { get; init; }
    public decimal Quantity { get; init; }
    public DateTimeOffset DeliveredAt { get; init; }
    public Guid Content { get; init; }
    public required byte[] Sealed { get; init; }
    public DateTimeOffset RecordedAt { get; init; }
}
