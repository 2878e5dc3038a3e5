using G2PBridge.Platform.Persistence;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;
using NpgsqlTypes;

namespace G2PBridge.Platform.Audit.Persistence;

/// <summary>The trail itself: records of changes, written by triggers, and the blocks that seal them. Migrated before everything that is audited.</summary>
internal sealed class AuditDbContext(DbContextOptions<AuditDbContext> options) : ModuleDbContext(options, SchemaName)
{
    public const string SchemaName = "audit";

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        base.OnModelCreating(modelBuilder);
        modelBuilder.HasSequence<long>("transaction_number");
        modelBuilder.Entity<AuditBlock>(block =>
        {
            block.ToTable("block");
            block.HasKey(row => row.Number).HasName("pk_block");
            block.Property(row => row.Number).ValueGeneratedNever();
            block.Property(row => row.Actor).HasMaxLength(Actor.LongestName);
            block.Property(row => row.KeyId).HasMaxLength(16);
            block.HasIndex(row => row.Transaction).IsUnique().HasDatabaseName("uq_block_transaction");
        });
        modelBuilder.Entity<AuditChange>(change =>
        {
            change.ToTable("change", table => table.HasCheckConstraint("ck_change_operation", "operation in ('shape', 'set', 'insert', 'update', 'delete', 'archive')"));
            change.HasKey(row => row.No).HasName("pk_change");
            change.Property(row => row.No).UseIdentityAlwaysColumn();
            change.Property(row => row.TableName).HasMaxLength(128);
            change.Property(row => row.Operation).HasMaxLength(16);
            change.Property(row => row.Scope).HasColumnType("jsonb");
            change.Property(row => row.Key).HasColumnType("jsonb");
            change.Property(row => row.Before).HasColumnType("jsonb");
            change.Property(row => row.After).HasColumnType("jsonb");
            change.Property(row => row.Lines).HasColumnType("int8multirange");
            change.HasIndex(row => new { row.Transaction, row.No }).HasDatabaseName("ix_change_transaction");
            change.HasIndex(row => new { row.TableName, row.No }).HasDatabaseName("ix_change_shape").HasFilter("operation = 'shape'");
            // Finds what happened to single rows of a table that is filled in sets.
            change.HasIndex(row => new { row.TableName, row.Line }).HasDatabaseName("ix_change_line").HasFilter("line is not null");
        });
    }

    internal sealed class DesignTime : IDesignTimeDbContextFactory<AuditDbContext>
    {
        public AuditDbContext CreateDbContext(string[] args) => DesignTimeOptions.Create<AuditDbContext>(SchemaName, options => new(options));
    }
}

/// <summary>One committed transaction that changed something audited.</summary>
internal sealed class AuditBlock
{
    /// <summary>From 1, without a gap.</summary>
    public long Number { get; init; }

    public long Transaction { get; init; }

    public int Changes { get; init; }

    public required byte[] Digest { get; init; }

    public required string Actor { get; init; }

    public DateTimeOffset At { get; init; }

    /// <summary>The newest block that its sealer saw; with what other hosts committed meanwhile not always the one before.</summary>
    public long Follows { get; init; }

    public required string KeyId { get; init; }

    public required byte[] Seal { get; init; }

    public required byte[] Hash { get; init; }
}

/// <summary>What one statement did to one table: a row's before and after, or a set of rows with its digest.</summary>
internal sealed class AuditChange
{
    public long No { get; init; }

    public long Transaction { get; init; }

    public required string TableName { get; init; }

    /// <summary>
    /// <c>insert</c>, <c>update</c>, <c>delete</c> of a row; <c>set</c> of inserted rows; <c>archive</c>, a set that was taken out whole;
    /// <c>shape</c>, from which on the table is audited with the columns listed in <see cref="After"/>.
    /// </summary>
    public required string Operation { get; init; }

    public string? Key { get; init; }

    public string? Before { get; init; }

    public string? After { get; init; }

    /// <summary>Of a set: what all its rows agree in.</summary>
    public string? Scope { get; init; }

    /// <summary>Of a row of a table that is filled in sets: its number.</summary>
    public long? Line { get; init; }

    public NpgsqlRange<long>[]? Lines { get; init; }

    public int? Rows { get; init; }

    /// <summary>SHA-256 over the rows in their order, each as PostgreSQL sends it.</summary>
    public byte[]? Digest { get; init; }

    /// <summary>Four bytes a row, which only help to find the row when the digest does not fit.</summary>
    public byte[]? Tags { get; init; }
}
