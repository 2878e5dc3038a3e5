using FluentValidation;
using MediatR;

namespace G2PBridge.Platform.Mediation;

/// <summary>
/// Registers what modules say to each other: handlers, validators and the one behaviour (ADR 0003).
/// Both scans ask the same predicate, so that a module that is switched off leaves no handler behind.
/// </summary>
internal static class MediationRegistration
{
    public static IServiceCollection AddMediation(this IServiceCollection services, Func<Type, bool> isEnabled)
    {
        services.AddScoped<ServiceFactory>(provider => provider.GetService!);
        services.AddScoped<IMediator, Mediator>();
        services.AddScoped(typeof(IPipelineBehavior<,>), typeof(ValidationBehavior<,>));
        Scan(services, isEnabled, typeof(IRequestHandler<,>));
        Scan(services, isEnabled, typeof(INotificationHandler<>));
        Scan(services, isEnabled, typeof(IValidator<>));
        return services;
    }

    private static void Scan(IServiceCollection services, Func<Type, bool> isEnabled, Type openInterface) =>
        services.Scan(scan => scan
            .FromAssemblyOf<IPlatformMarker>()
            .AddClasses(classes => classes.AssignableTo(openInterface).Where(type => !type.IsGenericTypeDefinition && isEnabled(type)), publicOnly: false)
            .AsImplementedInterfaces(contract => contract.IsGenericType && contract.GetGenericTypeDefinition() == openInterface)
            .WithScopedLifetime());
}

/// <summary>Names this assembly for scans.</summary>
internal interface IPlatformMarker;
