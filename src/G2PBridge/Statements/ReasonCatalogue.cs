using System.Collections.Frozen;

namespace G2PBridge.Statements;

/// <summary>What an operator may do about a payment that did not reach its beneficiary.</summary>
internal enum ReasonAction
{
    /// <summary>Correct the account or the beneficiary's data, then pay again.</summary>
    FixAccount,

    /// <summary>Pay again later, unchanged.</summary>
    Retry,

    /// <summary>Do not pay again; a person decides.</summary>
    Stop,

    /// <summary>The reason says too little: ask the bank before anything else.</summary>
    AskBank,

    /// <summary>The beneficiary did not collect the money; ask whether they still can.</summary>
    Unclaimed,

    /// <summary>Our own set-up is wrong; paying again would fail again.</summary>
    FixConfiguration,

    /// <summary>The bank has this order already: ask for its state, never send it again.</summary>
    QueryFirst,
}

/// <param name="Code">ISO 20022 external status or return reason code.</param>
/// <param name="Sentence">What it means, for a person who does not know codes.</param>
internal sealed record PaymentReason(string Code, string Sentence, ReasonAction Action);

/// <summary>
/// Reason codes (ISO 20022 external code sets, status reason and return reason) in plain language, and the words that banks use instead.
/// The grouping into actions is ours.
/// </summary>
internal static class ReasonCatalogue
{
    private static readonly FrozenDictionary<string, PaymentReason> Reasons = new PaymentReason[]
    {
        new("AC01", "The account number is wrong or does not exist.", ReasonAction.FixAccount),
        new("AC03", "The beneficiary's account number is not valid at this bank.", ReasonAction.FixAccount),
        new("AC04", "The account is closed.", ReasonAction.FixAccount),
        new("AC06", "The account is blocked or dormant.", ReasonAction.FixAccount),
        new("AC07", "The beneficiary's account is closed.", ReasonAction.FixAccount),
        new("AC14", "The beneficiary's account is of a kind that cannot take this payment.", ReasonAction.FixAccount),
        new("BE01", "Name and account do not belong together.", ReasonAction.FixAccount),
        new("BE04", "The beneficiary's address is missing or wrong.", ReasonAction.FixAccount),
        new("BE05", "The bank does not recognise the party that ordered the payment.", ReasonAction.FixConfiguration),
        new("BE06", "The bank does not know this customer.", ReasonAction.FixAccount),
        new("BE07", "The payer's address is missing or wrong.", ReasonAction.FixConfiguration),
        new("RC01", "The bank identifier is wrong.", ReasonAction.FixAccount),
        new("RC03", "The payer's bank identifier is wrong.", ReasonAction.FixConfiguration),
        new("RC04", "The beneficiary's bank identifier is wrong.", ReasonAction.FixAccount),
        new("RC07", "The beneficiary's bank code is wrong.", ReasonAction.FixAccount),
        new("FF01", "The order's format was refused.", ReasonAction.FixAccount),
        new("RR01", "Data about the payer's account that the law asks for is missing.", ReasonAction.FixConfiguration),
        new("RR02", "The payer's name or address, required by law, is missing.", ReasonAction.FixConfiguration),
        new("RR03", "The beneficiary's name or address, required by law, is missing.", ReasonAction.FixAccount),
        new("RR04", "The bank refused for a legal reason that it did not name.", ReasonAction.AskBank),
        new("CURR", "The account cannot take this currency.", ReasonAction.FixAccount),
        new("AM03", "The currency is not allowed.", ReasonAction.FixAccount),
        new("ED05", "Settlement between the banks failed.", ReasonAction.Retry),
        new("TM01", "The order came after the bank's closing time.", ReasonAction.Retry),
        new("AM04", "There was not enough money on the paying account.", ReasonAction.Retry),
        new("FF10", "A technical fault at the bank stopped the payment.", ReasonAction.Retry),
        new("AM02", "The amount is above what is allowed for one payment.", ReasonAction.Retry),
        new("AM13", "The amount is above the clearing system's limit.", ReasonAction.Retry),
        new("AM14", "The amount is above the limit agreed with the bank.", ReasonAction.Retry),
        new("DT01", "The payment date was not accepted.", ReasonAction.Retry),
        new("AB05", "The beneficiary's bank did not answer in time.", ReasonAction.Retry),
        new("AB06", "The payment did not complete in time.", ReasonAction.Retry),
        new("AM05", "The bank holds this to be a duplicate.", ReasonAction.QueryFirst),
        new("DUPL", "The bank holds this to be a duplicate.", ReasonAction.QueryFirst),
        new("DU01", "The message was sent before.", ReasonAction.QueryFirst),
        new("DU02", "The payment group was sent before.", ReasonAction.QueryFirst),
        new("DU03", "The transaction was sent before.", ReasonAction.QueryFirst),
        new("DU04", "The end-to-end reference was used before.", ReasonAction.QueryFirst),
        new("DU05", "The instruction reference was used before.", ReasonAction.QueryFirst),
        new("ARDT", "The payment was already returned.", ReasonAction.Stop),
        new("FR01", "The bank suspects fraud.", ReasonAction.Stop),
        new("MD07", "The account holder has died.", ReasonAction.Stop),
        new("MD01", "There is no valid mandate.", ReasonAction.Stop),
        new("MD06", "The account holder asked for the money back.", ReasonAction.Stop),
        new("AG01", "This kind of payment is forbidden for the account.", ReasonAction.Stop),
        new("AG02", "The bank does not allow this kind of operation.", ReasonAction.Stop),
        new("RF01", "A reference was used twice.", ReasonAction.Stop),
        new("UPAY", "The payment was not due.", ReasonAction.Stop),
        new("FOCR", "The payment was returned at the payer's request.", ReasonAction.Stop),
        new("CUST", "The payment was stopped at the customer's request.", ReasonAction.Stop),
        new("LEGL", "The bank returned the payment by law.", ReasonAction.Stop),
        new("AM09", "The amount that arrived is not the amount that was sent.", ReasonAction.Stop),
        new("AM01", "The amount is zero.", ReasonAction.Stop),
        new("CNPC", "The beneficiary did not collect the cash.", ReasonAction.Unclaimed),
        new("MS02", "The beneficiary's side refused without a reason.", ReasonAction.AskBank),
        new("MS03", "The bank gave no reason.", ReasonAction.AskBank),
        new("NARR", "The reason is in the bank's text.", ReasonAction.AskBank),
        new("NOAS", "The beneficiary did not answer the bank.", ReasonAction.AskBank),
        new("SL01", "The beneficiary's bank has a rule of its own against this payment.", ReasonAction.AskBank),
        new("AC02", "Our own account number is wrong.", ReasonAction.FixConfiguration),
        new("AC13", "Our own account is of the wrong kind.", ReasonAction.FixConfiguration),
        new("AM10", "The control sum of the order is wrong.", ReasonAction.FixConfiguration),
        new("AM18", "The number of payments in the order is wrong.", ReasonAction.FixConfiguration),
        new("AM19", "The number of payments in a group is wrong.", ReasonAction.FixConfiguration),
    }.ToFrozenDictionary(r => r.Code, StringComparer.Ordinal);

