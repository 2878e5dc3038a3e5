namespace G2PBridge.Modules.Disbursement.Domain;

/// <summary>The points of the send path between which a process may die.</summary>
internal enum SendStep
{
    Claimed,
    AddressesRead,
    GateTaken,
    LinesRead,
    InstructionsCopied,
    BeforeIntentCommit,
    IntentCommitted,
    BeforeCall,
    CallAnswered,
    SettleStarted,
    BeforeSettleCommit,
    Settled,
}

/// <summary>
/// Told of every step of the send path. Does nothing in production; a test throws here, which leaves exactly what a killed process
/// leaves: whatever was committed before.
/// </summary>
internal interface ISendObserver
{
    void Reached(SendStep step, long chunkId);
}

internal sealed class NoSendObserver : ISendObserver
{
    public void Reached(SendStep step, long chunkId)
    {
    }
}
