using Npgsql;

namespace G2PBridge.Platform.Persistence;

/// <summary>
/// Puts what happens to one envelope in an order. Whoever is about to send lines holds the gate shared while the intent is
/// written; whoever wants to stop them (cancel, pause) holds it alone. So either the stop is seen before the intent exists,
/// or the intent is seen before the stop is granted. The gate is an advisory lock of the transaction: it ends with it,
/// however it ends, and it ties no module's tables to another's.
/// </summary>
internal static class EnvelopeGate
{
    private const int LockClass = 0x6732;

    /// <summary>Held until the transaction of <paramref name="connection"/> ends; waits for anyone who holds it alone.</summary>
    public static Task ShareAsync(NpgsqlConnection connection, long envelopeNumber, CancellationToken cancellationToken) =>
        TakeAsync("select pg_advisory_xact_lock_shared($1, $2)", connection, envelopeNumber, cancellationToken);

    /// <summary>Held alone until the transaction of <paramref name="connection"/> ends.</summary>
    public static Task CloseAsync(NpgsqlConnection connection, long envelopeNumber, CancellationToken cancellationToken) =>
        TakeAsync("select pg_advisory_xact_lock($1, $2)", connection, envelopeNumber, cancellationToken);

    private static async Task TakeAsync(string sql, NpgsqlConnection connection, long envelopeNumber, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection)
        {
            Parameters = { new() { Value = LockClass }, new() { Value = unchecked((int)envelopeNumber) } },
        };
        await command.PrepareAsync(cancellationToken);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
