using System.Collections.Concurrent;
using G2PBridge.Connectors;
using G2PBridge.Modules.Notifications.Contracts;

namespace G2PBridge.IntegrationTests.InKind;

/// <summary>Channels at the connector port: "idempotent" knows a message by its id, "mail" does not. Both deliver, unless a test says otherwise.</summary>
internal sealed class ScriptedChannel : INotificationChannels
{
    private readonly ConcurrentQueue<Func<IReadOnlyList<Notification>, IReadOnlyList<NotificationAnswer>>> _script = new();

    /// <summary>Every message that arrived, with how often.</summary>
    public ConcurrentDictionary<string, int> Arrived { get; } = new(StringComparer.Ordinal);

    public ConcurrentQueue<Notification> Messages { get; } = new();

    public INotificationConnector? Find(string channel) => channel switch
    {
        "idempotent" => new Channel(this, true),
        "mail" => new Channel(this, false),
        _ => null,
    };

    public void Next(Func<IReadOnlyList<Notification>, IReadOnlyList<NotificationAnswer>> answer) => _script.Enqueue(answer);

    /// <summary>The messages arrive and the answer does not.</summary>
    public void ArriveUnanswered() => Next(messages =>
    {
        Take(messages);
        throw new TimeoutException();
    });

    public void Reset()
    {
        _script.Clear();
        Arrived.Clear();
        Messages.Clear();
    }

    private void Take(IReadOnlyList<Notification> messages)
    {
        foreach (var message in messages)
        {
            Arrived.AddOrUpdate(message.Id, 1, (_, times) => times + 1);
            Messages.Enqueue(message);
        }
    }

    private sealed class Channel(ScriptedChannel script, bool isIdempotent) : INotificationConnector
    {
        public NotificationCapabilities Capabilities { get; } = new(isIdempotent, 100);

        public Task<IReadOnlyList<NotificationAnswer>> SendAsync(IReadOnlyList<Notification> notifications, CancellationToken cancellationToken)
        {
            if (script._script.TryDequeue(out var answer))
            {
                return Task.FromResult(answer(notifications));
            }

            script.Take(notifications);
            return Task.FromResult<IReadOnlyList<NotificationAnswer>>([.. notifications.Select(one => new NotificationAnswer.Delivered(one.Id))]);
        }
    }
}
