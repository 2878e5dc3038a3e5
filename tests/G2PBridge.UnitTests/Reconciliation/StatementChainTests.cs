using G2PBridge.Modules.Reconciliation.Domain;

namespace G2PBridge.UnitTests.Reconciliation;

internal sealed class StatementChainTests
{
    private static readonly DateOnly Day = new(2026, 6, 19);

    [Test]
    public void Statements_that_join_have_no_findings() => Assert.That(Codes(Link("1/1", 100, 90), Link("2/1", 90, 80, day: 1), Link("3/1", 80, 80, day: 2)), Is.Empty);

    [Test]
    public void The_banks_order_counts_and_not_the_order_of_arrival() => Assert.That(Codes(Link("2/1", 90, 80, day: 1, file: 1), Link("1/1", 100, 90, file: 2)), Is.Empty);

    [Test]
    public void A_missing_number_is_a_gap_and_so_is_the_balance() =>
        Assert.That(Codes(Link("1/1", 100, 90), Link("4/1", 70, 60, day: 1)), Is.EqualTo(new[] { ChainFindingCode.BalanceGap, ChainFindingCode.NumberGap }));

    [Test]
    public void The_missing_numbers_are_named() =>
        Assert.That(Build(true, Link("1/1", 100, 90), Link("4/1", 90, 60, day: 1))[1].Findings.Single().Message, Is.EqualTo("Statements: 2 to 3 were not received."));

    [Test]
    public void A_number_that_goes_back_is_named() => Assert.That(Codes(Link("5/1", 100, 90), Link("3/1", 90, 80, day: 1)), Is.EqualTo(new[] { ChainFindingCode.NumberOutOfOrder }));

    [Test]
    public void Numbers_begin_anew_with_the_year() => Assert.That(Codes(Link("250/1", 100, 90), Link("1/1", 90, 80, day: 200)), Is.Empty);

    [Test]
    public void Numbers_may_go_on_over_the_year() => Assert.That(Codes(Link("250/1", 100, 90), Link("251/1", 90, 80, day: 200)), Is.Empty);

    [Test]
    public void A_gap_after_the_new_year_is_named() => Assert.That(Codes(Link("250/1", 100, 90), Link("3/1", 90, 80, day: 200)), Is.EqualTo(new[] { ChainFindingCode.NumberGap }));

    [Test]
    public void A_page_between_two_is_missing() =>
        Assert.That(Codes(Link("1/1", 100, 90, closes: true), Link("1/3", 90, 80, opens: true)), Is.EqualTo(new[] { ChainFindingCode.PageMissing }));

    [Test]
    public void The_first_page_is_missing() => Assert.That(Codes(Link("1/2", 100, 90, opens: true)), Is.EqualTo(new[] { ChainFindingCode.PageMissing }));

    [Test]
    public void The_last_page_is_missing() => Assert.That(Codes(Link("1/1", 100, 90, closes: true)), Is.EqualTo(new[] { ChainFindingCode.PageMissing }));

    [Test]
    public void The_next_page_is_missing_before_the_next_statement() =>
        Assert.That(Codes(Link("1/1", 100, 90, closes: true), Link("2/1", 90, 80, day: 1)), Is.EqualTo(new[] { ChainFindingCode.PageMissing }));

    [Test]
    public void A_page_that_came_too_early_is_named() =>
        Assert.That(Codes(Link("1/1", 100, 90, closes: true, file: 2), Link("1/2", 90, 80, opens: true, file: 1)), Is.EqualTo(new[] { ChainFindingCode.PageOutOfOrder }));

    [Test]
    public void A_number_used_twice_is_named() =>
        Assert.That(Codes(Link("1/1", 100, 90), Link("1/1", 90, 80, file: 2) with { OpeningDate = Day }), Is.EqualTo(new[] { ChainFindingCode.NumberRepeated }));

    [Test]
    public void Numbers_that_cannot_be_relied_on_say_nothing() => Assert.That(Codes(false, Link("1/1", 100, 90), Link("1/1", 90, 80, day: 1), Link("9/4", 80, 70, day: 2)), Is.Empty);

    [Test]
    public void Balances_that_are_not_stated_are_named() => Assert.That(Codes(Link("1/1", 100, null), Link("2/1", 90, 80, day: 1)), Is.EqualTo(new[] { ChainFindingCode.BalanceMissing }));

    [Test]
    public void A_statement_that_is_not_booked_is_no_gap() =>
        Assert.That(Codes(Link("1/1", 100, 90), Link("2/1", 90, 80, day: 1) with { State = StatementState.Held }, Link("3/1", 80, 70, day: 2)), Is.EqualTo(new[] { ChainFindingCode.NotBooked }));

    [Test]
    public void A_period_that_begins_too_early_is_named() =>
        Assert.That(Codes(Link("1/1", 100, 90), Link("2/1", 90, 80, day: 1) with { OpeningDate = Day.AddDays(-3) }), Is.EqualTo(new[] { ChainFindingCode.PeriodOverlaps }));

    [Test]
    public void Each_currency_is_a_chain_of_its_own() => Assert.That(Codes(Link("1/1", 100, 90), Link("1/1", 5, 6) with { Currency = "EUR" }), Is.Empty);

    private static IEnumerable<ChainFindingCode> Codes(params StatementLink[] links) => Codes(true, links);

    private static IEnumerable<ChainFindingCode> Codes(bool isNumberingReliable, params StatementLink[] links) =>
        Build(isNumberingReliable, links).SelectMany(link => link.Findings).Select(finding => finding.Code);

    private static IReadOnlyList<ChainLink> Build(bool isNumberingReliable, params StatementLink[] links) => StatementChain.Build(links, isNumberingReliable);

    private static StatementLink Link(string number, decimal? opening, decimal? closing, int day = 0, bool opens = false, bool closes = false, long file = 1) => new(
        file, Guid.Empty, 1, StatementState.Booked, "Mt940", number.Split('/')[0], number.Split('/')[1], "USD", opening, Day.AddDays(opens ? day : day - 1), opens, closing, Day.AddDays(day), closes, 1);
}
