using G2PBridge.Platform.Persistence;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;

namespace G2PBridge.Platform.Growth.Persistence;

/// <summary>What is known of partitions and archives. Only for migrations: the tables and functions are written as SQL.</summary>
internal sealed class GrowthDbContext(DbContextOptions<GrowthDbContext> options) : ModuleDbContext(options, SchemaName)
{
    public const string SchemaName = "growth";

    internal sealed class DesignTime : IDesignTimeDbContextFactory<GrowthDbContext>
    {
        public GrowthDbContext CreateDbContext(string[] args) => DesignTimeOptions.Create<GrowthDbContext>(SchemaName, options => new(options));
    }
}
