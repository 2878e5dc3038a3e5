using G2PBridge.Modules.Disbursement.Domain;
using G2PBridge.Platform.Persistence;
using Microsoft.EntityFrameworkCore;

namespace G2PBridge.Modules.Disbursement.Persistence;

/// <summary>What one person proposed to declare. Never changed: whether it was confirmed is a row of its own.</summary>
internal sealed class Declaration
{
    public const int LongestName = Actor.LongestName;
    public const int LongestReason = Actor.LongestReason;

    public Guid Id { get; init; }
    public required string EnvelopeId { get; init; }
    public DeclaredOutcome Outcome { get; init; }
    public required string Reason { get; init; }
    public required string ProposedBy { get; init; }
    public DateTimeOffset ProposedAt { get; init; }

    public static void Model(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<Declaration>(declaration =>
        {
            declaration.ToTable("declaration", table => table.HasCheckConstraint("ck_declaration_said", "length(trim(reason)) > 0 and length(trim(proposed_by)) > 0"));
            declaration.HasKey(row => row.Id).HasName("pk_declaration");
            declaration.HasAlternateKey(row => new { row.Id, row.ProposedBy }).HasName("uq_declaration_proposer");
            declaration.Property(row => row.Id).ValueGeneratedNever();
            declaration.Property(row => row.EnvelopeId).HasMaxLength(128);
            declaration.Property(row => row.Reason).HasMaxLength(LongestReason);
            declaration.Property(row => row.ProposedBy).HasMaxLength(LongestName);
            declaration.IsEnumText(row => row.Outcome);
            declaration.HasIndex(row => row.EnvelopeId).HasDatabaseName("ix_declaration_envelope");
        });
        modelBuilder.Entity<DeclaredLine>(line =>
        {
            line.ToTable("declaration_line");
            line.HasKey(row => new { row.DeclarationId, row.Line }).HasName("pk_declaration_line");
            line.HasOne<Declaration>().WithMany().HasForeignKey(row => row.DeclarationId).OnDelete(DeleteBehavior.Restrict).HasConstraintName("fk_declaration_line");
            line.HasOne<Instruction>().WithMany().HasForeignKey(row => new { row.Line, row.Generation }).OnDelete(DeleteBehavior.Restrict).HasConstraintName("fk_declaration_line_instruction");
            line.HasIndex(row => new { row.Line, row.Generation }).HasDatabaseName("ix_declaration_line_instruction");
        });
        modelBuilder.Entity<DeclarationConfirmation>(confirmation =>
        {
            // Whatever code writes it: two different people, and once.
            confirmation.ToTable("declaration_confirmation", table => table.HasCheckConstraint(
                "ck_declaration_confirmation_second", "length(trim(confirmed_by)) > 0 and lower(trim(confirmed_by)) <> lower(trim(proposed_by))"));
            confirmation.HasKey(row => row.DeclarationId).HasName("pk_declaration_confirmation");
            confirmation.Property(row => row.ProposedBy).HasMaxLength(LongestName);
            confirmation.Property(row => row.ConfirmedBy).HasMaxLength(LongestName);
            confirmation.HasOne<Declaration>().WithMany().HasForeignKey(row => new { row.DeclarationId, row.ProposedBy }).HasPrincipalKey(row => new { row.Id, row.ProposedBy })
                .OnDelete(DeleteBehavior.Restrict).HasConstraintName("fk_declaration_confirmation");
            confirmation.HasIndex(row => new { row.DeclarationId, row.ProposedBy }).HasDatabaseName("ix_declaration_confirmation_proposer");
        });
    }
}

/// <summary>One payment that a declaration is about; it was unknown when it was proposed.</summary>
internal sealed class DeclaredLine
{
    public Guid DeclarationId { get; init; }
    public long Line { get; init; }
    public short Generation { get; init; }
}

internal sealed class DeclarationConfirmation
{
    public Guid DeclarationId { get; init; }
    public required string ProposedBy { get; init; }
    public required string ConfirmedBy { get; init; }
    public DateTimeOffset ConfirmedAt { get; init; }

    /// <summary>Payments that were still unknown, and are no more.</summary>
    public int Settled { get; init; }
}
