using System.Text.Json.Serialization;
using G2PBridge.Simulators.Platform;

namespace G2PBridge.Simulators.ExampleBank;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, Converters = [typeof(MoneyConverter)])]
[JsonSerializable(typeof(CheckFunds.Request))]
[JsonSerializable(typeof(CheckFunds.Response))]
[JsonSerializable(typeof(BlockFunds.Request))]
[JsonSerializable(typeof(BlockFunds.Response))]
[JsonSerializable(typeof(ReleaseBlock.Request))]
[JsonSerializable(typeof(ReleaseBlock.Response))]
[JsonSerializable(typeof(List<PaymentLine>))]
[JsonSerializable(typeof(InitiatePayment.Response))]
[JsonSerializable(typeof(InquirePayments.Request))]
[JsonSerializable(typeof(InquirePayments.Response))]
[JsonSerializable(typeof(ReturnPayments.Request))]
[JsonSerializable(typeof(ReturnPayments.Response))]
[JsonSerializable(typeof(GenerateAccountStatement.Request))]
[JsonSerializable(typeof(GenerateAccountStatement.Response))]
[JsonSerializable(typeof(GetAccount.Response))]
[JsonSerializable(typeof(LedgerPayments.Response))]
[JsonSerializable(typeof(LedgerSummary.Response))]
[JsonSerializable(typeof(Refusal))]
[JsonSerializable(typeof(string))]
internal sealed partial class BankJson : JsonSerializerContext;

/// <summary>The bank's way to say no outside the contract's own answers.</summary>
internal sealed record Refusal(string Status, string ErrorMessage)
{
    public static Refusal Because(string message) => new("failed", message);
}
