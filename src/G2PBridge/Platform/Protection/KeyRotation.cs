using G2PBridge.Platform.Persistence;
using Npgsql;

namespace G2PBridge.Platform.Protection;

/// <summary>What a rotation did.</summary>
/// <param name="Unreadable">Rows that could not be opened and stay as they are; verify names them.</param>
/// <param name="Retired">Keys that no row is under any more.</param>
internal sealed record RotationResult(int Key, bool WasChanged, long Rewritten, long Unreadable, IReadOnlyList<int> Retired);

/// <summary>
/// Makes the newest key of this process the one that everybody writes under, then writes every older ciphertext anew, a slice per transaction, while hosts go on paying.
/// Killed at any point it has done no harm, and the next call goes on; two at once take turns. Only ciphertext columns change.
/// </summary>
internal sealed class KeyRotation(BridgeDatabase source, KeyRing ring, KeyRegister register, DataProtector protector, IEnumerable<SealedColumn> columns)
{
    /// <summary>Of the session: whoever holds it lets no rotation begin.</summary>
    public const long Turn = 0x6732_726f_7461_7465;

    /// <param name="report">One sentence for each step.</param>
    public async Task<RotationResult> RunAsync(Action<string> report, CancellationToken cancellationToken)
    {
        await register.EnterAsync(cancellationToken);
        if ((await source.QueryAsync("select exists (select from growth.archive where state <> 'Removed')", [], reader => reader.GetBoolean(0), cancellationToken))[0])
        {
            throw new ProtectionException("An archive was begun, and its rows cannot be written anew; finish it with 'g2pbridge archive', then rotate.");
        }

        await using var turn = await source.OpenSessionAsync(cancellationToken);
        await using (var take = new NpgsqlCommand("select pg_advisory_lock($1)", turn.Connection) { Parameters = { new() { Value = Turn } }, CommandTimeout = 0 })
        {
            await take.ExecuteNonQueryAsync(cancellationToken);
        }

        var newest = ring.Newest;
        var wasChanged = await register.UseAsync(newest.Id, cancellationToken);
        report(wasChanged ? $"New rows are written under key {DataKey.Name(newest.Id)} from now on." : $"Key {DataKey.Name(newest.Id)} is in use already.");
        var former = (await register.ListAsync(cancellationToken)).Where(key => key is { IsFingerprints: false, IsCurrent: false, RetiredAt: null }).ToList();
        foreach (var key in former)
        {
            await register.AwaitWritersAsync(key.Id, cancellationToken);
        }

        var (rewritten, unreadable) = (0L, 0L);
        foreach (var column in columns)
        {
            var (done, left) = await RewriteAsync(column, newest, report, cancellationToken);
            rewritten += done;
            unreadable += left;
        }

        var counts = await CountAsync(cancellationToken);
        var retired = new List<int>();
        foreach (var key in former.Where(key => counts.GetValueOrDefault(key.Id) == 0))
        {
            await register.RetireAsync(key.Id, cancellationToken);
            retired.Add(key.Id);
        }

        return new RotationResult(newest.Id, wasChanged, rewritten, unreadable, retired);
    }

    /// <summary>How many ciphertexts are under each key.</summary>
    public async Task<Dictionary<int, long>> CountAsync(CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        var all = new Dictionary<int, long>();
        foreach (var column in columns)
        {
            if (!await SealedRows.ExistsAsync(connection, column, cancellationToken))
            {
                continue;
            }

            foreach (var (id, count) in await SealedRows.CountAsync(connection, column, cancellationToken))
            {
                all[id] = all.GetValueOrDefault(id) + count;
            }
        }

        return all;
    }

    private async Task<(long Rewritten, long Unreadable)> RewriteAsync(SealedColumn column, DataKey newest, Action<string> report, CancellationToken cancellationToken)
    {
        var (rewritten, unreadable, reported, after) = (0L, 0L, 0L, (object[]?)null);
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        if (!await SealedRows.ExistsAsync(connection, column, cancellationToken))
        {
            return (0, 0);
        }

        while (true)
        {
            await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
            var rows = await SealedRows.ReadAsync(connection, column, after, newest.Id, cancellationToken);
            if (rows.Count == 0)
            {
                if (rewritten + unreadable > 0)
                {
                    report($"{column}: {rewritten} values are under the new key{(unreadable == 0 ? "" : $", {unreadable} could not be opened")}.");
                }

                return (rewritten, unreadable);
            }

            var (opened, anew) = (new List<SealedRow>(rows.Count), new List<byte[]>(rows.Count));
            foreach (var row in rows)
            {
                if (Rewrite(column, row, newest) is { } value)
                {
                    opened.Add(row);
                    anew.Add(value);
                }
                else
                {
                    unreadable++;
                }
            }

            if (opened.Count > 0)
            {
                rewritten += await SealedRows.ReplaceAsync(connection, column, opened, anew, cancellationToken);
            }

            await source.CommitAsync(transaction, cancellationToken);
            after = rows[^1].Key;
            if (rewritten - reported >= 100_000)
            {
                reported = rewritten;
                report($"{column}: {rewritten} values so far.");
            }
        }
    }

    private byte[]? Rewrite(SealedColumn column, SealedRow row, DataKey newest)
    {
        try
        {
            var plain = new byte[Math.Max(0, row.Sealed.Length - SealedText.Overhead)];
            protector.OpenBytes(column, row.Bound, row.Sealed, plain);
            var anew = SealedText.SealBytes(newest, column, row.Bound, plain);
            System.Security.Cryptography.CryptographicOperations.ZeroMemory(plain);
            return anew;
        }
        catch (SealedTextException)
        {
            return null;
        }
    }
}
