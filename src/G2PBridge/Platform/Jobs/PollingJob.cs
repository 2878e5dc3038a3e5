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
    private const int FailuresBeforeRest = 3;

    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken)
    {
        if (!registry.Jobs.TryGetValue(context.JobDetail.Key.Name, out var job))
        {
            return;
        }

        signal.Taken(job.Name);
        var workers = Enumerable.Range(0, job.Parallelism).Select(_ => DrainAsync(job, cancellationToken));
        var done = await Task.WhenAll(workers);
        if (done.Sum() > 0)
        {
            LogDone(job.Name, done.Sum());
        }
    }

    private async Task<int> DrainAsync(PollingJobDescription job, CancellationToken cancellationToken)
    {
        var (done, failed) = (0, 0);
        while (!cancellationToken.IsCancellationRequested && failed < FailuresBeforeRest)
        {
            await using var scope = scopes.CreateAsyncScope();
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
