using Npgsql;

namespace G2PBridge.Platform.Health;

/// <summary>Whether the database answers, now and within a few seconds.</summary>
internal sealed partial class DatabaseReach(NpgsqlDataSource source, ILogger<DatabaseReach> logger)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    public async Task<bool> IsReachedAsync(CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Patience);
        try
        {
            await using var command = source.CreateCommand("select 1");
            await command.ExecuteScalarAsync(limit.Token);
            return true;
        }
        catch (Exception exception) when (exception is NpgsqlException or TimeoutException || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            LogUnreachable(exception.GetType().Name);
            return false;
        }
    }

    [LoggerMessage(160, LogLevel.Warning, "The database did not answer a question about our health: {Fault}")]
    private partial void LogUnreachable(string fault);
}
