using MediatR;

namespace G2PBridge.Modules.Envelopes.Contracts;

/// <summary>Why a line was not paid. Unresolved: the mapper knew no address until the envelope was complete; TooLate: it did afterwards.</summary>
internal enum UnpaidKind
{
    Refused,
    Returned,
    Unresolved,
    TooLate,
}

/// <param name="ReasonCode">The bank's or the mapper's own.</param>
internal sealed record UnpaidLine(long Seq, UnpaidKind Kind, string ReasonCode);

/// <summary>
/// Asked by this module while it holds the envelope's gate alone; answered by whoever sends payments. Every line of the envelope of which it is
/// proved that it was not paid and cannot be any more; no line that is open or unknown.
/// </summary>
internal sealed record ListUnpaidLines(string EnvelopeId) : IRequest<IReadOnlyList<UnpaidLine>>;

/// <summary>An envelope made of the unpaid lines of another one.</summary>
internal sealed record FollowUpFacts(string EnvelopeId, string FollowUpOf, int Lines, decimal Quantity, DateTimeOffset At);

/// <summary>The follow-ups of these envelopes, oldest first.</summary>
internal sealed record ReadFollowUps(IReadOnlyCollection<string> EnvelopeIds) : IRequest<IReadOnlyList<FollowUpFacts>>;

/// <summary>A line, and the line of the follow-up that takes its place.</summary>
internal sealed record FollowUpLink(string DisbursementId, string EnvelopeId, string NextDisbursementId, string NextEnvelopeId, UnpaidKind Kind, string ReasonCode, DateTimeOffset At);

/// <summary>The links of a line: to the line that it follows and to the one that follows it, where there are such.</summary>
internal sealed record FindFollowUpLinks(long Seq) : IRequest<IReadOnlyList<FollowUpLink>>;
