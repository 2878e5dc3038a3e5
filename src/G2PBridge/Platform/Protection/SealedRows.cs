using Npgsql;

namespace G2PBridge.Platform.Protection;

/// <summary>One ciphertext with its row.</summary>
/// <param name="Key">Of the row that it stands in.</param>
/// <param name="Bound">The row that it is bound to; of a copy, the original's.</param>
internal sealed record SealedRow(object[] Key, RowKey Bound, byte[] Sealed, Guid? Fingerprint);

/// <summary>Goes through a column of ciphertexts in the order of its table's key, a slice at a time, whatever the table's size.</summary>
internal static class SealedRows
{
    private const int RowsAtOnce = 2_000;

    /// <summary>Parts of files have up to a mebibyte.</summary>
    private const int PartsAtOnce = 4;

    /// <summary>The next slice after a row; with <paramref name="butNotUnder"/>, those under other keys only. Empty at the end.</summary>
    public static async Task<List<SealedRow>> ReadAsync(NpgsqlConnection connection, SealedColumn column, object[]? after, int? butNotUnder, CancellationToken cancellationToken)
    {
        var key = string.Join(", ", column.Key.Select(part => part.Name));
        var hasFingerprint = column.FingerprintColumn is not null;
        var bound = column.Copy?.Row ?? [];
        await using var command = new NpgsqlCommand { Connection = connection, CommandTimeout = 0 };
        var where = $"{column.Column} is not null";
        if (after is not null)
        {
            where += $" and ({key}) > ({string.Join(", ", after.Select((_, i) => $"${i + 1}"))})";
            command.Parameters.AddRange(after.Select(value => new NpgsqlParameter { Value = value }).ToArray());
        }

        if (butNotUnder is { } id)
        {
            command.Parameters.Add(new NpgsqlParameter { Value = KeyBytes(id) });
            where += $" and substring({column.Column} from 2 for 4) <> ${command.Parameters.Count}";
        }

        command.CommandText =
            $"select {key}, {column.Column}{string.Concat(bound.Append(column.FingerprintColumn).OfType<string>().Select(name => $", {name}"))} from {column.Table} where {where} order by {key} limit {(column.IsBytes ? PartsAtOnce : RowsAtOnce)}";
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var rows = new List<SealedRow>();
        while (await reader.ReadAsync(cancellationToken))
        {
            var values = new object[column.Key.Count];
            for (var i = 0; i < values.Length; i++)
            {
                values[i] = reader.GetValue(i);
            }

            var at = values.Length + 1;
            var row = RowKey.Of(bound.Count == 0 ? values : [.. Enumerable.Range(at, bound.Count).Select(reader.GetValue)]);
            at += bound.Count;
            rows.Add(new SealedRow(values, row, reader.GetFieldValue<byte[]>(values.Length), hasFingerprint && !reader.IsDBNull(at) ? reader.GetGuid(at) : null));
        }

        return rows;
    }

    /// <summary>Puts new ciphertexts in the place of those that were read; a row that somebody changed meanwhile is left as it is.</summary>
    public static async Task<int> ReplaceAsync(NpgsqlConnection connection, SealedColumn column, IReadOnlyList<SealedRow> rows, IReadOnlyList<byte[]> anew, CancellationToken cancellationToken)
    {
        var names = column.Key.Select((_, i) => $"k{i}").ToList();
        await using var command = new NpgsqlCommand(
            $"""
            update {column.Table} t set {column.Column} = n.anew
            from unnest({string.Join(", ", column.Key.Select((part, i) => $"${i + 1}::{part.Type}[]"))}, ${names.Count + 1}::bytea[], ${names.Count + 2}::bytea[]) as n({string.Join(", ", names)}, former, anew)
            where {string.Join(" and ", column.Key.Select((part, i) => $"t.{part.Name} = n.k{i}"))} and t.{column.Column} = n.former
            """, connection)
        { CommandTimeout = 0 };
        for (var i = 0; i < names.Count; i++)
        {
            var values = Array.CreateInstance(rows[0].Key[i].GetType(), rows.Count);
            for (var row = 0; row < rows.Count; row++)
            {
                values.SetValue(rows[row].Key[i], row);
            }

            command.Parameters.Add(new NpgsqlParameter { Value = values });
        }

        command.Parameters.Add(new NpgsqlParameter { Value = rows.Select(row => row.Sealed).ToArray() });
        command.Parameters.Add(new NpgsqlParameter { Value = anew.ToArray() });
        return await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>The tables of a module that was never switched on are not there.</summary>
    public static async Task<bool> ExistsAsync(NpgsqlConnection connection, SealedColumn column, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("select to_regclass($1) is not null", connection) { Parameters = { new() { Value = column.Table } } };
        return (bool)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    /// <summary>How many rows are under each key.</summary>
    public static async Task<Dictionary<int, long>> CountAsync(NpgsqlConnection connection, SealedColumn column, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand($"select substring({column.Column} from 1 for 5), count(*) from {column.Table} where {column.Column} is not null group by 1", connection) { CommandTimeout = 0 };
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var counts = new Dictionary<int, long>();
        while (await reader.ReadAsync(cancellationToken))
        {
            var start = reader.GetFieldValue<byte[]>(0);
            var id = start.Length == 5 ? System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(start.AsSpan(1)) : 0;
            counts[id] = counts.GetValueOrDefault(id) + reader.GetInt64(1);
        }

        return counts;
    }

    private static byte[] KeyBytes(int id)
    {
        var bytes = new byte[4];
        System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(bytes, id);
        return bytes;
    }
}
