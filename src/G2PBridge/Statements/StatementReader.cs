using System.Text;

namespace G2PBridge.Statements;

/// <summary>
/// Reads statements of any supported format as a sequence of events with constant memory:
/// <code>
/// await using var reader = await StatementReader.OpenAsync(stream, profile, ct: ct);
/// while (await reader.ReadAsync(ct))
///     switch (reader.Event)
///     {
///         case StatementEvent.StatementStart: … reader.Header …
///         case StatementEvent.Entry: … reader.Entry …
///         case StatementEvent.StatementEnd: … reader.Summary.Verdict …
///     }
/// </code>
/// What a file holds never throws: it becomes a bad entry, a finding, a verdict. Only the stream's own faults (I/O, cancellation) do.
/// Every started statement is ended, and <see cref="StatementEvent.FileEnd"/> always comes last.
/// </summary>
internal abstract class StatementReader : IAsyncDisposable
{
    private static readonly Encoding Windows1252 = CodePage("windows-1252") ?? Encoding.Latin1;

    private StatementSummary? _summary;
    private FileSummary? _file;
    private StatementHeader? _header;

    protected StatementReader(BankProfile profile, ReaderLimits limits)
    {
        Profile = profile;
        Limits = limits;
        FallbackEncoding = string.IsNullOrWhiteSpace(profile.CodePage) ? Windows1252 : CodePage(profile.CodePage) ?? Windows1252;
        Tally = new StatementTally(limits.Fingerprints);
        Continuity = new Continuity(profile);
    }

    public BankProfile Profile { get; }

    public ReaderLimits Limits { get; }

    public StatementFormat Format { get; protected set; }

    public StatementEvent Event { get; protected set; }

    /// <summary>The statement being read, or the last one.</summary>
    public StatementHeader Header => _header ?? throw new InvalidOperationException("No statement has started.");

    /// <summary>The movement of an Entry, Detail or BadEntry event. Reused: valid until the next <see cref="ReadAsync"/>.</summary>
    public StatementEntry Entry { get; } = new();

    /// <summary>The status of a PaymentStatus event. A new instance per event.</summary>
    public PaymentStatus Status { get; protected set; } = new();

    public StatementSummary Summary => _summary ?? throw new InvalidOperationException("No statement has ended.");

    public FileSummary File => _file ?? throw new InvalidOperationException("The file has not ended.");

    protected Encoding FallbackEncoding { get; }

    protected StatementTally Tally { get; }

    protected Continuity Continuity { get; }

    protected int Statements { get; set; }

    protected int EntriesInFile { get; set; }

    protected Verdict WorstStatement { get; private set; }

    protected List<Finding> FileFindings { get; } = [];

    /// <summary>Moves to the next event; false after <see cref="StatementEvent.FileEnd"/>.</summary>
    public abstract ValueTask<bool> ReadAsync(CancellationToken ct = default);

    /// <summary>
    /// Looks at the first bytes and returns the reader for what they are. The stream is read forward only, is not sought, and stays
    /// open. A CSV file is recognised when the profile says how to read one.
    /// </summary>
    public static async ValueTask<StatementReader> OpenAsync(Stream stream, BankProfile? profile = null, ReaderLimits? limits = null, CancellationToken ct = default)
    {
        ArgumentNullException.ThrowIfNull(stream);
        profile ??= BankProfile.Shipped("generic")!;
        limits ??= new ReaderLimits();
        var head = new byte[4096];
        var length = 0;
        while (length < head.Length)
        {
            var read = await stream.ReadAsync(head.AsMemory(length), ct);
            if (read == 0) break;
            length += read;
        }
        var start = head.AsMemory(0, length);
        return Sniff(start.Span, profile) switch
        {
            StatementFormat.Camt053 => new Iso20022Reader(stream, start, profile, limits),
            StatementFormat.Csv => new CsvStatementReader(stream, start, profile, limits),
            _ => new MtReader(stream, start, profile, limits),
        };
    }

    /// <summary>Camt053 stands for every XML message, Mt940 for every MT message and for what is neither.</summary>
    private static StatementFormat Sniff(ReadOnlySpan<byte> head, BankProfile profile)
    {
        if (head.StartsWith(Encoding.UTF8.Preamble)) head = head[3..];
        var text = head.TrimStart(" \t\r\n"u8);
        if (!text.IsEmpty && text[0] == '<') return StatementFormat.Camt053;
        // UTF-16 XML: the reader of XML understands it, a byte reader does not.
        if (head.Length > 3 && ((head[0] == 0xFF && head[1] == 0xFE && head[2] == '<') || (head[0] == 0xFE && head[1] == 0xFF && head[3] == '<'))) return StatementFormat.Camt053;
        if (profile.Csv is not null && head.IndexOf(":20:"u8) < 0 && head.IndexOf("{1:"u8) < 0) return StatementFormat.Csv;
        return StatementFormat.Mt940;
    }

