using MediatR;

namespace G2PBridge.Modules.Envelopes.Contracts;

/// <summary>One accepted <c>create_disbursements</c> call.</summary>
/// <param name="Id">The partner's <c>disbursement_batch_control_id</c>.</param>
/// <param name="Lines">Its lines as a run of line numbers; every number in the run is a line of this batch.</param>
internal sealed record BatchFacts(
    string Id, long Number, string EnvelopeId, long EnvelopeNumber, int? CycleId, SeqRange Lines, decimal Quantity, DateTimeOffset ReceivedAt)
{
    /// <summary>The lines are payouts: payments to agencies that stand for the batch's own lines (<see cref="AddPayouts"/>).</summary>
    public bool HoldsPayouts { get; init; }
}

/// <summary>One line as the paying side needs it.</summary>
/// <param name="Seq">Our number of the line, rising with arrival.</param>
/// <param name="Quantity">In the envelope's unit; zero means that there is nothing to pay.</param>
/// <param name="ComputeElements">The partner's JSON object, verbatim, or null.</param>
internal sealed record LineFacts(
    long Seq, string DisbursementId, string BeneficiaryId, string? BeneficiaryName, decimal Quantity, string? Narrative, string? ComputeElements);

/// <summary>A line found by the partner's id, with where it belongs.</summary>
internal sealed record FoundLine(
    long Seq, string DisbursementId, string BeneficiaryId, decimal Quantity, string BatchId, string EnvelopeId, DateTimeOffset ReceivedAt, DateTimeOffset? CancelledAt)
{
    /// <summary>A payment to an agency that stands for other lines; its id is a <c>disbursement_batch_control_geo_id</c>.</summary>
    public bool IsPayout { get; init; }
}

/// <summary>
/// Lines whose money needs an address, and that no module has taken charge of yet, oldest first: batches of digital cash, and payouts. Asking again
/// gives them again until acknowledged.
/// </summary>
internal sealed record ListNewBatches(int Limit) : IRequest<IReadOnlyList<BatchFacts>>;

/// <summary>The same for batches of what is handed out at a place: goods, services and cash by hand.</summary>
internal sealed record ListNewPlacedBatches(int Limit) : IRequest<IReadOnlyList<BatchFacts>>;

internal sealed record AcknowledgeBatches(IReadOnlyCollection<BatchFacts> Batches) : IRequest;

/// <summary>Lines of a run that are neither cancelled nor held back (see <see cref="HoldState"/>), in order: what may be paid now.</summary>
internal sealed record ReadLines(SeqRange Lines) : IRequest<IReadOnlyList<LineFacts>>;

/// <summary>Lines by their numbers, cancelled or not; numbers that are nobody's are left out.</summary>
internal sealed record FindLinesBySeq(IReadOnlyCollection<long> Seqs) : IRequest<IReadOnlyList<FoundLine>>;

/// <summary>Lines by the partner's ids; ids that do not exist are left out.</summary>
internal sealed record FindLinesById(IReadOnlyCollection<string> DisbursementIds) : IRequest<IReadOnlyList<FoundLine>>;

/// <summary>A line that was archived: its number and what stays of it for ever.</summary>
internal sealed record ArchivedLine(string DisbursementId, long Seq, string EnvelopeId);

/// <summary>Those of these ids whose lines are in an archive. They stay taken.</summary>
internal sealed record FindArchivedLines(IReadOnlyCollection<string> DisbursementIds) : IRequest<IReadOnlyList<ArchivedLine>>;

/// <summary>Where a line stands; nothing of the person in it.</summary>
/// <param name="IsPayout">As <see cref="FoundLine.IsPayout"/>.</param>
internal sealed record LineLocation(long Seq, string DisbursementId, string BatchId, string EnvelopeId, bool IsPayout);

/// <summary>Where the lines with these ids stand, in no order; ids that do not exist are left out. Cheaper than <see cref="FindLinesById"/>.</summary>
internal sealed record LocateLines(IReadOnlyCollection<string> DisbursementIds) : IRequest<IReadOnlyList<LineLocation>>;

internal sealed record ReadBatches(IReadOnlyCollection<string> Ids) : IRequest<IReadOnlyList<BatchFacts>>;

internal sealed record ListBatchesOfEnvelope(string EnvelopeId) : IRequest<IReadOnlyList<BatchFacts>>;

/// <summary>All that an envelope may be paid by, as runs of line numbers: the lines of its batches, and payouts that stand for them.</summary>
internal sealed record ListRunsOfEnvelope(string EnvelopeId) : IRequest<IReadOnlyList<SeqRange>>;

/// <summary>How many lines of the envelope are cancelled, and their quantity.</summary>
internal sealed record CountCancelledLines(string EnvelopeId) : IRequest<LineCount>;

internal readonly record struct LineCount(int Lines, decimal Quantity);

/// <summary>
/// Asked by this module while it holds the envelope's gate alone, before it lets a partner stop something; answered by
/// whoever sends payments. The answer is final as long as the gate is held.
/// </summary>
/// <param name="Lines">Null: does the envelope have any line for which an instruction exists? Else: which of these?</param>
internal sealed record FindLinesWithInstruction(string EnvelopeId, IReadOnlyCollection<long>? Lines) : IRequest<IReadOnlyList<long>>;

/// <summary>One line of a person, with what its envelope says of it.</summary>
/// <param name="Quantity">In <paramref name="Unit"/>.</param>
internal sealed record LineOfPerson(
    long Seq, string DisbursementId, decimal Quantity, string BatchId, string EnvelopeId, string? ProgrammeMnemonic, string? CycleMnemonic, string? BenefitCodeMnemonic,
    BenefitType BenefitType, string Unit, DateOnly ScheduleDate);

/// <param name="Total">How many lines there are on all pages.</param>
internal sealed record LinesOfPerson(int Total, IReadOnlyList<LineOfPerson> Lines);

/// <summary>The lines of one person over all envelopes, newest first, without what was cancelled or dropped. Served by an index that is there where BeneficiaryPortal:Enabled is set (ADR 0029).</summary>
internal sealed record ListLinesOfPerson(string BeneficiaryId, long Skip, int Limit) : IRequest<LinesOfPerson>;
