using G2PBridge.Platform.Persistence;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;

namespace G2PBridge.Modules.Disbursement.Persistence;

internal sealed class DisbursementDbContext(DbContextOptions<DisbursementDbContext> options) : ModuleDbContext(options, DisbursementModule.Schema)
{
    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        base.OnModelCreating(modelBuilder);
    }

    internal sealed class DesignTime : IDesignTimeDbContextFactory<DisbursementDbContext>
    {
        public DisbursementDbContext CreateDbContext(string[] args) => DesignTimeOptions.Create<DisbursementDbContext>(DisbursementModule.Schema, options => new(options));
    }
}
