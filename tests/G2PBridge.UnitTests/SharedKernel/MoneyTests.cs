using System.Globalization;
using FsCheck;
using FsCheck.Fluent;
using G2PBridge.SharedKernel;

namespace G2PBridge.UnitTests.SharedKernel;

internal sealed class MoneyTests
{
    [Test]
    public void Amounts_of_one_currency_add_and_subtract()
    {
        var sum = new Money(10.25m, "USD") + new Money(0.75m, "USD");
        Assert.Multiple(() =>
        {
            Assert.That(sum, Is.EqualTo(new Money(11m, "USD")));
            Assert.That(sum - new Money(11m, "USD"), Is.EqualTo(new Money(0m, "USD")));
        });
    }

    [Test]
    public void Two_currencies_do_not_add_up()
    {
        Assert.That(() => new Money(1, "USD") + new Money(1, "EUR"), Throws.InvalidOperationException.With.Message.Contains("USD").And.Message.Contains("EUR"));
        Assert.That(() => new Money(1, "USD") - new Money(1, "EUR"), Throws.InvalidOperationException);
    }

    [Test]
    public void It_is_written_the_same_wherever_it_is_written()
    {
        var before = CultureInfo.CurrentCulture;
        try
        {
            CultureInfo.CurrentCulture = CultureInfo.GetCultureInfo("de-DE");
            Assert.That(new Money(1234.5m, "EUR").ToString(), Is.EqualTo("1234.5 EUR"));
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [FsCheck.NUnit.Property]
    public Property What_is_added_can_be_taken_away() => Prop.ForAll(Cents(), Cents(), (left, right) =>
        new Money(left, "USD") + new Money(right, "USD") - new Money(right, "USD") == new Money(left, "USD"));

    private static Arbitrary<decimal> Cents() => Gen.Choose(-2_000_000_000, 2_000_000_000).Select(cents => cents / 100m).ToArbitrary();
}
