using G2PBridge.Modules.Envelopes.Contracts;
using G2PBridge.Modules.Funds.Contracts;
using G2PBridge.Modules.Resolution.Contracts;
using G2PBridge.Platform.Persistence;
using MediatR;
using Microsoft.Extensions.Options;

namespace G2PBridge.Modules.Disbursement.Features;

/// <summary>
/// Closes an envelope of which nothing more will be sent and has the rest of its block given back. Closed before the release is asked
/// for, so that nothing can be sent on money that is going back; an unknown payment keeps it open, its money may still be needed.
/// </summary>
internal static partial class FinishNextEnvelope
{
    private const string NothingOpen =
        "not exists (select from disbursement.chunk c where c.envelope_id = e.envelope_id and (c.state not in ('Sent', 'Refused', 'Empty') or c.unknown_lines > 0))";

    internal sealed record Command : IRequest<bool>;

    internal sealed partial class Handler(IMediator mediator, BridgeDatabase source, IOptions<DisbursementOptions> options, TimeProvider clock, ILogger<Handler> logger)
        : IRequestHandler<Command, bool>
    {
        public async Task<bool> Handle(Command request, CancellationToken cancellationToken)
        {
            if (await NextToReleaseAsync(cancellationToken) is { } closed)
            {
                await mediator.Send(new ReleaseUnusedFunds(closed.Id, closed.Used), cancellationToken);
                await source.ExecuteAsync("update disbursement.envelope set released = true where envelope_id = $1 and complete_at is not null", [closed.Id], cancellationToken);
                return true;
            }

            if (await NextToFinishAsync(cancellationToken) is not { } id)
            {
                return false;
            }

            if (await CanStillGrowAsync(id, cancellationToken))
            {
                return true;
            }

            if (await CloseAsync(id, cancellationToken))
            {
                LogComplete(id);
            }

            return true;
        }

        private async Task<(string Id, decimal Used)?> NextToReleaseAsync(CancellationToken cancellationToken)
        {
            var rows = await source.QueryAsync(
                "select envelope_id, sent_amount from disbursement.envelope where complete_at is not null and not released order by complete_at limit 1", [],
                reader => (reader.GetString(0), reader.GetDecimal(1)), cancellationToken);
            return rows is [var row] ? row : null;
        }

        private async Task<string?> NextToFinishAsync(CancellationToken cancellationToken)
        {
            var rows = await source.ChangeAsync(
                $"""
                update disbursement.envelope e set finish_due_at = $2
                from (
                    select e.envelope_id from disbursement.envelope e
                    where e.complete_at is null and e.finish_due_at <= $1 and e.in_flight_lines = 0 and e.unknown_lines = 0 and {NothingOpen}
                        and (e.refused_lines = 0 or not exists (select from disbursement.chunk c where c.envelope_id = e.envelope_id and c.settled_at > $3))
                    order by e.finish_due_at limit 1 for update of e skip locked) as next
                where e.envelope_id = next.envelope_id
                returning e.envelope_id
                """,
                [clock.GetUtcNow(), clock.GetUtcNow() + options.Value.FinishInterval, clock.GetUtcNow() - options.Value.KeepOpenForRetry],
                reader => reader.GetString(0),
                cancellationToken);
            return rows.SingleOrDefault();
        }

        /// <summary>Lines that are not asked about yet, that will be asked about again, or that are resolved and not here yet.</summary>
        private async Task<bool> CanStillGrowAsync(string id, CancellationToken cancellationToken)
        {
            var envelope = (await mediator.Send(new ReadEnvelopes([id]), cancellationToken)).Single();
            if (envelope.Status == EnvelopeStatus.Cancelled)
            {
                return false;
            }

            // Cash by hand is paid as payouts, of which as many may come as there are places.
            var payouts = (await mediator.Send(new ReadPayoutFacts([id]), cancellationToken)).SingleOrDefault();
            if (payouts?.OpenBatches > 0)
            {
                return true;
            }

            if (await mediator.Send(new ReadResolutionProgress([id]), cancellationToken) is not [var progress])
            {
                return (payouts?.Payouts ?? envelope.DisbursementsReceived) > 0;
            }

            // Held lines may be released, and their money is kept for that; whoever wants it back drops them.
            if (progress.Waiting || progress.Unresolved > progress.Exhausted || await mediator.Send(new CountUndecidedLines(id), cancellationToken) > 0)
            {
                return true;
            }

            var taken = await source.QueryAsync(
                "select batch_id, sum(resolved_lines)::int from disbursement.chunk where envelope_id = $1 group by batch_id", [id],
                reader => (Batch: reader.GetString(0), Lines: reader.GetInt32(1)), cancellationToken);
            return progress.Resolved > taken.Sum(batch => batch.Lines)
                || (payouts is null ? await HasUnaskedBatchAsync(id, [.. taken.Select(batch => batch.Batch)], cancellationToken) : payouts.Payouts > progress.Lines);
        }

        /// <summary>A batch of which nothing has arrived here may be one that nobody was asked about yet. Few are, and only at the very end.</summary>
        private async Task<bool> HasUnaskedBatchAsync(string id, HashSet<string> arrived, CancellationToken cancellationToken)
        {
            foreach (var batch in (await mediator.Send(new ListBatchesOfEnvelope(id), cancellationToken)).Where(batch => !arrived.Contains(batch.Id)))
            {
                if (await mediator.Send(new ReadResolutionOfBatch(batch.Id), cancellationToken) is null)
                {
                    return true;
                }
            }

            return false;
        }

        /// <summary>The row first: somebody who has lines paid again takes it too, and what he wrote has to be seen.</summary>
        private async Task<bool> CloseAsync(string id, CancellationToken cancellationToken)
        {
            await using var connection = await source.OpenConnectionAsync(cancellationToken);
            await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
            await using (var row = await connection.PreparedAsync("select from disbursement.envelope where envelope_id = $1 for update", cancellationToken, id))
            {
                await row.ExecuteNonQueryAsync(cancellationToken);
            }

            await using var close = await connection.PreparedAsync(
                $"update disbursement.envelope e set complete_at = $2 where e.envelope_id = $1 and e.complete_at is null and e.in_flight_lines = 0 and e.unknown_lines = 0 and {NothingOpen}", cancellationToken,
                id, clock.GetUtcNow());
            var closed = await close.ExecuteNonQueryAsync(cancellationToken) == 1;
            await source.CommitAsync(transaction, cancellationToken);
            return closed;
        }

        [LoggerMessage(3050, LogLevel.Information, "Envelope {EnvelopeId} is complete: nothing more of it will be sent")]
        private partial void LogComplete(string envelopeId);
    }
}
