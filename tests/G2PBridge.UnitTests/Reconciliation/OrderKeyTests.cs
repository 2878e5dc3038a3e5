using G2PBridge.Modules.Reconciliation.Domain;

namespace G2PBridge.UnitTests.Reconciliation;

internal sealed class OrderKeyTests
{
    private const string Key = "0192f3a4-5b6c-7d8e-9f00-112233445566";

    [TestCase("0192f3a4-5b6c-7d8e-9f00-112233445566")]
    [TestCase("0192F3A45B6C7D8E9F00112233445566")]
    [TestCase("BULK PAYMENT /PREF/0192f3a45b6c7d8e\n9f00112233445566/REMI/JUNE")]
    [TestCase("PREF 0192F3A4 5B6C7D8E 9F001122 33445566")]
    public void A_key_is_found_in_whatever_spelling(string text) => Assert.That(OrderKey.FindWithin(text), Is.EqualTo(Key));

    [TestCase(null)]
    [TestCase("")]
    [TestCase("NONREF")]
    [TestCase("0192f3a45b6c7d8e9f0011223344556")]
    [TestCase("0192f3a4-5b6c-7d8e-9f00_112233445566")]
    [TestCase("THERE IS NO KEY IN THIS TEXT, HOWEVER LONG IT MAY BE")]
    public void A_text_without_one_gives_none(string? text) => Assert.That(OrderKey.FindWithin(text), Is.Null);

    [Test]
    public void A_text_of_any_length_is_looked_through_or_left() => Assert.That(OrderKey.FindWithin(new string('x', 1_000_000) + Key), Is.Null);
}
