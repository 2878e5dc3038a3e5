using G2PBridge.Modules.Envelopes.Contracts;

namespace G2PBridge.Modules.Envelopes.Domain;

/// <summary>What a programme system wants paid in one cycle, and how much of it has arrived.</summary>
internal sealed class Envelope
{
    public required string Id { get; init; }

    /// <summary>Given by the database; rises with arrival.</summary>
    public long Number { get; private set; }

    public int? ProgrammeId { get; init; }
    public string? ProgrammeMnemonic { get; init; }
    public string? ProgrammeDescription { get; init; }
    public string? TargetRegistry { get; init; }
    public int? BenefitCodeId { get; init; }
    public string? BenefitCodeMnemonic { get; init; }
    public string? BenefitCodeDescription { get; init; }
    public required BenefitType BenefitType { get; init; }
    public int? CycleId { get; init; }
    public string? CycleMnemonic { get; init; }
    public string? Frequency { get; init; }

    /// <summary>Currency code for cash, a unit of measure otherwise.</summary>
    public required string Unit { get; init; }

    public required int NumberOfBeneficiaries { get; set; }
    public required int NumberOfDisbursements { get; set; }
    public required decimal TotalQuantity { get; set; }
    public int DisbursementsReceived { get; set; }
    public decimal QuantityReceived { get; set; }
    public required DateOnly ScheduleDate { get; set; }
    public EnvelopeStatus Status { get; private set; } = EnvelopeStatus.Open;
    public required DateTimeOffset ReceivedAt { get; init; }
    public DateTimeOffset? SealedAt { get; private set; }
    public DateTimeOffset? CancelledAt { get; private set; }

    /// <summary>When another module took charge of the money; until then the envelope is listed as due.</summary>
    public DateTimeOffset? FundingTakenAt { get; set; }

    public required string Sender { get; init; }

    /// <summary>The envelope whose unpaid lines these are; null for one that a partner sent.</summary>
    public string? FollowUpOf { get; init; }

    public bool IsComplete => DisbursementsReceived == NumberOfDisbursements && QuantityReceived == TotalQuantity;

    public bool IsCash => BenefitType is BenefitType.CashDigital or BenefitType.CashPhysical;

    public void MoveTo(EnvelopeStatus to, DateTimeOffset at)
    {
        if (!EnvelopeTransitions.Allows(Status, to))
        {
            throw new InvalidOperationException($"Envelope {Id} cannot go from {Status} to {to}.");
        }

        Status = to;
        SealedAt = to == EnvelopeStatus.Sealed ? at : SealedAt;
        CancelledAt = to == EnvelopeStatus.Cancelled ? at : CancelledAt;
    }

    public EnvelopeFacts ToFacts() => new(
        Id, Number, ProgrammeId, ProgrammeMnemonic, ProgrammeDescription, TargetRegistry, BenefitCodeId, BenefitCodeMnemonic, BenefitCodeDescription,
        BenefitType, CycleId, CycleMnemonic, Frequency, Unit, NumberOfBeneficiaries, NumberOfDisbursements, TotalQuantity, DisbursementsReceived,
        QuantityReceived, ScheduleDate, Status, ReceivedAt, CancelledAt, Sender, FollowUpOf);
}

/// <summary>The whole state chart of an envelope.</summary>
internal static class EnvelopeTransitions
{
    public static bool Allows(EnvelopeStatus from, EnvelopeStatus to) => (from, to) switch
    {
        (EnvelopeStatus.Open, EnvelopeStatus.Sealed or EnvelopeStatus.Cancelled) => true,
        // Sealed only says that money was asked for; as long as nothing was sent it can still be stopped.
        (EnvelopeStatus.Sealed, EnvelopeStatus.Cancelled) => true,
        _ => false,
    };
}

