using G2PBridge.Platform.Persistence;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;

namespace G2PBridge.Modules.InKind.Persistence;

internal sealed class InKindDbContext(DbContextOptions<InKindDbContext> options) : ModuleDbContext(options, InKindModule.Schema)
{
    private const int IdLength = 128;
    private const int CodeLength = 64;

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        base.OnModelCreating(modelBuilder);
        modelBuilder.Entity<BatchRow>(batch =>
        {
            batch.ToTable("batch");
            batch.HasKey(row => row.BatchId).HasName("pk_batch");
            batch.Property(row => row.BatchId).HasMaxLength(IdLength);
            batch.Property(row => row.EnvelopeId).HasMaxLength(IdLength);
            batch.HasIndex(row => row.EnvelopeId).HasDatabaseName("ix_batch_envelope");
            batch.HasIndex(row => new { row.ProgrammeId, row.BenefitCodeId }).HasDatabaseName("ix_batch_programme");
        });
        modelBuilder.Entity<TaskRow>(task =>
        {
            task.ToTable("task", table => table.HasCheckConstraint("ck_task_lease", "(state = 'Working') = (lease_until is not null)"));
            task.HasKey(row => new { row.BatchId, row.Kind }).HasName("pk_task");
            task.Property(row => row.BatchId).HasMaxLength(IdLength);
            task.IsEnumText(row => row.Kind);
            task.IsEnumText(row => row.State);
            task.Property(row => row.LastErrorCode).HasMaxLength(CodeLength);
            task.Property(row => row.LastError).HasMaxLength(500);
            task.HasIndex(row => new { row.Kind, row.DueAt }).HasDatabaseName("ix_task_due").HasFilter("state in ('Pending', 'Incomplete')");
            task.HasIndex(row => row.LeaseUntil).HasDatabaseName("ix_task_leased").HasFilter("state = 'Working'");
        });
        modelBuilder.Entity<TaskHistoryRow>(history =>
        {
            history.ToTable("task_history");
            history.HasKey(row => row.Id).HasName("pk_task_history");
            history.Property(row => row.Id).UseIdentityAlwaysColumn();
            history.HasIndex(row => row.BatchId).HasDatabaseName("ix_task_history_batch");
        });
        modelBuilder.Entity<GeoRow>(geo =>
        {
            geo.ToTable("geo", table =>
            {
                table.HasCheckConstraint("ck_geo_counts", "beneficiaries > 0 and quantity >= 0");
                // Allocated or named, never both.
                table.HasCheckConstraint("ck_geo_warehouse", "warehouse_id is null or warehouse_reason is null");
                table.HasCheckConstraint("ck_geo_agency", "agency_id is null or agency_reason is null or agency_reason = 'AGENCY_WITHOUT_ACCOUNT'");
            });
            geo.HasKey(row => row.Id).HasName("pk_geo");
            geo.Property(row => row.Id).HasMaxLength(32);
            geo.Property(row => row.BatchId).HasMaxLength(IdLength);
            geo.Property(row => row.EnvelopeId).HasMaxLength(IdLength);
            geo.HasIndex(row => row.Number).IsUnique().HasDatabaseName("uq_geo_number");
            geo.HasIndex(row => new { row.BatchId, row.Round, row.LargeId, row.SmallId }).IsUnique().HasDatabaseName("uq_geo_place");
            geo.HasIndex(row => row.EnvelopeId).HasDatabaseName("ix_geo_envelope");
            geo.HasIndex(row => row.Number, "ix_geo_to_notice").HasFilter("agency_id is not null and noticed_at is null");
        });
        modelBuilder.Entity<BeneficiaryRow>(beneficiary =>
        {
            beneficiary.ToTable("beneficiary");
            beneficiary.HasKey(row => row.Seq).HasName("pk_beneficiary");
            beneficiary.Property(row => row.Seq).ValueGeneratedNever();
            beneficiary.Property(row => row.GeoId).HasMaxLength(32);
            beneficiary.HasIndex(row => row.GeoId).HasDatabaseName("ix_beneficiary_geo");
        });
        modelBuilder.Entity<MissingRow>(missing =>
        {
            missing.ToTable("missing");
            missing.HasKey(row => row.Seq).HasName("pk_missing");
            missing.Property(row => row.Seq).ValueGeneratedNever();
            missing.Property(row => row.BatchId).HasMaxLength(IdLength);
            missing.Property(row => row.EnvelopeId).HasMaxLength(IdLength);
            missing.Property(row => row.ReasonCode).HasMaxLength(CodeLength);
            missing.HasIndex(row => new { row.EnvelopeId, row.Seq }).HasDatabaseName("ix_missing_envelope");
        });
        modelBuilder.Entity<ProofRow>(proof =>
        {
            proof.ToTable("proof");
            // One delivery for a line; who sends it again is told so.
            proof.HasKey(row => row.Seq).HasName("pk_proof");
            proof.Property(row => row.Seq).ValueGeneratedNever();
            proof.Property(row => row.ProofId).HasMaxLength(IdLength);
            proof.Property(row => row.DisbursementId).HasMaxLength(IdLength);
            proof.Property(row => row.EnvelopeId).HasMaxLength(IdLength);
            proof.HasIndex(row => row.ProofId).IsUnique().HasDatabaseName("uq_proof_id");
            proof.HasIndex(row => row.DisbursementId).HasDatabaseName("ix_proof_disbursement");
            proof.HasIndex(row => row.EnvelopeId).HasDatabaseName("ix_proof_envelope");
        });
    }

    internal sealed class DesignTime : IDesignTimeDbContextFactory<InKindDbContext>
    {
        public InKindDbContext CreateDbContext(string[] args) => DesignTimeOptions.Create<InKindDbContext>(InKindModule.Schema, options => new(options));
    }
}
