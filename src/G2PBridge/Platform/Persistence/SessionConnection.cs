using Npgsql;

namespace G2PBridge.Platform.Persistence;

/// <summary>
/// A connection for what outlives a transaction: advisory locks of a session, LISTEN, settings. Every other connection goes back to its
/// pool as it is, without the seven statements by which the driver would clean it, so nobody else may leave anything on one.
/// </summary>
internal sealed class SessionConnection : IAsyncDisposable
{
    private const string Clean = "select pg_advisory_unlock_all(); unlisten *; reset all";

    private readonly NpgsqlDataSource _source;

    private SessionConnection(NpgsqlDataSource source, NpgsqlConnection connection) => (_source, Connection) = (source, connection);

    public NpgsqlConnection Connection { get; }

    public static async Task<SessionConnection> OpenAsync(NpgsqlDataSource source, CancellationToken cancellationToken) => new(source, await source.OpenConnectionAsync(cancellationToken));

    /// <summary>Gives the connection back clean, or not at all.</summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            if (Connection.FullState == System.Data.ConnectionState.Open)
            {
                await using var clean = new NpgsqlCommand(Clean, Connection);
                await clean.ExecuteNonQueryAsync();
            }
        }
        catch (Exception exception) when (exception is NpgsqlException or InvalidOperationException)
        {
            // Whatever is given back to the pool from now on is closed, this one first.
            _source.Clear();
        }
        finally
        {
            await Connection.DisposeAsync();
        }
    }
}
