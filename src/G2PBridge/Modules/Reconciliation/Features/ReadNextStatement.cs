using System.Diagnostics;
using System.Threading.Channels;
using G2PBridge.Modules.Disbursement.Contracts;
using G2PBridge.Modules.Reconciliation.Domain;
using G2PBridge.Modules.Reconciliation.Persistence;
using G2PBridge.Platform.Growth;
using G2PBridge.Platform.Jobs;
using G2PBridge.Platform.Persistence;
using G2PBridge.Platform.Protection;
using MediatR;
using Microsoft.Extensions.Options;
using Npgsql;

namespace G2PBridge.Modules.Reconciliation.Features;

/// <summary>
/// Reads one uploaded file: claim it, stage and book it in one transaction, then tell the paying side what it proves. Wherever this
/// stops, either nothing of the file is booked and it is read again, or all of it is and only the telling is owed.
/// </summary>
internal static partial class ReadNextStatement
{
    internal sealed record Command : IRequest<bool>;

    internal sealed partial class Handler(
        IMediator mediator, BridgeDatabase source, Partitions partitions, DataProtector protector, FileStore store, FileQueue queue, StageStatements staging, TellPayments telling, IReadObserver observer,
        IOptions<StatementsOptions> options, TimeProvider clock, ILogger<Handler> logger) : IRequestHandler<Command, bool>
    {
        private readonly StatementsOptions _options = options.Value;

        public async Task<bool> Handle(Command request, CancellationToken cancellationToken)
        {
            if (await telling.TellNextAsync(cancellationToken))
            {
                return true;
            }

            if (await queue.ClaimAsync(_options.Lease, cancellationToken) is not { } file)
            {
                await store.RemoveAbandonedAsync(cancellationToken);
                return false;
            }

            observer.Reached(ReadStep.Claimed);
            if (file.Attempts > _options.MostAttempts)
            {
                await queue.LeaveAsync(
                    file, FileState.Error, "too many attempts", TimeSpan.Zero, PartnerCodes.StatementUploadError, $"The file could not be read in {_options.MostAttempts} attempts.");
                LogGivenUp(file.Id, _options.MostAttempts);
                return true;
            }

            if (await ReadAsync(file, cancellationToken))
            {
                await telling.TellAsync(file.Id, file.Number, cancellationToken);
            }

            return true;
        }

        private async Task<bool> ReadAsync(ClaimedFile file, CancellationToken cancellationToken)
        {
            try
            {
                await using var lease = new FileLease(queue, file, _options.Lease);
                return await BookAsync(file, cancellationToken);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                // The host stops in good order: the next one must not wait for the lease.
                await queue.LeaveAsync(file, FileState.Received, "given back", TimeSpan.Zero, null, null);
                throw;
            }
            catch (Exception exception) when (exception is NpgsqlException or InvalidOperationException or IOException)
            {
                var pause = BackOff.After(file.Attempts, _options.FirstRetry, _options.LongestRetry);
                await queue.LeaveAsync(file, FileState.Received, "failed", pause, "DATABASE_TRANSACTION_ERROR", "The last attempt to read the file failed; it is read again.");
                throw;
            }
        }

        private async Task<bool> BookAsync(ClaimedFile file, CancellationToken cancellationToken)
        {
            var started = Stopwatch.GetTimestamp();
            var prefix = await mediator.Send(new ReadReferencePrefix(), cancellationToken);
            await partitions.EnsureAsync(NumberSeries.Files, file.Number, cancellationToken);
            await using var booking = await Booking.BeginAsync(source, protector, file, cancellationToken);
            var earlier = await booking.FindEarlierReadingAsync(cancellationToken);
            var sets = Channel.CreateBounded<StagedSet>(new BoundedChannelOptions(1) { SingleReader = true, SingleWriter = true });
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            var reading = Task.Run(() => StageAsync(file, prefix, earlier, sets.Writer, stop.Token), stop.Token);
            try
            {
                await foreach (var set in sets.Reader.ReadAllAsync(cancellationToken))
                {
                    await booking.WriteAsync(set, cancellationToken);
                    observer.Reached(ReadStep.SetWritten);
                }
            }
            catch
            {
                await stop.CancelAsync();
                await reading.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
                throw;
            }

            var outcome = await reading;
            observer.Reached(ReadStep.AllWritten);
            var result = await booking.BookAsync(outcome, clock.GetUtcNow(), () => observer.Reached(ReadStep.BeforeCommit), cancellationToken);
            if (result is null)
            {
                LogLeaseLost(file.Id);
                return false;
            }

            observer.Reached(ReadStep.Booked);
            var elapsed = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
            if (result.ErrorCode is null)
            {
                LogBooked(file.Id, result.Statements, outcome.Entries, result.Matched, result.Returned, result.Unmatched, elapsed);
            }
            else
            {
                LogNotBooked(file.Id, result.NotBooked, result.Statements, result.ErrorCode);
            }

            return true;
        }

        private async Task<FileOutcome> StageAsync(ClaimedFile file, string prefix, EarlierReading earlier, ChannelWriter<StagedSet> sets, CancellationToken cancellationToken)
        {
            try
            {
                var outcome = await staging.ReadAsync(file, prefix, earlier, sets, cancellationToken);
                sets.Complete();
                return outcome;
            }
            catch (Exception exception)
            {
                sets.Complete(exception);
                throw;
            }
        }

        [LoggerMessage(4010, LogLevel.Information, "Statement file {File}: {Statements} statements, {Entries} entries, {Matched} matched, {Returned} returns, {Unmatched} unmatched in {Elapsed} ms")]
        private partial void LogBooked(Guid file, int statements, int entries, int matched, int returned, int unmatched, double elapsed);

        [LoggerMessage(4011, LogLevel.Warning, "Statement file {File}: {NotBooked} of {Statements} statements are not booked ({Code})")]
        private partial void LogNotBooked(Guid file, int notBooked, int statements, string code);

        [LoggerMessage(4012, LogLevel.Warning, "The lease on statement file {File} was lost; nothing of it was booked here")]
        private partial void LogLeaseLost(Guid file);

        [LoggerMessage(4013, LogLevel.Error, "Statement file {File} could not be read in {Attempts} attempts and is put aside")]
        private partial void LogGivenUp(Guid file, int attempts);
    }
}
