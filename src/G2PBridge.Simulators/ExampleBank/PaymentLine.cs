using System.Text.Json.Serialization;

namespace G2PBridge.Simulators.ExampleBank;

/// <summary>
/// One element of the array that <c>initiate_payment</c> takes. Wallet payments have no bank account. It is filled through setters: a
/// constructor's parameters, or what must be initialised, would be read in half the speed.
/// </summary>
internal sealed class PaymentLine
{
    [JsonRequired]
    public string PaymentReferenceNumber { get; set; } = "";
    [JsonRequired]
    public string RemittingAccount { get; set; } = "";
    [JsonRequired]
    public string RemittingAccountCurrency { get; set; } = "";
    [JsonRequired]
    public decimal PaymentAmount { get; set; }
    public string? FundsBlockedReferenceNumber { get; set; }
    public string? BeneficiaryName { get; set; }
    public string? BeneficiaryAccount { get; set; }
    public string? BeneficiaryAccountType { get; set; }
    public string? BeneficiaryBankCode { get; set; }
    public string? BeneficiaryBranchCode { get; set; }
    public string? BeneficiaryMobileWalletProvider { get; set; }
    public string? BeneficiaryPhoneNo { get; set; }
    public string? BeneficiaryEmail { get; set; }
    public string? BeneficiaryEmailWalletProvider { get; set; }
    public string? PaymentDate { get; set; }

    [JsonPropertyName("narrative_1")]
    public string? Narrative1 { get; set; }

    [JsonPropertyName("narrative_2")]
    public string? Narrative2 { get; set; }

    [JsonPropertyName("narrative_3")]
    public string? Narrative3 { get; set; }

    [JsonPropertyName("narrative_4")]
    public string? Narrative4 { get; set; }

    [JsonPropertyName("narrative_5")]
    public string? Narrative5 { get; set; }

    [JsonPropertyName("narrative_6")]
    public string? Narrative6 { get; set; }
}
