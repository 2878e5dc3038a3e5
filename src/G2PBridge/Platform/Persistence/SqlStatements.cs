using System.Runtime.CompilerServices;
using Npgsql;

namespace G2PBridge.Platform.Persistence;

/// <summary>
/// Short forms for set statements with positional parameters; a null value becomes SQL's. What runs again and again is prepared, once a
/// connection, in a step of its own: the driver's automatic preparation loses a statement that fails on the very call that prepares it, and
/// the next call of it on that connection then fails too (npgsql#6391, met by the fuzz run).
/// </summary>
internal static class SqlStatements
{
    /// <summary>Ready to be executed, and prepared from the first time on.</summary>
    public static Task<NpgsqlCommand> PreparedAsync(this NpgsqlConnection connection, string sql, CancellationToken cancellationToken, params ReadOnlySpan<object?> values) =>
        PreparedAsync(connection.Statement(sql, values), cancellationToken);

    /// <inheritdoc cref="Add(NpgsqlBatch, string, string[])"/>
    [OverloadResolutionPriority(1)]
#pragma warning disable CA1068 // It has to be called like the other.
    public static Task<NpgsqlCommand> PreparedAsync(this NpgsqlConnection connection, string sql, CancellationToken cancellationToken, string[] texts) =>
        PreparedAsync(connection.Statement(sql, texts), cancellationToken);
#pragma warning restore CA1068

    public static async Task<NpgsqlCommand> PreparedAsync(this NpgsqlCommand command, CancellationToken cancellationToken)
    {
        try
        {
            await command.PrepareAsync(cancellationToken);
            return command;
        }
        catch
        {
            await command.DisposeAsync();
            throw;
        }
    }

    public static async Task<int> RunPreparedAsync(this NpgsqlBatch batch, CancellationToken cancellationToken)
    {
        await batch.PrepareAsync(cancellationToken);
        return await batch.ExecuteNonQueryAsync(cancellationToken);
    }

    public static async Task<NpgsqlDataReader> ReadPreparedAsync(this NpgsqlBatch batch, CancellationToken cancellationToken)
    {
        await batch.PrepareAsync(cancellationToken);
        return await batch.ExecuteReaderAsync(cancellationToken);
    }

    /// <summary>For what runs once, or is written anew each time.</summary>
    public static NpgsqlCommand Statement(this NpgsqlConnection connection, string sql, params ReadOnlySpan<object?> values)
    {
        var command = new NpgsqlCommand(sql, connection);
        Add(command.Parameters, values);
        return command;
    }

    /// <summary>
    /// One parameter that is an array of texts. Without this it would be taken for the list of parameters, since it is an array of objects too.
    /// </summary>
    [OverloadResolutionPriority(1)]
    public static void Add(this NpgsqlBatch batch, string sql, string[] texts)
    {
        var command = new NpgsqlBatchCommand(sql);
        Add(command.Parameters, [texts]);
        batch.BatchCommands.Add(command);
    }

    /// <inheritdoc cref="Add(NpgsqlBatch, string, string[])"/>
    [OverloadResolutionPriority(1)]
    public static NpgsqlCommand Statement(this NpgsqlConnection connection, string sql, string[] texts)
    {
        var command = new NpgsqlCommand(sql, connection);
        Add(command.Parameters, [texts]);
        return command;
    }

    public static void Add(this NpgsqlBatch batch, string sql, params ReadOnlySpan<object?> values)
    {
        var command = new NpgsqlBatchCommand(sql);
        Add(command.Parameters, values);
        batch.BatchCommands.Add(command);
    }

    public static async Task<int> ExecuteAsync(this NpgsqlDataSource source, string sql, object?[] values, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await using var command = await connection.PreparedAsync(sql, cancellationToken, values.AsSpan());
        return await command.ExecuteNonQueryAsync(cancellationToken);
    }

    public static async Task<List<T>> QueryAsync<T>(
        this NpgsqlDataSource source, string sql, object?[] values, Func<NpgsqlDataReader, T> read, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        return await connection.QueryAsync(sql, values, read, cancellationToken);
    }

    public static async Task<List<T>> QueryAsync<T>(
        this NpgsqlConnection connection, string sql, object?[] values, Func<NpgsqlDataReader, T> read, CancellationToken cancellationToken)
    {
        await using var command = await connection.PreparedAsync(sql, cancellationToken, values.AsSpan());
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var rows = new List<T>();
        while (await reader.ReadAsync(cancellationToken))
        {
            rows.Add(read(reader));
        }

        return rows;
    }

    /// <summary>However long it takes: for what looks through whole tables.</summary>
    public static async Task<List<T>> PatientQueryAsync<T>(
        this NpgsqlConnection connection, string sql, object?[] values, Func<NpgsqlDataReader, T> read, CancellationToken cancellationToken)
    {
        await using var command = await connection.PreparedAsync(sql, cancellationToken, values.AsSpan());
        command.CommandTimeout = 0;
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var rows = new List<T>();
        while (await reader.ReadAsync(cancellationToken))
        {
            rows.Add(read(reader));
        }

        return rows;
    }

    public static string? TextOrNull(this NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetString(column);

    public static int? NumberOrNull(this NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetInt32(column);

    public static DateTimeOffset? TimeOrNull(this NpgsqlDataReader reader, int column) =>
        reader.IsDBNull(column) ? null : reader.GetFieldValue<DateTimeOffset>(column);

    private static void Add(NpgsqlParameterCollection parameters, ReadOnlySpan<object?> values)
    {
        foreach (var value in values)
        {
            parameters.Add(new NpgsqlParameter { Value = value ?? DBNull.Value });
        }
    }
}
