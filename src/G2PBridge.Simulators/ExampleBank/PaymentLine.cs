using System.Text.Json.Serialization;

namespace G2PBridge.Simulators.ExampleBank;

/// <summary>One element of the array that <c>initiate_payment</c> takes. Wallet payments have no bank account.</summary>
internal sealed class PaymentLine
{
    public required string PaymentReferenceNumber { get; init; }
    public required string RemittingAccount { get; init; }
    public required string RemittingAccountCurrency { get; init; }
    public required decimal PaymentAmount { get; init; }
    public string? FundsBlockedReferenceNumber { get; init; }
    public string? BeneficiaryName { get; init; }
    public string? BeneficiaryAccount { get; init; }
    public string? BeneficiaryAccountType { get; init; }
    public string? BeneficiaryBankCode { get; init; }
    public string? BeneficiaryBranchCode { get; init; }
    public string? BeneficiaryMobileWalletProvider { get; init; }
    public string? BeneficiaryPhoneNo { get; init; }
    public string? BeneficiaryEmail { get; init; }
    public string? BeneficiaryEmailWalletProvider { get; init; }
    public string? PaymentDate { get; init; }

    [JsonPropertyName("narrative_1")]
    public string? Narrative1 { get; init; }

    [JsonPropertyName("narrative_2")]
    public string? Narrative2 { get; init; }

    [JsonPropertyName("narrative_3")]
    public string? Narrative3 { get; init; }

    [JsonPropertyName("narrative_4")]
    public string? Narrative4 { get; init; }

    [JsonPropertyName("narrative_5")]
    public string? Narrative5 { get; init; }

    [JsonPropertyName("narrative_6")]
    public string? Narrative6 { get; init; }
}
