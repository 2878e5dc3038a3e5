using System.Collections.Concurrent;
using G2PBridge.Modules.Disbursement.Domain;
using Npgsql;

namespace G2PBridge.IntegrationTests.Safety;

/// <summary>One piece of work of one logical host, with a chance of its own so that the others' timing cannot change what it draws.</summary>
internal sealed class Actor(string name, int seed) : IDisposable
{
    public string Name { get; } = name;

    public Random Chance { get; } = new(seed);

    public SemaphoreSlim Gate { get; } = new(0);

    /// <summary>Cancelled when it is killed, so that whatever it waits for ends too.</summary>
    public CancellationTokenSource Life { get; } = new();

    public string? StandsAt { get; set; }

    public bool IsKilled { get; set; }

    public bool IsOver { get; set; }

    public Task Work { get; set; } = Task.CompletedTask;

    public void Dispose()
    {
        Gate.Dispose();
        Life.Dispose();
    }
}

/// <summary>
/// Lets many pieces of work run, one at a time between two points where a seed decides who goes on: steps of the send path and calls to
/// the bank. Whoever stands at a point can be let through, left standing for as long as the seed likes, or killed there. Work that waits for
/// a lock in the database, held by somebody who stands, counts as standing too.
/// </summary>
internal sealed class Turnstile(NpgsqlDataSource source) : ISendObserver, IDisposable
{
    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(8);

    private static readonly AsyncLocal<Actor?> Running = new();

    private readonly List<Actor> _actors = [];
    private readonly SemaphoreSlim _changed = new(0);
    private bool _isOpen = true;
    private double _share;

    public static Actor? Current => Running.Value;

    /// <summary>Work that ended in a way that nothing of what was done to it explains.</summary>
    public ConcurrentQueue<string> Faults { get; } = new();

    /// <summary>Connections were cut in this world, so their loss explains a fault.</summary>
    public bool ConnectionsAreCut { get; set; }

    public ConcurrentQueue<string> Trace { get; } = new();

    /// <summary>Where somebody was killed.</summary>
    public ConcurrentQueue<string> Deaths { get; } = new();

    public IReadOnlyList<Actor> Standing => [.. _actors.Where(actor => actor.StandsAt is not null)];

    public int Alive => _actors.Count(actor => !actor.IsOver);

    /// <summary>From now on a share of all points stops whoever comes to them.</summary>
    public void Close(double share) => (_isOpen, _share) = (false, share);

    public void Start(string name, int seed, Func<Actor, Task> work)
    {
        var actor = new Actor(name, seed);
        _actors.Add(actor);
        Say($"start {name}");
        actor.Work = Task.Run(() => RunAsync(actor, work));
    }

    public void Resume(Actor actor)
    {
        Say($"go on {actor.Name} at {actor.StandsAt}");
        Release(actor);
    }

    public void Kill(Actor actor)
    {
        Say($"kill {actor.Name} at {actor.StandsAt}");
        Deaths.Enqueue(actor.StandsAt!.Split(' ')[0] is var step && Enum.TryParse<SendStep>(step, out _) ? step : actor.StandsAt);
        actor.IsKilled = true;
        actor.Life.Cancel();
        Release(actor);
    }

    public void Reached(SendStep step, long chunkId)
    {
        if (Running.Value is not { } actor)
        {
            return;
        }

        if (!actor.IsKilled && MustStand(actor))
        {
            Stand(actor, $"{step} of chunk {chunkId}");
            actor.Gate.Wait();
        }

        if (actor.IsKilled)
        {
            throw new SimulatedCrashException();
        }
    }

    /// <summary>A point where no exception may be thrown: whoever is killed here dies at its next step.</summary>
    public async Task ReachedAsync(string point)
    {
        if (Running.Value is { IsKilled: false } actor && MustStand(actor))
        {
            Stand(actor, point);
            await actor.Gate.WaitAsync();
        }
    }

    /// <summary>Until everybody stands, waits for a lock or is over.</summary>
    public async Task QuietAsync()
    {
        while (RunningNow() is > 0 and var running)
        {
            if (!await _changed.WaitAsync(Glance) && running == await WaitingForLocksAsync() && running == RunningNow())
            {
                return;
            }
        }
    }

    /// <summary>Lets everybody go on to the end.</summary>
    public async Task OpenAsync()
    {
        _isOpen = true;
        foreach (var actor in Standing)
        {
            Resume(actor);
        }

        await Task.WhenAll(_actors.Select(actor => actor.Work));
        _actors.ForEach(actor => actor.Dispose());
        _actors.Clear();
    }

    public void Dispose() => _changed.Dispose();

    public void Say(string what) => Trace.Enqueue(what);

    private int RunningNow() => _actors.Count(actor => !actor.IsOver && actor.StandsAt is null);

    private bool MustStand(Actor actor) => !_isOpen && actor.Chance.NextDouble() < _share;

    private void Stand(Actor actor, string point)
    {
        actor.StandsAt = point;
        _changed.Release();
    }

    private static void Release(Actor actor)
    {
        actor.StandsAt = null;
        actor.Gate.Release();
    }

    private async Task RunAsync(Actor actor, Func<Actor, Task> work)
    {
        Running.Value = actor;
        try
        {
            await work(actor);
        }
        catch (Exception exception) when (exception is SimulatedCrashException || actor.IsKilled || (ConnectionsAreCut && IsLostConnection(exception)))
        {
            Say($"{actor.Name} died of {exception.GetType().Name}");
        }
#pragma warning disable CA1031 // A fault of the work is a finding about this seed.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Faults.Enqueue($"{actor.Name}: {exception}");
        }
        finally
        {
            actor.IsOver = true;
            _changed.Release();
        }
    }

    private static bool IsLostConnection(Exception exception) =>
        exception is NpgsqlException or IOException or ObjectDisposedException || (exception.InnerException is { } inner && IsLostConnection(inner));

    private async Task<int> WaitingForLocksAsync()
    {
        await using var count = source.CreateCommand("select count(*)::int from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'");
        return (int)(await count.ExecuteScalarAsync())!;
    }
}
