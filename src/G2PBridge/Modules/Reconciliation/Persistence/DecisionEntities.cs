using G2PBridge.Modules.Reconciliation.Domain;

namespace G2PBridge.Modules.Reconciliation.Persistence;

/// <summary>What one person proposed about an exception and a second confirmed.</summary>
internal sealed class DecisionRow
{
    public Guid Id { get; init; }

    public long File { get; init; }

    public int EntryNo { get; init; }

    public DecisionKind Kind { get; init; }

    public DecisionState State { get; init; }

    public required string Reason { get; init; }

    public required string ProposedBy { get; init; }

    public DateTimeOffset ProposedAt { get; init; }

    public string? ConfirmedBy { get; init; }

    public DateTimeOffset? ConfirmedAt { get; init; }

    /// <summary>When the paying side was told what it proves; null on a confirmed one: still owed.</summary>
    public DateTimeOffset? ToldAt { get; init; }

    public DateTimeOffset DueAt { get; init; }
}

internal sealed class DecisionPartRow
{
    public Guid DecisionId { get; init; }

    public int No { get; init; }

    public PartClass Class { get; init; }

    public long? Line { get; init; }

    public short? Generation { get; init; }

    public int? Envelope { get; init; }

    public decimal Amount { get; init; }
}

/// <summary>What one person proposed about the held statements of a file and a second confirmed. Its history stands with that of the other decisions.</summary>
internal sealed class StatementDecisionRow
{
    public Guid Id { get; init; }

    public long File { get; init; }

    public StatementDecisionKind Kind { get; init; }

    public DecisionState State { get; init; }

    /// <summary>Positions in the file.</summary>
    public required int[] Statements { get; init; }

    /// <summary>What each of them said when it was proposed; one that is read differently since is not released.</summary>
    public required string[] Fingerprints { get; init; }

    public required string Reason { get; init; }

    public required string ProposedBy { get; init; }

    public DateTimeOffset ProposedAt { get; init; }

    public string? ConfirmedBy { get; init; }

    public DateTimeOffset? ConfirmedAt { get; init; }
}

/// <summary>A payment that the bank rejects in a report, as long as no statement had shown it as debited.</summary>
internal sealed class RejectionRow
{
    public long Line { get; init; }

    public short Generation { get; init; }

    public long File { get; init; }

    public int EntryNo { get; init; }
}

/// <summary>One payment of a debit that names an order and no payment.</summary>
internal sealed class BatchPartRow
{
    public long File { get; init; }

    public int EntryNo { get; init; }

    public long Line { get; init; }

    public short Generation { get; init; }

    public int Envelope { get; init; }

    public decimal Amount { get; init; }

    public bool Tell { get; init; }
}

internal sealed class DecisionHistoryRow
{
    public long Id { get; init; }

    public Guid DecisionId { get; init; }

    public DateTimeOffset At { get; init; }

    public string? FromState { get; init; }

    public required string ToState { get; init; }

    public required string Cause { get; init; }

    public required string Actor { get; init; }
}
