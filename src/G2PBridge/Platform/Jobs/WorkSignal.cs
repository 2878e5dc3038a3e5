using System.Collections.Concurrent;
using Quartz;

namespace G2PBridge.Platform.Jobs;

/// <summary>
/// Wakes a job before its interval is over, here and on every other host of the database. A nudge only: whoever forgets it, or dies
/// before it, loses time and nothing else, because the tables are what is polled.
/// </summary>
internal sealed class WorkSignal(ISchedulerFactory schedulers, IServiceProvider provider, WorkNews news)
{
    private readonly ConcurrentDictionary<JobKey, bool> _raised = new();

    /// <summary>To be called after the commit that made the work.</summary>
    public Task RaiseAsync(string jobName, CancellationToken cancellationToken)
    {
        news.Add(jobName);
        return WakeAsync(jobName, cancellationToken);
    }

    /// <summary>Wakes the job on this host alone.</summary>
    public async Task WakeAsync(string jobName, CancellationToken cancellationToken)
    {
        if (!provider.GetRequiredService<PollingJobRegistry>().Jobs.TryGetValue(jobName, out var job))
        {
            return;
        }

        foreach (var worker in job.Workers)
        {
            // Many callers, one nudge: a second one before the worker has started says nothing new.
            if (_raised.TryAdd(worker, true) && !await TriggerAsync(worker, cancellationToken))
            {
                Taken(worker);
            }
        }
    }

    public void Taken(JobKey worker) => _raised.TryRemove(worker, out _);

    private async Task<bool> TriggerAsync(JobKey worker, CancellationToken cancellationToken)
    {
        var scheduler = await schedulers.GetScheduler(cancellationToken);
        if (scheduler.Status != SchedulerStatus.Running || await scheduler.GetJobDetail(worker, cancellationToken) is null)
        {
            return false;
        }

        await scheduler.TriggerJob(worker, cancellationToken: cancellationToken);
        return true;
    }
}

/// <summary>Jobs that other hosts have not been told about yet; as many as there are kinds of jobs, however often each was raised.</summary>
internal sealed class WorkNews : IDisposable
{
    private readonly ConcurrentDictionary<string, bool> _jobs = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _some = new(0, 1);

    public void Add(string jobName)
    {
        if (_jobs.TryAdd(jobName, true))
        {
            try
            {
                _some.Release();
            }
            catch (SemaphoreFullException)
            {
                // Whoever waits will find this one too.
            }
        }
    }

    /// <summary>Waits until there is any.</summary>
    public async Task<IReadOnlyList<string>> TakeAsync(CancellationToken cancellationToken)
    {
        await _some.WaitAsync(cancellationToken);
        return [.. _jobs.Keys.Where(job => _jobs.TryRemove(job, out _))];
    }

    public void Dispose() => _some.Dispose();
}
