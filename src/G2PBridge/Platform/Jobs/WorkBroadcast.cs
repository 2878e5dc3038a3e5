using G2PBridge.Platform.Persistence;
using Npgsql;

namespace G2PBridge.Platform.Jobs;

/// <summary>
/// Tells the other hosts of the database which jobs have work, and hears it from them, by LISTEN and NOTIFY. Told at once when it was
/// quiet, else every tenth of a second and each job once, so that a host at full speed tells ten times a second and not a thousand
/// times. One connection listens; while it is lost the polling goes on, and when it is back every job looks once.
/// </summary>
internal sealed partial class WorkBroadcast(WorkNews news, WorkSignal signal, PollingJobRegistry registry, HostPresence presence, NpgsqlDataSource source, ILogger<WorkBroadcast> logger)
    : BackgroundService
{
    public const string Channel = "g2p_work";

    private static readonly TimeSpan Gap = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LooksAlive = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan AfterLoss = TimeSpan.FromSeconds(2);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(TellAsync(stoppingToken), ListenAsync(stoppingToken));

    private async Task TellAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                var jobs = await news.TakeAsync(stoppingToken);
                await source.ExecuteAsync("select pg_notify($1, $2)", [Channel, FormattableString.Invariant($"{presence.Id}:{string.Join(',', jobs)}")], stoppingToken);
                await Task.Delay(Gap, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception) when (IsLoss(exception))
            {
                LogNotTold(exception.GetType().Name);
            }
        }
    }

    private async Task ListenAsync(CancellationToken stoppingToken)
    {
        for (var again = false; !stoppingToken.IsCancellationRequested; again = true)
        {
            try
            {
                await HearAsync(again, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception) when (IsLoss(exception))
            {
                LogLost(exception.GetType().Name);
                await Task.Delay(AfterLoss, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task HearAsync(bool missedSome, CancellationToken stoppingToken)
    {
        var heard = new HashSet<string>(StringComparer.Ordinal);
        await using var session = await SessionConnection.OpenAsync(source, stoppingToken);
        var connection = session.Connection;
        connection.Notification += (_, notification) => heard.UnionWith(JobsOf(notification.Payload));
        await ExecuteAsync(connection, $"listen {Channel}", stoppingToken);
        if (missedSome)
        {
            heard.UnionWith(registry.Jobs.Keys);
        }

        while (true)
        {
            foreach (var job in heard)
            {
                await signal.WakeAsync(job, stoppingToken);
            }

            heard.Clear();
            if (!await connection.WaitAsync(LooksAlive, stoppingToken))
            {
                await ExecuteAsync(connection, "select 1", stoppingToken);
            }
        }
    }

    /// <summary>What we said ourselves is no news.</summary>
    private string[] JobsOf(string payload) =>
        payload.Split(':') is [var host, var jobs] && host != presence.Id.ToString(System.Globalization.CultureInfo.InvariantCulture) ? jobs.Split(',') : [];

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = connection.Statement(sql);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static bool IsLoss(Exception exception) => exception is NpgsqlException or InvalidOperationException or TimeoutException or System.Net.Sockets.SocketException;

    [LoggerMessage(103, LogLevel.Debug, "The other hosts were not told of new work ({Exception}); they poll")]
    private partial void LogNotTold(string exception);

    [LoggerMessage(104, LogLevel.Warning, "The connection that hears of new work was lost ({Exception}); this host polls until it is back")]
    private partial void LogLost(string exception);
}
