using System.Globalization;
using G2PBridge.Platform.Verification;
using Npgsql;

namespace G2PBridge.Platform.Protection;

/// <summary>Opens every ciphertext, slice by slice, and compares it with the fingerprint that stands beside it; about two microseconds a row.</summary>
internal sealed class SealedDataInvariants(NpgsqlDataSource source, KeyRing ring, DataProtector protector, IEnumerable<SealedColumn> columns) : IInvariantCheck
{
    private const string Promise = "What is encrypted opens for its own row, and fits its fingerprint";

    /// <summary>More fields than any column has.</summary>
    private const int MostFields = 16;

    public async Task<IReadOnlyList<InvariantResult>> CheckAsync(CancellationToken cancellationToken)
    {
        var results = new List<InvariantResult>();
        foreach (var column in columns)
        {
            if (await CheckAsync(column, cancellationToken) is { } result)
            {
                results.Add(result);
            }
        }

        return results;
    }

    private async Task<InvariantResult?> CheckAsync(SealedColumn column, CancellationToken cancellationToken)
    {
        var tally = new Tally();
        var fields = new string?[MostFields];
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        if (!await SealedRows.ExistsAsync(connection, column, cancellationToken))
        {
            return null;
        }

        for (object[]? after = null; ;)
        {
            var rows = await SealedRows.ReadAsync(connection, column, after, null, cancellationToken);
            foreach (var row in rows)
            {
                tally.Add(!Holds(column, row, fields), string.Join(", ", column.Key.Zip(row.Key, (name, part) => string.Create(CultureInfo.InvariantCulture, $"{name.Name} = {part}"))));
            }

            if (rows.Count == 0)
            {
                return tally.Result("P1", column.ToString(), Promise);
            }

            after = rows[^1].Key;
        }
    }

    private bool Holds(SealedColumn column, SealedRow row, string?[] fields)
    {
        try
        {
            if (column.IsBytes)
            {
                protector.OpenBytes(column, row.Bound, row.Sealed, new byte[Math.Max(0, row.Sealed.Length - SealedText.Overhead)]);
                return true;
            }

            protector.Open(column, row.Bound, row.Sealed, fields);
            return column.Fingerprint is null || column.Fingerprint(ring, fields) == row.Fingerprint;
        }
        catch (SealedTextException)
        {
            return false;
        }
    }
}
