using Npgsql;

namespace G2PBridge.Platform.Persistence;

/// <summary>
/// The database for questions about the status of many lines, on connections of its own. They are few, so that a server process soon has its plans and its
/// tables of pages together, which one of dozens never has; and questions wait for each other, not the work for them. A replica may stand
/// behind it: what is answered is then as old as the replica, and nothing that decides anything may be read here.
/// </summary>
internal sealed class StatusDatabase(NpgsqlDataSource source) : IAsyncDisposable
{
    /// <summary>A question uses up to four at once.</summary>
    public const int MostConnections = 8;

    /// <summary>The name of a replica's connection string.</summary>
    public const string Replica = "G2PBridgeReplica";

    /// <summary>The connection string of the replica; null where there is none.</summary>
    public static string? ReplicaOf(IConfiguration configuration) => configuration.GetConnectionString(Replica) is { Length: > 0 } replica ? replica : null;

    public ValueTask<NpgsqlConnection> OpenConnectionAsync(CancellationToken cancellationToken) => source.OpenConnectionAsync(cancellationToken);

    public Task<List<T>> QueryAsync<T>(string sql, object?[] values, Func<NpgsqlDataReader, T> read, CancellationToken cancellationToken) =>
        source.QueryAsync(sql, values, read, cancellationToken);

    public ValueTask DisposeAsync() => source.DisposeAsync();
}
