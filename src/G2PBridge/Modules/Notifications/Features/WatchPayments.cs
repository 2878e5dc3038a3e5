using G2PBridge.Modules.Envelopes.Contracts;
using G2PBridge.Modules.Notifications.Domain;
using G2PBridge.Modules.Notifications.Persistence;
using G2PBridge.Modules.Reconciliation.Contracts;
using G2PBridge.Platform.Jobs;
using G2PBridge.Platform.Persistence;
using MediatR;
using Microsoft.Extensions.Options;

namespace G2PBridge.Modules.Notifications.Features;

/// <summary>
/// Looks for payments of digital cash that statements show as paid or returned, where beneficiaries are to be told. An envelope whose counts have changed is looked through
/// in sets, no more often than the configured interval; a second look inserts nothing twice.
/// </summary>
internal static partial class WatchPayments
{
    private const int MostEnvelopes = 200;
    private const int LinesAtOnce = 5_000;

    internal sealed record Command : IRequest<bool>;

    internal sealed partial class Handler(
        IMediator mediator, BridgeDatabase source, NotificationStore store, IOptions<NotificationsOptions> options, TimeProvider clock, WorkSignal signal, ILogger<Handler> logger)
        : IRequestHandler<Command, bool>
    {
        private readonly NotificationsOptions _options = options.Value;

        public async Task<bool> Handle(Command request, CancellationToken cancellationToken)
        {
            if (!_options.TellPaid && !_options.TellReturned)
            {
                return false;
            }

            var today = DateOnly.FromDateTime(clock.GetUtcNow().UtcDateTime);
            var envelopes = (await mediator.Send(
                    new ListEnvelopes(null, MostEnvelopes, null, null, EnvelopeStatus.Sealed, today.AddDays(-_options.WatchDays), today.AddDays(1)), cancellationToken))
                .Where(envelope => envelope.BenefitType == BenefitType.CashDigital).Select(envelope => envelope.Id).ToList();
            if (envelopes.Count == 0)
            {
                return false;
            }

            var seen = (await source.QueryAsync(
                "select envelope_id, paid, returned, looked_at from notifications.watch where envelope_id = any($1)", [envelopes.ToArray()],
                reader => (Id: reader.GetString(0), Paid: reader.GetInt32(1), Returned: reader.GetInt32(2), At: reader.GetFieldValue<DateTimeOffset>(3)), cancellationToken))
                .ToDictionary(row => row.Id, StringComparer.Ordinal);
            foreach (var progress in await mediator.Send(new ReadReconciliationProgress(envelopes), cancellationToken))
            {
                var isKnown = seen.TryGetValue(progress.EnvelopeId, out var last);
                if (isKnown ? (last.Paid, last.Returned) != (progress.Reconciled, progress.Returned) && last.At + _options.WatchInterval <= clock.GetUtcNow() : progress.Reconciled > 0)
                {
                    await LookThroughAsync(progress, cancellationToken);
                    return true;
                }
            }

            return false;
        }

        /// <summary>The counts that were read before are stored: what is booked while we look is looked at next time.</summary>
        private async Task LookThroughAsync(ReconciliationProgress progress, CancellationToken cancellationToken)
        {
            var added = 0;
            foreach (var batch in await mediator.Send(new ListBatchesOfEnvelope(progress.EnvelopeId), cancellationToken))
            {
                for (var first = batch.Lines.First; first <= batch.Lines.Last; first += LinesAtOnce)
                {
                    var run = new SeqRange(first, Math.Min(first + LinesAtOnce - 1, batch.Lines.Last));
                    var people = (await mediator.Send(new ReadLines(run), cancellationToken)).ToDictionary(line => line.Seq, line => line.BeneficiaryId);
                    var matches = await mediator.Send(new FindMatches(people.Keys), cancellationToken);
                    var due = matches.Where(match => match.IsReturn ? _options.TellReturned : _options.TellPaid)
                        .Select(match => new NewNotification(
                            match.IsReturn ? NotificationKind.Returned : NotificationKind.Paid, match.Line, (short)match.Generation, progress.EnvelopeId, null, people[match.Line]))
                        .DistinctBy(row => (row.Kind, row.Subject, row.Generation)).ToList();
                    added += due.Count == 0 ? 0 : await store.InsertAsync(due, _options.SuppressNotifications, cancellationToken);
                }
            }

            await source.ExecuteAsync(
                """
                insert into notifications.watch (envelope_id, paid, returned, looked_at) values ($1, $2, $3, $4)
                on conflict (envelope_id) do update set paid = excluded.paid, returned = excluded.returned, looked_at = excluded.looked_at
                """,
                [progress.EnvelopeId, progress.Reconciled, progress.Returned, clock.GetUtcNow()], cancellationToken);
            LogLooked(progress.EnvelopeId, added);
            await signal.RaiseAsync(Work.SendNotifications, cancellationToken);
        }

        [LoggerMessage(6020, LogLevel.Information, "Envelope {EnvelopeId}: {Count} payments to tell about")]
        private partial void LogLooked(string envelopeId, int count);
    }
}
