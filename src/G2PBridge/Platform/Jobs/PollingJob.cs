using MediatR;
using Quartz;

namespace G2PBridge.Platform.Jobs;

/// <summary>
/// Every background job of the bridge: sends the module's "do the next item" command until it answers that nothing is left.
/// It decides nothing. Doing the same item twice is prevented by the claim inside the command, never by this class:
/// <see cref="DisallowConcurrentExecutionAttribute"/> is politeness to ourselves.
/// </summary>
[DisallowConcurrentExecution]
internal sealed partial class PollingJob(IServiceScopeFactory scopes, PollingJobRegistry registry, WorkSignal signal, ILogger<PollingJob> logger) : IJob
{
    public const string NameKey = "job";

    private const int FailuresBeforeRest = 3;

    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken)
    {
        var job = registry.Jobs[context.JobDetail.JobDataMap.GetString(NameKey)!];
        signal.Taken(context.JobDetail.Key);
        var done = await DrainAsync(job, cancellationToken);
        if (done > 0)
        {
            LogDone(job.Name, done);
        }
    }

    private async Task<int> DrainAsync(PollingJobDescription job, CancellationToken cancellationToken)
    {
        var (done, failed) = (0, 0);
        while (!cancellationToken.IsCancellationRequested && failed < FailuresBeforeRest)
        {
            await using var scope = scopes.CreateAsyncScope();
            using var acting = Acting.AsJob(job.Name);
            try
            {
                if (!await scope.ServiceProvider.GetRequiredService<IMediator>().Send(job.NextItem(), cancellationToken))
                {
                    break;
                }

                done++;
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                break;
            }
#pragma warning disable CA1031 // One item that fails must not stop the others; the item's own lease brings it back.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                failed++;
                LogFailed(job.Name, exception);
            }
        }

        return done;
    }

    [LoggerMessage(101, LogLevel.Debug, "{Job}: {Done} done")]
    private partial void LogDone(string job, int done);

    [LoggerMessage(102, LogLevel.Error, "{Job}: an item failed; it is tried again when its lease ends")]
    private partial void LogFailed(string job, Exception exception);
}
