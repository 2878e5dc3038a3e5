using MediatR;

namespace G2PBridge.Modules.Disbursement.Contracts;

/// <summary>
/// Where a line stands with the bank. Prepared has an intent on record and nothing sent; Sending is with the bank now;
/// Unknown means that nobody here knows whether the bank has it, so it is asked about and not sent again while it is; Refused and
/// Returned are proved unpaid; NothingToPay was a quantity of zero; TooLate was resolved when its envelope was complete, and is not paid in it.
/// </summary>
internal enum LineState
{
    Prepared,
    Sending,
    Sent,
    Unknown,
    Refused,
    Returned,
    NothingToPay,
    TooLate,
}

/// <summary>One instruction: the intent to pay one line once.</summary>
/// <param name="Amount">In <paramref name="Currency"/>.</param>
internal sealed record InstructionFacts(
    long Line, int Generation, long ChunkId, string EnvelopeId, string BatchId, string BankCode, string AccountNumber, decimal Amount, string Currency, LineState State);

/// <summary>Instructions by line and generation; pairs that were never written are left out.</summary>
internal sealed record FindInstructions(IReadOnlyCollection<PaymentReference> References) : IRequest<IReadOnlyList<InstructionFacts>>;

/// <summary>The newest instruction of each line that has one, with the reason of its state.</summary>
internal sealed record InstructionOfLine(long Line, int Generation, long ChunkId, LineState State, string? ReasonCode, string? Reason, DateTimeOffset Since, string Reference);

internal sealed record FindInstructionsOfLines(IReadOnlyCollection<long> Lines) : IRequest<IReadOnlyList<InstructionOfLine>>;

/// <summary>Which of these lines have a quantity of zero and were therefore done without the bank.</summary>
/// <param name="EnvelopeIds">The envelopes of the lines; where none of theirs is zero, no line is looked for.</param>
internal sealed record FindNothingToPay(IReadOnlyCollection<long> Lines, IReadOnlyCollection<string> EnvelopeIds) : IRequest<IReadOnlyList<long>>;

/// <summary>The four characters that begin every payment reference of this installation.</summary>
internal sealed record ReadReferencePrefix : IRequest<string>;

/// <summary>
/// A statement shows these as debited: proof that the bank has them. Lines that were unknown leave that state; for the
/// others nothing changes. Repeating it changes nothing.
/// </summary>
internal sealed record ConfirmSent(IReadOnlyCollection<PaymentReference> References, string Proof) : IRequest;

/// <summary>A statement shows these as returned: each is proved unpaid, which alone allows a next generation. Repeating it changes nothing.</summary>
internal sealed record RecordReturned(IReadOnlyCollection<ReturnedPayment> Payments) : IRequest;

internal sealed record ReturnedPayment(PaymentReference Reference, string ReasonCode, string Proof);

/// <summary>PENDING, PROCESSING, PROCESSED, ERROR or NOT_APPLICABLE of the contract, over the chunks of a batch.</summary>
internal sealed record DispatchOfBatch(string BatchId, string Status, DateTimeOffset? At, string? LatestErrorCode, int Attempts);

internal sealed record ReadDispatchOfBatch(string BatchId) : IRequest<DispatchOfBatch?>;

/// <summary>Counts of one envelope, kept by the events of its chunks.</summary>
internal sealed record DispatchProgress(
    string EnvelopeId, int Sent, decimal SentAmount, int Unknown, decimal UnknownAmount, int Refused, decimal RefusedAmount, int InFlight, decimal InFlightAmount,
    int NothingToPay, bool Complete, string BankCode, int TooLate, decimal TooLateAmount);

internal sealed record ReadDispatchProgress(IReadOnlyCollection<string> EnvelopeIds) : IRequest<IReadOnlyList<DispatchProgress>>;

/// <summary>A line that is not simply sent, with the reason.</summary>
internal sealed record ExceptionalLine(long Line, int Generation, LineState State, string? ReasonCode, string? Reason, DateTimeOffset Since);

internal sealed record ListExceptionalLines(string EnvelopeId, long After, int Limit, LineState? State, string? ReasonCode) : IRequest<IReadOnlyList<ExceptionalLine>>;

internal sealed record ExceptionalCount(LineState State, string? ReasonCode, int Lines);

internal sealed record CountExceptionalLines(string EnvelopeId) : IRequest<IReadOnlyList<ExceptionalCount>>;

/// <summary>One change of a chunk or of one line, oldest first.</summary>
internal sealed record DispatchEvent(DateTimeOffset At, string What, string? From, string To, string Cause, string Actor);

internal sealed record ReadDispatchHistory(long Line) : IRequest<IReadOnlyList<DispatchEvent>>;

/// <summary>
/// Asked before a payment is called unpaid on somebody's word, and before one is made again: those of these that a statement shows as
/// debited. Answered by whoever reads statements.
/// </summary>
internal sealed record FindDebitedPayments(IReadOnlyCollection<PaymentReference> References) : IRequest<IReadOnlySet<PaymentReference>>;
