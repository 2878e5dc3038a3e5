namespace G2PBridge.Modules.InKind.Domain;

/// <summary>
/// The account in an agency's <c>additional_info</c>: <c>#BANK#code#BRANCH#code#ACCOUNT#number#TYPE#BANK_ACCOUNT#</c> (contract, section 6.2). A tag is a name
/// between two hashes, its value goes up to the next hash. Read from the start in pairs, so that a value which reads like a tag is not taken for one.
/// </summary>
internal sealed record AgencyAccount(string Bank, string? Branch, string Account, string Type)
{
    private const string DefaultType = "BANK_ACCOUNT";

    /// <summary>Null when bank or account is not there, stands there twice, or the text is not made of tags.</summary>
    public static AgencyAccount? Parse(string? text)
    {
        if (text is null || text.Trim() is not ['#', .., '#'] tags)
        {
            return null;
        }

        var parts = tags[1..^1].Split('#');
        if (parts.Length % 2 != 0)
        {
            return null;
        }

        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var i = 0; i < parts.Length; i += 2)
        {
            if (!values.TryAdd(parts[i].Trim(), parts[i + 1].Trim()))
            {
                return null;
            }
        }

        var (bank, account) = (values.GetValueOrDefault("BANK"), values.GetValueOrDefault("ACCOUNT"));
        return string.IsNullOrEmpty(bank) || string.IsNullOrEmpty(account)
            ? null
            : new AgencyAccount(bank, Filled("BRANCH"), account, Filled("TYPE") ?? DefaultType);

        string? Filled(string tag) => values.GetValueOrDefault(tag) is { Length: > 0 } value ? value : null;
    }
}
