using System.ComponentModel.DataAnnotations;

namespace G2PBridge.Modules.Disbursement;

internal sealed class DisbursementOptions : IValidatableObject
{
    public const string Section = "Disbursement";

    /// <summary>The most lines that are handed to a bank together; a bank that takes fewer gets fewer.</summary>
    [Range(1, 100_000)]
    public int ChunkSize { get; init; } = 2_000;

    /// <summary>Orders on their way at once, per bank and process.</summary>
    [Range(1, 64)]
    public int Parallelism { get; init; } = 2;

    /// <summary>How long one call to a bank may take.</summary>
    public TimeSpan CallTimeout { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>After this a process that holds a chunk counts as dead and what it was sending as unknown. At least twice the call's time.</summary>
    public TimeSpan Lease { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>The first pause after an order that did not reach the bank; it doubles up to <see cref="LongestRetry"/>.</summary>
    public TimeSpan FirstRetry { get; init; } = TimeSpan.FromSeconds(5);

    public TimeSpan LongestRetry { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>The pause before a bank is first asked about an unknown order; it doubles up to <see cref="LongestInquiry"/>.</summary>
    public TimeSpan FirstInquiry { get; init; } = TimeSpan.FromSeconds(5);

    public TimeSpan LongestInquiry { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How often the tables are looked at when nobody wakes the job.</summary>
    public TimeSpan PollInterval { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How often dead leases are looked for.</summary>
    public TimeSpan RecoveryInterval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How often an envelope with nothing on its way is asked whether anything can still come.</summary>
    public TimeSpan FinishInterval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long an envelope with refused lines stays open after its last order, its block kept, so that they can be paid again.</summary>
    public TimeSpan KeepOpenForRetry { get; init; } = TimeSpan.Zero;

    /// <summary>The hour (UTC) from which the nightly check of every invariant is due; -1: never.</summary>
    [Range(-1, 23)]
    public int VerifyAtHour { get; init; } = 2;

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (CallTimeout <= TimeSpan.Zero || Lease < CallTimeout * 2)
        {
            yield return new ValidationResult($"{Section}:Lease must be at least twice {Section}:CallTimeout.");
        }

        if (FirstRetry <= TimeSpan.Zero || LongestRetry < FirstRetry || FirstInquiry <= TimeSpan.Zero || LongestInquiry < FirstInquiry)
        {
            yield return new ValidationResult($"{Section}: first pauses must be above zero and not above the longest.");
        }

        if (KeepOpenForRetry < TimeSpan.Zero)
        {
            yield return new ValidationResult($"{Section}:KeepOpenForRetry must not be below zero.");
        }

        if (PollInterval <= TimeSpan.Zero || RecoveryInterval <= TimeSpan.Zero || FinishInterval <= TimeSpan.Zero)
        {
            yield return new ValidationResult($"{Section}: intervals must be above zero.");
        }
    }
}
