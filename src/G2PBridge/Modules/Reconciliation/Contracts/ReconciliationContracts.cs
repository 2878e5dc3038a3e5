using MediatR;

namespace G2PBridge.Modules.Reconciliation.Contracts;

/// <summary>Whose a statement file is; null when there is no such file.</summary>
internal sealed record FindStatementScope(Guid FileId) : IRequest<StatementScope?>;

/// <param name="SenderBanks">The banks that its sender was limited to; null when it was not.</param>
/// <param name="Accounts">The sponsor accounts of its statements; null stands for one that is of no account of ours.</param>
internal sealed record StatementScope(IReadOnlyList<string>? SenderBanks, IReadOnlyList<string?> Accounts);

/// <summary>The sponsor account of the statement that an unmatched entry stands in; null when there is none.</summary>
internal sealed record FindAccountOfEntry(string ExceptionId) : IRequest<string?>;

/// <summary>One statement entry that was matched to an instruction.</summary>
internal sealed record MatchedEntry(
    long Line, int Generation, bool IsReturn, Guid StatementId, string? StatementNumber, string? StatementSequence, int EntryNo,
    DateOnly? EntryDate, DateOnly? ValueDate, string? BankReference, string? NameFromBank, string? ReasonCode, string? Reason, decimal Amount);

/// <summary>Matches of these lines, the debit before its returns.</summary>
internal sealed record FindMatches(IReadOnlyCollection<long> Lines) : IRequest<IReadOnlyList<MatchedEntry>>;

/// <summary>A statement entry that could not be matched. <see cref="ErrorReason"/> is one of the contract's closed list; <see cref="Detail"/> is ours.</summary>
internal sealed record UnmatchedEntry(
    string ReconciliationId, long? Line, Guid StatementId, string? StatementNumber, string? StatementSequence, int EntryNo, DateOnly? EntryDate, DateOnly? ValueDate,
    string ErrorReason, string Detail, string? BankReference, decimal Amount, string Currency);

/// <summary>Unmatched entries that belong to these lines, or that carry one of these texts as their reference.</summary>
internal sealed record FindUnmatched(IReadOnlyCollection<long> Lines, IReadOnlyCollection<string> References) : IRequest<IReadOnlyList<UnmatchedEntry>>;

/// <summary>All that the statements say of these lines: what <see cref="FindMatches"/> and <see cref="FindUnmatched"/> answer, in one go.</summary>
/// <param name="EnvelopeIds">The envelopes of the lines. Where no payment of theirs is debited yet, which is most of the time, no line is looked for.</param>
internal sealed record FindEntriesOfLines(IReadOnlyCollection<long> Lines, IReadOnlyCollection<string> EnvelopeIds, IReadOnlyCollection<string> References) : IRequest<EntriesOfLines>;

internal sealed record EntriesOfLines(IReadOnlyList<MatchedEntry> Matched, IReadOnlyList<UnmatchedEntry> Unmatched);

/// <summary>What the bank's statements prove of one envelope.</summary>
/// <param name="Reconciled">Lines with a debit on a statement, whether returned later or not.</param>
internal sealed record ReconciliationProgress(string EnvelopeId, int Reconciled, decimal ReconciledAmount, int Returned, decimal ReturnedAmount);

internal sealed record ReadReconciliationProgress(IReadOnlyCollection<string> EnvelopeIds) : IRequest<IReadOnlyList<ReconciliationProgress>>;

/// <summary>Returned lines of an envelope, grouped by reason.</summary>
internal sealed record ReturnCount(string ReasonCode, int Lines, decimal Amount);

internal sealed record CountReturnsByReason(string EnvelopeId) : IRequest<IReadOnlyList<ReturnCount>>;

/// <summary>Returned lines of an envelope after <paramref name="After"/>, in line order.</summary>
internal sealed record ListReturned(string EnvelopeId, long After, int Limit, string? ReasonCode) : IRequest<IReadOnlyList<MatchedEntry>>;

/// <summary>The statements on which payments of these lines are debited or returned, oldest file first.</summary>
internal sealed record ListStatementsOfLines(IReadOnlyList<SeqRange> Runs) : IRequest<IReadOnlyList<StatementOfLines>>;

/// <param name="Paid">How many of these lines it shows as debited, and <paramref name="Returned"/> as returned.</param>
internal sealed record StatementOfLines(Guid FileId, string? Number, string? Sequence, int Paid, decimal PaidAmount, int Returned, decimal ReturnedAmount);
