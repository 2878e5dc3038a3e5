namespace G2PBridge.Statements;

/// <summary>What <see cref="StatementReader.ReadAsync"/> stopped at.</summary>
internal enum StatementEvent
{
    None,

    /// <summary>A statement (MT940 message, camt statement, status report) begins; see <see cref="StatementReader.Header"/>.</summary>
    StatementStart,

    /// <summary>A movement of the account; see <see cref="StatementReader.Entry"/>.</summary>
    Entry,

    /// <summary>One payment inside the batch entry that came before it; <see cref="StatementReader.Entry"/> holds the payment.</summary>
    Detail,

    /// <summary>A movement that could not be read; <see cref="StatementReader.Entry"/> holds the raw lines and the reason.</summary>
    BadEntry,

    /// <summary>What became of a payment order (pain.002); see <see cref="StatementReader.Status"/>.</summary>
    PaymentStatus,

    /// <summary>The statement is complete or cut off; see <see cref="StatementReader.Summary"/>.</summary>
    StatementEnd,

    /// <summary>The input is finished or was refused; see <see cref="StatementReader.File"/>. Always the last event.</summary>
    FileEnd,
}

internal enum StatementFormat
{
    Unknown,
    Mt940,
    Mt941,
    Mt942,
    Mt950,
    Camt052,
    Camt053,
    Camt054,
    Pain002,
    Csv,
}

/// <summary>What may be done with a statement. Ordered: a later value outranks an earlier one.</summary>
internal enum Verdict
{
    /// <summary>Nothing odd was seen.</summary>
    Accept,

    /// <summary>Readable and usable; something deserves a look.</summary>
    Warn,

    /// <summary>Readable, but by the bank's profile a person decides before it is booked.</summary>
    Hold,

    /// <summary>Not to be booked as it stands: something is missing, cut off, unreadable or contradictory.</summary>
    Reject,
}

/// <summary>A named observation. One per name and statement: repetitions are counted, so that memory stays bounded.</summary>
/// <param name="Code">Stable name, see <see cref="FindingCodes"/>.</param>
/// <param name="Severity">The verdict this finding alone would give; <see cref="Verdict.Accept"/> is information only.</param>
/// <param name="Message">One plain sentence without personal data.</param>
/// <param name="Line">Line of the first occurrence, from 1; 0 where lines have no meaning.</param>
/// <param name="Count">How often it was seen in the statement.</param>
internal sealed record Finding(string Code, Verdict Severity, string Message, long Line, int Count = 1);

/// <summary>A booked balance. <see cref="Amount"/> is negative where the account is overdrawn.</summary>
/// <param name="Amount">Signed, in units of <see cref="Currency"/>, with the decimals the bank wrote.</param>
/// <param name="Currency">ISO 4217 letters as written.</param>
/// <param name="Date">Booking date of the balance, if it could be read.</param>
/// <param name="Intermediate">True for <c>:60M:</c>/<c>:62M:</c> and ITBD: the statement continues on another page.</param>
internal sealed record Balance(decimal Amount, string Currency, DateOnly? Date, bool Intermediate);

/// <summary>The fields before the first entry. A new instance per statement, safe to keep.</summary>
internal sealed record StatementHeader
{
    public required StatementFormat Format { get; init; }

    /// <summary>Position among the statements of the file, from 1.</summary>
    public required int Index { get; init; }

    /// <summary><c>:20:</c>, or the message or statement id of ISO 20022. Not unique in practice.</summary>
    public string? Reference { get; init; }

    public string? RelatedReference { get; init; }

    /// <summary>Account as the bank wrote it, without surrounding blanks.</summary>
    public string? Account { get; init; }

    /// <summary>Account after <see cref="BankProfile.NormaliseAccount"/>: what to look up.</summary>
    public string? NormalisedAccount { get; init; }

    public string? Currency { get; init; }

    /// <summary>Statement number and page as written, for example <c>12/3</c>.</summary>
    public string? Number { get; init; }

    public int? StatementNumber { get; init; }

    public int? Page { get; init; }

    public Balance? Opening { get; init; }

    /// <summary>Receiver or sender address of the SWIFT envelope, if there was one.</summary>
    public string? Envelope { get; init; }

    /// <summary><c>:13D:</c> or the creation time, as written.</summary>
    public string? CreatedAt { get; init; }

    /// <summary>Name of the message inside the file: <c>940</c>, <c>camt.053.001.08</c>.</summary>
    public string? MessageName { get; init; }

