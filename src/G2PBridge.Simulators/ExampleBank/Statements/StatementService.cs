using G2PBridge.Simulators.Platform;
using Microsoft.Extensions.Options;

namespace G2PBridge.Simulators.ExampleBank.Statements;

/// <summary>Cuts a statement when an account has become quiet, or at once when a full one waits.</summary>
internal sealed class StatementService(
    StatementCutter cutter,
    SimulatorsDatabase database,
    BankSignals signals,
    IOptions<SimulatorsOptions> options,
    ILogger<StatementService> logger) : SimulatorLoop(database, logger)
{
    private static readonly TimeSpan IdlePoll = TimeSpan.FromSeconds(1);

    protected override async Task TurnAsync(CancellationToken ct)
    {
        var (cut, isWaiting) = await cutter.CutDueAsync(ct);
        if (cut > 0)
            signals.StatementCut.Set();

        // While entries wait for quiet, a further booking need not wake anybody before the next look.
        if (isWaiting)
            await Task.Delay(TimeSpan.FromMilliseconds(Math.Clamp(options.Value.ExampleBank.StatementQuietPeriod.TotalMilliseconds / 5, 10, 200)), ct);
        else
            await signals.Booked.WaitAsync(IdlePoll, ct);
    }
}
