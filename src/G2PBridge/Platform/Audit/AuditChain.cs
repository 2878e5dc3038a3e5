using System.Globalization;
using G2PBridge.Platform.Persistence;
using G2PBridge.Platform.Verification;
using Npgsql;

namespace G2PBridge.Platform.Audit;

/// <summary>
/// Goes through the blocks from the first to the last, one at a time: no number missing, the records of the transaction the same that
/// were sealed, the seal made with a known key, the hash linked to the block before. Memory does not grow with the trail.
/// </summary>
internal sealed class AuditChain(NpgsqlConnection connection, AuditKeys keys)
{
    public async Task<InvariantResult> CheckAsync(CancellationToken cancellationToken)
    {
        var tally = new Tally();
        await foreach (var problem in ProblemsAsync(cancellationToken))
        {
            tally.Add(problem is not null, problem ?? "");
        }

        foreach (var change in await UnsealedAsync(cancellationToken))
        {
            tally.Break(change);
        }

        return tally.Result("I7", "blocks", "The audit chain is whole, and sealed with keys that the database does not have");
    }

    private async IAsyncEnumerable<string?> ProblemsAsync([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var command = connection.Statement(
            """
            select b.number, b.transaction, b.changes, b.digest, b.actor, b.at, b.follows, b.key_id, b.seal, b.hash, c.changes, c.digest, f.hash
              from audit.block b
              left join (select c.transaction, count(*) as changes, sha256(string_agg(audit.image(c), '' order by c.no)) as digest from audit.change c group by c.transaction) c using (transaction)
              left join audit.block f on f.number = b.follows
             order by b.number
            """);
        command.CommandTimeout = 0;
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var (expected, previous) = (1L, Array.Empty<byte>());
        while (await reader.ReadAsync(cancellationToken))
        {
            var number = reader.GetInt64(0);
            if (number != expected)
            {
                yield return string.Create(CultureInfo.InvariantCulture, $"block {expected} is missing{(number > expected + 1 ? $", and all to {number - 1}" : "")}");
            }

            var (seal, hash) = (reader.GetFieldValue<byte[]>(8), reader.GetFieldValue<byte[]>(9));
            yield return Problem(reader, number, expected == number ? previous : null, seal, hash) is { } problem ? string.Create(CultureInfo.InvariantCulture, $"block {number} {problem}") : null;
            (expected, previous) = (number + 1, hash);
        }
    }

    private string? Problem(NpgsqlDataReader reader, long number, byte[]? previous, byte[] seal, byte[] hash)
    {
        var (follows, keyId) = (reader.GetInt64(6), reader.GetString(7));
        if (!keys.Knows(keyId))
        {
            return $"is sealed with the key {keyId}, which is not in Audit:KeyFile or Audit:Keys";
        }

        if (follows >= number || (follows > 0 && reader.IsDBNull(12)))
        {
            return "names a block before it that is not there";
        }

        var content = new BlockContent(
            reader.GetInt64(1), reader.GetInt32(2), reader.GetFieldValue<byte[]>(3), reader.GetString(4), reader.GetFieldValue<DateTimeOffset>(5), follows, follows == 0 ? [] : reader.GetFieldValue<byte[]>(12));
        if (!System.Security.Cryptography.CryptographicOperations.FixedTimeEquals(keys.Seal(keyId, content), seal))
        {
            return "is not what was sealed with its key, or a block before it is not";
        }

        if (previous is not null && !AuditKeys.Link(previous, number, seal).AsSpan().SequenceEqual(hash))
        {
            return "does not follow the block before it";
        }

        return reader.IsDBNull(10) || reader.GetInt64(10) != content.Changes || !reader.GetFieldValue<byte[]>(11).AsSpan().SequenceEqual(content.Digest)
            ? "has other records of changes than those that were sealed"
            : null;
    }

    private Task<List<string>> UnsealedAsync(CancellationToken cancellationToken) => connection.QueryAsync(
        """
        select 'record ' || c.no || ' of ' || c.table_name || ' belongs to no block' from audit.change c
         where not exists (select from audit.block b where b.transaction = c.transaction) order by c.no limit 100
        """,
        [], reader => reader.GetString(0), cancellationToken);
}
