using G2PBridge.Modules.Notifications.Contracts;

namespace G2PBridge.Connectors;

/// <summary>The configured channels (section <c>Notifications:Channels:NAME</c>), made at start, which calls nobody.</summary>
internal sealed class NotificationChannels : INotificationChannels
{
    public const string Section = "Notifications:Channels";

    private readonly Dictionary<string, INotificationConnector> _channels = new(StringComparer.OrdinalIgnoreCase);

    public NotificationChannels(IServiceProvider provider, IConfiguration configuration, IEnumerable<ConnectorKind<INotificationConnector>> kinds)
    {
        foreach (var channel in configuration.GetSection(Section).GetChildren())
        {
            _channels.Add(channel.Key, kinds.Make(provider, channel));
        }
    }

    public INotificationConnector? Find(string channel) => _channels.GetValueOrDefault(channel);
}

internal static class NotificationChannelsRegistration
{
    public static IServiceCollection AddNotificationChannels(this IServiceCollection services)
    {
        services.AddSingleton<INotificationChannels, NotificationChannels>();
        services.AddSingleton(new ConnectorKind<INotificationConnector>(Novu.NovuConnector.Kind, Novu.NovuConnector.Create));
        services.AddSingleton(new ConnectorKind<INotificationConnector>(Smtp.SmtpConnector.Kind, Smtp.SmtpConnector.Create));
        services.AddSingleton(new ConnectorKind<INotificationConnector>(Webhook.WebhookConnector.Kind, Webhook.WebhookConnector.Create));
        return services;
    }
}
