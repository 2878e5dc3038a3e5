using G2PBridge.Modules.Resolution.Domain;

namespace G2PBridge.Modules.Resolution.Persistence;

// Only the shape of the tables: these rows move in sets (SliceStore, AddressStore, UnresolvedStore), never through the change tracker.
internal sealed class SliceRow
{
    public long Id { get; init; }

    public required string EnvelopeId { get; init; }

    public required string BatchId { get; init; }

    public long BatchNumber { get; init; }

    public long FirstSeq { get; init; }

    public long LastSeq { get; init; }

    public SliceStatus Status { get; init; }

    public int Attempts { get; init; }

    public int FailedAttempts { get; init; }

    public short Rounds { get; init; }

    public DateTimeOffset DueAt { get; init; }

    public DateTimeOffset? LeaseUntil { get; init; }

    public long Fence { get; init; }

    public int Lines { get; init; }

    public int Resolved { get; init; }

    public decimal ResolvedQuantity { get; init; }

    public int Unresolved { get; init; }

    public decimal UnresolvedQuantity { get; init; }

    public string? LastErrorCode { get; init; }

    public string? LastError { get; init; }

    public DateTimeOffset? AskedAt { get; init; }

    /// <summary>Its lines are payouts, whose addresses an <see cref="Contracts.IPayoutDirectory"/> knows instead of the mapper.</summary>
    public bool HoldsPayouts { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset UpdatedAt { get; init; }
}

internal sealed class SliceHistoryRow
{
    public long Id { get; init; }

    public long SliceId { get; init; }

    public DateTimeOffset At { get; init; }

    public string? FromStatus { get; init; }

    public required string ToStatus { get; init; }

    public required string Cause { get; init; }

    public required string Actor { get; init; }
}

internal sealed class AddressRow
{
    public long Seq { get; init; }

    public short Round { get; init; }

    /// <summary>Of the destination; keyed, so that nobody finds the number by trying.</summary>
    public Guid Fingerprint { get; init; }

    /// <summary>All that is known of the destination, encrypted for this row.</summary>
    public required byte[] Sealed { get; init; }
}

internal sealed class UnresolvedRow
{
    public long Seq { get; init; }

    public long SliceId { get; init; }

    public required string EnvelopeId { get; init; }

    public decimal Quantity { get; init; }

    public required string ReasonCode { get; init; }

    public string? Reason { get; init; }

    public int Attempts { get; init; }

    public DateTimeOffset LastAttemptAt { get; init; }
}

internal sealed class ResolvedSetRow
{
    public long SliceId { get; init; }

    public short Round { get; init; }

    public required string EnvelopeId { get; init; }

    public required string BatchId { get; init; }

    public long FirstSeq { get; init; }

    public long LastSeq { get; init; }

    public int Lines { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset? HandedOverAt { get; init; }

    /// <summary>The rule under which its addresses are still to be looked at; null: they were, or need not be.</summary>
    public string? AwaitsCheck { get; init; }
}
