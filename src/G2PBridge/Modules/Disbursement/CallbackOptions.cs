using System.ComponentModel.DataAnnotations;

namespace G2PBridge.Modules.Disbursement;

/// <summary>Who may call back; each bank's secret stands beside its other settings.</summary>
internal sealed class CallbackOptions : IValidatableObject
{
    public const string Section = "SponsorBanks";
    private const int ShortestSecret = 16;

    public IReadOnlyDictionary<string, BankOptions> Banks { get; init; } = new Dictionary<string, BankOptions>();

    /// <summary>Null: the bank does not call back.</summary>
    public string? SecretOf(string bankCode) =>
        Banks.FirstOrDefault(bank => string.Equals(bank.Key, bankCode, StringComparison.OrdinalIgnoreCase)).Value?.CallbackSecret is { Length: > 0 } secret ? secret : null;

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext) => Banks.Where(bank => bank.Value.CallbackSecret is { Length: > 0 and < ShortestSecret })
        .Select(bank => new ValidationResult($"{Section}:Banks:{bank.Key}:CallbackSecret must have at least {ShortestSecret} characters."));

    internal sealed class BankOptions
    {
        /// <summary>Signs the bank's callbacks (HMAC-SHA256 over the body). Only from the environment.</summary>
        public string? CallbackSecret { get; init; }
    }
}
