using System.Diagnostics;
using G2PBridge.Simulators.Platform;
using Microsoft.Extensions.Options;
using Npgsql;

namespace G2PBridge.Simulators.ExampleBank.Booking;

/// <summary>Books as soon as a batch is accepted; polls in case another process accepted it.</summary>
internal sealed partial class BookingService(
    Bookkeeper bookkeeper,
    SimulatorsDatabase database,
    BankSignals signals,
    IOptions<SimulatorsOptions> options,
    ILogger<BookingService> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await database.WaitUntilPreparedAsync(stoppingToken);
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await bookkeeper.ExpireBlocksAsync(stoppingToken);
                await BookAllAsync(stoppingToken);
            }
            catch (NpgsqlException e) when (!stoppingToken.IsCancellationRequested)
            {
                LogFailed(e.Message);
            }

            await signals.BatchAccepted.WaitAsync(options.Value.ExampleBank.BookingPollInterval, stoppingToken);
        }
    }

    private async Task BookAllAsync(CancellationToken ct)
    {
        while (true)
        {
            var started = Stopwatch.GetTimestamp();
            if (await bookkeeper.BookNextAsync(ct) is not { } payments)
                return;
            signals.Booked.Set();
            LogBooked(payments, Stopwatch.GetElapsedTime(started).TotalMilliseconds);
        }
    }

    [LoggerMessage(8101, LogLevel.Debug, "Example Bank booked {Payments} payments in {Milliseconds} ms")]
    private partial void LogBooked(long payments, double milliseconds);

    [LoggerMessage(8102, LogLevel.Warning, "Example Bank could not book and will try again: {Problem}")]
    private partial void LogFailed(string problem);
}
