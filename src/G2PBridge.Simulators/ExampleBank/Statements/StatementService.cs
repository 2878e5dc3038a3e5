using G2PBridge.Simulators.Platform;
using Microsoft.Extensions.Options;
using Npgsql;

namespace G2PBridge.Simulators.ExampleBank.Statements;

/// <summary>Cuts a statement when an account has become quiet, or at once when a full one waits.</summary>
internal sealed partial class StatementService(
    StatementCutter cutter,
    SimulatorsDatabase database,
    BankSignals signals,
    IOptions<SimulatorsOptions> options,
    ILogger<StatementService> logger) : BackgroundService
{
    private static readonly TimeSpan IdlePoll = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await database.WaitUntilPreparedAsync(stoppingToken);
        var quietPoll = TimeSpan.FromMilliseconds(Math.Clamp(options.Value.ExampleBank.StatementQuietPeriod.TotalMilliseconds / 5, 10, 200));
        while (!stoppingToken.IsCancellationRequested)
        {
            var isWaiting = true;
            try
            {
                (var cut, isWaiting) = await cutter.CutDueAsync(stoppingToken);
                if (cut > 0)
                    signals.StatementCut.Set();
            }
            catch (NpgsqlException e) when (!stoppingToken.IsCancellationRequested)
            {
                LogFailed(e.Message);
            }

            // While entries wait for quiet, a further booking need not wake anybody before the next look.
            if (isWaiting)
                await Task.Delay(quietPoll, stoppingToken);
            else
                await signals.Booked.WaitAsync(IdlePoll, stoppingToken);
        }
    }

    [LoggerMessage(8111, LogLevel.Warning, "Example Bank could not make statements and will try again: {Problem}")]
    private partial void LogFailed(string problem);
}
