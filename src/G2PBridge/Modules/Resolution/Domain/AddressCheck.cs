using G2PBridge.Connectors;

namespace G2PBridge.Modules.Resolution.Domain;

/// <summary>Decides whether a bank could pay to what a connector gave us, before it becomes a snapshot nobody edits.</summary>
internal static class AddressCheck
{
    public const string BankAccount = "BANK_ACCOUNT";
    public const string MobileWallet = "MOBILE_WALLET";
    public const string EmailWallet = "EMAIL_WALLET";

    public const int AccountNumberLength = 64;
    public const int CodeLength = 64;
    public const int MobileNumberLength = 32;
    public const int ProviderLength = 128;
    public const int EmailLength = 254;
    public const int NameLength = 256;

    /// <summary>The code of what is wrong; null when the address can be used.</summary>
    public static string? Fault(ResolvedAddress address)
    {
        var key = address.Kind switch
        {
            BankAccount => address.AccountNumber,
            MobileWallet => address.MobileNumber,
            EmailWallet => address.EmailAddress,
            _ => null,
        };
        if (address.Kind is not (BankAccount or MobileWallet or EmailWallet))
        {
            return ReasonCodes.AddressKindNotSupported;
        }

        if (string.IsNullOrWhiteSpace(key))
        {
            return ReasonCodes.AddressIncomplete;
        }

        var storable = IsStorable(address.AccountNumber, AccountNumberLength) && IsStorable(address.BankCode, CodeLength) && IsStorable(address.BranchCode, CodeLength)
            && IsStorable(address.MobileNumber, MobileNumberLength) && IsStorable(address.MobileWalletProvider, ProviderLength)
            && IsStorable(address.EmailAddress, EmailLength) && IsStorable(address.EmailWalletProvider, ProviderLength) && IsStorable(address.Name, NameLength);
        return storable ? null : ReasonCodes.AddressNotStorable;
    }

    /// <summary>A text for people, made fit for its column: one person's odd reason must not fail everyone's round.</summary>
    public static string? Tidy(string? text, int length)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            return null;
        }

        var tidy = string.Concat(text.EnumerateRunes().Select(rune => System.Text.Rune.IsControl(rune) ? " " : rune.ToString())).Trim();
        if (tidy.Length > length)
        {
            tidy = tidy[..(char.IsHighSurrogate(tidy[length - 1]) ? length - 1 : length)];
        }

        return tidy.Length == 0 ? null : tidy;
    }

    private static bool IsStorable(string? text, int length)
    {
        if (text is null)
        {
            return true;
        }

        foreach (var character in text)
        {
            if (char.IsControl(character) || char.IsSurrogate(character))
            {
                return false;
            }
        }

        return text.Length <= length;
    }
}
