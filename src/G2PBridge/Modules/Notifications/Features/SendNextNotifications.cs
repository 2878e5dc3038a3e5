using G2PBridge.Connectors;
using G2PBridge.Modules.Notifications.Contracts;
using G2PBridge.Modules.Notifications.Domain;
using G2PBridge.Modules.Notifications.Persistence;
using G2PBridge.Platform.Jobs;
using MediatR;
using Microsoft.Extensions.Options;

namespace G2PBridge.Modules.Notifications.Features;

/// <summary>
/// Hands over a set of notifications of one kind: claim, compose, call the channel with no transaction open, settle under the fence. The id of each was committed when it was
/// put on record, so a repetition after a time-out is the same message to a channel that honours the id; at another nothing is repeated that may have arrived.
/// </summary>
internal static partial class SendNextNotifications
{
    private const string NotAnswered = "NOT_ANSWERED";

    internal sealed record Command : IRequest<bool>;

    internal sealed partial class Handler(
        NotificationStore store, ComposeNotifications compose, INotificationChannels channels, IOptions<NotificationsOptions> options, TimeProvider clock, ILogger<Handler> logger)
        : IRequestHandler<Command, bool>
    {
        private readonly NotificationsOptions _options = options.Value;

        public async Task<bool> Handle(Command request, CancellationToken cancellationToken)
        {
            foreach (var kind in Enum.GetValues<NotificationKind>())
            {
                if (_options.ChannelOf(kind) is not { Length: > 0 } name || channels.Find(name) is not { } channel)
                {
                    continue;
                }

                var claims = await store.ClaimAsync(kind, channel.Capabilities.MostPerCall, channel.Capabilities.Idempotent, _options.Lease, cancellationToken);
                if (claims.Count > 0)
                {
                    await SendAsync(kind, name, channel, claims, cancellationToken);
                    return true;
                }
            }

            return false;
        }

        private async Task SendAsync(NotificationKind kind, string name, INotificationConnector channel, List<ClaimedNotification> claims, CancellationToken cancellationToken)
        {
            var composed = await compose.OfAsync(claims, cancellationToken);
            var outcomes = composed.Where(one => one.Message is null)
                .Select(one => one.IsFinal ? Final(one.Claim, one.Code!) : Later(one.Claim, one.Code!)).ToList();
            var ready = composed.Where(one => one.Message is not null).ToList();
            if (ready.Count > 0)
            {
                var answers = await CallAsync(channel, [.. ready.Select(one => one.Message!)]);
                outcomes.AddRange(ready.Select(one => Judge(one.Claim, answers.GetValueOrDefault(one.Message!.Id), channel.Capabilities.Idempotent)));
            }

            var settled = await store.SettleAsync(outcomes, name, CancellationToken.None);
            var delivered = outcomes.Count(outcome => outcome.State == NotificationState.Delivered);
            LogSent(kind, delivered, settled);
            foreach (var failure in outcomes.Where(outcome => outcome.State != NotificationState.Delivered).CountBy(outcome => (outcome.State, outcome.Cause)))
            {
                LogNotDelivered(kind, failure.Value, failure.Key.State, failure.Key.Cause);
            }
        }

        private NotificationOutcome Judge(ClaimedNotification claim, NotificationAnswer? answer, bool isIdempotent) => answer switch
        {
            NotificationAnswer.Delivered => new(claim, NotificationState.Delivered, "delivered", clock.GetUtcNow()),
            NotificationAnswer.Refused { IsFinal: true } refused => Final(claim, refused.Code),
            NotificationAnswer.Refused refused => Later(claim, refused.Code),
            _ when isIdempotent => Later(claim, (answer as NotificationAnswer.NotKnown)?.Code ?? NotAnswered),
            _ => new(claim, NotificationState.Unknown, (answer as NotificationAnswer.NotKnown)?.Code ?? NotAnswered, clock.GetUtcNow()),
        };

        private NotificationOutcome Final(ClaimedNotification claim, string code) => new(claim, NotificationState.Undeliverable, code, clock.GetUtcNow());

        private NotificationOutcome Later(ClaimedNotification claim, string code) =>
            new(claim, NotificationState.Pending, code, clock.GetUtcNow() + BackOff.After(claim.Failures + 1, _options.FirstRetry, _options.LongestRetry));

        private async Task<Dictionary<string, NotificationAnswer>> CallAsync(INotificationConnector channel, List<Notification> messages)
        {
            // Not ended by a shutdown: a call that is on its way is worth the wait, its outcome would be lost.
            using var limit = new CancellationTokenSource(_options.CallTimeout);
            try
            {
                var answers = await channel.SendAsync(messages, limit.Token).WaitAsync(_options.CallTimeout, CancellationToken.None);
                return answers.DistinctBy(answer => answer.Id, StringComparer.Ordinal).ToDictionary(answer => answer.Id, StringComparer.Ordinal);
            }
#pragma warning disable CA1031 // The connector contract: whatever it throws means "not known".
            catch (Exception exception)
#pragma warning restore CA1031
            {
                LogCallFailed(exception.GetType().Name);
                return [];
            }
        }

        [LoggerMessage(6010, LogLevel.Debug, "{Kind}: {Delivered} of {Settled} notifications delivered")]
        private partial void LogSent(NotificationKind kind, int delivered, int settled);

        [LoggerMessage(6011, LogLevel.Warning, "{Kind}: {Count} notifications are {State} ({Code})")]
        private partial void LogNotDelivered(NotificationKind kind, int count, NotificationState state, string code);

        [LoggerMessage(6012, LogLevel.Warning, "A call to a channel ended with {Exception}")]
        private partial void LogCallFailed(string exception);
    }
}
