using System.ComponentModel.DataAnnotations;

namespace G2PBridge.Connectors.ExampleBank;

/// <summary>
/// One bank that speaks the Example Bank's API, under <c>SponsorBanks:Banks:CODE</c>. The defaults fit the simulator of this project;
/// upstream's plain bank has none of the abilities, so there each <c>Can…</c>, <c>Idempotent…</c> and <see cref="PerLineOutcome"/> is set to false.
/// </summary>
internal sealed class ExampleBankSettings : IValidatableObject
{
    [Required]
    public Uri? BaseUrl { get; init; }

    public bool CanInquire { get; init; } = true;

    public bool CanRelease { get; init; } = true;

    public bool IdempotentBlock { get; init; } = true;

    public bool IdempotentPayments { get; init; } = true;

    public bool PerLineOutcome { get; init; } = true;

    /// <summary>How long the bank may still say "not found" of a payment that it has. Empty: its "not found" never proves anything.</summary>
    public TimeSpan? NotFoundIsFinalAfter { get; init; } = TimeSpan.FromMinutes(2);

    [Range(1, 100_000)]
    public int MostPaymentsPerOrder { get; init; } = 5_000;

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (BaseUrl is { IsAbsoluteUri: false } or { Scheme: not ("http" or "https") })
        {
            yield return new ValidationResult("BaseUrl must be an absolute http or https address.");
        }
    }
}