    // The example bank's words first, then words seen in statements of other banks.
    private static readonly FrozenDictionary<string, string> Aliases = new Dictionary<string, string>
    {
        ["ACCOUNT_CLOSED"] = "AC04",
        ["ACCOUNT_NOT_FOUND"] = "AC01",
        ["ACCOUNT_DORMANT"] = "AC06",
        ["ACCOUNT_DECEASED"] = "MD07",
        ["ACCOUNT_BLOCKED"] = "AC06",
        ["INVALID_ACCOUNT"] = "AC01",
        ["ACCOUNT CLOSED"] = "AC04",
        ["ACCOUNT NOT FOUND"] = "AC01",
        ["ACCOUNT DORMANT"] = "AC06",
        ["ACCOUNT BLOCKED"] = "AC06",
        ["ACCOUNT HOLDER DECEASED"] = "MD07",
        ["INVALID ACCOUNT NUMBER"] = "AC01",
        ["NO SUCH ACCOUNT"] = "AC01",
    }.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);

    public static IReadOnlyCollection<PaymentReason> All => Reasons.Values;

    public static PaymentReason? Find(string? code) => code is null ? null : Reasons.GetValueOrDefault(code);

    /// <summary>The ISO code for what the bank wrote: a code of the form letters and digits as it is, or known words; else null.</summary>
    public static string? Map(string? raw, BankProfile? profile = null)
    {
        if (string.IsNullOrWhiteSpace(raw)) return null;
        var text = raw.Trim();
        if (profile is not null && profile.ReasonAliases.TryGetValue(text, out var own)) return own;
        if (Aliases.TryGetValue(text, out var known)) return known;
        if (Reasons.ContainsKey(text)) return text;
        var upper = text.ToUpperInvariant();
        return Reasons.ContainsKey(upper) ? upper : FindCode(text);
    }

    /// <summary>A catalogued code that stands alone in a text and holds a digit, so that an ordinary word is never taken for one.</summary>
    public static string? FindCode(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var lookup = Reasons.GetAlternateLookup<ReadOnlySpan<char>>();
        for (var at = 0; at + 4 <= text.Length; at++)
        {
            if (at > 0 && char.IsLetterOrDigit(text[at - 1])) continue;
            if (at + 4 < text.Length && char.IsLetterOrDigit(text[at + 4])) continue;
            if (!char.IsAsciiDigit(text[at + 3])) continue;
            if (lookup.TryGetValue(text.AsSpan(at, 4), out var reason)) return reason.Code;
        }
        return null;
    }
}
