using G2PBridge.Platform.Persistence;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;

namespace G2PBridge.Platform.Protection.Persistence;

/// <summary>A key, by what is no secret of it.</summary>
internal sealed class DataKeyRow
{
    /// <summary>Derived from the key.</summary>
    public int Id { get; init; }

    public bool IsFingerprints { get; init; }

    /// <summary>New rows are written under it.</summary>
    public bool IsCurrent { get; init; }

    public DateTimeOffset AddedAt { get; init; }

    /// <summary>When no row was under it any more.</summary>
    public DateTimeOffset? RetiredAt { get; init; }
}

internal sealed class ProtectionDbContext(DbContextOptions<ProtectionDbContext> options) : ModuleDbContext(options, SchemaName)
{
    public const string SchemaName = "protection";

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        base.OnModelCreating(modelBuilder);
        modelBuilder.Entity<DataKeyRow>(key =>
        {
            key.ToTable("data_key", table => table.HasCheckConstraint("ck_data_key_current", "not is_current or (retired_at is null and not is_fingerprints)"));
            key.HasKey(row => row.Id).HasName("pk_data_key");
            key.Property(row => row.Id).ValueGeneratedNever();
            key.HasIndex(row => row.IsCurrent).IsUnique().HasDatabaseName("uq_data_key_current").HasFilter("is_current");
            key.HasIndex(row => row.IsFingerprints).IsUnique().HasDatabaseName("uq_data_key_fingerprints").HasFilter("is_fingerprints");
        });
    }

    internal sealed class DesignTime : IDesignTimeDbContextFactory<ProtectionDbContext>
    {
        public ProtectionDbContext CreateDbContext(string[] args) => DesignTimeOptions.Create<ProtectionDbContext>(SchemaName, options => new(options));
    }
}
