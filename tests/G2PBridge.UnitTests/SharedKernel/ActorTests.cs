using G2PBridge.SharedKernel;

namespace G2PBridge.UnitTests.SharedKernel;

/// <summary>One person is one person, however the name is written.</summary>
internal sealed class ActorTests
{
    [TestCase("asha.rao", "Asha.Rao", Description = "case")]
    [TestCase("asha.rao", "  asha.rao ", Description = "spaces around")]
    [TestCase("Asha Rao", "Asha  Rao", Description = "spaces within")]
    [TestCase("Asha Rao", "Asha\u00a0Rao", Description = "a space that does not break")]
    [TestCase("José", "Jose\u0301", Description = "composed and decomposed")]
    [TestCase("José", "JOSE", Description = "another keyboard")]
    [TestCase("asha", "ａｓｈａ", Description = "full width")]
    [TestCase("asha", "as\u200bha", Description = "a space of no width")]
    [TestCase("asha", "\u202easha", Description = "a mark of direction")]
    [TestCase("asha", "as\u00adha", Description = "a soft hyphen")]
    [TestCase("asha", "аshа", Description = "Cyrillic letters that look Latin")]
    [TestCase("TOM", "ΤΟΜ", Description = "Greek letters that look Latin")]
    [TestCase("ﬁona", "fiona", Description = "a ligature")]
    public void The_same_person_cannot_confirm_under_another_spelling(string proposedBy, string actor)
    {
        Assert.That(Actor.MayConfirm(proposedBy, actor, "decision")?.Code, Is.EqualTo("SECOND_PERSON_REQUIRED"));
        Assert.That(Actor.MayConfirm(actor, proposedBy, "decision")?.Code, Is.EqualTo("SECOND_PERSON_REQUIRED"));
    }

    [TestCase("asha", "ashb")]
    [TestCase("asha.rao", "asha.roa")]
    [TestCase("person 1", "person 2")]
    [TestCase("عائشة", "فاطمة")]
    [TestCase("王", "李")]
    public void Two_persons_are_two(string proposedBy, string actor) => Assert.That(Actor.MayConfirm(proposedBy, actor, "decision"), Is.Null);

    [TestCase(null)]
    [TestCase("")]
    [TestCase(" \t ")]
    [TestCase("\u200b\u202e")]
    [TestCase("asha\0")]
    [TestCase("asha\nrao")]
    public void A_name_that_nobody_can_see_is_none(string? header) => Assert.That(Actor.Read(header).Refusal?.Code, Is.EqualTo("ACTOR_REQUIRED"));
}
