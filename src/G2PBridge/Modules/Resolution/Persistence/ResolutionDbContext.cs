using G2PBridge.Platform.Persistence;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;

namespace G2PBridge.Modules.Resolution.Persistence;

internal sealed class ResolutionDbContext(DbContextOptions<ResolutionDbContext> options) : ModuleDbContext(options, ResolutionModule.Schema)
{
    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        base.OnModelCreating(modelBuilder);

        modelBuilder.Entity<SliceRow>(slice =>
        {
            slice.ToTable("slice");
            slice.HasKey(row => row.Id);
            slice.Property(row => row.Id).UseIdentityAlwaysColumn();
            slice.IsEnumText(row => row.Status);
            slice.Property(row => row.LastErrorCode).HasMaxLength(64);
            slice.Property(row => row.LastError).HasMaxLength(500);
            slice.HasIndex(row => new { row.BatchId, row.FirstSeq }).IsUnique();
            slice.HasIndex(row => row.EnvelopeId);
            slice.HasIndex(row => new { row.DueAt, row.Id }).HasFilter("status in ('Pending', 'Incomplete')").HasDatabaseName("ix_slice_due");
            slice.HasIndex(row => row.LeaseUntil).HasFilter("status = 'Resolving'").HasDatabaseName("ix_slice_leased");
            slice.ToTable(table =>
            {
                table.HasCheckConstraint("ck_slice_lease", "(status = 'Resolving') = (lease_until is not null)");
                table.HasCheckConstraint("ck_slice_counts", "resolved >= 0 and unresolved >= 0 and resolved + unresolved <= lines and lines <= last_seq - first_seq + 1");
            });
        });

        modelBuilder.Entity<SliceHistoryRow>(history =>
        {
            history.ToTable("slice_history");
            history.HasKey(row => row.Id);
            history.Property(row => row.Id).UseIdentityAlwaysColumn();
            history.Property(row => row.FromStatus).HasMaxLength(32);
            history.Property(row => row.ToStatus).HasMaxLength(32);
            history.Property(row => row.Cause).HasMaxLength(200);
            history.Property(row => row.Actor).HasMaxLength(200);
            history.HasIndex(row => row.SliceId);
        });

        modelBuilder.Entity<AddressRow>(address =>
        {
            address.ToTable("address");
            address.HasKey(row => row.Seq);
            address.Property(row => row.Seq).ValueGeneratedNever();
        });

        modelBuilder.Entity<UnresolvedRow>(unresolved =>
        {
            unresolved.ToTable("unresolved");
            unresolved.HasKey(row => row.Seq);
            unresolved.Property(row => row.Seq).ValueGeneratedNever();
            unresolved.Property(row => row.ReasonCode).HasMaxLength(64);
            unresolved.Property(row => row.Reason).HasMaxLength(500);
            unresolved.HasIndex(row => new { row.EnvelopeId, row.Seq });
        });

        modelBuilder.Entity<ResolvedSetRow>(set =>
        {
            set.ToTable("resolved_set", table => table.HasCheckConstraint("ck_resolved_set_lines", "lines > 0"));
            set.HasKey(row => new { row.SliceId, row.Round });
            set.HasIndex(row => new { row.CreatedAt, row.SliceId, row.Round }).HasFilter("handed_over_at is null").HasDatabaseName("ix_resolved_set_new");
            set.Property(row => row.AwaitsCheck).HasMaxLength(16);
            set.ToTable(table => table.HasCheckConstraint("ck_resolved_set_awaits_check", "awaits_check in ('Warn', 'Hold')"));
            set.HasIndex(row => row.EnvelopeId).HasFilter("awaits_check is not null").HasDatabaseName("ix_resolved_set_to_check");
        });
    }

    internal sealed class DesignTime : IDesignTimeDbContextFactory<ResolutionDbContext>
    {
        public ResolutionDbContext CreateDbContext(string[] args) => DesignTimeOptions.Create<ResolutionDbContext>(ResolutionModule.Schema, options => new(options));
    }
}
