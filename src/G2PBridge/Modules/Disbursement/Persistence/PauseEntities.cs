using G2PBridge.Modules.Disbursement.Contracts;
using G2PBridge.Modules.Disbursement.Domain;

namespace G2PBridge.Modules.Disbursement.Persistence;

/// <summary>A stop that somebody asked for. One that is not lifted holds, whoever asked and whatever was restarted since.</summary>
internal sealed class Pause
{
    public long Id { get; init; }
    public PauseScope Scope { get; init; }

    /// <summary>Empty where the scope is everything.</summary>
    public required string Value { get; init; }
    public required string Reason { get; init; }
    public required string Actor { get; init; }
    public PauseState State { get; init; }
    public DateTimeOffset Since { get; init; }
    public DateTimeOffset? AcknowledgedAt { get; init; }

    /// <summary>The last row of the chunks' history at that moment: an order, where hosts' clocks may disagree.</summary>
    public long? AcknowledgedAfter { get; init; }
    public DateTimeOffset? LiftedAt { get; init; }
    public long? LiftedAfter { get; init; }

    /// <summary>Of a bank: the last of its outcomes when the pause was lifted. Those up to here no longer count for its limits.</summary>
    public long? OutcomesSeen { get; init; }
}

internal sealed class PauseHistory
{
    public long Id { get; init; }
    public long PauseId { get; init; }
    public DateTimeOffset At { get; init; }
    public string? FromState { get; init; }
    public required string ToState { get; init; }
    public required string Cause { get; init; }
    public required string Actor { get; init; }
}
