using G2PBridge.Platform.Persistence;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;

namespace G2PBridge.Modules.Funds.Persistence;

internal sealed class FundsDbContext(DbContextOptions<FundsDbContext> options) : ModuleDbContext(options, FundsModule.Schema)
{
    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        base.OnModelCreating(modelBuilder);
    }

    internal sealed class DesignTime : IDesignTimeDbContextFactory<FundsDbContext>
    {
        public FundsDbContext CreateDbContext(string[] args) => DesignTimeOptions.Create<FundsDbContext>(FundsModule.Schema, options => new(options));
    }
}
