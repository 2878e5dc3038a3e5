using G2PBridge.Platform.Persistence;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;

namespace G2PBridge.Modules.Reconciliation.Persistence;

internal sealed class ReconciliationDbContext(DbContextOptions<ReconciliationDbContext> options) : ModuleDbContext(options, ReconciliationModule.Schema)
{
    private const int CodeLength = 64;

    public DbSet<StatementFileRow> Files => Set<StatementFileRow>();

    public DbSet<StatementRow> Statements => Set<StatementRow>();

    public DbSet<EnvelopeProgressRow> Envelopes => Set<EnvelopeProgressRow>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        base.OnModelCreating(modelBuilder);
        modelBuilder.Entity<StatementFileRow>(file =>
        {
            file.ToTable("statement_file", table =>
            {
                table.HasCheckConstraint("ck_statement_file_lease", "state not in ('Uploading', 'Reading') or lease_until is not null");
                table.HasCheckConstraint("ck_statement_file_hash", "state = 'Uploading' or octet_length(content_hash) = 32");
                table.HasCheckConstraint("ck_statement_file_duplicate", "(state = 'Duplicate') = (duplicate_of is not null)");
            });
            file.HasKey(row => row.Id).HasName("pk_statement_file");
            file.Property(row => row.Id).ValueGeneratedNever();
            file.Property(row => row.Number).UseIdentityAlwaysColumn();
            file.IsEnumText(row => row.State);
            file.Property(row => row.FileName).HasMaxLength(255);
            file.Property(row => row.ContentType).HasMaxLength(128);
            file.Property(row => row.Channel).HasMaxLength(32);
            file.Property(row => row.Profile).HasMaxLength(64);
            file.Property(row => row.ErrorCode).HasMaxLength(CodeLength);
            file.Property(row => row.ErrorText).HasMaxLength(500);
            file.Property(row => row.Format).HasMaxLength(16);
            file.Property(row => row.Verdict).HasMaxLength(16);
            file.Property(row => row.Findings).HasColumnType("jsonb");
            file.HasIndex(row => row.Number).IsUnique().HasDatabaseName("uq_statement_file_number");
            // The same bytes are read once; a duplicate is a row of its own that points here.
            file.HasIndex(row => row.ContentHash).IsUnique().HasDatabaseName("uq_statement_file_content_hash").HasFilter("state not in ('Uploading', 'Duplicate')");
            file.HasIndex(row => new { row.DueAt, row.Number }).HasDatabaseName("ix_statement_file_due").HasFilter("state = 'Received'");
            file.HasIndex(row => row.LeaseUntil).HasDatabaseName("ix_statement_file_leased").HasFilter("state in ('Uploading', 'Reading')");
            file.HasIndex(row => row.Number, "ix_statement_file_untold").HasFilter("state in ('Processed', 'Error') and told_at is null");
        });
        modelBuilder.Entity<StatementFilePartRow>(part =>
        {
            part.ToTable("statement_file_part");
            part.HasKey(row => new { row.FileId, row.No }).HasName("pk_statement_file_part");
            part.HasOne<StatementFileRow>().WithMany().HasForeignKey(row => row.FileId).OnDelete(DeleteBehavior.Cascade).HasConstraintName("fk_statement_file_part_file");
        });
        modelBuilder.Entity<StatementRow>(statement =>
        {
            statement.ToTable("statement", table => table.HasCheckConstraint("ck_statement_duplicate", "(state = 'Duplicate') = (duplicate_of_file is not null)"));
            statement.HasKey(row => new { row.File, row.No }).HasName("pk_statement");
            statement.IsEnumText(row => row.State);
            statement.Property(row => row.Format).HasMaxLength(16);
            statement.Property(row => row.Verdict).HasMaxLength(16);
            statement.Property(row => row.Findings).HasColumnType("jsonb");
            statement.Property(row => row.ContentFingerprint).HasMaxLength(64);
            statement.Property(row => row.BookingsFingerprint).HasMaxLength(64);
            statement.HasIndex(row => row.ContentFingerprint).IsUnique().HasDatabaseName("uq_statement_content").HasFilter("state = 'Booked'");
            statement.HasIndex(row => row.BookingsFingerprint).HasDatabaseName("ix_statement_bookings").HasFilter("state = 'Booked' and entries > 0");
            statement.HasIndex(row => new { row.Account, row.ClosingDate }).HasDatabaseName("ix_statement_account");
            statement.HasIndex(row => row.SponsorAccount).HasDatabaseName("ix_statement_sponsor_account");
        });
        modelBuilder.Entity<EntryRow>(entry =>
        {
            // No foreign key to the statement: a check per row would cost more than the row; both are written by one transaction.
            entry.ToTable("entry", table => table.HasCheckConstraint("ck_entry_kind", "kind between 0 and 9 and (kind > 1 or (line is not null and generation is not null and envelope is not null and amount is not null))"));
            entry.HasKey(row => new { row.File, row.No }).HasName("pk_entry");
            entry.Property(row => row.Kind).HasConversion<short>();
            entry.Property(row => row.Mark).HasMaxLength(2);
            entry.Property(row => row.Currency).HasMaxLength(3);
            entry.Property(row => row.Problem).HasMaxLength(CodeLength);
            entry.Property(row => row.Cause).HasMaxLength(32);
            entry.Property(row => row.ReasonCode).HasMaxLength(CodeLength);
            entry.HasIndex(row => new { row.File, row.No }, "ix_entry_tell").HasFilter("tell");
        });
        modelBuilder.Entity<MatchRow>(match =>
        {
            match.ToTable("match", table => table.HasCheckConstraint("ck_match", "kind >= 0 and generation >= 1 and amount >= 0 and (kind = 0 or reason_code is not null)"));
            // One debit for one instruction: a second cannot be stored as a match, it becomes an exception.
            match.HasKey(row => new { row.Line, row.Generation, row.Kind }).HasName("pk_match");
            match.Property(row => row.ReasonCode).HasMaxLength(CodeLength);
            match.HasIndex(row => new { row.Envelope, row.Line }).HasDatabaseName("ix_match_returned").HasFilter("kind > 0");
            match.HasIndex(row => row.BookedBy).HasDatabaseName("ix_match_returned_by").HasFilter("kind > 0");
        });
        modelBuilder.Entity<UnmatchedRow>(unmatched =>
        {
            unmatched.ToTable("unmatched");
            unmatched.HasKey(row => new { row.File, row.EntryNo }).HasName("pk_unmatched");
            unmatched.IsEnumText(row => row.State);
            unmatched.Property(row => row.ErrorReason).HasMaxLength(CodeLength);
            unmatched.Property(row => row.Cause).HasMaxLength(32);
            unmatched.HasIndex(row => row.Line).HasDatabaseName("ix_unmatched_line").HasFilter("line is not null");
            unmatched.HasIndex(row => row.ReferenceKeys).HasMethod("gin").HasDatabaseName("ix_unmatched_reference_keys");
            unmatched.HasIndex(row => row.Fingerprint).HasDatabaseName("ix_unmatched_fingerprint");
            unmatched.HasIndex(row => new { row.File, row.EntryNo }, "ix_unmatched_open").HasFilter("state = 'Open'");
            unmatched.HasIndex(row => new { row.Line, row.Generation }, "ix_unmatched_rejected").HasFilter($"state = 'Open' and cause = '{Domain.UnmatchedCause.RejectedAfterDebit}'");
            unmatched.HasIndex(row => new { row.File, row.EntryNo }, "ix_unmatched_waiting_return").HasFilter($"state = 'Open' and cause = '{Domain.UnmatchedCause.ReturnWithoutDebit}'");
        });
        modelBuilder.Entity<EnvelopeProgressRow>(envelope =>
        {
            envelope.ToTable("envelope_progress", table =>
                table.HasCheckConstraint("ck_envelope_progress", "returned between 0 and reconciled and returned_amount between 0 and reconciled_amount"));
            envelope.HasKey(row => row.Id).HasName("pk_envelope_progress");
            envelope.Property(row => row.Id).UseIdentityAlwaysColumn();
            envelope.Property(row => row.EnvelopeId).HasMaxLength(128);
            envelope.HasIndex(row => row.EnvelopeId).IsUnique().HasDatabaseName("uq_envelope_progress");
        });
        modelBuilder.Entity<DecisionRow>(decision =>
        {
            decision.ToTable("decision", table =>
            {
                // The rule of two persons holds in the table too, whatever a program does.
                table.HasCheckConstraint("ck_decision_second_person", "confirmed_by is null or lower(confirmed_by) <> lower(proposed_by)");
                table.HasCheckConstraint("ck_decision_confirmed", "(state = 'Confirmed') = (confirmed_by is not null and confirmed_at is not null)");
            });
            decision.HasKey(row => row.Id).HasName("pk_decision");
            decision.Property(row => row.Id).ValueGeneratedNever();
            decision.IsEnumText(row => row.Kind);
            decision.IsEnumText(row => row.State);
            decision.Property(row => row.Reason).HasMaxLength(500);
            decision.Property(row => row.ProposedBy).HasMaxLength(100);
            decision.Property(row => row.ConfirmedBy).HasMaxLength(100);
            decision.HasOne<UnmatchedRow>().WithMany().HasForeignKey(row => new { row.File, row.EntryNo }).OnDelete(DeleteBehavior.Restrict).HasConstraintName("fk_decision_unmatched");
            decision.HasIndex(row => new { row.File, row.EntryNo }).HasDatabaseName("ix_decision_entry");
            decision.HasIndex(row => new { row.File, row.EntryNo }, "uq_decision_live").IsUnique().HasFilter("state <> 'Superseded'");
            decision.HasIndex(row => row.DueAt).HasDatabaseName("ix_decision_untold").HasFilter("state = 'Confirmed' and told_at is null");
        });
        modelBuilder.Entity<DecisionPartRow>(part =>
        {
            part.ToTable("decision_part", table => table.HasCheckConstraint("ck_decision_part_payment", "(class = 'Payment') = (line is not null and generation is not null and envelope is not null)"));
            part.HasKey(row => new { row.DecisionId, row.No }).HasName("pk_decision_part");
            part.IsEnumText(row => row.Class);
            part.HasOne<DecisionRow>().WithMany().HasForeignKey(row => row.DecisionId).OnDelete(DeleteBehavior.Restrict).HasConstraintName("fk_decision_part_decision");
        });
        modelBuilder.Entity<StatementDecisionRow>(decision =>
        {
            decision.ToTable("statement_decision", table =>
            {
                table.HasCheckConstraint("ck_statement_decision_second_person", "confirmed_by is null or lower(confirmed_by) <> lower(proposed_by)");
                table.HasCheckConstraint("ck_statement_decision_confirmed", "(state = 'Confirmed') = (confirmed_by is not null and confirmed_at is not null)");
                table.HasCheckConstraint("ck_statement_decision_statements", "cardinality(statements) > 0 and cardinality(statements) = cardinality(fingerprints)");
            });
            decision.HasKey(row => row.Id).HasName("pk_statement_decision");
            decision.Property(row => row.Id).ValueGeneratedNever();
            decision.IsEnumText(row => row.Kind);
            decision.IsEnumText(row => row.State);
            decision.Property(row => row.Reason).HasMaxLength(500);
            decision.Property(row => row.ProposedBy).HasMaxLength(100);
            decision.Property(row => row.ConfirmedBy).HasMaxLength(100);
            decision.HasIndex(row => row.File, "ix_statement_decision_file");
            decision.HasIndex(row => row.File, "uq_statement_decision_proposed").IsUnique().HasFilter("state = 'Proposed'");
        });
        modelBuilder.Entity<RejectionRow>(rejection =>
        {
            rejection.ToTable("rejection");
            rejection.HasKey(row => new { row.Line, row.Generation }).HasName("pk_rejection");
        });
        modelBuilder.Entity<BatchPartRow>(part =>
        {
            part.ToTable("batch_part", table => table.HasCheckConstraint("ck_batch_part_amount", "amount > 0"));
            part.HasKey(row => new { row.File, row.EntryNo, row.Line, row.Generation }).HasName("pk_batch_part");
        });
        modelBuilder.Entity<DecisionHistoryRow>(history =>
        {
            history.ToTable("decision_history");
            history.HasKey(row => row.Id).HasName("pk_decision_history");
            history.Property(row => row.Id).UseIdentityAlwaysColumn();
            history.Property(row => row.FromState).HasMaxLength(32);
            history.Property(row => row.ToState).HasMaxLength(32);
            history.Property(row => row.Cause).HasMaxLength(500);
            history.Property(row => row.Actor).HasMaxLength(100);
            history.HasIndex(row => row.DecisionId).HasDatabaseName("ix_decision_history_decision");
        });
        modelBuilder.Entity<FileHistoryRow>(history =>
        {
            history.ToTable("statement_file_history");
            history.HasKey(row => row.Id).HasName("pk_statement_file_history");
            history.Property(row => row.Id).UseIdentityAlwaysColumn();
            history.Property(row => row.FromState).HasMaxLength(32);
            history.Property(row => row.ToState).HasMaxLength(32);
            history.HasIndex(row => row.FileId).HasDatabaseName("ix_statement_file_history_file");
        });
    }

    internal sealed class DesignTime : IDesignTimeDbContextFactory<ReconciliationDbContext>
    {
        public ReconciliationDbContext CreateDbContext(string[] args) => DesignTimeOptions.Create<ReconciliationDbContext>(ReconciliationModule.Schema, options => new(options));
    }
}