    public long Line { get; init; }

    public long ByteOffset { get; init; }
}

/// <summary>Balances, checks, verdict. A new instance per statement, safe to keep.</summary>
internal sealed record StatementSummary
{
    public required StatementHeader Header { get; init; }

    public Balance? Opening { get; init; }

    public Balance? Closing { get; init; }

    public Balance? Available { get; init; }

    /// <summary>Entries that could be read, expected ones included.</summary>
    public int Entries { get; init; }

    public int BadEntries { get; init; }

    /// <summary>Sum of what added to the booked balance: C and RD, booked entries only.</summary>
    public decimal Credits { get; init; }

    /// <summary>Sum of what was taken from the booked balance: D and RC, booked entries only.</summary>
    public decimal Debits { get; init; }

    /// <summary>Closing minus opening minus entries; null when it cannot be computed, zero when the statement adds up.</summary>
    public decimal? Difference { get; init; }

    public Verdict Verdict { get; init; }

    public required IReadOnlyList<Finding> Findings { get; init; }

    /// <summary>
    /// SHA-256 (hex) over the normalised fields: account, number, balances and every entry, without line ends, envelope,
    /// <c>:20:</c> and padding. The same statement in another framing has the same value.
    /// </summary>
    public string? ContentFingerprint { get; init; }

    /// <summary>
    /// SHA-256 (hex) over account, dates, signed amounts and bank references of the booked entries in any order:
    /// the same bookings delivered as MT940 and as camt.053 have the same value. A statement with payments inside its entries has another one:
    /// it says more than one without.
    /// </summary>
    public string? BookingsFingerprint { get; init; }

    /// <summary>Statement-level text: <c>:86:</c> outside entries, at most a few thousand characters.</summary>
    public string? Information { get; init; }

    /// <summary>Name of the character set that the texts needed: <c>us-ascii</c>, <c>utf-8</c> or the profile's code page.</summary>
    public string CharacterSet { get; init; } = "us-ascii";

    public long LastLine { get; init; }
}

/// <summary>What the file as a whole amounts to.</summary>
internal sealed record FileSummary
{
    public StatementFormat Format { get; init; }

    public int Statements { get; init; }

    public long Bytes { get; init; }

    public long Lines { get; init; }

    /// <summary>The worst verdict of the statements and of the file's own findings.</summary>
    public Verdict Verdict { get; init; }

    public required IReadOnlyList<Finding> Findings { get; init; }
}

/// <summary>Names of findings. They appear in APIs and must not change their meaning.</summary>
internal static class FindingCodes
{
    public const string NotAStatement = "not-a-statement";
    public const string Empty = "empty-file";
    public const string Binary = "binary-data";
    public const string NulBytes = "nul-bytes";
    public const string LineTooLong = "line-too-long";
    public const string FileTooLarge = "file-too-large";
    public const string TooManyEntries = "too-many-entries";
    public const string XmlMalformed = "xml-malformed";
    public const string XmlForbidden = "xml-forbidden";
    public const string WrongMessage = "wrong-message-type";
    public const string NoReference = "no-reference";
    public const string NoAccount = "no-account";
    public const string NoOpening = "no-opening-balance";
    public const string NoClosing = "no-closing-balance";
    public const string BalanceUnreadable = "balance-unreadable";
    public const string BalanceMismatch = "balance-mismatch";
    public const string CurrencyFlip = "currency-changes";
    public const string ControlSum = "control-sum-mismatch";
    public const string BadEntry = "bad-entry";
    public const string CodePage = "code-page-fallback";
    public const string UnknownTag = "unknown-tag";
    public const string ProprietaryTag = "proprietary-tag";
    public const string RepeatedTag = "repeated-tag";
    public const string TagInText = "tag-inside-text";
    public const string BrokenTag = "broken-tag";
    public const string DashInText = "dash-inside-text";
    public const string NarrativeCut = "narrative-cut";
    public const string NoNumber = "no-statement-number";
    public const string NumberUnreadable = "statement-number-unreadable";
    public const string NumberGap = "statement-number-gap";
    public const string BalanceChain = "balance-chain-broken";
    public const string PagesReordered = "pages-out-of-order";
    public const string PagesMissing = "pages-missing";
    public const string Duplicate = "duplicate-statement";
    public const string DetailsDiffer = "details-do-not-add-up";
    public const string RowUnreadable = "row-unreadable";
    public const string ColumnMissing = "column-missing";
}
