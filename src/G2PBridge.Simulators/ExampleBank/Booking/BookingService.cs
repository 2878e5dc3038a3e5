using System.Diagnostics;
using G2PBridge.Simulators.Platform;
using Microsoft.Extensions.Options;

namespace G2PBridge.Simulators.ExampleBank.Booking;

/// <summary>Books as soon as a batch is accepted; polls in case another process accepted it.</summary>
internal sealed partial class BookingService(
    Bookkeeper bookkeeper,
    SimulatorsDatabase database,
    BankSignals signals,
    IOptions<SimulatorsOptions> options,
    ILogger<BookingService> logger) : SimulatorLoop(database, logger)
{
    private readonly ILogger _logger = logger;

    protected override async Task TurnAsync(CancellationToken ct)
    {
        await bookkeeper.ExpireBlocksAsync(ct);
        var started = Stopwatch.GetTimestamp();
        while (await bookkeeper.BookNextAsync(ct) is { } payments)
        {
            signals.Booked.Set();
            signals.CallbackDue.Set();
            LogBooked(payments, Stopwatch.GetElapsedTime(started).TotalMilliseconds);
            started = Stopwatch.GetTimestamp();
        }

        await signals.BatchAccepted.WaitAsync(options.Value.ExampleBank.BookingPollInterval, ct);
    }

    [LoggerMessage(8102, LogLevel.Debug, "Example Bank booked {Payments} payments in {Milliseconds} ms")]
    private partial void LogBooked(long payments, double milliseconds);
}
