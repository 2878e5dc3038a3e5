using G2PBridge.Modules.Disbursement.Domain;
using G2PBridge.Platform.Persistence;
using Microsoft.EntityFrameworkCore;

namespace G2PBridge.Modules.Disbursement.Persistence;

/// <summary>How one order ended, for the shares of refused and unknown among a bank's last payments.</summary>
internal sealed class BankOutcome
{
    public long Id { get; init; }
    public required string BankCode { get; init; }
    public long ChunkId { get; init; }
    public DateTimeOffset At { get; init; }
    public int Lines { get; init; }
    public int Refused { get; init; }
    public int Unknown { get; init; }

    public static void Model(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<BankOutcome>(outcome =>
        {
            outcome.ToTable("bank_outcome", table => table.HasCheckConstraint("ck_bank_outcome", "lines > 0 and refused >= 0 and unknown >= 0 and refused + unknown <= lines"));
            outcome.HasKey(row => row.Id).HasName("pk_bank_outcome");
            outcome.Property(row => row.Id).UseIdentityAlwaysColumn();
            outcome.Property(row => row.BankCode).HasMaxLength(64);
            outcome.HasIndex(row => new { row.BankCode, row.Id }).HasDatabaseName("ix_bank_outcome_bank");
        });
        modelBuilder.Entity<AmountPerDay>(amount =>
        {
            amount.ToTable("amount_per_day", table => table.HasCheckConstraint("ck_amount_per_day", "amount >= 0"));
            amount.HasKey(row => new { row.Scope, row.Value, row.Day, row.Currency }).HasName("pk_amount_per_day");
            amount.Property(row => row.Currency).HasMaxLength(3);
            amount.IsEnumText(row => row.Scope);
        });
    }
}

/// <summary>What was ordered of a bank, or for a programme, with one payment date. What the bank refuses stays counted.</summary>
internal sealed class AmountPerDay
{
    public LimitScope Scope { get; init; }

    /// <summary>Bank code or programme mnemonic.</summary>
    public required string Value { get; init; }
    public DateOnly Day { get; init; }
    public required string Currency { get; init; }
    public decimal Amount { get; init; }
}

/// <summary>A line that an operator wants paid again, over the failure of its last payment. The key makes a second click harmless.</summary>
internal sealed class RetryLine
{
    public long Line { get; init; }

    /// <summary>The generation to be.</summary>
    public short Generation { get; init; }
    public long ChunkId { get; init; }

    public static void Model(ModelBuilder modelBuilder) => modelBuilder.Entity<RetryLine>(line =>
    {
        line.ToTable("retry_line", table => table.HasCheckConstraint("ck_retry_line", "generation between 2 and 15"));
        line.HasKey(row => new { row.Line, row.Generation }).HasName("pk_retry_line");
        line.HasOne<Chunk>().WithMany().HasForeignKey(row => row.ChunkId).OnDelete(DeleteBehavior.Restrict).HasConstraintName("fk_retry_line_chunk");
        line.HasIndex(row => row.ChunkId).HasDatabaseName("ix_retry_line_chunk");
    });
}
