using G2PBridge.Platform.Audit;
using G2PBridge.Platform.Growth.Persistence;
using G2PBridge.Platform.Jobs;
using G2PBridge.Platform.Persistence;
using G2PBridge.Platform.Verification;

namespace G2PBridge.Platform.Growth;

internal static class GrowthRegistration
{
    /// <summary>To be registered before all modules: their migrations cut their tables with what is made here.</summary>
    public static IServiceCollection AddGrowth(this IServiceCollection services)
    {
        services.AddModuleDbContext<GrowthDbContext>(GrowthDbContext.SchemaName);
        services.AddAudited($"{GrowthDbContext.SchemaName}.range").AddAudited($"{GrowthDbContext.SchemaName}.archive").AddAudited($"{GrowthDbContext.SchemaName}.archived_envelope");
        services.AddSingleton<Partitions>();
        services.AddSingleton<ArchivedNumbers>();
        services.AddSingleton<Archiver>();
        services.AddSingleton<IInvariantCheck, ArchiveInvariants>();
        services.AddPollingJob(_ => new PollingJobDescription("keep-partitions", GrowthDbContext.SchemaName, TimeSpan.FromMinutes(10), 1, () => new KeepPartitions.Command()));
        return services;
    }

    /// <summary>A table of a module that its migration has cut by <see cref="PartitionedTables.Cut"/>.</summary>
    public static IServiceCollection AddPartitioned(this IServiceCollection services, string name, string column, string series) =>
        services.AddSingleton(new PartitionedTable(name, column, series));
}
