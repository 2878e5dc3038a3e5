using System.Text.Json.Serialization;

namespace G2PBridge.Connectors.ExampleBank;

/// <summary>The bank's JSON (contract, sections 4.2 and 4.3), with the additions that this project's simulator answers to.</summary>
internal static class ExampleBankWire
{
    internal sealed record CheckRequest(string AccountNumber, string AccountCurrency, decimal TotalFundsNeeded);

    internal sealed record CheckResponse(string? Status, bool? HasSufficientFunds, string? ErrorMessage);

    internal sealed record BlockRequest(string AccountNumber, string Currency, decimal Amount);

    internal sealed record BlockResponse(string? Status, string? BlockReferenceNo, decimal? GrantedAmount, string? ErrorMessage);

    internal sealed record ReleaseRequest(string BlockReferenceNo);

    internal sealed record ReleaseResponse(string? Status, decimal? ReleasedAmount, string? ErrorMessage);

    internal sealed record InquiryRequest(IReadOnlyList<string> PaymentReferenceNumbers);

    internal sealed record InquiryResponse(string? Status, IReadOnlyList<PaymentAnswerLine>? Payments);

    internal sealed record PaymentResponse(string? Status, string? ErrorMessage, IReadOnlyList<PaymentAnswerLine>? Payments);

    internal sealed record PaymentAnswerLine(string? PaymentReferenceNumber, string? Status, string? Reason);

    internal sealed record InvalidRequest(IReadOnlyList<InvalidRequest.Entry>? Errors)
    {
        internal sealed record Entry(string? Code, string? Message);
    }

    internal sealed record PaymentRequest(
        string PaymentReferenceNumber,
        string RemittingAccount,
        string RemittingAccountCurrency,
        decimal PaymentAmount,
        string FundsBlockedReferenceNumber,
        string BeneficiaryName,
        string? BeneficiaryAccount,
        string BeneficiaryAccountCurrency,
        string BeneficiaryAccountType,
        string? BeneficiaryBankCode,
        string? BeneficiaryBranchCode,
        string? BeneficiaryMobileWalletProvider,
        string? BeneficiaryPhoneNo,
        string? BeneficiaryEmail,
        string? BeneficiaryEmailWalletProvider,
        [property: JsonPropertyName("narrative_1")] string Narrative1,
        [property: JsonPropertyName("narrative_2")] string Narrative2,
        [property: JsonPropertyName("narrative_3")] string Narrative3,
        [property: JsonPropertyName("narrative_4")] string Narrative4,
        [property: JsonPropertyName("narrative_5")] string Narrative5,
        [property: JsonPropertyName("narrative_6")] string Narrative6,
        string PaymentDate);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(ExampleBankWire.CheckRequest))]
[JsonSerializable(typeof(ExampleBankWire.CheckResponse))]
[JsonSerializable(typeof(ExampleBankWire.BlockRequest))]
[JsonSerializable(typeof(ExampleBankWire.BlockResponse))]
[JsonSerializable(typeof(ExampleBankWire.ReleaseRequest))]
[JsonSerializable(typeof(ExampleBankWire.ReleaseResponse))]
[JsonSerializable(typeof(ExampleBankWire.InquiryRequest))]
[JsonSerializable(typeof(ExampleBankWire.InquiryResponse))]
[JsonSerializable(typeof(ExampleBankWire.PaymentResponse))]
[JsonSerializable(typeof(ExampleBankWire.InvalidRequest))]
[JsonSerializable(typeof(ExampleBankWire.PaymentRequest[]))]
internal sealed partial class ExampleBankJson : JsonSerializerContext;
