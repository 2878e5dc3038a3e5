using System.ComponentModel.DataAnnotations;

namespace G2PBridge.Modules.Resolution;

/// <summary>How the mapper is asked for financial addresses.</summary>
internal sealed class ResolutionOptions : IValidatableObject
{
    public const string Section = "Resolution";

    private static readonly TimeSpan[] DefaultRetryDelays =
        [TimeSpan.FromSeconds(30), TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(30), TimeSpan.FromHours(2), TimeSpan.FromHours(6)];

    /// <summary>Most lines in one call to the mapper.</summary>
    [Range(1, 50_000)]
    public int SliceSize { get; init; } = 2_000;

    /// <summary>Calls to the mapper at once in this process.</summary>
    [Range(1, 32)]
    public int Parallelism { get; init; } = 2;

    /// <summary>New batches taken from the intake in one go.</summary>
    [Range(1, 1_000)]
    public int BatchesPerTake { get; init; } = 100;

    /// <summary>How often the tables are looked at when nobody wakes the jobs.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "01:00:00")]
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long a dead worker holds a slice. A living one renews its lease for as long as the mapper takes.</summary>
    [Range(typeof(TimeSpan), "00:00:03", "01:00:00")]
    public TimeSpan Lease { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Pauses between asking about the same people again; after the last one only a person asks again. Null: 30 s, 5 min, 30 min, 2 h, 6 h.</summary>
    public TimeSpan[]? RetryDelays { get; init; }

    /// <summary>Pause after a failed attempt; it doubles with each further one.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan FirstFailureDelay { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The longest pause after failed attempts.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan LongestFailureDelay { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>After so many failed attempts in a row a batch shows ERROR; it goes on being tried.</summary>
    [Range(1, 1_000)]
    public int MaxFailedAttempts { get; init; } = 5;

    /// <summary>When the people left over are asked about again; null when the rounds are used up.</summary>
    public TimeSpan? DelayAfterRound(int round)
    {
        // The binder appends to an array that is already filled, so the default cannot be the property's own value.
        var delays = RetryDelays ?? DefaultRetryDelays;
        return round <= delays.Length ? delays[round - 1] : null;
    }

    public TimeSpan DelayAfterFailure(int failures)
    {
        var delay = FirstFailureDelay * Math.Pow(2, Math.Min(failures - 1, 30));
        return delay < LongestFailureDelay ? delay : LongestFailureDelay;
    }

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (RetryDelays is { } delays && Array.Exists(delays, delay => delay < TimeSpan.Zero))
        {
            yield return new ValidationResult($"{Section}:{nameof(RetryDelays)} holds a negative pause.", [nameof(RetryDelays)]);
        }
    }
}
