using FsCheck;
using FsCheck.Fluent;
using G2PBridge.SharedKernel;

namespace G2PBridge.UnitTests.SharedKernel;

internal sealed class CurrencyUnitsTests
{
    [TestCase("USD", 2)]
    [TestCase("EUR", 2)]
    [TestCase("XOF", 0)]
    [TestCase("UGX", 0)]
    [TestCase("JPY", 0)]
    [TestCase("KWD", 3)]
    [TestCase("TND", 3)]
    [TestCase("CLF", 4)]
    public void A_currency_has_the_decimals_of_the_standard(string currency, int decimals) =>
        Assert.That(CurrencyUnits.DecimalsOf(currency), Is.EqualTo(decimals));

    [TestCase("USD", true)]
    [TestCase("usd", false)]
    [TestCase("US", false)]
    [TestCase("USDX", false)]
    [TestCase("U5D", false)]
    [TestCase("ÜSD", false)]
    [TestCase("", false)]
    [TestCase(null, false)]
    public void A_currency_code_is_three_capitals(string? code, bool expected) =>
        Assert.That(CurrencyUnits.IsCurrencyCode(code), Is.EqualTo(expected));

    [TestCase("10", 0)]
    [TestCase("10.00", 0)]
    [TestCase("10.50", 1)]
    [TestCase("-0.0010", 3)]
    [TestCase("0.0000", 0)]
    [TestCase("100", 0)]
    public void Decimals_are_counted_without_trailing_zeros(string amount, int decimals) =>
        Assert.That(CurrencyUnits.DecimalsIn(decimal.Parse(amount, System.Globalization.CultureInfo.InvariantCulture)), Is.EqualTo(decimals));

    [TestCase("USD", "0.01", true)]
    [TestCase("USD", "0.001", false)]
    [TestCase("USD", "0.010", true)]
    [TestCase("XOF", "1", true)]
    [TestCase("XOF", "1.5", false)]
    [TestCase("USD", "999999999999999.99", true)]
    [TestCase("USD", "1000000000000000", false)]
    [TestCase("USD", "-1000000000000000", false)]
    public void An_amount_fits_when_it_can_be_paid_and_stored_exactly(string currency, string amount, bool expected) =>
        Assert.That(CurrencyUnits.Fits(decimal.Parse(amount, System.Globalization.CultureInfo.InvariantCulture), currency), Is.EqualTo(expected));

    [FsCheck.NUnit.Property]
    public Property No_currency_has_more_decimals_than_the_columns() => Prop.ForAll(Codes(), code => CurrencyUnits.DecimalsOf(code) <= CurrencyUnits.StoredDecimals);

    [FsCheck.NUnit.Property]
    public Property Minor_units_always_fit_and_a_tenth_of_one_never_does() => Prop.ForAll(Codes(), Gen.Choose(1, int.MaxValue).ToArbitrary(), (code, units) =>
    {
        var unit = 1m;
        for (var i = 0; i < CurrencyUnits.DecimalsOf(code); i++)
        {
            unit /= 10;
        }

        return CurrencyUnits.Fits(units * unit, code) && !CurrencyUnits.Fits((units * unit) + (unit / 10), code);
    });

    [FsCheck.NUnit.Property]
    public Property Trailing_zeros_change_nothing() => Prop.ForAll(Gen.Choose(0, int.MaxValue).ToArbitrary(), Gen.Choose(0, 8).ToArbitrary(), (digits, scale) =>
    {
        var amount = new decimal(digits, 0, 0, false, (byte)scale);
        return CurrencyUnits.DecimalsIn(amount * 1.00000m) == CurrencyUnits.DecimalsIn(amount) && CurrencyUnits.DecimalsIn(amount) <= scale;
    });

    private static Arbitrary<string> Codes() =>
        Gen.OneOf(Gen.Elements("USD", "XOF", "KWD", "CLF", "JPY", "BHD"), Gen.ArrayOf(Gen.Choose('A', 'Z').Select(letter => (char)letter), 3).Select(letters => new string(letters))).ToArbitrary();
}
