namespace G2PBridge.Statements;

/// <summary>How a bank structures the text of an entry (<c>:86:</c>).</summary>
internal enum NarrativeDialect
{
    /// <summary>Decide per entry: numbered sub-fields, slash codes, SEPA keywords, else free text.</summary>
    Auto,
    FreeText,

    /// <summary>Three digits, then <c>?00</c>, <c>?20</c> …: German and Polish banks.</summary>
    Gvc,

    /// <summary><c>/EREF/…/REMI/…</c>: Dutch and many international banks.</summary>
    Slash,

    /// <summary>Every line has its own meaning, as the example bank writes it.</summary>
    Lines,
}

/// <summary>Where to look for our own payment reference.</summary>
internal enum ReferencePlace
{
    CustomerReference,
    BankReference,

    /// <summary>Line <see cref="ReferenceLookup.Line"/> of the text, from 1.</summary>
    NarrativeLine,

    /// <summary>The code <see cref="ReferenceLookup.Code"/> inside the text: EREF, KREF, PREF …</summary>
    NarrativeCode,
    EndToEndId,
    InstructionId,
    TransactionId,
    PaymentInformationId,

    /// <summary>Any text that has the form of <see cref="BankProfile.ReferencePattern"/>.</summary>
    FreeText,
}

internal sealed class ReferenceLookup
{
    public ReferencePlace Place { get; set; }

    public int Line { get; set; }

    public string? Code { get; set; }
}

/// <summary>What to do about something that does not prove an error.</summary>
internal enum FindingPolicy
{
    /// <summary>Record it; the verdict does not change.</summary>
    Record,
    Warn,
    Hold,
}

/// <summary>What is particular to one bank. Bind from <c>Statements:Profiles:&lt;name&gt;</c>.</summary>
internal sealed class BankProfile
{
    public string Name { get; set; } = "generic";

    /// <summary>Code page of texts that are not UTF-8. Empty: windows-1252, and every use of it is a warning.</summary>
    public string? CodePage { get; set; }

    public NarrativeDialect Dialect { get; set; } = NarrativeDialect.Auto;

    /// <summary>Places of our reference, the first that gives a text of the right form wins.</summary>
    public List<ReferenceLookup> References { get; set; } = [];

    /// <summary>
    /// Form of our reference: shortest and longest length, over A-Z and 0-9. Texts of another form are taken from places that
    /// name the reference (customer reference, codes) and never from a free-text scan.
    /// </summary>
    public ReferencePattern ReferencePattern { get; set; } = new();

    /// <summary>Text line with the beneficiary, from 1; 0 for none.</summary>
    public int BeneficiaryLine { get; set; }

    /// <summary>
    /// Text line with the reason of a returned payment, from 1; -1 for the last line; 0 for none. In a shorter text the last line counts if it
    /// is a known reason.
    /// </summary>
    public int ReturnReasonLine { get; set; }

    /// <summary>True where the bank numbers its statements without gaps.</summary>
    public bool NumberingReliable { get; set; } = true;

    /// <summary>A statement whose opening balance and entries do not give the closing balance.</summary>
    public FindingPolicy BalancePolicy { get; set; } = FindingPolicy.Warn;

    /// <summary>A statement whose opening balance is not the closing balance of the one before it.</summary>
    public FindingPolicy ContinuityPolicy { get; set; } = FindingPolicy.Record;

    /// <summary>A longer reference is a warning: 16 by the standard (field 61, subfield 7); ours must survive in it.</summary>
    public int CustomerReferenceLength { get; set; } = 16;

    /// <summary>The bank's own reference (subfield 8) is 16 by the standard, often longer, and harmless up to ISO 20022's 35.</summary>
    public int BankReferenceLength { get; set; } = 35;

    /// <summary>
    /// True where camt's RvslInd marks CdtDbtInd as the direction of the original: the entry then moves the balance the other way.
    /// </summary>
    public bool ReversalShowsOriginalDirection { get; set; }

