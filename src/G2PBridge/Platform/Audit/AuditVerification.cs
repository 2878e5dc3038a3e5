using System.Globalization;
using G2PBridge.Platform.Persistence;
using G2PBridge.Platform.Verification;
using Npgsql;

namespace G2PBridge.Platform.Audit;

/// <summary>
/// I7: the chain is whole, every row is as its last block left it, no row is there that no block knows, and no older state of the
/// database has been put in the place of a newer one.
/// </summary>
internal sealed class AuditVerification(NpgsqlDataSource source, AuditTables tables, AuditKeys keys, AuditSeal seal, AuditAnchors anchors) : IInvariantCheck
{
    public async Task<IReadOnlyList<InvariantResult>> CheckAsync(CancellationToken cancellationToken)
    {
        if (!seal.IsOn)
        {
            return [new("I7", "", "The audit chain is whole", 0, 0, [], "the audit trail is switched off (Audit:Enabled)")];
        }

        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        // One state of the database for chain, rows and anchors, whatever is committed meanwhile.
        await using var snapshot = await connection.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead, cancellationToken);
        // Rows are compared with what the triggers wrote, so they are written alike.
        await using (var settings = connection.Statement("select set_config('timezone', 'UTC', true), set_config('datestyle', 'ISO', true), set_config('intervalstyle', 'postgres', true), set_config('bytea_output', 'hex', true)"))
        {
            await settings.ExecuteNonQueryAsync(cancellationToken);
        }

        var results = new List<InvariantResult> { await new AuditChain(connection, keys).CheckAsync(cancellationToken), await anchors.CheckAsync(connection, cancellationToken) };
        var beginnings = (await connection.QueryAsync(
            """
            select distinct on (c.table_name) c.table_name, c.no, b.number, c.after::text
              from audit.change c left join audit.block b on b.transaction = c.transaction where c.operation = 'shape' order by c.table_name, c.no desc
            """,
            [], reader => (Table: reader.GetString(0), Beginning: new Beginning(reader.GetInt64(1), reader.IsDBNull(2) ? null : reader.GetInt64(2), reader.GetString(3))), cancellationToken))
            .ToDictionary(found => found.Table, found => found.Beginning, StringComparer.Ordinal);
        foreach (var schema in (await tables.ShapesAsync(connection, cancellationToken)).GroupBy(shape => shape.Table.Schema))
        {
            results.Add(await CheckRowsAsync(connection, schema.Key, schema, beginnings, cancellationToken));
        }

        return results;
    }

    private static async Task<InvariantResult> CheckRowsAsync(NpgsqlConnection connection, string schema, IEnumerable<AuditShape> shapes, IReadOnlyDictionary<string, Beginning> beginnings, CancellationToken cancellationToken)
    {
        var (looked, breaches, first) = (0L, 0L, new List<(long? Block, string What)>());
        foreach (var shape in shapes)
        {
            var (rows, broken, described) = await CheckTableAsync(connection, shape, beginnings.GetValueOrDefault(shape.Table.Name), cancellationToken);
            looked += rows;
            breaches += broken;
            first.AddRange(described.Select(breach => (breach.Block, $"{(breach.Block is { } block ? string.Create(CultureInfo.InvariantCulture, $"block {block}: ") : "")}{shape.Table.Name} {breach.What}")));
        }

        // The first broken block first; what no block knows comes last.
        return new("I7", schema, "Every row is as its last audit block left it", looked, breaches,
            [.. first.OrderBy(breach => breach.Block ?? long.MaxValue).Take(InvariantSnapshot.Named).Select(breach => breach.What)]);
    }

    private static async Task<(long Looked, long Breaches, IReadOnlyList<RowBreach> First)> CheckTableAsync(NpgsqlConnection connection, AuditShape shape, Beginning? begun, CancellationToken cancellationToken) =>
        begun is null
            ? (0, 1, [new(null, "has no audit trail; run 'g2pbridge migrate'")])
            : AuditTables.Normal(begun.Shape) != shape.Description
                ? (0, 1, [new(begun.Block, "has other columns or another key than its audit trail; run 'g2pbridge migrate'")])
                : await new AuditedRows(connection, shape, begun.No).CheckAsync(cancellationToken);

    /// <summary>The record from which a table's trail counts, and what it says of the table.</summary>
    private sealed record Beginning(long No, long? Block, string Shape);
}
