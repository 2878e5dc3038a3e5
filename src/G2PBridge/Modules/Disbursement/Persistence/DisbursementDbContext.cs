using G2PBridge.Platform.Persistence;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;

namespace G2PBridge.Modules.Disbursement.Persistence;

internal sealed class DisbursementDbContext(DbContextOptions<DisbursementDbContext> options) : ModuleDbContext(options, DisbursementModule.Schema)
{
    private const int IdLength = 128;

    public DbSet<DispatchEnvelope> Envelopes => Set<DispatchEnvelope>();

    public DbSet<Chunk> Chunks => Set<Chunk>();

    public DbSet<LineException> LineStates => Set<LineException>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        base.OnModelCreating(modelBuilder);
        modelBuilder.Entity<Installation>(installation =>
        {
            installation.ToTable("installation", table => table.HasCheckConstraint("ck_installation_single", "id = 1"));
            installation.HasKey(row => row.Id).HasName("pk_installation");
            installation.Property(row => row.Id).ValueGeneratedNever();
            installation.Property(row => row.Prefix).HasColumnType("char(4)");
        });
        modelBuilder.Entity<DispatchEnvelope>(envelope =>
        {
            envelope.ToTable("envelope", table =>
            {
                table.HasCheckConstraint(
                    "ck_envelope_counts",
                    "sent_lines >= 0 and unknown_lines >= 0 and refused_lines >= 0 and in_flight_lines >= 0 and nothing_to_pay_lines >= 0 and "
                    + "sent_amount >= 0 and unknown_amount >= 0 and refused_amount >= 0 and in_flight_amount >= 0");
                // What may be with the bank never exceeds what the bank set aside, whatever code writes it.
                table.HasCheckConstraint("ck_envelope_within_block", "sent_amount + unknown_amount + in_flight_amount <= blocked_amount");
            });
            envelope.HasKey(row => row.EnvelopeId).HasName("pk_envelope");
            envelope.Property(row => row.EnvelopeId).HasMaxLength(IdLength);
            envelope.Property(row => row.Currency).HasMaxLength(3);
            envelope.Property(row => row.BankCode).HasMaxLength(64);
            envelope.HasIndex(row => row.FinishDueAt).HasDatabaseName("ix_envelope_open").HasFilter("complete_at is null");
            envelope.HasIndex(row => row.CompleteAt).HasDatabaseName("ix_envelope_to_release").HasFilter("complete_at is not null and not released");
        });
        modelBuilder.Entity<Chunk>(chunk =>
        {
            chunk.ToTable("chunk", table =>
            {
                table.HasCheckConstraint("ck_chunk_lines", "last_seq >= first_seq and lines >= 0 and unknown_lines between 0 and lines");
                table.HasCheckConstraint("ck_chunk_bank", "state = 'Waiting' or bank_code is not null");
                // Whatever may be with the bank has its key, its fingerprint and its time on record.
                table.HasCheckConstraint(
                    "ck_chunk_intent",
                    "state not in ('Prepared', 'Sending', 'Sent', 'Unknown', 'Refused') or (lines > 0 and prepared_at is not null and idempotency_key is not null and payload_hash is not null)");
                table.HasCheckConstraint("ck_chunk_lease", "(state not in ('Claimed', 'Sending') or lease_until is not null) and (state <> 'Unknown' or unknown_at is not null)");
            });
            chunk.HasKey(row => row.Id).HasName("pk_chunk");
            chunk.Property(row => row.Id).UseIdentityAlwaysColumn();
            chunk.Property(row => row.EnvelopeId).HasMaxLength(IdLength);
            chunk.Property(row => row.BatchId).HasMaxLength(IdLength);
            chunk.Property(row => row.BankCode).HasMaxLength(64);
            chunk.Property(row => row.IdempotencyKey).HasMaxLength(64);
            chunk.IsEnumText(row => row.State);
            // An older program that runs beside this one knows nothing of it.
            chunk.Property(row => row.IsRetry).HasDefaultValue(false);
            chunk.HasIndex(row => new { row.SliceId, row.Round, row.FirstSeq }).IsUnique().HasDatabaseName("uq_chunk_set");
            chunk.HasIndex(row => row.Amount).HasDatabaseName("ix_chunk_amount").HasFilter("prepared_at is not null");
            chunk.HasIndex(row => row.IdempotencyKey).IsUnique().HasDatabaseName("uq_chunk_idempotency_key");
            chunk.HasIndex(row => row.EnvelopeId, "ix_chunk_envelope");
            chunk.HasIndex(row => row.BatchId).HasDatabaseName("ix_chunk_batch");
            chunk.HasIndex(row => row.FirstSeq).HasDatabaseName("ix_chunk_first_seq");
            chunk.HasIndex(row => new { row.BankCode, row.Id }).HasDatabaseName("ix_chunk_ready").HasFilter("state in ('Pending', 'Prepared')");
            chunk.HasIndex(row => row.EnvelopeId, "ix_chunk_waiting").HasFilter("state = 'Waiting'");
            chunk.HasIndex(row => row.LeaseUntil).HasDatabaseName("ix_chunk_lease").HasFilter("state in ('Claimed', 'Sending')");
            chunk.HasIndex(row => row.DueAt).HasDatabaseName("ix_chunk_unknown").HasFilter("unknown_lines > 0");
        });
        modelBuilder.Entity<ChunkHistory>(history =>
        {
            history.ToTable("chunk_history");
            history.HasKey(row => row.Id).HasName("pk_chunk_history");
            history.Property(row => row.Id).UseIdentityAlwaysColumn();
            history.HasIndex(row => row.ChunkId).HasDatabaseName("ix_chunk_history_chunk");
        });
        modelBuilder.Entity<Instruction>(instruction =>
        {
            instruction.ToTable("instruction", table =>
            {
                table.HasCheckConstraint("ck_instruction_generation", "generation between 1 and 15 and prior_generation is not distinct from nullif(generation - 1, 0)");
                table.HasCheckConstraint("ck_instruction_amount", "amount > 0");
                table.HasCheckConstraint("ck_instruction_hash", "octet_length(payload_hash) = 16");
            });
            // One instruction per line and generation; a next generation only over the former one's failure.
            instruction.HasKey(row => new { row.Line, row.Generation }).HasName("pk_instruction");
            instruction.HasOne<Failure>().WithMany().HasForeignKey(row => new { row.Line, row.PriorGeneration }).HasPrincipalKey(failure => new { failure.Line, failure.Generation })
                .OnDelete(DeleteBehavior.Restrict).HasConstraintName("fk_instruction_prior_failed");
            instruction.HasIndex(row => new { row.Line, row.PriorGeneration }).HasDatabaseName("ix_instruction_prior").HasFilter("prior_generation is not null");
        });
        modelBuilder.Entity<Failure>(failure =>
        {
            failure.ToTable("failure");
            failure.HasKey(row => new { row.Line, row.Generation }).HasName("pk_failure");
            // That it is a failure of an instruction is what a trigger asks for: a foreign key would keep the instruction's partition from being taken out.
            failure.Property(row => row.ReasonCode).HasMaxLength(64);
        });
        modelBuilder.Entity<LineException>(line =>
        {
            line.ToTable("line_state");
            line.HasKey(row => new { row.Line, row.Generation }).HasName("pk_line_state");
            line.Property(row => row.EnvelopeId).HasMaxLength(IdLength);
            line.Property(row => row.ReasonCode).HasMaxLength(64);
            line.IsEnumText(row => row.State);
            line.HasIndex(row => row.ChunkId).HasDatabaseName("ix_line_state_chunk");
            line.HasIndex(row => new { row.EnvelopeId, row.Line }).HasDatabaseName("ix_line_state_envelope");
        });
        modelBuilder.Entity<LineHistory>(history =>
        {
            history.ToTable("line_history");
            history.HasKey(row => row.Id).HasName("pk_line_history");
            history.Property(row => row.Id).UseIdentityAlwaysColumn();
            history.HasIndex(row => row.Line).HasDatabaseName("ix_line_history_line");
        });
        modelBuilder.Entity<Pause>(pause =>
        {
            pause.ToTable("pause", table => table.HasCheckConstraint("ck_pause_value", "(scope = 'All') = (value = '')"));
            pause.HasKey(row => row.Id).HasName("pk_pause");
            pause.Property(row => row.Id).UseIdentityAlwaysColumn();
            pause.IsEnumText(row => row.Scope);
            pause.IsEnumText(row => row.State);
            // A scope is paused once, however many ask for it.
            pause.HasIndex(row => new { row.Scope, row.Value }).IsUnique().HasDatabaseName("uq_pause_holding").HasFilter("state <> 'Lifted'");
        });
        modelBuilder.Entity<PauseHistory>(history =>
        {
            history.ToTable("pause_history");
            history.HasKey(row => row.Id).HasName("pk_pause_history");
            history.Property(row => row.Id).UseIdentityAlwaysColumn();
            history.HasIndex(row => row.PauseId).HasDatabaseName("ix_pause_history_pause");
        });
        Declaration.Model(modelBuilder);
        BankCallback.Model(modelBuilder);
        BankOutcome.Model(modelBuilder);
        RetryLine.Model(modelBuilder);
        modelBuilder.Entity<Verification>(verification =>
        {
            verification.ToTable("verification");
            verification.HasKey(row => row.Night).HasName("pk_verification");
            verification.Property(row => row.Night).ValueGeneratedNever();
            verification.Property(row => row.Results).HasColumnType("jsonb");
        });
    }

    internal sealed class DesignTime : IDesignTimeDbContextFactory<DisbursementDbContext>
    {
        public DisbursementDbContext CreateDbContext(string[] args) => DesignTimeOptions.Create<DisbursementDbContext>(DisbursementModule.Schema, options => new(options));
    }
}