/// <summary>One change of an envelope; append-only.</summary>
internal sealed class EnvelopeEvent
{
    public long Id { get; private set; }
    public required string EnvelopeId { get; init; }
    public required DateTimeOffset At { get; init; }
    public required string FromStatus { get; init; }
    public required string ToStatus { get; init; }
    public required string Cause { get; init; }
    public required string Actor { get; init; }
}

/// <summary>One accepted call with disbursements.</summary>
internal sealed class Batch
{
    public required string Id { get; init; }
    public long Number { get; private set; }
    public required string EnvelopeId { get; init; }
    public int? CycleId { get; init; }
    public required long FirstSeq { get; init; }
    public required long LastSeq { get; init; }
    public required decimal Quantity { get; init; }
    public required DateTimeOffset ReceivedAt { get; init; }
    public DateTimeOffset? TakenAt { get; set; }

    /// <summary>Cash by hand only: when it was said that no further payouts of the batch will come.</summary>
    public DateTimeOffset? PayoutsClosedAt { get; set; }
}

/// <summary>A payment to an agency that stands for lines of a batch; written once and never updated.</summary>
internal sealed class Payout
{
    public required long Seq { get; init; }

    /// <summary>The place's <c>disbursement_batch_control_geo_id</c>.</summary>
    public required string Id { get; init; }
    public required string EnvelopeId { get; init; }
    public required string BatchId { get; init; }
    public required string Payee { get; init; }
    public required decimal Quantity { get; init; }
}

/// <summary>A run of payouts that was added at once.</summary>
internal sealed class PayoutSet
{
    public required long FirstSeq { get; init; }
    public required long LastSeq { get; init; }
    public required string EnvelopeId { get; init; }
    public required string BatchId { get; init; }
    public required decimal Quantity { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset? TakenAt { get; set; }
}

/// <summary>One line. Written once by COPY and never updated; what happens to it later is a row elsewhere.</summary>
internal sealed class DisbursementLine
{
    public required long Seq { get; init; }
    public required string DisbursementId { get; init; }
    public required string BeneficiaryId { get; init; }
    public string? BeneficiaryName { get; init; }
    public required decimal Quantity { get; init; }
    public string? Narrative { get; init; }
    public int? CycleId { get; init; }
    public string? ComputeElements { get; init; }
}

/// <summary>Keeps a partner's id to one line for ever, also when the line itself lies in an archive.</summary>
internal sealed class DisbursementKey
{
    /// <summary>First 16 bytes of the id's SHA-256 (see <see cref="Persistence.DisbursementKeys"/>).</summary>
    public required Guid Key { get; init; }
    public required long Seq { get; init; }
}

/// <summary>
/// Holds the place of one person in one programme, cycle and benefit code, over all envelopes; or in one envelope, for a line that is not the
/// place's first. The primary key lets one line have it, whatever two requests do at once.
/// </summary>
internal sealed class Entitlement
{
    /// <summary>First 16 bytes of a SHA-256 (see <see cref="Persistence.Entitlements"/>).</summary>
    public required byte[] Key { get; init; }
    public required long Seq { get; init; }
}

/// <summary>A cancelled line: a fact beside the line, which itself never changes.</summary>
internal sealed class LineCancellation
{
    public required long Seq { get; init; }
    public required string EnvelopeId { get; init; }
    public required decimal Quantity { get; init; }
    public required DateTimeOffset At { get; init; }
    public required string Actor { get; init; }
}

/// <summary>
/// A request that changed something, under the sender's own id for it. Written in the transaction of its effect, so that a
/// repetition finds either both or neither.
/// </summary>
internal sealed class AnsweredRequest
{
    public required string Sender { get; init; }
    public required string RequestId { get; init; }
    public required string Endpoint { get; init; }

    /// <summary>SHA-256 of endpoint and request body.</summary>
    public required byte[] BodyHash { get; init; }
    public required DateTimeOffset AnsweredAt { get; init; }

    /// <summary>What of the answer cannot be read from the repeated request itself (ids that we gave).</summary>
    public string[]? GivenIds { get; init; }
}
