using MediatR;

namespace G2PBridge.Modules.Disbursement.Contracts;

/// <summary>One order to a bank: the payments that were handed over together, under one key.</summary>
/// <param name="Key">The order's idempotency key, a UUID of 36 characters. Banks show it as the message's or the batch's id, often as 32 hexadecimal digits.</param>
/// <param name="Payments">How many payments it holds.</param>
/// <param name="Amount">Their sum, in <paramref name="Currency"/>, refused ones included.</param>
internal sealed record OrderFacts(string Key, long ChunkId, string EnvelopeId, string AccountNumber, string Currency, int Payments, decimal Amount);

/// <summary>Orders by their keys; keys of no order are left out.</summary>
internal sealed record FindOrders(IReadOnlyCollection<string> Keys) : IRequest<IReadOnlyList<OrderFacts>>;

/// <summary>Orders of exactly this sum from this account, the newest first. Whether a statement shows them already is not known here.</summary>
internal sealed record FindOrdersOfAmount(string AccountNumber, string Currency, decimal Amount, int Limit) : IRequest<IReadOnlyList<OrderFacts>>;

/// <summary>Every payment of an order as it stands, in line order.</summary>
internal sealed record ReadPaymentsOfOrder(long ChunkId) : IRequest<IReadOnlyList<InstructionFacts>>;

/// <summary>
/// Payments of exactly this amount from this account that may be with the bank (sending, sent or unknown), the newest first. Whether a
/// statement shows them already is not known here.
/// </summary>
/// <param name="Before">Only lines with a smaller number: the last line of the page before; null for the first page.</param>
internal sealed record FindOpenInstructions(string AccountNumber, string Currency, decimal Amount, int Limit, long? Before = null) : IRequest<OpenInstructions>;

/// <param name="IsComplete">False when older orders of the account were not looked through.</param>
internal sealed record OpenInstructions(IReadOnlyList<InstructionFacts> Payments, bool IsComplete);

/// <summary>
/// What a bank reports about its orders, short of a statement. Accepted: the bank has the payment, so it is unknown no more. Rejected: a
/// definite refusal of what was unknown or sent; it never undoes a return, and a statement that shows the debit outweighs it. Repeating it
/// changes nothing. Answers with the number of payments whose order is on its way this moment: these have to be reported again later.
/// </summary>
internal sealed record RecordPaymentReports(IReadOnlyCollection<PaymentReport> Reports) : IRequest<int>;

/// <param name="ReasonCode">Why it was rejected: an ISO 20022 code where the bank's words have one.</param>
/// <param name="Proof">Where it is written, for the history.</param>
internal sealed record PaymentReport(PaymentReference Reference, bool IsRejected, string? ReasonCode, string? Reason, string Proof);
