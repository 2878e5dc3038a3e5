using System.Globalization;

namespace G2PBridge.Modules.Reconciliation.Domain;

/// <summary>One statement, or one page of it, as a link of its account's chain.</summary>
internal sealed record StatementLink(
    long File, Guid FileId, int No, StatementState State, string Format, string? Number, string? Sequence, string? Currency, decimal? Opening, DateOnly? OpeningDate, bool OpensInside,
    decimal? Closing, DateOnly? ClosingDate, bool ClosesInside, int Entries);

internal enum ChainFindingCode
{
    /// <summary>Statement numbers in between were never received.</summary>
    NumberGap,

    /// <summary>A later statement has a smaller number.</summary>
    NumberOutOfOrder,

    /// <summary>Two different statements have one number and page.</summary>
    NumberRepeated,

    /// <summary>Pages of a statement were never received.</summary>
    PageMissing,

    /// <summary>A page was received before the one that precedes it.</summary>
    PageOutOfOrder,

    /// <summary>The opening balance is not the closing balance before it.</summary>
    BalanceGap,

    /// <summary>A balance that would show whether something is missing was not stated.</summary>
    BalanceMissing,

    /// <summary>The period begins before the one before it has ended.</summary>
    PeriodOverlaps,

    /// <summary>Received and not booked: held, or rejected.</summary>
    NotBooked,
}

internal sealed record ChainFinding(ChainFindingCode Code, string Message);

internal sealed record ChainLink(StatementLink Statement, IReadOnlyList<ChainFinding> Findings);

/// <summary>
/// Puts the statements of an account in the bank's order, a chain per currency, and names what does not join. Only statements
/// with balances are links: an intraday report proves nothing about completeness.
/// </summary>
internal static class StatementChain
{
    public static IReadOnlyList<ChainLink> Build(IEnumerable<StatementLink> statements, bool isNumberingReliable) =>
    [
        .. statements.GroupBy(statement => statement.Currency, StringComparer.Ordinal).OrderBy(chain => chain.Key, StringComparer.Ordinal)
            .SelectMany(chain => Join([.. chain.OrderBy(DayOf).ThenBy(link => ParseNumber(link.Number)).ThenBy(link => ParseNumber(link.Sequence)).ThenBy(link => link.File).ThenBy(link => link.No)], isNumberingReliable)),
    ];

    private static IEnumerable<ChainLink> Join(List<StatementLink> links, bool isNumberingReliable)
    {
        for (var i = 0; i < links.Count; i++)
        {
            var (link, before) = (links[i], i == 0 ? null : links[i - 1]);
            var findings = new List<ChainFinding>();
            if (link.State != StatementState.Booked)
            {
                findings.Add(new(ChainFindingCode.NotBooked, $"The statement was received and is not booked: {link.State}."));
            }

            if (before is not null)
            {
                findings.AddRange(Balances(before, link));
            }

            findings.AddRange(isNumberingReliable ? Numbers(before, link) : []);
            if (!findings.Exists(finding => finding.Code == ChainFindingCode.PageMissing))
            {
                findings.AddRange(Pages(before, link, i == links.Count - 1));
            }

            yield return new ChainLink(link, findings);
        }
    }

    private static IEnumerable<ChainFinding> Balances(StatementLink before, StatementLink link)
    {
        if (before.Closing is not { } closing || link.Opening is not { } opening)
        {
            yield return new(ChainFindingCode.BalanceMissing, "The opening balance, or the closing balance before it, is not stated.");
        }
        else if (closing != opening)
        {
            yield return new(ChainFindingCode.BalanceGap, string.Create(CultureInfo.InvariantCulture, $"Opens with {opening:0.00##}; the statement before it closed with {closing:0.00##}."));
        }

        if (!link.OpensInside && link.OpeningDate < before.ClosingDate)
        {
            yield return new(ChainFindingCode.PeriodOverlaps, string.Create(CultureInfo.InvariantCulture, $"Begins on {link.OpeningDate:yyyy-MM-dd}; the statement before it ended on {before.ClosingDate:yyyy-MM-dd}."));
        }
    }

    private static IEnumerable<ChainFinding> Numbers(StatementLink? before, StatementLink link)
    {
        if (ParseNumber(link.Number) is not { } number)
        {
            yield break;
        }

        var page = ParseNumber(link.Sequence) ?? 1;
        if (before is null || ParseNumber(before.Number) is not { } last)
        {
            if (page > 1)
            {
                yield return Missing("Pages", 1, page - 1, ChainFindingCode.PageMissing);
            }

            yield break;
        }

        var isNewYear = DayOf(before).Year < DayOf(link).Year;
        if (number == last && !isNewYear)
        {
            var pageBefore = ParseNumber(before.Sequence) ?? 1;
            if (page == pageBefore)
            {
                yield return new(ChainFindingCode.NumberRepeated, $"Number {number}, page {page}, is the statement before it as well, with another content.");
            }
            else if (page > pageBefore + 1)
            {
                yield return Missing("Pages", pageBefore + 1, page - 1, ChainFindingCode.PageMissing);
            }

            if ((link.File, link.No).CompareTo((before.File, before.No)) < 0)
            {
                yield return new(ChainFindingCode.PageOutOfOrder, $"Page {page} was received before page {pageBefore}.");
            }

            yield break;
        }

        // Banks count on, or begin anew with the year.
        var expected = isNewYear && number <= last ? 1 : last + 1;
        if (number > expected)
        {
            yield return Missing("Statements", expected, number - 1, ChainFindingCode.NumberGap);
        }
        else if (number < expected)
        {
            yield return new(ChainFindingCode.NumberOutOfOrder, $"Number {number} follows number {last}.");
        }

        if (page > 1)
        {
            yield return Missing("Pages", 1, page - 1, ChainFindingCode.PageMissing);
        }
    }

    /// <summary>An intermediate balance says that there is a page before or after, whatever the numbers say.</summary>
    private static IEnumerable<ChainFinding> Pages(StatementLink? before, StatementLink link, bool isLast)
    {
        if (link.OpensInside && before?.ClosesInside != true)
        {
            yield return new(ChainFindingCode.PageMissing, "It opens with an intermediate balance, and no page before it was received.");
        }
        else if (before?.ClosesInside == true && !link.OpensInside)
        {
            yield return new(ChainFindingCode.PageMissing, "The statement before it closed with an intermediate balance, and its next page was not received.");
        }

        if (isLast && link.ClosesInside)
        {
            yield return new(ChainFindingCode.PageMissing, "It closes with an intermediate balance, and its next page was not received.");
        }
    }

    private static ChainFinding Missing(string what, long from, long to, ChainFindingCode code) =>
        new(code, from == to ? $"{what}: {from} was not received." : $"{what}: {from} to {to} were not received.");

    private static DateOnly DayOf(StatementLink link) => link.ClosingDate ?? link.OpeningDate ?? DateOnly.MinValue;

    private static long? ParseNumber(string? text) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
