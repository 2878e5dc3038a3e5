using Npgsql;

namespace G2PBridge.Modules.Resolution.Persistence;

/// <summary>
/// Renews the lease while its worker lives. So a lease may be short, and a slice whose worker was killed is back within
/// seconds, although a mapper may take minutes. Losing the lease is no matter here: the fence decides at the end.
/// </summary>
internal sealed class LeaseKeeper : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _loop;

    public LeaseKeeper(SliceStore slices, ClaimedSlice slice, TimeSpan lease) => _loop = KeepAsync(slices, slice, lease, _stop.Token);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        _stop.Dispose();
    }

    private static async Task KeepAsync(SliceStore slices, ClaimedSlice slice, TimeSpan lease, CancellationToken stop)
    {
        try
        {
            // The wall clock on purpose: a lease is about dead processes, not about business time.
            using var timer = new PeriodicTimer(lease / 3);
            while (await timer.WaitForNextTickAsync(stop) && await slices.RenewAsync(slice, lease, stop))
            {
            }
        }
        catch (OperationCanceledException)
        {
        }
        catch (NpgsqlException)
        {
            // The database will be asked again at the settlement, which fails or finds the fence.
        }
    }
}
