namespace G2PBridge.Simulators.Platform;

/// <summary>A nudge between two parts of one process; the tables remain the truth, so a lost nudge costs one poll.</summary>
internal sealed class Signal : IDisposable
{
    private readonly SemaphoreSlim _semaphore = new(0, 1);

    public void Set()
    {
        try
        {
            _semaphore.Release();
        }
        catch (SemaphoreFullException)
        {
            // Already set: the sleeper will look anyway.
        }
    }

    public Task WaitAsync(TimeSpan atMost, CancellationToken ct) => _semaphore.WaitAsync(atMost, ct);

    public void Dispose() => _semaphore.Dispose();
}
