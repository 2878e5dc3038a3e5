using MediatR;

namespace G2PBridge.Modules.Envelopes.Contracts;

/// <summary>What an envelope is for. The wire spells them in capitals (contract, section 1.5).</summary>
internal enum BenefitType
{
    Commodity,
    Service,
    CashDigital,
    CashPhysical,
    Combination,
}

/// <summary>
/// Open takes disbursements and amendments; Sealed is complete and its money is being asked for; Cancelled is never paid.
/// </summary>
internal enum EnvelopeStatus
{
    Open,
    Sealed,
    Cancelled,
}

/// <summary>One envelope as other modules see it. Nulls are what the partner left out (its 1.0 form knows fewer fields).</summary>
/// <param name="Number">Rises with the order of arrival; the key of <see cref="Platform.Persistence.EnvelopeGate"/>.</param>
/// <param name="Unit">Currency code for cash, a unit of measure otherwise.</param>
/// <param name="TotalQuantity">As declared, in <paramref name="Unit"/>.</param>
/// <param name="FollowUpOf">The envelope whose unpaid lines these are; null for an ordinary one.</param>
internal sealed record EnvelopeFacts(
    string Id,
    long Number,
    int? ProgrammeId,
    string? ProgrammeMnemonic,
    string? ProgrammeDescription,
    string? TargetRegistry,
    int? BenefitCodeId,
    string? BenefitCodeMnemonic,
    string? BenefitCodeDescription,
    BenefitType BenefitType,
    int? CycleId,
    string? CycleMnemonic,
    string? Frequency,
    string Unit,
    int NumberOfBeneficiaries,
    int NumberOfDisbursements,
    decimal TotalQuantity,
    int DisbursementsReceived,
    decimal QuantityReceived,
    DateOnly ScheduleDate,
    EnvelopeStatus Status,
    DateTimeOffset ReceivedAt,
    DateTimeOffset? CancelledAt,
    string Sender,
    string? FollowUpOf);

/// <summary>The envelopes with these ids; ids that do not exist are left out.</summary>
internal sealed record ReadEnvelopes(IReadOnlyCollection<string> Ids) : IRequest<IReadOnlyList<EnvelopeFacts>>;

/// <summary>Envelopes newest first, for screens.</summary>
/// <param name="Before">Only envelopes with a smaller number; null for the newest page.</param>
/// <param name="Programmes">Only envelopes of these programmes; null for all.</param>
internal sealed record ListEnvelopes(long? Before, int Limit, string? ProgrammeMnemonic, string? CycleMnemonic, EnvelopeStatus? Status, DateOnly? ScheduledFrom, DateOnly? ScheduledTo, IReadOnlyCollection<string>? Programmes = null)
    : IRequest<IReadOnlyList<EnvelopeFacts>>;

/// <summary>
/// Digital cash envelopes that are complete, not cancelled, due on or before today in their programme's time zone, and whose
/// money nobody has taken charge of yet. Asking again gives them again until <see cref="SealEnvelope"/> was answered.
/// </summary>
internal sealed record ListEnvelopesDue(int Limit) : IRequest<IReadOnlyList<EnvelopeFacts>>;

/// <summary>
/// Closes an envelope for amendments and further disbursements, because its money is now being asked for. Repeating it
/// changes nothing. Refused with <c>DISBURSEMENT_ENVELOPE_ALREADY_CANCELED</c> when it was cancelled, and when it is no longer complete.
/// </summary>
internal sealed record SealEnvelope(string EnvelopeId) : IRequest<Result<EnvelopeFacts>>;

/// <summary>Says that the money of these sealed envelopes is on record elsewhere, so that they are no longer listed as due.</summary>
internal sealed record AcknowledgeFunding(IReadOnlyCollection<string> EnvelopeIds) : IRequest;

/// <summary>"Today" for an envelope of this programme: the date in the programme's configured time zone.</summary>
internal sealed record ReadProgrammeToday(string? ProgrammeMnemonic) : IRequest<DateOnly>;
