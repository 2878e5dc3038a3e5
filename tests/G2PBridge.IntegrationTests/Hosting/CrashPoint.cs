using G2PBridge.Modules.Disbursement.Domain;

namespace G2PBridge.IntegrationTests;

/// <summary>What a killed process looks like to everybody else: the next arrival at a step of the send path never comes back.</summary>
internal sealed class CrashPoint : ISendObserver
{
    private SendStep? _at;

    public void At(SendStep step) => _at = step;

    public void Reset() => _at = null;

    public void Reached(SendStep step, long chunkId)
    {
        if (_at == step)
        {
            _at = null;
            throw new SimulatedCrashException();
        }
    }
}

internal sealed class SimulatedCrashException : Exception;
