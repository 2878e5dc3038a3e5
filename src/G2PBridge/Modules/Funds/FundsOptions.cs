using System.ComponentModel.DataAnnotations;

namespace G2PBridge.Modules.Funds;

internal sealed class FundsOptions : IValidatableObject
{
    public const string Section = "Funds";

    /// <summary>Failed checks in a row after which the contract's ERROR is shown; it is still tried again, at the longest pause.</summary>
    [Range(1, 100)]
    public int MaxAttempts { get; init; } = 3;

    public TimeSpan FirstRetry { get; init; } = TimeSpan.FromSeconds(5);

    public TimeSpan LongestRetry { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How long one call to a bank may take.</summary>
    public TimeSpan CallTimeout { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>After this a process that claimed an envelope counts as dead. Longer than any call, or a living one is taken for dead.</summary>
    public TimeSpan Lease { get; init; } = TimeSpan.FromMinutes(3);

    /// <summary>How often the tables are looked at when nobody wakes the job.</summary>
    public TimeSpan PollInterval { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How often a blocked envelope is looked at again in case it was cancelled meanwhile.</summary>
    public TimeSpan CancelWatchInterval { get; init; } = TimeSpan.FromSeconds(30);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (FirstRetry <= TimeSpan.Zero || LongestRetry < FirstRetry)
        {
            yield return new ValidationResult($"{Section}:FirstRetry must be above zero and not above {Section}:LongestRetry.");
        }

        if (CallTimeout <= TimeSpan.Zero || Lease < CallTimeout * 2)
        {
            yield return new ValidationResult($"{Section}:Lease must be at least twice {Section}:CallTimeout.");
        }

        if (PollInterval <= TimeSpan.Zero || CancelWatchInterval <= TimeSpan.Zero)
        {
            yield return new ValidationResult($"{Section}:PollInterval and {Section}:CancelWatchInterval must be above zero.");
        }
    }
}