    /// <summary>Spellings of an account at the bank → the account as configured with us.</summary>
    public Dictionary<string, string> AccountAliases { get; set; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>The bank's own words for a return reason → ISO 20022 code; looked up before the shipped list.</summary>
    public Dictionary<string, string> ReasonAliases { get; set; } = new(StringComparer.OrdinalIgnoreCase);

    public CsvMapping? Csv { get; set; }

    /// <summary>Upper case, no blanks, without a trailing ISO currency, then the alias if there is one.</summary>
    public string NormaliseAccount(string account)
    {
        ArgumentNullException.ThrowIfNull(account);
        Span<char> text = account.Length <= 128 ? stackalloc char[account.Length] : new char[account.Length];
        var length = 0;
        foreach (var c in account)
            if (!char.IsWhiteSpace(c)) text[length++] = char.ToUpperInvariant(c);
        var plain = text[..length];
        // Only after a digit: an account may end in letters of its own, a currency follows the number.
        if (length > 6 && char.IsAsciiDigit(plain[^4]) && CurrencyFacts.IsKnown(plain[^3..])) plain = plain[..^3];
        var key = plain.TrimEnd('/').ToString();
        return AccountAliases.TryGetValue(account, out var alias) || AccountAliases.TryGetValue(key, out alias) ? alias : key;
    }

    public static IReadOnlyList<string> ShippedNames { get; } = ["example-bank", "generic", "german-gvc", "sepa-slash"];

    /// <summary>A fresh copy of a profile that comes with the program, or null.</summary>
    public static BankProfile? Shipped(string name) => name switch
    {
        "generic" => new BankProfile
        {
            References =
            [
                At(ReferencePlace.CustomerReference), At(ReferencePlace.EndToEndId), At(ReferencePlace.NarrativeCode, "EREF"),
                At(ReferencePlace.NarrativeCode, "KREF"), At(ReferencePlace.NarrativeCode, "PREF"), At(ReferencePlace.InstructionId),
                At(ReferencePlace.TransactionId), At(ReferencePlace.FreeText),
            ],
        },
        "example-bank" => new BankProfile
        {
            Name = "example-bank",
            Dialect = NarrativeDialect.Lines,
            References =
            [
                At(ReferencePlace.CustomerReference), At(ReferencePlace.InstructionId), At(ReferencePlace.EndToEndId),
                new() { Place = ReferencePlace.NarrativeLine, Line = 5 },
            ],
            BeneficiaryLine = 4,
            ReturnReasonLine = 6,
            NumberingReliable = false,
        },
        "german-gvc" => new BankProfile
        {
            Name = "german-gvc",
            CodePage = "iso-8859-1",
            Dialect = NarrativeDialect.Gvc,
            References =
            [
                At(ReferencePlace.NarrativeCode, "EREF"), At(ReferencePlace.EndToEndId), At(ReferencePlace.NarrativeCode, "KREF"),
                At(ReferencePlace.CustomerReference), At(ReferencePlace.FreeText),
            ],
            BalancePolicy = FindingPolicy.Hold,
        },
        "sepa-slash" => new BankProfile
        {
            Name = "sepa-slash",
            Dialect = NarrativeDialect.Slash,
            References =
            [
                At(ReferencePlace.NarrativeCode, "EREF"), At(ReferencePlace.EndToEndId), At(ReferencePlace.NarrativeCode, "PREF"),
                At(ReferencePlace.CustomerReference), At(ReferencePlace.FreeText),
            ],
            NumberingReliable = false,
            BalancePolicy = FindingPolicy.Hold,
            CustomerReferenceLength = 35,
        },
        _ => null,
    };

    private static ReferenceLookup At(ReferencePlace place, string? code = null) => new() { Place = place, Code = code };
}

/// <summary>Form of our own reference: letters A-Z and digits only, so that every bank passes it on unchanged.</summary>
internal sealed class ReferencePattern
{
    public int MinLength { get; set; } = 10;

    public int MaxLength { get; set; } = 16;

    /// <summary>Fixed start, if our references have one. It makes a free-text scan safer.</summary>
    public string Prefix { get; set; } = "";

    public bool Matches(ReadOnlySpan<char> text)
    {
        if (text.Length < MinLength || text.Length > MaxLength || !text.StartsWith(Prefix, StringComparison.Ordinal)) return false;
        foreach (var c in text)
            if (!char.IsAsciiDigit(c) && !char.IsAsciiLetterUpper(c)) return false;
        return true;
    }
}

/// <summary>How to read a bank's CSV file. Columns are header names, or numbers from 1 where there is no header row.</summary>
internal sealed class CsvMapping
{
    public char Delimiter { get; set; } = ',';

    public char Quote { get; set; } = '"';

    /// <summary>Lines before the header (or before the first row).</summary>
    public int SkipLines { get; set; }

    public bool HasHeader { get; set; } = true;

    /// <summary>Exact .NET format of dates, for example <c>dd.MM.yyyy</c>.</summary>
    public string DateFormat { get; set; } = "yyyy-MM-dd";

    public char DecimalSeparator { get; set; } = '.';

    /// <summary>Separator of thousands to be removed, or none.</summary>
    public char? GroupSeparator { get; set; }

    public string? BookingDate { get; set; }

    public string? ValueDate { get; set; }

    /// <summary>Signed amount, or unsigned with <see cref="Direction"/>.</summary>
    public string? Amount { get; set; }

    public string? Debit { get; set; }

    public string? Credit { get; set; }

    /// <summary>Column that says whether money came or went.</summary>
    public string? Direction { get; set; }

    public List<string> CreditWords { get; set; } = ["C", "CR", "CRDT", "CREDIT"];

    public List<string> DebitWords { get; set; } = ["D", "DR", "DBIT", "DEBIT"];

    public string? Currency { get; set; }

    /// <summary>Currency of a file without such a column.</summary>
    public string? FixedCurrency { get; set; }

    public string? Account { get; set; }

    public string? FixedAccount { get; set; }

    public string? Reference { get; set; }

    public string? BankReference { get; set; }

    public string? Type { get; set; }

    /// <summary>Column with the bank's return reason: a text in it makes a credit a returned payment.</summary>
    public string? ReturnReason { get; set; }

    public string? Balance { get; set; }

    public List<string> Narrative { get; set; } = [];
}

/// <summary>Bounds on what one input may ask of us.</summary>
internal sealed record ReaderLimits
{
    public int LineBytes { get; init; } = 64 * 1024;

    public int NarrativeLines { get; init; } = 200;

    public int EntryBytes { get; init; } = 1024 * 1024;

    public int EntriesPerFile { get; init; } = 20_000_000;

    public long FileBytes { get; init; } = 4L * 1024 * 1024 * 1024;

    /// <summary>Compute <see cref="StatementSummary.ContentFingerprint"/> and <see cref="StatementSummary.BookingsFingerprint"/>.</summary>
    public bool Fingerprints { get; init; } = true;

    /// <summary>Size of the first read; grows up to what one entry needs.</summary>
    public int BufferBytes { get; init; } = 128 * 1024;
}
