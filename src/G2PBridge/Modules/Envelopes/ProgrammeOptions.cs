using System.ComponentModel.DataAnnotations;
using G2PBridge.Modules.Envelopes.Contracts;

namespace G2PBridge.Modules.Envelopes;

/// <summary>The ministry's programmes.</summary>
internal sealed class ProgrammesOptions : IValidatableObject
{
    public const string Section = "Programmes";

    /// <summary>What holds for a programme that sets nothing of its own.</summary>
    public ProgrammeOptions Default { get; init; } = new();

    /// <summary>By mnemonic. When any is listed, envelopes of other programmes are refused with INVALID_PROGRAM_MNEMONIC.</summary>
    public Dictionary<string, ProgrammeOptions> Known { get; init; } = new(StringComparer.Ordinal);

    public ProgrammeOptions Of(string? mnemonic) =>
        mnemonic is not null && Known.TryGetValue(mnemonic, out var programme) ? programme : Default;

    public bool Knows(string? mnemonic) => Known.Count == 0 || (mnemonic is not null && Known.ContainsKey(mnemonic));

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext) =>
        from programme in Known.Append(new("Default", Default))
        where !TimeZoneInfo.TryFindSystemTimeZoneById(programme.Value.TimeZone, out _)
        select new ValidationResult(
            $"Programmes: the time zone '{programme.Value.TimeZone}' of {programme.Key} is not known here; use a name such as 'Africa/Lagos' or 'UTC'.");
}

/// <summary>One programme.</summary>
internal sealed class ProgrammeOptions
{
    /// <summary>IANA name. Decides which day "today" is for schedule dates.</summary>
    public string TimeZone { get; init; } = "UTC";

    /// <summary>What to do with a second line for one beneficiary in one envelope.</summary>
    public DuplicateBeneficiaryPolicy DuplicateBeneficiary { get; init; } = DuplicateBeneficiaryPolicy.Reject;

    /// <summary>What to do with a line for a person who has one of the same programme, cycle and benefit code in another envelope.</summary>
    public DuplicatePaymentPolicy DuplicatePayment { get; init; } = DuplicatePaymentPolicy.Hold;

    /// <summary>What to do when several people of one envelope have the same financial address.</summary>
    public SharedAddressRule SharedAddress { get; init; } = SharedAddressRule.Warn;

    public DateOnly Today(TimeProvider clock) =>
        DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(clock.GetUtcNow(), TimeZoneInfo.FindSystemTimeZoneById(TimeZone)).DateTime);
}

/// <summary>Reject refuses the call and names the lines; Allow pays each line.</summary>
internal enum DuplicateBeneficiaryPolicy
{
    Reject,
    Allow,
}

/// <summary>Reject refuses the call and names the lines; Hold takes the lines in and sends none of them before two people have released it; Allow pays them and says so in the envelope's history.</summary>
internal enum DuplicatePaymentPolicy
{
    Reject,
    Hold,
    Allow,
}
