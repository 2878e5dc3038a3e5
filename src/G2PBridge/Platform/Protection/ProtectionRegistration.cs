using G2PBridge.Platform.Audit;
using G2PBridge.Platform.Persistence;
using G2PBridge.Platform.Protection.Persistence;
using G2PBridge.Platform.Verification;

namespace G2PBridge.Platform.Protection;

internal static class ProtectionRegistration
{
    public static IServiceCollection AddDataProtector(this IServiceCollection services)
    {
        services.AddModuleDbContext<ProtectionDbContext>(ProtectionDbContext.SchemaName);
        services.AddAudited($"{ProtectionDbContext.SchemaName}.data_key");
        services.AddSingleton<KeyRing>();
        services.AddSingleton<KeyRegister>();
        services.AddSingleton<DataProtector>();
        services.AddSingleton<KeyRotation>();
        services.AddSingleton<IInvariantCheck, SealedDataInvariants>();
        return services;
    }

    /// <summary>What a module keeps encrypted: rotated and verified with everything else.</summary>
    public static IServiceCollection AddSealedColumn(this IServiceCollection services, SealedColumn column) => services.AddSingleton(column);
}
