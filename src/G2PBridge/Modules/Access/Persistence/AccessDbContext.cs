using G2PBridge.Platform.Persistence;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;

namespace G2PBridge.Modules.Access.Persistence;

internal sealed class AccessDbContext(DbContextOptions<AccessDbContext> options) : ModuleDbContext(options, AccessModule.Schema)
{
    public DbSet<SeenSignature> SeenSignatures => Set<SeenSignature>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        base.OnModelCreating(modelBuilder);
        modelBuilder.Entity<SeenSignature>(seen =>
        {
            seen.ToTable("seen_signature");
            seen.HasKey(row => row.Digest).HasName("pk_seen_signature");
            seen.HasIndex(row => row.ForgetAt).HasDatabaseName("ix_seen_signature_forget");
        });
    }

    internal sealed class DesignTime : IDesignTimeDbContextFactory<AccessDbContext>
    {
        public AccessDbContext CreateDbContext(string[] args) => DesignTimeOptions.Create<AccessDbContext>(AccessModule.Schema, options => new(options));
    }
}

/// <summary>A signed request that was let in. What it says is not kept.</summary>
internal sealed class SeenSignature
{
    /// <summary>SHA-256 over the partner's name and the hash of what was signed.</summary>
    public required byte[] Digest { get; init; }

    /// <summary>From here on its request is too old to be let in anyway.</summary>
    public DateTimeOffset ForgetAt { get; init; }
}
