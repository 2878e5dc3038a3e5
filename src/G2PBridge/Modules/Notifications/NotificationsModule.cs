using G2PBridge.Modules.Notifications.Features;
using G2PBridge.Modules.Notifications.Persistence;
using G2PBridge.Platform.Audit;
using G2PBridge.Platform.Jobs;
using G2PBridge.Platform.Persistence;
using Microsoft.Extensions.Options;

namespace G2PBridge.Modules.Notifications;

/// <summary>Tells warehouses, agencies and beneficiaries, each once. Exists only when in-kind programmes are switched on.</summary>
internal static class NotificationsModule
{
    public const string Schema = "notifications";

    public static IServiceCollection AddNotifications(this IServiceCollection services)
    {
        services.AddOptions<NotificationsOptions>().BindConfiguration(NotificationsOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddModuleDbContext<NotificationsDbContext>(Schema);
        services.AddAudited($"{Schema}.notification", "fence", "lease_until", "due_at").AddAudited($"{Schema}.watch", "looked_at").AddAuditedSets($"{Schema}.notification_history", "id");
        services.AddSingleton<NotificationStore>();
        services.AddScoped<ComposeNotifications>();

        services.AddPollingJob(provider => Describe(provider, Work.TakeNotices, _ => 1, () => new TakeNotices.Command()));
        services.AddPollingJob(provider => Describe(provider, Work.SendNotifications, options => options.Parallelism, () => new SendNextNotifications.Command()));
        services.AddPollingJob(provider => Describe(provider, Work.WatchPayments, _ => 1, () => new WatchPayments.Command()));
        return services;
    }

    public static IEndpointRouteBuilder MapNotifications(this IEndpointRouteBuilder routes)
    {
        LookAtNotifications.Map(routes.MapGroup("v1"));
        return routes;
    }

    private static PollingJobDescription Describe(IServiceProvider provider, string name, Func<NotificationsOptions, int> parallelism, Func<MediatR.IRequest<bool>> nextItem)
    {
        var options = provider.GetRequiredService<IOptions<NotificationsOptions>>().Value;
        return new PollingJobDescription(name, Schema, options.Interval, parallelism(options), nextItem);
    }
}
