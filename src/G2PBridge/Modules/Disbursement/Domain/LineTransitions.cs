using G2PBridge.Modules.Disbursement.Contracts;
using static G2PBridge.Modules.Disbursement.Contracts.LineState;

namespace G2PBridge.Modules.Disbursement.Domain;

/// <summary>How a line's state follows from its chunk's, and how it may leave it.</summary>
internal static class LineTransitions
{
    /// <summary>The state of an instructed line that has no state of its own.</summary>
    public static LineState ImpliedBy(ChunkState chunk) => chunk switch
    {
        ChunkState.Claimed or ChunkState.Prepared => Prepared,
        ChunkState.Sending => Sending,
        ChunkState.Sent => Sent,
        ChunkState.Unknown => Unknown,
        ChunkState.Refused => Refused,
        _ => throw new InvalidOperationException($"A chunk that is {chunk} has no instructed lines."),
    };

    public static bool Allows(LineState from, LineState to) => (from, to) switch
    {
        (Prepared or Sending or Unknown, Sent or Returned) => true,
        (Sending or Unknown, Refused) => true,
        (Sending, Unknown) => true,
        (Sent, Returned) => true,
        // The bank took it and then said, in a report or a callback, that it will not pay it.
        (Sent, Refused) => true,
        // Only a statement says so: the bank paid what it had called unpaid.
        (Refused, Sent or Returned) => true,
        _ => false,
    };

    public static LineState Require(LineState from, LineState to) =>
        Allows(from, to) ? to : throw new InvalidOperationException($"A line cannot go from {from} to {to}.");
}
