using System.Text.Json;
using System.Text.RegularExpressions;

namespace G2PBridge.Simulators.SparMapper;

/// <summary>
/// Financial addresses as strings and objects. A strategy is a template that makes the string and a pattern that takes it
/// apart again; the number of the strategy travels in <c>additional_info</c>, and without it no object can be shown.
/// </summary>
internal static partial class FinancialAddress
{
    public const int Bank = 2;
    public const int MobileWallet = 3;
    public const int EmailWallet = 4;
    public const int BankForBridge = 5;

    private sealed record Strategy(string MainField, Func<JsonElement, string> Construct, Regex Pattern)
    {
        /// <summary>Groups of the pattern, from 1.</summary>
        public JsonEncodedText[] Fields { get; } = [.. Pattern.GetGroupNames().Skip(1).Select(name => JsonEncodedText.Encode(name))];
    }

    /// <summary>The additional_info of the last person looked at, and its strategy: thousands in a row have the same.</summary>
    private sealed record KnownInfo(string Text, int? Strategy);

    private static KnownInfo _lastInfo = new("", null);

    private static readonly Dictionary<int, Strategy> Strategies = new()
    {
        [Bank] = new(
            "account_number",
            fa => $"account_number:{Text(fa, "account_number")}.branch_name:{Text(fa, "branch_name")}.branch_code:{Text(fa, "branch_code")}"
                + $".bank_name:{Text(fa, "bank_name")}.bank_code:{Text(fa, "bank_code")}.fa_type:BANK",
            BankPattern()),
        [MobileWallet] = new(
            "mobile_number",
            fa => $"mobile_number:{Text(fa, "mobile_number")}.wallet_provider_name:{Text(fa, "wallet_provider_name")}"
                + $".wallet_provider_code:{Text(fa, "wallet_provider_code")}.fa_type:MOBILE_WALLET",
            MobileWalletPattern()),
        [EmailWallet] = new(
            "email_address",
            fa => $"email_address:{Text(fa, "email_address")}.wallet_provider_name:{Text(fa, "wallet_provider_name")}"
                + $".wallet_provider_code:{Text(fa, "wallet_provider_code")}.fa_type:EMAIL_WALLET",
            EmailWalletPattern()),
        [BankForBridge] = new(
            "account_number",
            fa => $"account_number:{Text(fa, "account_number")}.branch_code:{Text(fa, "branch_code")}.bank_code:{Text(fa, "bank_code")}"
                + ".mobile_number:.email_address:.fa_type:BANK_ACCOUNT",
            BankForBridgePattern()),
    };

    /// <summary>The string to store and its <c>additional_info</c>; null when the address cannot be read.</summary>
    public static (string Fa, string? AdditionalInfo)? Construct(MapperItem item)
    {
        var info = item.AdditionalInfo is { ValueKind: JsonValueKind.Array } array ? array.GetRawText() : null;
        switch (item.Fa)
        {
            case { ValueKind: JsonValueKind.String } text when text.GetString() is { Length: > 0 } fa:
                return (fa, info);
            case { ValueKind: JsonValueKind.Object } fa:
                var number = Number(fa, "strategy_id") ?? StrategyIn(info) ?? StrategyOf(Text(fa, "fa_type"));
                return number is { } n && Strategies.TryGetValue(n, out var strategy) && Text(fa, strategy.MainField).Length > 0
                    ? (strategy.Construct(fa), info ?? $"[{{\"strategy_id\":{n}}}]")
                    : null;
            default:
                return null;
        }
    }

    public static void WriteObject(Utf8JsonWriter json, string name, string? fa, string? additionalInfo)
    {
        if (fa is null || StrategyIn(additionalInfo) is not { } number || !Strategies.TryGetValue(number, out var strategy))
        {
            json.WriteNull(name);
            return;
        }

        json.WriteStartObject(name);
        if (strategy.Pattern.Match(fa) is { Success: true } match)
        {
            for (var i = 0; i < strategy.Fields.Length; i++)
                json.WriteString(strategy.Fields[i], match.Groups[i + 1].ValueSpan);
        }

        json.WriteNumber("strategy_id", number);
        json.WriteEndObject();
    }

    private static int? StrategyIn(string? additionalInfo)
    {
        if (additionalInfo is null)
            return null;
        var last = _lastInfo;
        if (last.Text == additionalInfo)
            return last.Strategy;
        using var info = JsonDocument.Parse(additionalInfo);
        var strategy = info.RootElement is { ValueKind: JsonValueKind.Array } array && array.GetArrayLength() > 0
            && array[0].ValueKind == JsonValueKind.Object ? Number(array[0], "strategy_id") : null;
        _lastInfo = new KnownInfo(additionalInfo, strategy);
        return strategy;
    }

    private static int? StrategyOf(string faType) => faType switch
    {
        "BANK" => Bank,
        "BANK_ACCOUNT" => BankForBridge,
        "MOBILE_WALLET" => MobileWallet,
        "EMAIL_WALLET" => EmailWallet,
        _ => null,
    };

    private static int? Number(JsonElement from, string name) =>
        from.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) ? number : null;

    private static string Text(JsonElement from, string name) =>
        from.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";

    [GeneratedRegex(@"^account_number:(?<account_number>.*)\.branch_name:(?<branch_name>.*)\.branch_code:(?<branch_code>.*)\.bank_name:(?<bank_name>.*)\.bank_code:(?<bank_code>.*)\.fa_type:(?<fa_type>.*)$", RegexOptions.CultureInvariant)]
    private static partial Regex BankPattern();

    [GeneratedRegex(@"^mobile_number:(?<mobile_number>.*)\.wallet_provider_name:(?<wallet_provider_name>.*)\.wallet_provider_code:(?<wallet_provider_code>.*)\.fa_type:(?<fa_type>.*)$", RegexOptions.CultureInvariant)]
    private static partial Regex MobileWalletPattern();

    [GeneratedRegex(@"^email_address:(?<email_address>.*)\.wallet_provider_name:(?<wallet_provider_name>.*)\.wallet_provider_code:(?<wallet_provider_code>.*)\.fa_type:(?<fa_type>.*)$", RegexOptions.CultureInvariant)]
    private static partial Regex EmailWalletPattern();

    [GeneratedRegex(@"^account_number:(?<account_number>.*)\.branch_code:(?<branch_code>.*)\.bank_code:(?<bank_code>.*)\.mobile_number:(?<mobile_number>.*)\.email_address:(?<email_address>.*)\.fa_type:(?<fa_type>.*)$", RegexOptions.CultureInvariant)]
    private static partial Regex BankForBridgePattern();
}
