using System.ComponentModel.DataAnnotations;
using G2PBridge.Modules.InKind.Domain;

namespace G2PBridge.Modules.InKind;

/// <summary>How places are looked up and served. Registries and directories stand in the same section.</summary>
internal sealed class InKindOptions : IValidatableObject
{
    public const string Section = "InKind";

    private static readonly TimeSpan[] DefaultRetryDelays =
        [TimeSpan.FromSeconds(30), TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(30), TimeSpan.FromHours(2), TimeSpan.FromHours(6)];

    /// <summary>Most people in one question to a registry.</summary>
    [Range(1, 100_000)]
    public int PeoplePerQuestion { get; init; } = 10_000;

    /// <summary>New batches taken from the intake in one go.</summary>
    [Range(1, 1_000)]
    public int BatchesPerTake { get; init; } = 100;

    /// <summary>Batches worked on at once in this process, for each task.</summary>
    [Range(1, 16)]
    public int Parallelism { get; init; } = 1;

    /// <summary>How often the tables are looked at when nobody wakes the jobs.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "01:00:00")]
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How often it is looked whether an envelope of cash by hand has become due.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan PayoutInterval { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a dead worker holds a task; longer than the longest batch takes.</summary>
    [Range(typeof(TimeSpan), "00:00:05", "02:00:00")]
    public TimeSpan Lease { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How long one question to a registry or directory may take.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan CallTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Pauses between looking again for whoever was left out; after the last one only a person looks again. Null: 30 s, 5 min, 30 min, 2 h, 6 h.</summary>
    public TimeSpan[]? RetryDelays { get; init; }

    /// <summary>Pause after a failed attempt; it doubles with each further one.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan FirstFailureDelay { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The longest pause after failed attempts.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan LongestFailureDelay { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>After so many failed attempts in a row a task shows ERROR; it goes on being tried.</summary>
    [Range(1, 1_000)]
    public int MaxFailedAttempts { get; init; } = 3;

    public AllocationOptions Warehouses { get; init; } = new();

    public AllocationOptions Agencies { get; init; } = new();

    /// <summary>When whoever was left out is looked for again; null when the rounds are used up.</summary>
    public TimeSpan? DelayAfterRound(int round)
    {
        // The binder appends to an array that is already filled, so the default cannot be the property's own value.
        var delays = RetryDelays ?? DefaultRetryDelays;
        return round <= delays.Length ? delays[round - 1] : null;
    }

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (RetryDelays is { } delays && Array.Exists(delays, delay => delay < TimeSpan.Zero))
        {
            yield return new ValidationResult($"{Section}:{nameof(RetryDelays)} holds a negative pause.", [nameof(RetryDelays)]);
        }

        // The lease has to outlast a worker that lives.
        if (Lease < CallTimeout + TimeSpan.FromSeconds(2))
        {
            yield return new ValidationResult($"{Section}:{nameof(Lease)} must be longer than {Section}:{nameof(CallTimeout)}.", [nameof(Lease)]);
        }
    }
}

/// <summary>How warehouses or agencies are chosen among those that may serve a place.</summary>
internal sealed class AllocationOptions
{
    public AllocationStrategy Strategy { get; init; }

    /// <summary>For <see cref="AllocationStrategy.Random"/>: the same seed gives the same choice.</summary>
    public long? Seed { get; init; }
}
