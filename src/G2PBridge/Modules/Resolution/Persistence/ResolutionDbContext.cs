using G2PBridge.Platform.Persistence;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;

namespace G2PBridge.Modules.Resolution.Persistence;

internal sealed class ResolutionDbContext(DbContextOptions<ResolutionDbContext> options) : ModuleDbContext(options, ResolutionModule.Schema)
{
    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        base.OnModelCreating(modelBuilder);
    }

    internal sealed class DesignTime : IDesignTimeDbContextFactory<ResolutionDbContext>
    {
        public ResolutionDbContext CreateDbContext(string[] args) => DesignTimeOptions.Create<ResolutionDbContext>(ResolutionModule.Schema, options => new(options));
    }
}
