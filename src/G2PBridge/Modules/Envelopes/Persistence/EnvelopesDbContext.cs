using G2PBridge.Platform.Persistence;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;

namespace G2PBridge.Modules.Envelopes.Persistence;

internal sealed class EnvelopesDbContext(DbContextOptions<EnvelopesDbContext> options) : ModuleDbContext(options, EnvelopesModule.Schema)
{
    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        base.OnModelCreating(modelBuilder);
    }

    internal sealed class DesignTime : IDesignTimeDbContextFactory<EnvelopesDbContext>
    {
        public EnvelopesDbContext CreateDbContext(string[] args) => DesignTimeOptions.Create<EnvelopesDbContext>(EnvelopesModule.Schema, options => new(options));
    }
}
