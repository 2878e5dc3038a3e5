using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using G2PBridge.Modules.Reconciliation.Domain;
using G2PBridge.PartnerApi;
using G2PBridge.Platform.Identity;
using G2PBridge.Platform.Persistence;
using G2PBridge.Platform.Protection;
using Microsoft.Extensions.Options;
using Npgsql;
using NpgsqlTypes;

namespace G2PBridge.Modules.Reconciliation.Persistence;

/// <summary>What is known of an upload besides its bytes.</summary>
/// <param name="Banks">Codes of the sponsor banks whose statements are taken from this sender; null: all.</param>
/// <param name="Proof">Asked before the file counts; null when nothing is to be proved.</param>
internal sealed record UploadFacts(string Channel, string? FileName, string? ContentType, string? Profile, IReadOnlySet<string>? Banks = null, IUploadProof? Proof = null)
{
    public static UploadFacts Of(HttpContext http, string channel, string? fileName, string? contentType, string? profile = null) =>
        new(channel, fileName, contentType, profile, http.Scope().Banks, http.Features.Get<IUploadProof>());
}

/// <param name="Id">Of the file that holds these bytes: the first one, where they came before.</param>
internal sealed record StoredFile(Guid Id, bool IsDuplicate);

/// <summary>
/// Takes files in as parts of one mebibyte: one buffer per upload, whatever the file's size, and no transaction while a slow
/// sender is being waited for. A file that is never completed stays in Uploading until its lease ends and is then removed.
/// </summary>
internal sealed class FileStore(BridgeDatabase source, DataProtector protector, EntryHashes hashes, IOptions<StatementsOptions> options, TimeProvider clock)
{
    public const int PartSize = 1024 * 1024;

    public static readonly SealedColumn Sealed = new($"{ReconciliationModule.Schema}.statement_file_part", "sealed", ("file_id", "uuid"), ("no", "integer")) { IsBytes = true };

    /// <summary>What is still read of a file that is too long, so that a sender that only listens after sending hears why.</summary>
    private const long MostDrained = 64L * 1024 * 1024;

    private const int ShaLock = 0x6732_7368;

    private static readonly TimeSpan UploadLease = TimeSpan.FromMinutes(10);

