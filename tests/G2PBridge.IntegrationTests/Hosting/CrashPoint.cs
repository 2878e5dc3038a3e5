using G2PBridge.Modules.Disbursement.Domain;

namespace G2PBridge.IntegrationTests;

/// <summary>
/// What a killed process looks like to everybody else: the next arrival at a step of the send path never comes back. Or a stopped one:
/// the world goes on before it does.
/// </summary>
internal sealed class CrashPoint : ISendObserver
{
    private SendStep? _at;
    private Action? _meanwhile;

    public void At(SendStep step, Action? meanwhile = null) => (_at, _meanwhile) = (step, meanwhile);

    public void Reset() => (_at, _meanwhile) = (null, null);

    public void Reached(SendStep step, long chunkId)
    {
        if (_at == step)
        {
            var meanwhile = _meanwhile;
            Reset();
            if (meanwhile is null)
            {
                throw new SimulatedCrashException();
            }

            meanwhile();
        }
    }
}

internal sealed class SimulatedCrashException : Exception;
