namespace G2PBridge.Modules.Notifications;

internal static class NotificationsModule
{
    public const string Schema = "notifications";

    public static IServiceCollection AddNotifications(this IServiceCollection services) => services;

    public static IEndpointRouteBuilder MapNotifications(this IEndpointRouteBuilder routes) => routes;
}
