using G2PBridge.Modules.Envelopes.Contracts;

namespace G2PBridge.Modules.Envelopes.Domain;

/// <summary>A line that a programme's rule wants looked at. Beside the line, which itself never changes.</summary>
internal sealed class LineHold
{
    public required long Seq { get; init; }
    public required HoldKind Kind { get; init; }
    public required string EnvelopeId { get; init; }
    public required decimal Quantity { get; init; }
    public required HoldState State { get; init; }
    public long? OtherSeq { get; init; }
    public required DateTimeOffset Since { get; init; }

    /// <summary>When whoever finds addresses took the released line up.</summary>
    public DateTimeOffset? TakenAt { get; init; }
}

/// <summary>One change of a hold; append-only.</summary>
internal sealed class LineHoldEvent
{
    public long Id { get; private set; }
    public required long Seq { get; init; }
    public required HoldKind Kind { get; init; }
    public required DateTimeOffset At { get; init; }
    public string? FromState { get; init; }
    public required HoldState ToState { get; init; }
    public required string Cause { get; init; }
    public required string Actor { get; init; }
}

internal static class HoldTransitions
{
    public static bool Allows(HoldState from, HoldState to) => (from, to) switch
    {
        (HoldState.Held, HoldState.Released or HoldState.Dropped) => true,
        _ => false,
    };

    public static HoldState Require(HoldState from, HoldState to) =>
        Allows(from, to) ? to : throw new InvalidOperationException($"A hold cannot go from {from} to {to}.");
}

internal enum HoldAction
{
    Release,
    Drop,
}

/// <summary>Proposed waits for a second person; Confirmed was carried out.</summary>
internal enum HoldDecisionState
{
    Proposed,
    Confirmed,
}

/// <summary>What one person proposes to do with held lines of an envelope, and a second confirms.</summary>
internal sealed class HoldDecision
{
    public required Guid Id { get; init; }
    public required string EnvelopeId { get; init; }
    public required HoldAction Action { get; init; }
    public required HoldDecisionState State { get; init; }
    public required string Reason { get; init; }
    public required string ProposedBy { get; init; }
    public required DateTimeOffset ProposedAt { get; init; }
    public string? ConfirmedBy { get; init; }
    public DateTimeOffset? ConfirmedAt { get; init; }
}

/// <summary>A line that a decision is about.</summary>
internal sealed class HoldDecisionLine
{
    public required Guid DecisionId { get; init; }
    public required long Seq { get; init; }
    public required HoldKind Kind { get; init; }
}
