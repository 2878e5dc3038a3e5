using System.Data.Common;
using G2PBridge.Platform.Audit.Persistence;
using G2PBridge.Platform.Persistence;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.Options;
using Npgsql;

namespace G2PBridge.Platform.Audit;

/// <summary>
/// The last thing before a commit: asks the database what this transaction has recorded, seals it with the key that only the host has,
/// and sends the block and the commit in one message. The lock of the chain is taken by the database while it works that message off,
/// so no host can hold it while it hangs. The database refuses to commit records without a block.
/// </summary>
internal sealed class AuditSeal(AuditKeys keys, IOptions<AuditOptions> options, TimeProvider clock)
{
    /// <summary>May be the last command of a batch whose others make the changes.</summary>
    public const string Unsealed = $"select transaction as {FirstColumn}, changes, digest, head, head_hash from audit.unsealed()";

    /// <summary>Tells its result from that of a statement before it.</summary>
    public const string FirstColumn = "audit_transaction";

    private const string Append = "select audit.seal($1, $2, $3, $4, $5, $6, $7, $8)";

    /// <summary>Off only to measure, and then there are no triggers either.</summary>
    public bool IsOn => options.Value.Enabled;

    public async Task CommitAsync(NpgsqlTransaction transaction, CancellationToken cancellationToken)
    {
        if (!IsOn)
        {
            await transaction.CommitAsync(cancellationToken);
            return;
        }

        await using var ask = await transaction.Connection!.PreparedAsync(Unsealed, cancellationToken);
        UnsealedChanges? changes;
        await using (var reader = await ask.ExecuteReaderAsync(cancellationToken))
        {
            changes = await ReadAsync(reader, cancellationToken);
        }

        await CommitAsync(transaction, changes, cancellationToken);
    }

    public async Task CommitAsync(NpgsqlTransaction transaction, UnsealedChanges? changes, CancellationToken cancellationToken)
    {
        if (changes is not { } found)
        {
            await transaction.CommitAsync(cancellationToken);
            return;
        }

        // As exact as the database keeps it.
        var now = clock.GetUtcNow();
        var at = now.AddTicks(-(now.Ticks % TimeSpan.TicksPerMicrosecond));
        var content = new BlockContent(found.Transaction, found.Changes, found.Digest, Acting.Current, at, found.Head, found.HeadHash);
        await using var batch = new NpgsqlBatch(transaction.Connection, transaction);
        batch.Add(Append, content.Transaction, content.Changes, content.Digest, content.Actor, content.At, content.Follows, keys.Current, keys.Seal(keys.Current, content));
        batch.Add("commit");
        await batch.RunPreparedAsync(cancellationToken);
    }

    public static async Task<UnsealedChanges?> ReadAsync(NpgsqlDataReader reader, CancellationToken cancellationToken) =>
        await reader.ReadAsync(cancellationToken) && !await reader.IsDBNullAsync(0, cancellationToken)
            ? new(reader.GetInt64(0), reader.GetInt32(1), reader.GetFieldValue<byte[]>(2), reader.GetInt64(3), reader.GetFieldValue<byte[]>(4))
            : null;
}

/// <summary>What a transaction has recorded so far, and the newest block that it sees.</summary>
internal readonly record struct UnsealedChanges(long Transaction, int Changes, byte[] Digest, long Head, byte[] HeadHash);

/// <summary>Seals what is written through a module's context, whoever began the transaction.</summary>
internal sealed class SealBeforeCommit(AuditSeal seal) : DbTransactionInterceptor
{
    public override async ValueTask<InterceptionResult> TransactionCommittingAsync(
        DbTransaction transaction, TransactionEventData eventData, InterceptionResult result, CancellationToken cancellationToken = default)
    {
        if (!seal.IsOn || eventData.Context is AuditDbContext)
        {
            return result;
        }

        await seal.CommitAsync((NpgsqlTransaction)transaction, cancellationToken);
        return InterceptionResult.Suppress();
    }

    public override InterceptionResult TransactionCommitting(DbTransaction transaction, TransactionEventData eventData, InterceptionResult result) =>
        throw new NotSupportedException("Commit asynchronously: the audit block is written first.");
}
