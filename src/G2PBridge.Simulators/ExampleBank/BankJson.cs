using System.Text.Json.Serialization;
using G2PBridge.Simulators.Platform;

namespace G2PBridge.Simulators.ExampleBank;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, Converters = [typeof(MoneyConverter)])]
[JsonSerializable(typeof(CheckFunds.Request), TypeInfoPropertyName = nameof(CheckFunds) + nameof(CheckFunds.Request))]
[JsonSerializable(typeof(CheckFunds.Response), TypeInfoPropertyName = nameof(CheckFunds) + nameof(CheckFunds.Response))]
[JsonSerializable(typeof(BlockFunds.Request), TypeInfoPropertyName = nameof(BlockFunds) + nameof(BlockFunds.Request))]
[JsonSerializable(typeof(BlockFunds.Response), TypeInfoPropertyName = nameof(BlockFunds) + nameof(BlockFunds.Response))]
[JsonSerializable(typeof(ReleaseBlock.Request), TypeInfoPropertyName = nameof(ReleaseBlock) + nameof(ReleaseBlock.Request))]
[JsonSerializable(typeof(ReleaseBlock.Response), TypeInfoPropertyName = nameof(ReleaseBlock) + nameof(ReleaseBlock.Response))]
[JsonSerializable(typeof(List<PaymentLine>))]
[JsonSerializable(typeof(InitiatePayment.Response), TypeInfoPropertyName = nameof(InitiatePayment) + nameof(InitiatePayment.Response))]
[JsonSerializable(typeof(InquirePayments.Request), TypeInfoPropertyName = nameof(InquirePayments) + nameof(InquirePayments.Request))]
[JsonSerializable(typeof(InquirePayments.Response), TypeInfoPropertyName = nameof(InquirePayments) + nameof(InquirePayments.Response))]
[JsonSerializable(typeof(ReturnPayments.Request), TypeInfoPropertyName = nameof(ReturnPayments) + nameof(ReturnPayments.Request))]
[JsonSerializable(typeof(ReturnPayments.Response), TypeInfoPropertyName = nameof(ReturnPayments) + nameof(ReturnPayments.Response))]
[JsonSerializable(typeof(GenerateAccountStatement.Request), TypeInfoPropertyName = nameof(GenerateAccountStatement) + nameof(GenerateAccountStatement.Request))]
[JsonSerializable(typeof(GenerateAccountStatement.Response), TypeInfoPropertyName = nameof(GenerateAccountStatement) + nameof(GenerateAccountStatement.Response))]
[JsonSerializable(typeof(GetAccount.Response), TypeInfoPropertyName = nameof(GetAccount) + nameof(GetAccount.Response))]
[JsonSerializable(typeof(LedgerPayments.Response), TypeInfoPropertyName = nameof(LedgerPayments) + nameof(LedgerPayments.Response))]
[JsonSerializable(typeof(LedgerSummary.Response), TypeInfoPropertyName = nameof(LedgerSummary) + nameof(LedgerSummary.Response))]
[JsonSerializable(typeof(Refusal))]
[JsonSerializable(typeof(string))]
internal sealed partial class BankJson : JsonSerializerContext;

/// <summary>The bank's way to say no outside the contract's own answers.</summary>
internal sealed record Refusal(string Status, string ErrorMessage)
{
    public static Refusal Because(string message) => new("failed", message);
}
