namespace G2PBridge.Statements;

/// <summary>
/// Follows the statements of one file per account: pages of one statement, numbers, balances from one statement to the next.
/// What spans several files is the importer's to check; it has the same facts in <see cref="StatementSummary"/>.
/// </summary>
internal sealed class Continuity(BankProfile profile)
{
    private const int MaxAccounts = 10_000;
    private const int MaxPages = 100_000;

    private readonly Dictionary<string, Chain> _chains = new(StringComparer.Ordinal);
    private readonly List<Finding> _late = [];

    /// <summary>Compares a finished statement with those before it in the file and notes what does not fit.</summary>
    public void Follow(StatementHeader header, Balance? opening, Balance? closing, string? contentFingerprint, StatementTally tally, long line)
    {
        if (header.Format is StatementFormat.Mt942 or StatementFormat.Camt052 or StatementFormat.Camt054 or StatementFormat.Pain002) return;
        var key = $"{header.NormalisedAccount}\u001f{opening?.Currency ?? closing?.Currency}";
        if (!_chains.TryGetValue(key, out var chain))
        {
            if (_chains.Count >= MaxAccounts) return;
            _chains.Add(key, chain = new Chain());
        }
        if (contentFingerprint is not null && chain.Seen.Count < MaxPages && !chain.Seen.Add(contentFingerprint))
            tally.Note(FindingCodes.Duplicate, Verdict.Warn, "The same statement is in this file twice.", line);

        var paged = header.Page is not null && (opening?.Intermediate == true || closing?.Intermediate == true || (chain.Pages.Count > 0 && chain.Number == header.Number0()));
        if (paged)
        {
            if (chain.Number != header.Number0())
            {
                Close(chain);
                chain.Number = header.Number0();
            }
            AddPage(chain, header.Page!.Value, opening, closing, tally, line);
        }
        else
        {
            Close(chain);
            if (chain.LastClosing is { } last && opening is not null)
            {
                var chained = last.Amount == opening.Amount;
                var gap = chain.LastNumber is { } before && header.StatementNumber is { } now && now > before + 1;
                if (!chained && gap && profile.NumberingReliable)
                    tally.Note(FindingCodes.NumberGap, Verdict.Warn, $"Between statement {chain.LastNumber} and {header.StatementNumber} one is missing, and the balances do not connect.", line);
                else if (!chained)
                    tally.Note(FindingCodes.BalanceChain, StatementTally.Severity(profile.ContinuityPolicy), "The opening balance is not the closing balance of the statement before it.", line);
            }
        }
        if (closing is not null) chain.LastClosing = closing;
        if (header.StatementNumber is not null) chain.LastNumber = header.StatementNumber;
        chain.LastLine = line;
    }

    /// <summary>Findings that only the end of the file can show.</summary>
    public IReadOnlyList<Finding> Finish()
    {
        foreach (var chain in _chains.Values) Close(chain);
        return _late;
    }

    private void AddPage(Chain chain, int page, Balance? opening, Balance? closing, StatementTally tally, long line)
    {
        if (chain.Pages.Count >= MaxPages) return;
        if (chain.Pages.Count > 0 && page < chain.LastPage)
            tally.Note(FindingCodes.PagesReordered, Verdict.Warn, "A page comes after one with a higher number.", line);
        chain.LastPage = page;
        if (chain.Pages.TryGetValue(page - 1, out var before) && before.Closing is not null && opening is not null && before.Closing.Amount != opening.Amount) Broken();
        if (chain.Pages.TryGetValue(page + 1, out var after) && after.Opening is not null && closing is not null && after.Opening.Amount != closing.Amount) Broken();
        chain.Pages[page] = (opening, closing);

        void Broken() => tally.Note(FindingCodes.BalanceChain, StatementTally.Severity(profile.BalancePolicy), "The balances of two pages do not connect.", line);
    }

    private void Close(Chain chain)
    {
        if (chain.Pages.Count == 0) return;
        var (lowest, highest) = (chain.Pages.Keys.Min(), chain.Pages.Keys.Max());
        var complete = highest - lowest + 1 == chain.Pages.Count
            && chain.Pages[lowest].Opening?.Intermediate == false && chain.Pages[highest].Closing?.Intermediate == false;
        if (!complete && _late.Count < 100)
            _late.Add(new Finding(FindingCodes.PagesMissing, Verdict.Warn, $"Statement {chain.Number} is not complete in this file: pages {lowest} to {highest} are here.", chain.LastLine));
        chain.Pages.Clear();
    }

    private sealed class Chain
    {
        public readonly HashSet<string> Seen = new(StringComparer.Ordinal);
        public readonly Dictionary<int, (Balance? Opening, Balance? Closing)> Pages = [];
        public string? Number;
        public int LastPage;
        public Balance? LastClosing;
        public int? LastNumber;
        public long LastLine;
    }
}

file static class HeaderNumbers
{
    /// <summary>The statement number without its page.</summary>
    public static string? Number0(this StatementHeader header) =>
        header.StatementNumber?.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