    protected void SetHeader(StatementHeader header) => _header = header;

    /// <summary>Builds the summary of the statement, follows the chain of statements, and leaves the StatementEnd event.</summary>
    protected void EndStatement(Balance? opening, Balance? closing, Balance? available, string? information, long line)
    {
        decimal? difference = null;
        if (opening is not null && closing is not null)
        {
            if (!string.Equals(opening.Currency, closing.Currency, StringComparison.Ordinal))
                Tally.Note(FindingCodes.CurrencyFlip, Verdict.Reject, $"The opening balance is in {opening.Currency}, the closing balance in {closing.Currency}.", line);
            difference = closing.Amount - opening.Amount - Tally.Credits + Tally.Debits;
            if (difference != 0)
                Tally.Note(FindingCodes.BalanceMismatch, StatementTally.Severity(Profile.BalancePolicy), "Opening balance and entries do not give the closing balance.", line);
        }
        if (Tally.SawFallback)
        {
            Tally.Note(FindingCodes.CodePage, string.IsNullOrWhiteSpace(Profile.CodePage) ? Verdict.Warn : Verdict.Accept,
                $"Texts are not UTF-8 and were read as {FallbackEncoding.WebName}.", line);
        }
        var (content, bookings) = Tally.Fingerprints(Header, opening, closing);
        Continuity.Follow(Header, opening, closing, content, Tally, line);
        var findings = Tally.Findings();
        _summary = new StatementSummary
        {
            Header = Header,
            Opening = opening,
            Closing = closing,
            Available = available,
            Entries = Tally.Entries,
            BadEntries = Tally.BadEntries,
            Credits = Tally.Credits,
            Debits = Tally.Debits,
            Difference = difference,
            Verdict = StatementTally.Worst(findings),
            Findings = findings,
            ContentFingerprint = content,
            BookingsFingerprint = bookings,
            Information = information,
            CharacterSet = Tally.SawFallback ? FallbackEncoding.WebName : Tally.SawUtf8 ? "utf-8" : "us-ascii",
            LastLine = line,
        };
        if (_summary.Verdict > WorstStatement) WorstStatement = _summary.Verdict;
        Event = StatementEvent.StatementEnd;
    }

    protected void EndFile(long bytes, long lines)
    {
        FileFindings.AddRange(Continuity.Finish());
        var own = StatementTally.Worst(FileFindings);
        _file = new FileSummary
        {
            Format = Format,
            Statements = Statements,
            Bytes = bytes,
            Lines = lines,
            Verdict = own > WorstStatement ? own : WorstStatement,
            Findings = FileFindings,
        };
        Event = StatementEvent.FileEnd;
    }

    public virtual ValueTask DisposeAsync()
    {
        Tally.Dispose();
        return ValueTask.CompletedTask;
    }

    private static Encoding? CodePage(string name)
    {
        try
        {
            return CodePagesEncodingProvider.Instance.GetEncoding(name) ?? Encoding.GetEncoding(name);
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    /// <summary>True when the profile's code page exists; start-up checks ask this.</summary>
    public static bool IsKnownCodePage(string name) => CodePage(name) is not null;
}

/// <summary>How far up a status stands: what it says holds for everything below that has no status of its own.</summary>
internal enum PaymentStatusLevel
{
    Group,
    PaymentInformation,
    Transaction,
}

/// <summary>One reported status of a pain.002, with the references of the original order.</summary>
internal sealed record PaymentStatus
{
    public PaymentStatusLevel Level { get; init; }

    /// <summary>RJCT, ACSC, PDNG … as written.</summary>
    public string? Status { get; init; }

    /// <summary>True when the status is taken from the level above because the bank gave none here.</summary>
    public bool Inherited { get; init; }

    public string? OriginalMessageId { get; init; }

    public string? OriginalMessageName { get; init; }

    public string? OriginalPaymentInformationId { get; init; }

    public string? OriginalInstructionId { get; init; }

    public string? OriginalEndToEndId { get; init; }

    public string? OriginalUetr { get; init; }

    public string? BankReference { get; init; }

    /// <summary>ISO code or, after <see cref="ReasonCatalogue.Map"/>, what the bank's proprietary text means; null when unknown.</summary>
    public string? ReasonCode { get; init; }

    /// <summary>Code or proprietary text as written.</summary>
    public string? RawReason { get; init; }

    public string? AdditionalInformation { get; init; }

    /// <summary>Transactions that this level lists by themselves; where 0, a final status applies to all payments below.</summary>
    public int TransactionsReported { get; init; }

    public int Line { get; init; }
}
