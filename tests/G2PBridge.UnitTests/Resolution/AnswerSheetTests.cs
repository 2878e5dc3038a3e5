using G2PBridge.Connectors;
using G2PBridge.Modules.Resolution.Domain;

namespace G2PBridge.UnitTests.Resolution;

internal sealed class AnswerSheetTests
{
    [Test]
    public void Answers_in_any_order_reach_their_lines()
    {
        var (resolved, unresolved) = Match(3, MapperScript.Account("3", "C"), MapperScript.Account("1", "A"), new("2", null, "succ.fa.not_linked_to_id", "please link first"));

        Assert.That(resolved.Select(item => (item.Line.Seq, item.Address.AccountNumber)), Is.EqualTo(new[] { (1L, "A"), (3L, "C") }));
        Assert.That(unresolved.Select(item => (item.Line.Seq, item.ReasonCode, item.Reason)), Is.EqualTo(new[] { (2L, "succ.fa.not_linked_to_id", "please link first") }));
    }

    [Test]
    public void Who_is_not_mentioned_is_named_and_holds_up_nobody()
    {
        var (resolved, unresolved) = Match(2, MapperScript.Account("1", "A"));

        Assert.That(resolved, Has.Count.EqualTo(1));
        Assert.That(unresolved.Single().ReasonCode, Is.EqualTo(ReasonCodes.NoAnswer));
    }

    [Test]
    public void An_answer_about_nobody_is_left_out() => Assert.That(Match(1, MapperScript.Account("1", "A"), MapperScript.Account("77", "X")).Resolved, Has.Count.EqualTo(1));

    [Test]
    public void Of_doubled_answers_the_usable_one_wins()
    {
        var (resolved, _) = Match(1, MapperScript.Account("1", null), new("1", null, "succ.id.not_found", null), MapperScript.Account("1", "A"), MapperScript.Account("1", "A"));

        Assert.That(resolved.Single().Address.AccountNumber, Is.EqualTo("A"));
    }

    [Test]
    public void Two_different_addresses_are_none()
    {
        var (resolved, unresolved) = Match(1, MapperScript.Account("1", "A"), MapperScript.Account("1", "B"), MapperScript.Account("1", "A"));

        Assert.That(resolved, Is.Empty);
        Assert.That(unresolved.Single().ReasonCode, Is.EqualTo(ReasonCodes.ConflictingAnswers));
    }

    [TestCase("BANK_ACCOUNT")]
    [TestCase("MOBILE_WALLET")]
    [TestCase("EMAIL_WALLET")]
    public void An_address_without_its_number_is_incomplete(string kind)
    {
        var (_, unresolved) = Match(1, new AddressAnswer("1", new(kind, " ", "BANK", null, null, null, "", null, null), null, null));

        Assert.That(unresolved.Single().ReasonCode, Is.EqualTo(ReasonCodes.AddressIncomplete));
    }

    [Test]
    public void An_unknown_kind_is_not_paid_to() =>
        Assert.That(Match(1, new AddressAnswer("1", new("CARRIER_PIGEON", "A", null, null, null, null, null, null, null), null, null)).Unresolved.Single().ReasonCode,
            Is.EqualTo(ReasonCodes.AddressKindNotSupported));

    [TestCase("A\0B")]
    [TestCase("\ud83d\ude00")]
    [TestCase("1111111111222222222233333333334444444444555555555566666666667777777777")]
    public void What_no_column_could_hold_costs_one_person_only(string number)
    {
        var (resolved, unresolved) = Match(2, MapperScript.Account("1", number), MapperScript.Account("2", "B"));

        Assert.That(resolved.Single().Line.Seq, Is.EqualTo(2));
        Assert.That(unresolved.Single().ReasonCode, Is.EqualTo(ReasonCodes.AddressNotStorable));
    }

    [Test]
    public void A_reason_is_made_fit_for_its_column()
    {
        var (_, unresolved) = Match(1, new AddressAnswer("1", null, new string('x', 100), "a\0b" + new string('y', 600)));

        Assert.That(unresolved.Single().ReasonCode, Has.Length.EqualTo(64));
        Assert.That(unresolved.Single().Reason, Has.Length.EqualTo(500).And.StartsWith("a b"));
    }

    [Test]
    public void A_mapper_that_gives_no_reason_is_said_to_give_none() =>
        Assert.That(Match(1, new AddressAnswer("1", null, null, null)).Unresolved.Single().ReasonCode, Is.EqualTo(ReasonCodes.NoReason));

    private static (List<LineWithAddress> Resolved, List<LineWithoutAddress> Unresolved) Match(int lines, params AddressAnswer[] answers)
    {
        var (resolved, unresolved) = (new List<LineWithAddress>(), new List<LineWithoutAddress>());
        AnswerSheet.Match(MapperScript.Lines(lines), answers, resolved, unresolved);
        return (resolved, unresolved);
    }
}
