using G2PBridge.Platform.Audit;
using Npgsql;

namespace G2PBridge.Platform.Persistence;

/// <summary>
/// The database as modules use it outside their contexts. Whatever is written through it is sealed with an audit block in the same
/// transaction (ADR 0024); the database refuses what is not.
/// </summary>
internal sealed class BridgeDatabase(NpgsqlDataSource source, AuditSeal seal)
{
    /// <summary>For reading, and for transactions that end with <see cref="CommitAsync"/>.</summary>
    public ValueTask<NpgsqlConnection> OpenConnectionAsync(CancellationToken cancellationToken) => source.OpenConnectionAsync(cancellationToken);

    /// <summary>For locks and settings that outlive a transaction.</summary>
    public Task<SessionConnection> OpenSessionAsync(CancellationToken cancellationToken) => SessionConnection.OpenAsync(source, cancellationToken);

    /// <summary>For reading.</summary>
    public NpgsqlCommand CreateCommand(string sql) => source.CreateCommand(sql);

    /// <summary>For reading; a statement that changes and returns goes through <c>ChangeAsync</c>.</summary>
    public Task<List<T>> QueryAsync<T>(string sql, object?[] values, Func<NpgsqlDataReader, T> read, CancellationToken cancellationToken) =>
        source.QueryAsync(sql, values, read, cancellationToken);

    /// <summary>Ends a transaction that changed something: the audit block and the commit go out together.</summary>
    public Task CommitAsync(NpgsqlTransaction transaction, CancellationToken cancellationToken) => seal.CommitAsync(transaction, cancellationToken);

    /// <summary>One statement that changes rows, in a transaction of its own; gives how many.</summary>
    public async Task<int> ExecuteAsync(string sql, object?[] values, CancellationToken cancellationToken)
    {
        return (await ChangeAsync([(sql, values)], _ => 0, cancellationToken)).Affected;
    }

    /// <summary>One statement that changes rows and returns some of them, in a transaction of its own.</summary>
    public async Task<List<T>> ChangeAsync<T>(string sql, object?[] values, Func<NpgsqlDataReader, T> read, CancellationToken cancellationToken) =>
        (await ChangeAsync([(sql, values)], read, cancellationToken)).Rows;

    /// <summary>Several statements in one transaction of their own and one message; the last may return rows.</summary>
    public async Task<List<T>> ChangeAsync<T>((string Sql, object?[] Values) first, (string Sql, object?[] Values) second, Func<NpgsqlDataReader, T> read, CancellationToken cancellationToken) =>
        (await ChangeAsync([first, second], read, cancellationToken)).Rows;

    private async Task<(List<T> Rows, int Affected)> ChangeAsync<T>((string Sql, object?[] Values)[] statements, Func<NpgsqlDataReader, T> read, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using var batch = new NpgsqlBatch(connection, transaction);
        foreach (var (sql, values) in statements)
        {
            batch.Add(sql, values.AsSpan());
        }

        if (seal.IsOn)
        {
            batch.Add(AuditSeal.Unsealed);
        }

        var rows = new List<T>();
        UnsealedChanges? changes = null;
        await using (var reader = await batch.ReadPreparedAsync(cancellationToken))
        {
            // A statement that returns nothing has no result of its own; the first that there is, is then the question's.
            if (!seal.IsOn || reader.FieldCount == 0 || reader.GetName(0) != AuditSeal.FirstColumn)
            {
                while (await reader.ReadAsync(cancellationToken))
                {
                    rows.Add(read(reader));
                }

                await reader.NextResultAsync(cancellationToken);
            }

            changes = seal.IsOn ? await AuditSeal.ReadAsync(reader, cancellationToken) : null;
        }

        var affected = (int)batch.BatchCommands[0].RecordsAffected;
        await seal.CommitAsync(transaction, changes, cancellationToken);
        return (rows, affected);
    }
}
