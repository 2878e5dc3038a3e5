using G2PBridge.Platform.Audit.Persistence;
using G2PBridge.Platform.Health;
using G2PBridge.Platform.Persistence;
using G2PBridge.Platform.Verification;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace G2PBridge.Platform.Audit;

internal static class AuditRegistration
{
    /// <summary>To be registered before all modules, because the trail's own tables are migrated before those that it watches.</summary>
    public static IServiceCollection AddAudit(this IServiceCollection services)
    {
        services.AddOptions<AuditOptions>().BindConfiguration(AuditOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<AuditOptions>, AuditValidation>();
        services.TryAddSingleton(new DataFolder(Environment.CurrentDirectory));
        services.AddSingleton<IPostConfigureOptions<AuditOptions>, DevelopmentAuditKey>();
        services.AddSingleton<AuditKeys>();
        services.AddSingleton<AuditSeal>();
        services.AddSingleton<SealBeforeCommit>();
        services.AddSingleton<AuditTables>();
        services.AddSingleton<AuditHead>();
        services.AddSingleton<AuditAnchors>();
        services.AddHostedService(provider => provider.GetRequiredService<AuditAnchors>());
        services.AddSingleton<IHealthNotice>(provider => provider.GetRequiredService<AuditAnchors>());
        services.AddSingleton<IInvariantCheck, AuditVerification>();
        services.AddModuleDbContext<AuditDbContext>(AuditDbContext.SchemaName);
        return services;
    }
}
