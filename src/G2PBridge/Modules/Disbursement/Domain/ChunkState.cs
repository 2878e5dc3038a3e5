using static G2PBridge.Modules.Disbursement.Domain.ChunkState;

namespace G2PBridge.Modules.Disbursement.Domain;

/// <summary>
/// Where a chunk of lines stands. Waiting for its envelope's money; Pending, ready to go; Claimed, being made ready with nothing sent;
/// Prepared, with its intent on record and provably nothing sent; Sending, with the bank now; Unknown, perhaps with the bank;
/// Empty, nothing in it had to be paid.
/// </summary>
internal enum ChunkState
{
    Waiting,
    Pending,
    Claimed,
    Prepared,
    Sending,
    Sent,
    Unknown,
    Refused,
    Empty,
}

internal static class ChunkTransitions
{
    public static bool Allows(ChunkState from, ChunkState to) => (from, to) switch
    {
        (Waiting, Pending) => true,
        (Pending or Prepared, Claimed) => true,
        // Pending only while no intent is on record, Prepared once there is one; Unknown when a statement shows what was thought unsent.
        (Claimed, Sending or Pending or Prepared or Empty or Unknown) => true,
        // Never back to Pending. Prepared only on proof that nothing reached the bank.
        (Sending, Sent or Refused or Prepared or Unknown) => true,
        (Prepared, Unknown) => true,
        // Prepared only when the bank has proved of every line that it never had it, and honours the order's key: the same order goes out again.
        (Unknown, Sent or Refused or Prepared) => true,
        _ => false,
    };

    public static ChunkState Require(ChunkState from, ChunkState to) =>
        Allows(from, to) ? to : throw new InvalidOperationException($"A chunk cannot go from {from} to {to}.");
}
