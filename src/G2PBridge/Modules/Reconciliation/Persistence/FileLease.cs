using Npgsql;

namespace G2PBridge.Modules.Reconciliation.Persistence;

/// <summary>
/// Renews the lease while its worker lives, so that the lease may be short although a large file takes minutes. Losing it is no
/// matter here: the fence decides at the end.
/// </summary>
internal sealed class FileLease : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _loop;

    public FileLease(FileQueue files, ClaimedFile file, TimeSpan lease) => _loop = KeepAsync(files, file, lease, _stop.Token);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        _stop.Dispose();
    }

    private static async Task KeepAsync(FileQueue files, ClaimedFile file, TimeSpan lease, CancellationToken stop)
    {
        // The wall clock on purpose: a lease is about dead processes, not about business time.
        using var timer = new PeriodicTimer(lease / 3);
        while (true)
        {
            try
            {
                if (!await timer.WaitForNextTickAsync(stop) || !await files.RenewAsync(file, lease, stop))
                {
                    return;
                }
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (NpgsqlException)
            {
                // Tried again at the next tick; if the lease is lost meanwhile, the fence says so at the end.
            }
        }
    }
}
