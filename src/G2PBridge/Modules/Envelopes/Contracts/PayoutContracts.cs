using MediatR;

namespace G2PBridge.Modules.Envelopes.Contracts;

/// <summary>A run of numbers that no line has or will have.</summary>
internal sealed record TakeLineNumbers(int Count) : IRequest<SeqRange>;

/// <summary>
/// A payment to the agency that hands out the cash of some lines. It has a line number of its own, so everything that holds for a line (one instruction
/// at a time, references, proof by statement) holds for it too; the lines it stands for are never paid by themselves.
/// </summary>
/// <param name="Id">The <c>disbursement_batch_control_geo_id</c>.</param>
/// <param name="Payee">What a person calls the payee before the agency is known: the place.</param>
/// <param name="Quantity">What the lines that are not cancelled add up to.</param>
internal sealed record NewPayout(long Seq, string Id, string Payee, decimal Quantity);

/// <summary>
/// Adds the payouts of one run of numbers to a sealed envelope, all or none; repeating it changes nothing. Refused with
/// <c>ENVELOPE_NOT_SEALED</c> before the envelope is due, with <c>PAYOUTS_OUTDATED</c> when a line was cancelled since <paramref name="CancelledLines"/> were counted,
/// and with <c>PAYOUTS_EXCEED_ENVELOPE</c> when more would be paid than was received.
/// </summary>
/// <param name="BatchId">The partner's batch for whose lines they stand.</param>
internal sealed record AddPayouts(string EnvelopeId, string BatchId, SeqRange Lines, IReadOnlyList<NewPayout> Payouts, int CancelledLines) : IRequest<Result<bool>>;

/// <summary>Says that no further payouts of this batch will come. Repeating it changes nothing.</summary>
internal sealed record ClosePayouts(string BatchId) : IRequest;

/// <summary>The payouts of an envelope of cash by hand.</summary>
/// <param name="OpenBatches">Batches of which further payouts may come.</param>
internal sealed record PayoutFacts(string EnvelopeId, int OpenBatches, int Payouts, decimal Quantity);

/// <summary>For the envelopes of cash by hand among these.</summary>
internal sealed record ReadPayoutFacts(IReadOnlyCollection<string> EnvelopeIds) : IRequest<IReadOnlyList<PayoutFacts>>;

/// <summary>The cancelled lines of an envelope; they are few.</summary>
internal sealed record ListCancelledLines(string EnvelopeId) : IRequest<IReadOnlyList<long>>;
