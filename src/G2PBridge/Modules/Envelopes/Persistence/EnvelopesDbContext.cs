using G2PBridge.Modules.Envelopes.Domain;
using G2PBridge.Platform.Persistence;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;

namespace G2PBridge.Modules.Envelopes.Persistence;

internal sealed class EnvelopesDbContext(DbContextOptions<EnvelopesDbContext> options) : ModuleDbContext(options, EnvelopesModule.Schema)
{
    public const int IdLength = 128;

    public DbSet<Envelope> Envelopes => Set<Envelope>();
    public DbSet<Batch> Batches => Set<Batch>();
    public DbSet<DisbursementLine> Lines => Set<DisbursementLine>();
    public DbSet<DisbursementKey> DisbursementKeys => Set<DisbursementKey>();
    public DbSet<LineCancellation> Cancellations => Set<LineCancellation>();
    public DbSet<EnvelopeEvent> Events => Set<EnvelopeEvent>();
    public DbSet<AnsweredRequest> Requests => Set<AnsweredRequest>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        base.OnModelCreating(modelBuilder);
        modelBuilder.Entity<Envelope>(envelope =>
        {
            envelope.ToTable("envelope", table =>
            {
                // The totals can never pass what was declared, whatever code writes them.
                table.HasCheckConstraint("ck_envelope_received", "disbursements_received between 0 and number_of_disbursements and quantity_received between 0 and total_quantity");
            });
            envelope.HasKey(e => e.Id);
            envelope.Property(e => e.Id).HasMaxLength(IdLength);
            envelope.Property(e => e.Number).UseIdentityAlwaysColumn();
            envelope.HasIndex(e => e.Number).IsUnique();
            envelope.IsEnumText(e => e.BenefitType);
            envelope.IsEnumText(e => e.Status);
            envelope.Property(e => e.Unit).HasMaxLength(64);
            envelope.Ignore(e => e.IsComplete).Ignore(e => e.IsCash);
            // Small: only envelopes whose money nobody has taken charge of.
            envelope.Property(e => e.FollowUpOf).HasMaxLength(IdLength);
            envelope.HasIndex(e => e.FollowUpOf).HasFilter("follow_up_of is not null");
            envelope.HasIndex(e => e.ScheduleDate).HasDatabaseName("ix_envelope_due").HasFilter("funding_taken_at is null and status <> 'Cancelled'");
        });
        modelBuilder.Entity<EnvelopeEvent>(change =>
        {
            change.ToTable("envelope_history");
            change.HasKey(e => e.Id);
            change.Property(e => e.Id).UseIdentityAlwaysColumn();
            change.Property(e => e.EnvelopeId).HasMaxLength(IdLength);
            change.HasIndex(e => e.EnvelopeId);
        });
        modelBuilder.Entity<Batch>(batch =>
        {
            batch.ToTable("batch", table => table.HasCheckConstraint("ck_batch_lines", "last_seq >= first_seq"));
            batch.HasKey(b => b.Id).HasName("pk_batch");
            batch.Property(b => b.Id).HasMaxLength(IdLength);
            batch.Property(b => b.Number).UseIdentityAlwaysColumn();
            batch.Property(b => b.EnvelopeId).HasMaxLength(IdLength);
            batch.HasIndex(b => b.EnvelopeId);
            // Finds the batch of a line: the last batch that begins at or before it.
            batch.HasIndex(b => b.FirstSeq).IsUnique();
            batch.HasIndex(b => b.Number).HasDatabaseName("ix_batch_new").HasFilter("taken_at is null");
        });
        modelBuilder.Entity<DisbursementLine>(line =>
        {
            line.ToTable("disbursement");
            line.HasKey(l => l.Seq);
            line.Property(l => l.Seq).ValueGeneratedNever();
            line.Property(l => l.DisbursementId).HasMaxLength(IdLength);
            line.Property(l => l.BeneficiaryId).HasMaxLength(256);
            line.Property(l => l.ComputeElements).HasColumnType("jsonb");
        });
        modelBuilder.Entity<DisbursementKey>(key =>
        {
            key.ToTable("disbursement_key");
            key.HasKey(k => k.Key).HasName(Persistence.DisbursementKeys.Constraint);
            key.Property(k => k.Key).ValueGeneratedNever();
        });
        modelBuilder.Entity<Payout>(payout =>
        {
            payout.ToTable("payout", table => table.HasCheckConstraint("ck_payout_quantity", "quantity >= 0"));
            payout.HasKey(p => p.Seq).HasName("pk_payout");
            payout.Property(p => p.Seq).ValueGeneratedNever();
            payout.Property(p => p.Id).HasMaxLength(IdLength).IsRequired();
            payout.Property(p => p.EnvelopeId).HasMaxLength(IdLength);
            payout.Property(p => p.BatchId).HasMaxLength(IdLength);
            payout.Property(p => p.Payee).HasMaxLength(256);
            payout.HasIndex(p => p.Id).IsUnique().HasDatabaseName("uq_payout_id");
        });
        modelBuilder.Entity<PayoutSet>(set =>
        {
            set.ToTable("payout_set", table => table.HasCheckConstraint("ck_payout_set", "last_seq >= first_seq and quantity >= 0"));
            set.HasKey(p => p.FirstSeq).HasName("pk_payout_set");
            set.Property(p => p.FirstSeq).ValueGeneratedNever();
            set.Property(p => p.EnvelopeId).HasMaxLength(IdLength);
            set.Property(p => p.BatchId).HasMaxLength(IdLength);
            set.HasIndex(p => p.EnvelopeId).HasDatabaseName("ix_payout_set_envelope");
            set.HasIndex(p => p.FirstSeq, "ix_payout_set_new").HasFilter("taken_at is null");
        });
        modelBuilder.Entity<Entitlement>(entitlement =>
        {
            entitlement.ToTable("entitlement");
            entitlement.HasKey(e => e.Key).HasName("pk_entitlement");
        });
        modelBuilder.Entity<LineCancellation>(cancellation =>
        {
            cancellation.ToTable("cancellation");
            cancellation.HasKey(c => c.Seq);
            cancellation.Property(c => c.Seq).ValueGeneratedNever();
            cancellation.Property(c => c.EnvelopeId).HasMaxLength(IdLength);
            cancellation.HasIndex(c => c.EnvelopeId);
        });
        modelBuilder.Entity<LineHold>(hold =>
        {
            hold.ToTable("line_hold");
            hold.HasKey(h => new { h.Seq, h.Kind });
            hold.IsEnumText(h => h.Kind);
            hold.IsEnumText(h => h.State);
            hold.Property(h => h.EnvelopeId).HasMaxLength(IdLength);
            hold.HasIndex(h => new { h.EnvelopeId, h.Seq });
            hold.HasIndex(h => h.Seq).HasDatabaseName("ix_line_hold_stops").HasFilter("state in ('Held', 'Dropped')");
            hold.HasIndex(h => new { h.Seq, h.Kind }).HasDatabaseName("ix_line_hold_released").HasFilter("state = 'Released' and taken_at is null");
        });
        modelBuilder.Entity<LineHoldEvent>(change =>
        {
            change.ToTable("line_hold_history");
            change.HasKey(e => e.Id);
            change.Property(e => e.Id).UseIdentityAlwaysColumn();
            change.IsEnumText(e => e.Kind);
            change.IsEnumText(e => e.ToState);
            change.Property(e => e.FromState).HasMaxLength(32);
            change.HasIndex(e => e.Seq);
        });
        modelBuilder.Entity<HoldDecision>(decision =>
        {
            decision.ToTable("hold_decision", table => table.HasCheckConstraint(
                "ck_hold_decision_second_person", "(state = 'Confirmed') = (confirmed_by is not null and confirmed_at is not null) and lower(confirmed_by) is distinct from lower(proposed_by)"));
            decision.HasKey(d => d.Id);
            decision.IsEnumText(d => d.Action);
            decision.IsEnumText(d => d.State);
            decision.Property(d => d.EnvelopeId).HasMaxLength(IdLength);
            decision.HasIndex(d => d.EnvelopeId);
        });
        modelBuilder.Entity<HoldDecisionLine>(line =>
        {
            line.ToTable("hold_decision_line");
            line.HasKey(l => new { l.DecisionId, l.Seq, l.Kind });
            line.IsEnumText(l => l.Kind);
            line.HasIndex(l => l.Seq);
        });
        modelBuilder.Entity<FollowUpLine>(line =>
        {
            line.ToTable("follow_up_line");
            line.HasKey(l => l.Seq).HasName("pk_follow_up_line");
            line.Property(l => l.Seq).ValueGeneratedNever();
            line.HasIndex(l => l.NextSeq).IsUnique().HasDatabaseName("uq_follow_up_line_next");
            line.Property(l => l.EnvelopeId).HasMaxLength(IdLength);
            line.Property(l => l.NextEnvelopeId).HasMaxLength(IdLength);
            line.Property(l => l.ReasonCode).HasMaxLength(64);
            line.IsEnumText(l => l.Kind);
        });
        modelBuilder.Entity<AnsweredRequest>(request =>
        {
            request.ToTable("request");
            request.HasKey(r => new { r.Sender, r.RequestId }).HasName("pk_request");
            request.Property(r => r.Sender).HasMaxLength(IdLength);
            request.Property(r => r.RequestId).HasMaxLength(IdLength);
            request.Property(r => r.Endpoint).HasMaxLength(64);
        });
    }

    internal sealed class DesignTime : IDesignTimeDbContextFactory<EnvelopesDbContext>
    {
        public EnvelopesDbContext CreateDbContext(string[] args) => DesignTimeOptions.Create<EnvelopesDbContext>(EnvelopesModule.Schema, options => new(options));
    }
}
