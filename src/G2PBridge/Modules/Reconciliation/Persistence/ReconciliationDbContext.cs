using G2PBridge.Platform.Persistence;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;

namespace G2PBridge.Modules.Reconciliation.Persistence;

internal sealed class ReconciliationDbContext(DbContextOptions<ReconciliationDbContext> options) : ModuleDbContext(options, ReconciliationModule.Schema)
{
    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        base.OnModelCreating(modelBuilder);
    }

    internal sealed class DesignTime : IDesignTimeDbContextFactory<ReconciliationDbContext>
    {
        public ReconciliationDbContext CreateDbContext(string[] args) => DesignTimeOptions.Create<ReconciliationDbContext>(ReconciliationModule.Schema, options => new(options));
    }
}
