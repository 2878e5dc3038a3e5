using G2PBridge.Platform.Persistence;

namespace G2PBridge.Platform.Protection;

/// <summary>A key as the database knows it: by its id alone.</summary>
internal sealed record RegisteredKey(int Id, bool IsFingerprints, bool IsCurrent, DateTimeOffset AddedAt, DateTimeOffset? RetiredAt);

/// <summary>
/// Which keys this database was written with, and which one is in use. Of the keys themselves it holds nothing. All hosts take the key in use from here, so that a
/// rotation changes it for all of them at once.
/// </summary>
internal sealed class KeyRegister(BridgeDatabase source, KeyRing ring, TimeProvider clock)
{
    public const int WritingLock = 0x6732_6b79;

    /// <summary>
    /// Compares the keys of this process with those of the database; the first process on an empty database enters its own. Wrong keys are found here, in one
    /// sentence, and not row by row.
    /// </summary>
    /// <exception cref="ProtectionException">A key is missing, or another installation's.</exception>
    public async Task EnterAsync(CancellationToken cancellationToken)
    {
        var known = await ListAsync(cancellationToken);
        if (known.Count == 0)
        {
            // Of two first processes at once one is believed; the other compares itself with it below.
            await source.ExecuteAsync(
                """
                insert into protection.data_key (id, is_fingerprints, is_current, added_at)
                select n.id, n.is_fingerprints, not n.is_fingerprints, $3 from (values ($1, true), ($2, false)) as n(id, is_fingerprints)
                where not exists (select from protection.data_key)
                on conflict do nothing
                """,
                [ring.FingerprintsId, ring.Newest.Id, clock.GetUtcNow()], cancellationToken);
            known = await ListAsync(cancellationToken);
        }

        if (known.Find(key => key.IsFingerprints) is { } fingerprints && fingerprints.Id != ring.FingerprintsId)
        {
            throw new ProtectionException($"{ring.Place} belongs to another installation: this database's fingerprints were made with another key. Point DataProtection:KeyFile to the file that this database was first started with.");
        }

        foreach (var key in known.Where(key => !key.IsFingerprints && key.RetiredAt is null))
        {
            if (ring.Find(key.Id) is null)
            {
                throw new ProtectionException($"{ring.Place} lacks the key {DataKey.Name(key.Id)}, which people's data in this database may be under; put its line back (g2pbridge keys shows which keys are still needed).");
            }
        }
    }

    public Task<List<RegisteredKey>> ListAsync(CancellationToken cancellationToken) => source.QueryAsync(
        "select id, is_fingerprints, is_current, added_at, retired_at from protection.data_key order by added_at, id", [],
        reader => new RegisteredKey(reader.GetInt32(0), reader.GetBoolean(1), reader.GetBoolean(2), reader.GetFieldValue<DateTimeOffset>(3), reader.TimeOrNull(4)), cancellationToken);

    /// <summary>From now on every transaction that begins to write does it under this key. True when it was another before.</summary>
    public async Task<bool> UseAsync(int id, CancellationToken cancellationToken) => await source.ExecuteAsync(
        """
        with former as (update protection.data_key set is_current = false where is_current and id <> $1 returning id)
        insert into protection.data_key (id, is_fingerprints, is_current, added_at) select $1, false, true, $2 where exists (select from former)
        on conflict (id) do update set is_current = true, retired_at = null
        """,
        [id, clock.GetUtcNow()], cancellationToken) > 0;

    /// <summary>Waits until nobody writes under the key any more; whoever begins now takes the one in use.</summary>
    public async Task AwaitWritersAsync(int id, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using var wait = await connection.PreparedAsync("select pg_advisory_xact_lock($1, $2)", cancellationToken, WritingLock, id);
        wait.CommandTimeout = 0;
        await wait.ExecuteNonQueryAsync(cancellationToken);
    }

    public Task RetireAsync(int id, CancellationToken cancellationToken) => source.ExecuteAsync(
        "update protection.data_key set retired_at = $2 where id = $1 and not is_current and not is_fingerprints and retired_at is null", [id, clock.GetUtcNow()], cancellationToken);
}
