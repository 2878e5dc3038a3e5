using G2PBridge.Modules.Envelopes.Contracts;
using G2PBridge.Modules.InKind.Domain;
using G2PBridge.Modules.InKind.Persistence;
using G2PBridge.Platform.Jobs;
using G2PBridge.Platform.Persistence;
using MediatR;
using Microsoft.Extensions.Options;
using Npgsql;

namespace G2PBridge.Modules.InKind.Features;

/// <summary>
/// Turns the places of a batch of cash by hand into payouts once the envelope is complete and due, so that nothing of it can be cancelled line by line any more.
/// From there a payout goes the way of every line: its address is asked for, it is instructed once, sent, and proved by a statement. A place without an agency becomes
/// a payout too, whose address is not known yet.
/// </summary>
internal static partial class AddNextPayouts
{
    internal sealed record Command : IRequest<bool>;

    private sealed record Round(short No, IReadOnlyList<NewPayout> Payouts);

    internal sealed partial class Handler(
        IMediator mediator, BridgeDatabase source, TaskStore tasks, InKindReads reads, IOptions<InKindOptions> options, TimeProvider clock, ILogger<Handler> logger) : IRequestHandler<Command, bool>
    {
        private readonly InKindOptions _options = options.Value;

        public async Task<bool> Handle(Command request, CancellationToken cancellationToken)
        {
            if (await tasks.ClaimAsync([TaskKind.Payout], _options.Lease, cancellationToken) is not { } task)
            {
                return false;
            }

            var envelope = (await mediator.Send(new ReadEnvelopes([task.EnvelopeId]), cancellationToken)).Single();
            var outcome = envelope.Status switch
            {
                EnvelopeStatus.Cancelled => new TaskOutcome(TaskState.Done, "envelope cancelled", clock.GetUtcNow(), true),
                EnvelopeStatus.Open => new TaskOutcome(TaskState.Incomplete, "envelope not due", clock.GetUtcNow() + _options.PayoutInterval, false),
                _ => await AddAsync(task, cancellationToken),
            };
            await tasks.SettleAsync(task, outcome, connection => envelope.Status == EnvelopeStatus.Sealed ? HasMoreAsync(connection, task, cancellationToken) : Task.FromResult(false), cancellationToken);
            return true;
        }

        private async Task<TaskOutcome> AddAsync(ClaimedTask task, CancellationToken cancellationToken)
        {
            var cancelled = await mediator.Send(new ListCancelledLines(task.EnvelopeId), cancellationToken);
            foreach (var round in await ReadRoundsAsync(task, cancelled, cancellationToken))
            {
                var run = new SeqRange(round.Payouts[0].Seq, round.Payouts[^1].Seq);
                var added = await mediator.Send(new AddPayouts(task.EnvelopeId, task.BatchId, run, round.Payouts, cancelled.Count), cancellationToken);
                if (added.Refusal is { } refusal)
                {
                    LogRefused(task.BatchId, refusal.Code);
                    var due = clock.GetUtcNow() + BackOff.After(task.FailedAttempts + 1, _options.FirstFailureDelay, _options.LongestFailureDelay);
                    return new TaskOutcome(TaskState.Pending, refusal.Code, due, false, refusal.Code, refusal.Detail);
                }

                // Dying before this repeats the addition, which changes nothing.
                await source.ExecuteAsync("update in_kind.geo set payout_at = $3 where batch_id = $1 and round = $2 and payout_at is null", [task.BatchId, round.No, clock.GetUtcNow()], cancellationToken);
                LogAdded(task.BatchId, round.Payouts.Count);
            }

            if (await IsPlacingOverAsync(task, cancellationToken))
            {
                await mediator.Send(new ClosePayouts(task.BatchId), cancellationToken);
            }

            return new TaskOutcome(TaskState.Done, "payouts added", clock.GetUtcNow(), true);
        }

        /// <summary>The numbers of a round are one run, because they were taken at once.</summary>
        private async Task<List<Round>> ReadRoundsAsync(ClaimedTask task, IReadOnlyList<long> cancelled, CancellationToken cancellationToken)
        {
            var open = await source.QueryAsync(
                "select number, round from in_kind.geo where batch_id = $1 and payout_at is null", [task.BatchId], reader => (Number: reader.GetInt64(0), Round: reader.GetInt16(1)), cancellationToken);
            var roundOf = open.ToDictionary(place => place.Number, place => place.Round);
            var geos = await reads.GeosByNumberAsync(roundOf.Keys, cancelled, cancellationToken);
            return [.. geos.GroupBy(geo => roundOf[geo.Number]).OrderBy(group => group.Key)
                .Select(group => new Round(group.Key, [.. group.Select(geo => new NewPayout(geo.Number, geo.Id, geo.SmallZoneMnemonic ?? geo.SmallZoneId, geo.Quantity))]))];
        }

        private async Task<bool> IsPlacingOverAsync(ClaimedTask task, CancellationToken cancellationToken) =>
            (await reads.TasksAsync(task.BatchId, cancellationToken)).Exists(other => other.Kind == nameof(TaskKind.GeoResolution) && other.State is nameof(TaskState.Done) or nameof(TaskState.Exhausted));

        private static async Task<bool> HasMoreAsync(NpgsqlConnection connection, ClaimedTask task, CancellationToken cancellationToken)
        {
            await using var command = await connection.PreparedAsync("select exists (select from in_kind.geo where batch_id = $1 and payout_at is null)", cancellationToken, task.BatchId);
            return (bool)(await command.ExecuteScalarAsync(cancellationToken))!;
        }

        [LoggerMessage(5030, LogLevel.Information, "Batch {Batch}: {Payouts} payouts to agencies added")]
        private partial void LogAdded(string batch, int payouts);

        [LoggerMessage(5031, LogLevel.Warning, "Batch {Batch}: its payouts were refused ({Code}); they are added again")]
        private partial void LogRefused(string batch, string code);
    }
}
