namespace G2PBridge.Simulators.Platform;

/// <summary>
/// A background loop that waits for its tables, survives whatever one turn runs into (a database that restarts, above all)
/// and leaves quietly when the host stops or never came up.
/// </summary>
internal abstract partial class SimulatorLoop(SimulatorsDatabase database, ILogger logger) : BackgroundService
{
    private static readonly TimeSpan AfterFailure = TimeSpan.FromSeconds(1);

    /// <summary>One turn: the work there is, then the wait for more.</summary>
    protected abstract Task TurnAsync(CancellationToken ct);

    protected sealed override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await database.WaitUntilPreparedAsync(stoppingToken);
            while (!stoppingToken.IsCancellationRequested)
            {
                try
                {
                    await TurnAsync(stoppingToken);
                }
                catch (Exception e) when (!stoppingToken.IsCancellationRequested)
                {
                    LogFailed(logger, GetType().Name, e.Message);
                    await Task.Delay(AfterFailure, stoppingToken);
                }
            }
        }
        catch (Exception) when (stoppingToken.IsCancellationRequested)
        {
            // Stopped in the middle of a turn: every turn is safe to repeat.
        }
    }

    [LoggerMessage(8101, LogLevel.Warning, "{Loop} will try again after: {Problem}")]
    private static partial void LogFailed(ILogger logger, string loop, string problem);
}
