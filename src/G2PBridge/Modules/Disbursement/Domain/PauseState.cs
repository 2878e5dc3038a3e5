namespace G2PBridge.Modules.Disbursement.Domain;

/// <summary>Stopping: nothing new of the scope goes out, something may still be on its way. Paused: nothing is. Lifted: over.</summary>
internal enum PauseState
{
    Stopping,
    Paused,
    Lifted,
}

internal static class PauseTransitions
{
    public static bool Allows(PauseState from, PauseState to) => (from, to) switch
    {
        (PauseState.Stopping, PauseState.Paused or PauseState.Lifted) => true,
        (PauseState.Paused, PauseState.Lifted) => true,
        _ => false,
    };

    public static PauseState Require(PauseState from, PauseState to) =>
        Allows(from, to) ? to : throw new InvalidOperationException($"A pause cannot go from {from} to {to}.");
}