    /// <summary>Stores the stream, or refuses it. The same bytes a second time are recorded and point to the first.</summary>
    public async Task<Result<StoredFile>> StoreAsync(Stream content, UploadFacts facts, CancellationToken cancellationToken)
    {
        var id = Guid.CreateVersion7(clock.GetUtcNow());
        var buffer = ArrayPool<byte>.Shared.Rent(PartSize);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var (bytes, parts) = (0L, 0);
        content = facts.Proof?.Watch(content) ?? content;
        try
        {
            while (true)
            {
                var length = await content.ReadAtLeastAsync(buffer.AsMemory(0, PartSize), PartSize, throwOnEndOfStream: false, cancellationToken);
                if (parts == 0 && UploadCheck.Judge(facts.ContentType, buffer.AsSpan(0, length)) is { } refusal)
                {
                    await DrainAsync(content, buffer, cancellationToken);
                    return refusal;
                }

                bytes += length;
                if (bytes > options.Value.MaxUploadBytes)
                {
                    await DrainAsync(content, buffer, cancellationToken);
                    await RemoveAsync(id, parts, CancellationToken.None);
                    return new Refusal(PartnerCodes.FileSizeExceeded, $"The file is longer than {options.Value.MaxUploadBytes} bytes.", RefusalKind.TooLarge);
                }

                hash.AppendData(buffer, 0, length);
                var isLast = length < PartSize;
                if (isLast)
                {
                    if (facts.Proof?.Verify() is { } unproved)
                    {
                        await RemoveAsync(id, parts, CancellationToken.None);
                        return unproved;
                    }

                    return await CompleteAsync(id, facts, hashes.OfFile(Identity(hash.GetHashAndReset(), facts.Banks)), bytes, parts, buffer.AsMemory(0, length), cancellationToken);
                }

                await AddPartAsync(id, facts, parts++, buffer.AsMemory(0, length), cancellationToken);
            }
        }
        catch (Exception) when (parts > 0)
        {
            await RemoveAsync(id, parts, CancellationToken.None);
            throw;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>What a sender of some banks hands in never stands in the way of the same file from another: who it is from decides what of it counts.</summary>
    private static byte[] Identity(byte[] hash, IReadOnlySet<string>? banks) =>
        banks is null ? hash : SHA256.HashData([.. hash, .. Encoding.UTF8.GetBytes(string.Join('\0', banks.Select(bank => bank.ToUpperInvariant()).Order(StringComparer.Ordinal)))]);

    /// <summary>Removes what senders left behind unfinished.</summary>
    public Task<int> RemoveAbandonedAsync(CancellationToken cancellationToken) =>
        source.ExecuteAsync("delete from reconciliation.statement_file where state = 'Uploading' and lease_until < now()", [], cancellationToken);

    private static async Task DrainAsync(Stream content, byte[] buffer, CancellationToken cancellationToken)
    {
        for (var drained = 0L; drained < MostDrained;)
        {
            var read = await content.ReadAsync(buffer, cancellationToken);
            if (read == 0)
            {
                return;
            }

            drained += read;
        }
    }

    private async Task RemoveAsync(Guid id, int parts, CancellationToken cancellationToken)
    {
        if (parts > 0)
        {
            await source.ExecuteAsync("delete from reconciliation.statement_file where id = $1 and state = 'Uploading'", [id], cancellationToken);
        }
    }

    private async Task AddPartAsync(Guid id, UploadFacts facts, int no, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        using var part = new SealedPart(await protector.BeginAsync(connection, cancellationToken), id, no, content.Span);
        await using var batch = new NpgsqlBatch(connection);
        if (no == 0)
        {
            AddFile(batch, id, facts, FileState.Uploading, null, 0, null);
            AddHistory(batch, id, null, FileState.Uploading, facts.Channel, clock.GetUtcNow());
        }
        else
        {
            batch.Add("update reconciliation.statement_file set lease_until = now() + $2 where id = $1 and state = 'Uploading'", id, UploadLease);
        }

        AddPart(batch, id, no, part);
        await batch.RunPreparedAsync(cancellationToken);
        await source.CommitAsync(transaction, cancellationToken);
    }

    private async Task<Result<StoredFile>> CompleteAsync(
        Guid id, UploadFacts facts, byte[] contentHash, long bytes, int parts, ReadOnlyMemory<byte> last, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        // Two uploads of the same bytes at once: the second waits for the first to commit and then finds it.
        await using (var take = await connection.PreparedAsync("select pg_advisory_xact_lock($1, $2)", cancellationToken, ShaLock, BitConverter.ToInt32(contentHash)))
        {
            await take.ExecuteNonQueryAsync(cancellationToken);
        }

        var earlier = await connection.QueryAsync(
            "select id, state from reconciliation.statement_file where content_hash = $1 and state not in ('Uploading', 'Duplicate')", [contentHash],
            reader => (Id: reader.GetGuid(0), State: Enum.Parse<FileState>(reader.GetString(1))), cancellationToken);
        using var part = earlier.Count > 0 ? null : new SealedPart(await protector.BeginAsync(connection, cancellationToken), id, parts, last.Span);
        await using var batch = new NpgsqlBatch(connection);
        if (earlier is [var first])
        {
            if (parts > 0)
            {
                batch.Add("delete from reconciliation.statement_file where id = $1", id);
            }

            AddFile(batch, id, facts, FileState.Duplicate, contentHash, bytes, first.Id);
            AddHistory(batch, id, null, FileState.Duplicate, $"the same bytes as {first.Id}", now);
            if (first.State == FileState.Error)
            {
                batch.Add(
                    "update reconciliation.statement_file set state = 'Received', attempts = 0, due_at = $2, error_code = null, error_text = null where id = $1 and state = 'Error'",
                    first.Id, now);
                AddHistory(batch, first.Id, FileState.Error, FileTransitions.Move(FileState.Error, FileState.Received), "uploaded again", now);
            }
        }
        else
        {
            if (parts == 0)
            {
                AddFile(batch, id, facts, FileState.Received, contentHash, bytes, null);
            }
            else
            {
                batch.Add(
                    "update reconciliation.statement_file set state = 'Received', content_hash = $2, bytes = $3, lease_until = null, due_at = $4 where id = $1",
                    id, contentHash, bytes, now);
            }

            AddPart(batch, id, parts, part!);
            AddHistory(batch, id, parts == 0 ? null : FileState.Uploading, FileState.Received, facts.Channel, now);
        }

        await batch.RunPreparedAsync(cancellationToken);
        await source.CommitAsync(transaction, cancellationToken);
        return earlier is [var known] ? new StoredFile(known.Id, IsDuplicate: true) : new StoredFile(id, IsDuplicate: false);
    }

    private void AddFile(NpgsqlBatch batch, Guid id, UploadFacts facts, FileState state, byte[]? contentHash, long bytes, Guid? duplicateOf) => batch.Add(
        """
        insert into reconciliation.statement_file (id, file_name, content_type, channel, profile, content_hash, bytes, received_at, state, duplicate_of, attempts, fence, lease_until,
            due_at, statements, entries, matched, returned, classified, unmatched, repeated, banks)
        values ($1, $2::text, $3::text, $4, $5::text, $6::bytea, $7, $8, $9, $10::uuid, 0, 0, case when $9 = 'Uploading' then now() + $11 end, $8, 0, 0, 0, 0, 0, 0, 0, $12::text[])
        """,
        id, Cut(facts.FileName, 255), Cut(facts.ContentType, 128), facts.Channel, facts.Profile, contentHash, bytes, clock.GetUtcNow(), state.ToString(), duplicateOf, UploadLease, facts.Banks?.ToArray());

    private static void AddPart(NpgsqlBatch batch, Guid id, int no, SealedPart part) =>
        batch.BatchCommands.Add(new NpgsqlBatchCommand("insert into reconciliation.statement_file_part (file_id, no, sealed) values ($1, $2, $3)")
        {
            Parameters = { new() { Value = id }, new() { Value = no }, new NpgsqlParameter<ReadOnlyMemory<byte>> { TypedValue = part.Bytes, NpgsqlDbType = NpgsqlDbType.Bytea } },
        });

    private static void AddHistory(NpgsqlBatch batch, Guid id, FileState? from, FileState to, string cause, DateTimeOffset now) => batch.Add(
        "insert into reconciliation.statement_file_history (file_id, at, from_state, to_state, cause, actor) values ($1, $2, $3::text, $4, $5, 'upload')",
        id, now, from?.ToString(), to.ToString(), cause);

    private static string? Cut(string? text, int length)
    {
        text = text?.Replace("\0", "", StringComparison.Ordinal);
        return text?.Length > length ? text[..length] : text;
    }

    /// <summary>A part as it is stored, in a buffer that is given back.</summary>
    private sealed class SealedPart : IDisposable
    {
        private readonly byte[] _buffer;
        private readonly int _length;

        public SealedPart(Sealer sealer, Guid id, int no, ReadOnlySpan<byte> content)
        {
            _length = content.Length + SealedText.Overhead;
            _buffer = ArrayPool<byte>.Shared.Rent(_length);
            sealer.SealBytes(Sealed, RowKey.Of(id, no), content, _buffer.AsSpan(0, _length));
        }

        public ReadOnlyMemory<byte> Bytes => _buffer.AsMemory(0, _length);

        public void Dispose() => ArrayPool<byte>.Shared.Return(_buffer);
    }
}
