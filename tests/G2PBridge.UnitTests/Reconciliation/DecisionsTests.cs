using G2PBridge.Modules.Reconciliation.Domain;
using G2PBridge.SharedKernel;

namespace G2PBridge.UnitTests.Reconciliation;

internal sealed class DecisionsTests
{
    private static readonly PaymentReference First = new(1, 1);
    private static readonly PaymentReference Second = new(2, 1);

    [Test]
    public void A_decision_is_confirmed_or_superseded_once()
    {
        foreach (var from in Enum.GetValues<DecisionState>())
        {
            foreach (var to in Enum.GetValues<DecisionState>())
            {
                if (from == DecisionState.Proposed && to != DecisionState.Proposed)
                {
                    Assert.That(Decisions.Move(from, to), Is.EqualTo(to));
                }
                else
                {
                    Assert.That(() => Decisions.Move(from, to), Throws.InvalidOperationException, $"{from} to {to}");
                }
            }
        }
    }

    [TestCase("ana")]
    [TestCase("ANA")]
    [TestCase(" Ana ")]
    public void Whoever_proposed_cannot_confirm(string actor) => Assert.That(Decisions.Judge(DecisionState.Proposed, "ana", actor)?.Code, Is.EqualTo("SECOND_PERSON_REQUIRED"));

    [Test]
    public void A_second_person_can() => Assert.That(Decisions.Judge(DecisionState.Proposed, "ana", "ben"), Is.Null);

    [Test]
    public void Nobody_confirms_what_was_superseded() => Assert.That(Decisions.Judge(DecisionState.Superseded, "ana", "ben")?.Code, Is.EqualTo("DECISION_SUPERSEDED"));

    [Test]
    public void One_payment_is_the_whole_entry() => Assert.Multiple(() =>
    {
        Assert.That(Decisions.Judge(DecisionKind.Match, [Payment(First, 10)], 10), Is.Null);
        Assert.That(Decisions.Judge(DecisionKind.Match, [Payment(First, 10)], 9.99m)?.Code, Is.EqualTo("AMOUNT_DIFFERS"));
    });

    [Test]
    public void A_return_less_charges_is_a_payment_and_a_fee_below_zero() =>
        Assert.That(Decisions.Judge(DecisionKind.Split, [Payment(First, 1000), new DecisionPart(PartClass.Fee, null, -10)], 990), Is.Null);

    [Test]
    public void A_split_that_does_not_add_up_is_refused() =>
        Assert.That(Decisions.Judge(DecisionKind.Split, [Payment(First, 10), Payment(Second, 20)], 31)?.Code, Is.EqualTo("AMOUNT_DIFFERS"));

    [Test]
    public void A_split_of_one_part_or_without_a_payment_is_refused() => Assert.Multiple(() =>
    {
        Assert.That(Decisions.Judge(DecisionKind.Split, [Payment(First, 10)], 10)?.Code, Is.EqualTo("INVALID_SPLIT"));
        Assert.That(Decisions.Judge(DecisionKind.Split, [new DecisionPart(PartClass.Fee, null, 4), new DecisionPart(PartClass.Other, null, 6)], 10)?.Code, Is.EqualTo("INVALID_SPLIT"));
    });

    [Test]
    public void A_payment_is_named_once() =>
        Assert.That(Decisions.Judge(DecisionKind.Split, [Payment(First, 10), Payment(First, 10)], 20)?.Code, Is.EqualTo("PAYMENT_NAMED_TWICE"));

    [Test]
    public void An_entry_that_cannot_be_read_is_no_payment_and_can_be_given_up() => Assert.Multiple(() =>
    {
        Assert.That(Decisions.Judge(DecisionKind.Match, [Payment(First, 10)], null)?.Code, Is.EqualTo("ENTRY_UNREADABLE"));
        Assert.That(Decisions.Judge(DecisionKind.WriteOff, [new DecisionPart(PartClass.WrittenOff, null, 0)], null), Is.Null);
    });

    [TestCase("12-3", true)]
    [TestCase("12", false)]
    [TestCase("12-3-4", false)]
    [TestCase("-1-3", false)]
    [TestCase("a-b", false)]
    [TestCase(null, false)]
    public void An_exceptions_id_is_two_numbers(string? text, bool expected)
    {
        Assert.That(ExceptionId.TryParse(text, out var id), Is.EqualTo(expected));
        Assert.That(id.ToString(), Is.EqualTo(expected ? text : "0-0"));
    }

    private static DecisionPart Payment(PaymentReference reference, decimal amount) => new(PartClass.Payment, reference, amount);
}
