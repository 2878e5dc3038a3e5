using MediatR;

namespace G2PBridge.Modules.Envelopes.Contracts;

/// <summary>Why a line is not simply paid: the same person has another line of the same programme, cycle and benefit code in another envelope, or other people share its financial address.</summary>
internal enum HoldKind
{
    DuplicatePayment,
    SharedAddress,
}

/// <summary>Held is not sent and waits for two people; Released is sent as any other; Dropped is never sent; Noted is on record only, and is sent.</summary>
internal enum HoldState
{
    Held,
    Released,
    Dropped,
    Noted,
}

/// <summary>One line that was found, with what became of it.</summary>
/// <param name="OtherLine">The line that it collides with; for a shared address the first that shares it.</param>
internal sealed record HeldLine(
    long Seq, HoldKind Kind, HoldState State, string EnvelopeId, decimal Quantity, long? OtherLine, DateTimeOffset Since, Guid? DecisionId, string? Reason);

/// <summary>Holds of an envelope after <paramref name="After"/>, in line order.</summary>
/// <param name="Open">Without those that were released.</param>
internal sealed record ListHolds(string EnvelopeId, long After, int Limit, HoldState? State, HoldKind? Kind, bool Open = false) : IRequest<IReadOnlyList<HeldLine>>;

internal sealed record HoldCount(string EnvelopeId, HoldKind Kind, HoldState State, int Lines, decimal Quantity);

internal sealed record CountHolds(IReadOnlyCollection<string> EnvelopeIds) : IRequest<IReadOnlyList<HoldCount>>;

/// <summary>One change of a line's hold, oldest first.</summary>
internal sealed record HoldEvent(DateTimeOffset At, HoldKind Kind, HoldState State, string Cause, string Actor);

internal sealed record ReadHoldHistory(long Seq) : IRequest<IReadOnlyList<HoldEvent>>;

/// <summary>How many lines of an envelope may still have to be sent after a decision: those that are held, and those released that nobody has taken up yet.</summary>
internal sealed record CountUndecidedLines(string EnvelopeId) : IRequest<int>;

/// <summary>How many lines of these batches are held now.</summary>
internal sealed record CountHeldOfBatch(string BatchId) : IRequest<int>;

/// <summary>A released line that whoever finds addresses has not taken up yet.</summary>
internal sealed record ReleasedLine(long Seq, HoldKind Kind);

/// <summary>Released lines, oldest first; given again until acknowledged.</summary>
internal sealed record ListReleasedLines(int Limit) : IRequest<IReadOnlyList<ReleasedLine>>;

internal sealed record AcknowledgeReleasedLines(IReadOnlyCollection<ReleasedLine> Lines) : IRequest;

/// <summary>A line of a certain envelope.</summary>
internal readonly record struct LineOfEnvelope(string EnvelopeId, long Seq);

/// <summary>
/// Asked by this module before a line's place is given to another line of the same person; answered by whoever sends payments. Gives
/// those of which it is proved that they were not paid and cannot be any more: refused, returned, or never instructed in an envelope
/// of which nothing more will be sent.
/// </summary>
internal sealed record FindLinesProvedUnpaid(IReadOnlyCollection<LineOfEnvelope> Lines) : IRequest<IReadOnlyList<long>>;

/// <summary>Allow does not look; Warn notes the lines and pays them; Hold sends none of them before two people have released it.</summary>
internal enum SharedAddressRule
{
    Allow,
    Warn,
    Hold,
}

/// <summary>The rule of a programme for several people with one financial address.</summary>
internal sealed record ReadSharedAddressRule(string? ProgrammeMnemonic) : IRequest<SharedAddressRule>;

/// <param name="OtherSeq">A line of another person with the same address.</param>
internal sealed record SharedLine(long Seq, long OtherSeq);

/// <summary>
/// Puts lines of one envelope that share an address on record: held when <paramref name="Hold"/> says so and nothing of the line is on its way, else
/// noted. Gives those that are held now, whenever that was found; what was decided before stays decided.
/// </summary>
internal sealed record RecordSharedAddresses(string EnvelopeId, long EnvelopeNumber, IReadOnlyList<SharedLine> Lines, bool Hold) : IRequest<IReadOnlyList<long>>;
