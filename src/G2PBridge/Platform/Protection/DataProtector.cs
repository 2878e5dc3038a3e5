using G2PBridge.Platform.Persistence;
using Npgsql;

namespace G2PBridge.Platform.Protection;

/// <summary>Writes ciphertexts within one transaction, all under the key that the installation uses at its time.</summary>
internal readonly struct Sealer(DataKey key)
{
    public byte[] Seal(SealedColumn column, RowKey row, params ReadOnlySpan<string?> fields) => SealedText.Seal(key, column, row, fields);

    /// <summary>Null where there is nothing to hide.</summary>
    public byte[]? SealIfAny(SealedColumn column, RowKey row, params ReadOnlySpan<string?> fields) => fields.ContainsAnyExcept((string?)null) ? SealedText.Seal(key, column, row, fields) : null;

    /// <param name="target">Receives the ciphertext; longer than the plain bytes by <see cref="SealedText.Overhead"/>.</param>
    public void SealBytes(SealedColumn column, RowKey row, ReadOnlySpan<byte> plain, Span<byte> target) => SealedText.SealBytes(key, column, row, plain, target);
}

/// <summary>Encrypts what people are entitled to keep private before it reaches the database, and opens it again (ADR 0026).</summary>
internal sealed class DataProtector(KeyRing ring, KeyRegister register)
{
    /// <summary>
    /// Call it in the transaction that writes, before sealing. It takes part in a lock on the key in use until the transaction ends, so that a rotation that wants to say
    /// "no row is under the old key any more" waits for those who still write under it, and nobody waits for a rotation.
    /// </summary>
    /// <exception cref="ProtectionException">The installation uses a key that this process does not have.</exception>
    public async Task<Sealer> BeginAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        for (var known = await ReadAsync(); ; known = await ReadAsync())
        {
            if (known is not { } id)
            {
                await register.EnterAsync(cancellationToken);
            }
            else if (await ReadAsync() == id)
            {
                return new Sealer(ring.Find(id) ?? throw new ProtectionException(
                    $"{ring.Place} lacks the key {DataKey.Name(id)}, which this database is written with since a rotation; copy the file of the host that rotated."));
            }
        }

        // Each statement sees what was committed before it: when the second finds the key of the first, the lock was held in time.
        async Task<int?> ReadAsync() => (await connection.QueryAsync(
            "select id, pg_advisory_xact_lock_shared($1, id) from protection.data_key where is_current", [KeyRegister.WritingLock], reader => reader.GetInt32(0), cancellationToken)) is [var id] ? id : null;
    }

    /// <param name="fields">Receives what was sealed, in the order of sealing.</param>
    /// <exception cref="SealedTextException">It was changed, or belongs to another row, or its key is gone.</exception>
    public void Open(SealedColumn column, RowKey row, ReadOnlySpan<byte> sealedText, Span<string?> fields) => SealedText.Open(KeyFor(column, sealedText), column, row, sealedText, fields);

    /// <param name="plain">Receives the bytes; as long as the ciphertext without <see cref="SealedText.Overhead"/>.</param>
    /// <exception cref="SealedTextException">It was changed, or belongs to another row, or its key is gone.</exception>
    public void OpenBytes(SealedColumn column, RowKey row, ReadOnlySpan<byte> sealedText, Span<byte> plain) =>
        SealedText.OpenBytes(KeyFor(column, sealedText), column, row, sealedText, plain);

    public KeyedHash Hash(string purpose) => ring.Hash(purpose);

    public DataKey KeyFor(SealedColumn column, ReadOnlySpan<byte> sealedText) => SealedText.KeyOf(sealedText) is not { } id
        ? throw new SealedTextException($"A value of {column} is no ciphertext of this program.")
        : ring.Find(id) ?? throw new SealedTextException($"A value of {column} is under the key {DataKey.Name(id)}, which {ring.Place} does not hold.");
}
