using System.Text.RegularExpressions;
using Microsoft.Extensions.Options;

namespace G2PBridge.Connectors.Spar;

/// <summary>The parts of an address under SPAR's names, whichever form it came in.</summary>
internal sealed record AddressParts(
    string? Type, string? AccountNumber, string? BankCode, string? BranchCode, string? MobileNumber, string? EmailAddress, string? WalletProvider)
{
    /// <summary>Null when the type is none we can pay to.</summary>
    public ResolvedAddress? ToAddress() => KindOf(Type) switch
    {
        BankAccount => new(BankAccount, AccountNumber, BankCode, BranchCode, MobileNumber, null, EmailAddress, null, null),
        MobileWallet => new(MobileWallet, AccountNumber, BankCode, BranchCode, MobileNumber, WalletProvider, EmailAddress, null, null),
        EmailWallet => new(EmailWallet, AccountNumber, BankCode, BranchCode, MobileNumber, null, EmailAddress, WalletProvider, null),
        _ => null,
    };

    public const string BankAccount = "BANK_ACCOUNT";
    public const string MobileWallet = "MOBILE_WALLET";
    public const string EmailWallet = "EMAIL_WALLET";

    /// <summary>SPAR's own strategy for banks says <c>BANK</c> where the bridge's says <c>BANK_ACCOUNT</c>.</summary>
    public static string? KindOf(string? type) => type?.Trim().ToUpperInvariant() switch
    {
        BankAccount or "BANK" => BankAccount,
        MobileWallet => MobileWallet,
        EmailWallet => EmailWallet,
        _ => null,
    };
}

/// <summary>
/// Takes apart an address that comes as one text. The text's ending says which strategy it was made with; one without such
/// an ending is tried with each, because older strategies wrote none.
/// </summary>
internal sealed class AddressStrategies
{
    private const int LongestAddress = 2_000;

    /// <summary>Long enough for a busy machine, on which a readable address must not become an unreadable one.</summary>
    private static readonly TimeSpan MatchTimeout = TimeSpan.FromSeconds(2);

    private readonly (string Kind, Regex Strategy)[] _strategies;

    public AddressStrategies(IOptions<SparOptions> options) => _strategies =
    [
        (AddressParts.BankAccount, Compile(options.Value.BankStrategy)),
        (AddressParts.MobileWallet, Compile(options.Value.MobileWalletStrategy)),
        (AddressParts.EmailWallet, Compile(options.Value.EmailWalletStrategy)),
    ];

    /// <summary>The time-out bounds what one person's odd address and a careless expression can cost together.</summary>
    public static Regex Compile(string pattern) => new(
        pattern.Replace("(?P<", "(?<", StringComparison.Ordinal), RegexOptions.Compiled | RegexOptions.CultureInvariant | RegexOptions.Singleline, MatchTimeout);

    /// <summary>Null when no strategy fits.</summary>
    public AddressParts? TakeApart(string address)
    {
        if (address.Length > LongestAddress)
        {
            return null;
        }

        var kind = KindByEnding(address);
        foreach (var (strategyKind, strategy) in _strategies)
        {
            if ((kind is null || kind == strategyKind) && Match(strategy, address) is { } match)
            {
                return new AddressParts(
                    AddressParts.KindOf(Group(match, "fa_type")) ?? strategyKind, Group(match, "account_number"), Group(match, "bank_code"), Group(match, "branch_code"),
                    Group(match, "mobile_number"), Group(match, "email_address"),
                    Group(match, strategyKind == AddressParts.EmailWallet ? "email_wallet_provider" : "mobile_wallet_provider")
                        ?? Group(match, "wallet_provider_name") ?? Group(match, "wallet_provider_code"));
            }
        }

        return null;
    }

    private static string? KindByEnding(string address)
    {
        var text = address.AsSpan().TrimEnd();
        return text.EndsWith(AddressParts.MobileWallet, StringComparison.Ordinal) ? AddressParts.MobileWallet
            : text.EndsWith(AddressParts.EmailWallet, StringComparison.Ordinal) ? AddressParts.EmailWallet
            : text.EndsWith(AddressParts.BankAccount, StringComparison.Ordinal) || text.EndsWith(":BANK", StringComparison.Ordinal) ? AddressParts.BankAccount
            : null;
    }

    private static Match? Match(Regex strategy, string address)
    {
        try
        {
            return strategy.Match(address) is { Success: true } match ? match : null;
        }
        catch (RegexMatchTimeoutException)
        {
            return null;
        }
    }

    private static string? Group(Match match, string name) =>
        match.Groups[name] is { Success: true } group && group.Value.Trim() is { Length: > 0 } text ? text : null;
}
