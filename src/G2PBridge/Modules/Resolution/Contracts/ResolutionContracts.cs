using MediatR;

namespace G2PBridge.Modules.Resolution.Contracts;

/// <summary>Lines of one slice that one round of asking the mapper resolved: what can be paid together.</summary>
/// <param name="SliceId">With <paramref name="Round"/> the identity of the set.</param>
/// <param name="Lines">The slice's run of line numbers; the lines of this set are those in it with an address of this round.</param>
internal sealed record ResolvedSet(long SliceId, int Round, string EnvelopeId, string BatchId, SeqRange Lines, int Count);

/// <summary>Resolved sets that nobody has taken charge of yet, oldest first; given again until acknowledged.</summary>
internal sealed record ListNewResolvedSets(int Limit) : IRequest<IReadOnlyList<ResolvedSet>>;

internal sealed record AcknowledgeResolvedSets(IReadOnlyCollection<ResolvedSet> Sets) : IRequest;

/// <summary>Where a line's money goes: a snapshot taken when the mapper answered.</summary>
/// <param name="Kind"><c>BANK_ACCOUNT</c>, <c>MOBILE_WALLET</c> or <c>EMAIL_WALLET</c> (contract, MapperResolvedFaType).</param>
internal sealed record FinancialAddress(
    long Seq, string Kind, string? AccountNumber, string? BankCode, string? BranchCode, string? MobileNumber, string? MobileWalletProvider,
    string? EmailAddress, string? EmailWalletProvider, string? ResolvedName);

/// <summary>The addresses of a resolved set, in line order.</summary>
internal sealed record ReadAddresses(SeqRange Lines, int Round) : IRequest<IReadOnlyList<FinancialAddress>>;

/// <summary>The addresses of single lines, for the lines that have one.</summary>
internal sealed record FindAddresses(IReadOnlyCollection<long> Seqs) : IRequest<IReadOnlyList<FinancialAddress>>;

/// <summary>Which lines of a run have an address; what it is stays closed.</summary>
internal sealed record FindResolvedLines(SeqRange Lines) : IRequest<IReadOnlySet<long>>;

/// <summary>PENDING, PROCESSING, PROCESSED or ERROR of the contract, over the slices of a batch.</summary>
internal sealed record ResolutionOfBatch(string BatchId, string Status, DateTimeOffset? At, string? LatestErrorCode, int Attempts);

internal sealed record ReadResolutionOfBatch(string BatchId) : IRequest<ResolutionOfBatch?>;

/// <summary>Counts of one envelope. Lines that are neither were not asked about yet.</summary>
/// <param name="Unresolved">Asked about and without an address now; <paramref name="Exhausted"/> of them are not asked about again by themselves.</param>
internal sealed record ResolutionProgress(string EnvelopeId, int Lines, int Resolved, decimal ResolvedQuantity, int Unresolved, decimal UnresolvedQuantity, int Exhausted, bool Waiting);

internal sealed record ReadResolutionProgress(IReadOnlyCollection<string> EnvelopeIds) : IRequest<IReadOnlyList<ResolutionProgress>>;

/// <summary>A person without an address, with the mapper's own reason.</summary>
internal sealed record UnresolvedLine(long Seq, string ReasonCode, string? Reason, int Attempts, DateTimeOffset LastAttemptAt, DateTimeOffset? NextAttemptAt);

/// <summary>Unresolved lines of an envelope after <paramref name="After"/>, in line order.</summary>
internal sealed record ListUnresolved(string EnvelopeId, long After, int Limit, string? ReasonCode) : IRequest<IReadOnlyList<UnresolvedLine>>;

internal sealed record CountUnresolvedByReason(string EnvelopeId) : IRequest<IReadOnlyList<ReasonCount>>;

internal sealed record FindUnresolved(IReadOnlyCollection<long> Seqs) : IRequest<IReadOnlyList<UnresolvedLine>>;

internal sealed record ReasonCount(string ReasonCode, int Lines);

/// <summary>Asks the mapper again now about everyone of the envelope who has no address, whatever was tried before. Gives the number of lines.</summary>
internal sealed record RetryUnresolved(string EnvelopeId, string Actor) : IRequest<int>;
