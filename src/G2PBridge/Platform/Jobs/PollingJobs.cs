using System.Globalization;
using MediatR;
using Microsoft.Extensions.Options;
using Quartz;

namespace G2PBridge.Platform.Jobs;

/// <summary>One kind of background work: what is sent through MediatR until there is nothing left to do.</summary>
/// <param name="Name">Kebab case, unique; also the name under which the work is woken.</param>
/// <param name="Module">The owning module's schema name.</param>
/// <param name="Interval">How often the tables are looked at when nobody wakes the job.</param>
/// <param name="Parallelism">How many items are worked on at once in this process; other replicas add theirs.</param>
/// <param name="NextItem">Claims and does one item; true when there was one.</param>
internal sealed record PollingJobDescription(string Name, string Module, TimeSpan Interval, int Parallelism, Func<IRequest<bool>> NextItem)
{
    /// <summary>One Quartz job per worker: a worker that waits for a slow party does not keep the others from being woken.</summary>
    public IEnumerable<JobKey> Workers => Enumerable.Range(1, Parallelism).Select(number => new JobKey(string.Create(CultureInfo.InvariantCulture, $"{Name}-{number}"), Module));
}

internal static class PollingJobs
{
    /// <summary>
    /// Registers a job. The schedule lives in memory and every replica polls: the claim in the tables alone shares the
    /// work out, so losing the scheduler loses nothing (ADR 0004).
    /// </summary>
    public static IServiceCollection AddPollingJob(this IServiceCollection services, Func<IServiceProvider, PollingJobDescription> describe)
    {
        services.AddSingleton(describe);
        return services;
    }

    public static IServiceCollection AddJobScheduler(this IServiceCollection services)
    {
        services.AddOptions<JobsOptions>().BindConfiguration(JobsOptions.Section);
        services.AddSingleton<WorkSignal>();
        services.AddSingleton<WorkNews>();
        services.AddHostedService<WorkBroadcast>();
        services.AddSingleton<PollingJobRegistry>();
        // Workers wait for banks and mappers far more than they compute; each has its place.
        services.AddQuartz(quartz => quartz.UseDefaultThreadPool(pool => pool.MaxConcurrency = 256));
        services.AddQuartzHostedService(options => options.WaitForJobsToComplete = true);
        services.AddHostedService<PollingJobScheduling>();
        return services;
    }
}

/// <summary>All jobs of this host by name.</summary>
internal sealed class PollingJobRegistry(IEnumerable<PollingJobDescription> descriptions)
{
    public IReadOnlyDictionary<string, PollingJobDescription> Jobs { get; } = descriptions.ToDictionary(job => job.Name, StringComparer.Ordinal);
}

internal sealed class JobsOptions
{
    public const string Section = "Jobs";

    /// <summary>Off: this host answers requests and leaves all background work to the others on the same database.</summary>
    public bool Enabled { get; init; } = true;
}

/// <summary>Puts the registered jobs on Quartz' schedule once the host has started.</summary>
internal sealed class PollingJobScheduling(PollingJobRegistry registry, ISchedulerFactory schedulers, IOptions<JobsOptions> options, TimeProvider clock) : IHostedService
{
    /// <summary>All workers compile their first statements at once; a little later, the host's first answer does not wait for them. A nudge does not wait.</summary>
    private static readonly TimeSpan FirstLook = TimeSpan.FromSeconds(1);

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (!options.Value.Enabled)
        {
            return;
        }

        var scheduler = await schedulers.GetScheduler(cancellationToken);
        foreach (var job in registry.Jobs.Values)
        {
            foreach (var key in job.Workers)
            {
                var detail = JobBuilder.Create<PollingJob>().WithIdentity(key).UsingJobData(PollingJob.NameKey, job.Name).Build();
                var trigger = TriggerBuilder.Create()
                    .WithIdentity(key.Name, key.Group)
                    .StartAt(clock.GetUtcNow() + FirstLook)
                    .WithSimpleSchedule(schedule => schedule.WithInterval(job.Interval).RepeatForever())
                    .Build();
                await scheduler.ScheduleJob(detail, trigger, cancellationToken: cancellationToken);
            }
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
