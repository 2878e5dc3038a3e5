using System.Text.RegularExpressions;

namespace G2PBridge.Modules.Access.Domain;

/// <summary>The name a partner's keys are registered under (contract, section 1.3).</summary>
internal static partial class PartnerNames
{
    public const string Unknown = "PARTNER_UNKNOWN";

    /// <summary>Of a sender's mnemonic. A mnemonic with other characters names nobody: it would have to be part of a file name and an address.</summary>
    public static string Of(string sender)
    {
        var name = "PARTNER_" + sender.Replace('-', '_').ToUpperInvariant();
        return IsName(name) ? name : Unknown;
    }

    public static bool IsName(string name) => Form().IsMatch(name);

    [GeneratedRegex(@"^PARTNER_[A-Z0-9_]{1,64}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Form();
}
