using G2PBridge.Modules.Disbursement.Domain;
using G2PBridge.Platform.Persistence;
using Microsoft.EntityFrameworkCore;

namespace G2PBridge.Modules.Disbursement.Persistence;

/// <summary>One thing that a bank called back about one payment, however often it did.</summary>
internal sealed class BankCallback
{
    public const int LongestReference = 64;
    public const int LongestCode = 64;
    public const int LongestReason = 500;

    public long Id { get; init; }
    public required string BankCode { get; init; }

    /// <summary>Of everything that was said: a repetition is the same row.</summary>
    public required byte[] Fingerprint { get; init; }
    public required string Reference { get; init; }
    public CallbackStatus Status { get; init; }
    public string? ReasonCode { get; init; }
    public string? Reason { get; init; }
    public decimal? Amount { get; init; }
    public string? Currency { get; init; }
    public long? Line { get; init; }
    public short? Generation { get; init; }
    public CallbackState State { get; init; }
    public string? Note { get; init; }
    public DateTimeOffset ReceivedAt { get; init; }
    public DateTimeOffset LastReceivedAt { get; init; }
    public int Times { get; init; }
    public DateTimeOffset? DueAt { get; init; }
    public DateTimeOffset? SettledAt { get; init; }

    public static void Model(ModelBuilder modelBuilder) => modelBuilder.Entity<BankCallback>(callback =>
    {
        callback.ToTable("bank_callback", table => table.HasCheckConstraint(
            "ck_bank_callback_line", "(state = 'UnknownReference') = (line is null) and (line is null) = (generation is null) and (state <> 'Waiting' or due_at is not null)"));
        callback.HasKey(row => row.Id).HasName("pk_bank_callback");
        callback.Property(row => row.Id).UseIdentityAlwaysColumn();
        callback.Property(row => row.BankCode).HasMaxLength(64);
        callback.Property(row => row.Reference).HasMaxLength(LongestReference);
        callback.Property(row => row.ReasonCode).HasMaxLength(LongestCode);
        callback.Property(row => row.Reason).HasMaxLength(LongestReason);
        callback.Property(row => row.Currency).HasMaxLength(3);
        callback.IsEnumText(row => row.Status);
        callback.IsEnumText(row => row.State);
        callback.HasIndex(row => new { row.BankCode, row.Fingerprint }).IsUnique().HasDatabaseName("uq_bank_callback");
        callback.HasIndex(row => row.DueAt).HasDatabaseName("ix_bank_callback_waiting").HasFilter("state = 'Waiting'");
        callback.HasIndex(row => new { row.Line, row.Generation }).HasDatabaseName("ix_bank_callback_line");
        callback.HasIndex(row => new { row.BankCode, row.State, row.Id }).HasDatabaseName("ix_bank_callback_state");
    });
}
