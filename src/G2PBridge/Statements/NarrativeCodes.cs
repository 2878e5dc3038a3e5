using System.Collections.Frozen;

namespace G2PBridge.Statements;

/// <summary>
/// The coded values inside the text of an entry (<c>:86:</c>). Rules: DFÜ-Abkommen annex 3 for <c>?NN</c> sub-fields and SEPA
/// keywords, the Dutch and international MT940 guides for <c>/CODE/</c>. Raw lines always stay available beside this.
/// </summary>
internal sealed class NarrativeCodes
{
    private static readonly FrozenSet<string> SlashCodes = FrozenSet.ToFrozenSet(
        [
            "EREF", "PREF", "MARF", "CSID", "RTRN", "TRTP", "TRCD", "BENM", "ORDP", "NAME", "IBAN", "BIC", "CNTP", "REMI", "SVCL", "PURP",
            "ULTC", "ULTD", "ULTB", "IREF", "ADDR", "ISDT", "OCMT", "CHGS", "EXCH", "USTD", "STRD", "KREF", "RREF", "PY", "PT", "ID", "ACCW",
            "RETN", "REJT", "RFID", "BUSP", "CDTRREFTP", "CDTRREF", "INIT", "EI", "CUST", "ROC", "TXT", "NREF", "SWIFT", "CTC", "FR", "TO",
        ], StringComparer.Ordinal);

    private static readonly string[] PlusCodes =
        ["EREF+", "KREF+", "MREF+", "CRED+", "DEBT+", "SVWZ+", "ABWA+", "ABWE+", "IBAN+", "BIC+", "COAM+", "OAMT+", "RREF+", "PURP+", "RCUR+"];

    private static readonly FrozenSet<string> Placeholders = FrozenSet.ToFrozenSet(
        ["NONREF", "NOTPROVIDED", "NOT PROVIDED", "NOREF", "EREF", "PREF", "MARF", "KREF", "KREF+", "EREF+", "REF", "NONE", "NULL", "-", "NOTAVAILABLE"],
        StringComparer.OrdinalIgnoreCase);

    private readonly List<KeyValuePair<string, string>> _values = [];

    private NarrativeCodes()
    {
    }

    /// <summary>Dialect that the text turned out to have.</summary>
    public NarrativeDialect Dialect { get; private set; } = NarrativeDialect.FreeText;

    public IReadOnlyList<KeyValuePair<string, string>> All => _values;

    /// <summary>Value of a code; null when the code is absent, empty for an empty slot.</summary>
    public string? Find(string code)
    {
        foreach (var pair in _values)
            if (pair.Key == code) return pair.Value;
        return null;
    }

    /// <summary>Texts that stand where a reference would be and say that there is none, or that it is elsewhere.</summary>
    public static bool IsPlaceholder(string value) => Placeholders.Contains(value);

    public static NarrativeCodes Parse(IReadOnlyList<string> lines, NarrativeDialect dialect)
    {
        var codes = new NarrativeCodes();
        if (lines.Count == 0) return codes;
        // Wraps carry no blank: a code or a value may be cut anywhere.
        var text = lines.Count == 1 ? lines[0] : string.Concat(lines);
        if (dialect is NarrativeDialect.Auto or NarrativeDialect.Gvc && codes.ReadSubfields(text)) return codes;
        if (dialect is NarrativeDialect.Auto or NarrativeDialect.Slash or NarrativeDialect.Lines && codes.ReadSlashes(text)) return codes;
        codes.ReadKeywords(text);
        return codes;
    }

    private bool ReadSubfields(string text)
    {
        // Three digits of transaction code, a separator that is neither letter nor digit, two digits.
        if (text.Length < 6 || !Digits(text, 0, 3) || !Digits(text, 4, 2)) return false;
        var separator = text[3];
        if (separator is not ('?' or '<' or '>' or '^' or '~' or '+' or '@' or '!' or '#' or '|')) return false;
        Dialect = NarrativeDialect.Gvc;
        _values.Add(new("GVC", text[..3]));
        var purpose = new System.Text.StringBuilder();
        var at = 3;
        while (at < text.Length)
        {
            var key = text.Substring(at + 1, 2);
            var from = at + 3;
            var next = from;
            while (next < text.Length && !(text[next] == separator && IsSubfield(text, next + 1))) next++;
            var value = text[from..next];
            _values.Add(new("?" + key, value));
            if (key[0] == '2' || key is "60" or "61" or "62" or "63") purpose.Append(value);
            at = next;
        }
        ReadKeywords(purpose.ToString());
        var (first, second) = (Find("?32"), Find("?33"));
        if (first is not null) _values.Add(new("NAME", first + second));
        if (Find("?31") is { Length: > 0 } account) _values.Add(new("ACCT", account));
        return true;
    }

    private static bool IsSubfield(string text, int at) =>
        at + 1 < text.Length && text[at] is '0' or '1' or '2' or '3' or '6' && char.IsAsciiDigit(text[at + 1])
        && (text[at] != '0' || text[at + 1] == '0') && (text[at] != '1' || text[at + 1] == '0') && (text[at] != '6' || text[at + 1] <= '3');

    private bool ReadSlashes(string text)
    {
        var lookup = SlashCodes.GetAlternateLookup<ReadOnlySpan<char>>();
        string? open = null;
        var valueFrom = 0;
        for (var at = 0; at < text.Length; at++)
        {
            if (text[at] != '/') continue;
            var end = text.IndexOf('/', at + 1);
            if (end < 0) break;
            if (end == at + 1 || end - at - 1 > 12 || !lookup.TryGetValue(text.AsSpan(at + 1, end - at - 1), out var code)) continue;
            if (open is not null) _values.Add(new(open, text[valueFrom..Math.Max(valueFrom, at)]));
            open = code;
            valueFrom = end + 1;
            at = end - 1;                    // the closing slash of one code may be the opening slash of the next
        }
        if (open is null) return false;
        _values.Add(new(open, text[valueFrom..].TrimEnd('/')));
        Dialect = NarrativeDialect.Slash;
        return true;
    }

    private void ReadKeywords(string text)
    {
        string? open = null;
        var valueFrom = 0;
        for (var at = text.IndexOf('+', StringComparison.Ordinal); at >= 0; at = text.IndexOf('+', at + 1))
        {
            foreach (var code in PlusCodes)
            {
                var from = at - code.Length + 1;
                if (from < 0 || string.CompareOrdinal(text, from, code, 0, code.Length) != 0) continue;
                Close(from);
                open = code[..^1];
                valueFrom = at + 1;
                break;
            }
        }
        Close(text.Length);

        void Close(int end)
        {
            if (open is null || end < valueFrom) return;
            _values.Add(new(open, text[valueFrom..end].Trim()));
        }
    }

    private static bool Digits(string text, int at, int count)
    {
        for (var i = at; i < at + count; i++)
            if (!char.IsAsciiDigit(text[i])) return false;
        return true;
    }
}
