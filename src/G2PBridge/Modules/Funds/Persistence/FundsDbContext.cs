using G2PBridge.Platform.Persistence;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;

namespace G2PBridge.Modules.Funds.Persistence;

internal sealed class FundsDbContext(DbContextOptions<FundsDbContext> options) : ModuleDbContext(options, FundsModule.Schema)
{
    public DbSet<EnvelopeFunds> EnvelopeFunds => Set<EnvelopeFunds>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        base.OnModelCreating(modelBuilder);
        modelBuilder.Entity<EnvelopeFunds>(funds =>
        {
            funds.ToTable("envelope_funds", table =>
            {
                table.HasCheckConstraint("ck_envelope_funds_amount", "amount >= 0 and blocked_amount >= 0 and released_amount between 0 and blocked_amount");
                // Nothing may count as blocked on less than was asked for, or without the bank's name for it.
                table.HasCheckConstraint("ck_envelope_funds_blocked", "state <> 'Blocked' or (blocked_amount >= amount and block_reference is not null and bank_code is not null)");
                table.HasCheckConstraint("ck_envelope_funds_key", "state not in ('Blocking', 'BlockUnknown') or block_key is not null");
                table.HasCheckConstraint("ck_envelope_funds_lease", "(lease_until is not null) = (state in ('Checking', 'Blocking') or release_state = 'Releasing')");
            });
            funds.HasKey(row => row.EnvelopeId).HasName("pk_envelope_funds");
            funds.Property(row => row.EnvelopeId).HasMaxLength(128);
            funds.Property(row => row.Currency).HasMaxLength(3);
            funds.Property(row => row.BankCode).HasMaxLength(64);
            funds.Property(row => row.AccountNumber).HasMaxLength(64);
            funds.Property(row => row.AccountType).HasMaxLength(64);
            funds.Property(row => row.BranchCode).HasMaxLength(64);
            funds.Property(row => row.BlockKey).HasMaxLength(64);
            funds.Property(row => row.BlockReference).HasMaxLength(64);
            funds.IsEnumText(row => row.State);
            funds.IsEnumText(row => row.ReleaseState);
            funds.HasIndex(row => row.DueAt).HasDatabaseName("ix_envelope_funds_due").HasFilter("due_at is not null");
            funds.HasIndex(row => row.LeaseUntil).HasDatabaseName("ix_envelope_funds_lease").HasFilter("lease_until is not null");
            funds.HasIndex(row => row.ReleaseDueAt).HasDatabaseName("ix_envelope_funds_release").HasFilter("release_due_at is not null");
            funds.HasIndex(row => row.WatchAt).HasDatabaseName("ix_envelope_funds_watch").HasFilter("watch_at is not null");
            funds.HasIndex(row => row.EnvelopeNumber).HasDatabaseName("ix_envelope_funds_new").HasFilter("state = 'Blocked' and acknowledged_at is null");
        });
        modelBuilder.Entity<EnvelopeFundsHistory>(history =>
        {
            history.ToTable("envelope_funds_history");
            history.HasKey(row => row.Id).HasName("pk_envelope_funds_history");
            history.Property(row => row.Id).UseIdentityAlwaysColumn();
            history.Property(row => row.EnvelopeId).HasMaxLength(128);
            history.HasIndex(row => row.EnvelopeId).HasDatabaseName("ix_envelope_funds_history_envelope");
        });
    }

    internal sealed class DesignTime : IDesignTimeDbContextFactory<FundsDbContext>
    {
        public FundsDbContext CreateDbContext(string[] args) => DesignTimeOptions.Create<FundsDbContext>(FundsModule.Schema, options => new(options));
    }
}
