using System.Globalization;
using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using G2PBridge.Modules.Envelopes.Contracts;
using G2PBridge.PartnerApi;

namespace G2PBridge.UnitTests.PartnerApi;

internal sealed class WireTextTests
{
    [TestCase("1000", "1000.0")]
    [TestCase("1000.00", "1000.0")]
    [TestCase("0", "0.0")]
    [TestCase("-0.5", "-0.5")]
    [TestCase("120.5000", "120.5")]
    [TestCase("0.0001", "0.0001")]
    [TestCase("999999999999999.9999", "999999999999999.9999")]
    [TestCase("79228162514264337593543950335", "79228162514264337593543950335.0")]
    public void A_quantity_is_written_as_a_float_and_keeps_its_digits(string quantity, string expected) =>
        Assert.That(Written(writer => writer.WriteQuantity("q"u8, decimal.Parse(quantity, CultureInfo.InvariantCulture))), Is.EqualTo($$"""{"q":{{expected}}}"""));

    [FsCheck.NUnit.Property(MaxTest = 1000)]
    public Property A_quantity_that_was_written_is_read_back_exactly() => Prop.ForAll(Quantities(), quantity =>
        JsonDocument.Parse(Written(writer => writer.WriteQuantity("q"u8, quantity))).RootElement.GetProperty("q").GetDecimal() == quantity);

    [Test]
    public void No_quantity_is_null() => Assert.That(Written(writer => writer.WriteQuantity("q"u8, null)), Is.EqualTo("""{"q":null}"""));

    [TestCase("1000.00", "1000")]
    [TestCase("0", "0")]
    [TestCase("361.5", "361.5")]
    public void A_whole_number_shows_a_fraction_rather_than_lose_it(string quantity, string expected) =>
        Assert.That(Written(writer => writer.WriteWhole("q"u8, decimal.Parse(quantity, CultureInfo.InvariantCulture))), Is.EqualTo($$"""{"q":{{expected}}}"""));

    [Test]
    public void A_time_is_written_in_utc_without_a_zone_to_the_microsecond() =>
        Assert.That(WireText.Timestamp(new DateTimeOffset(2026, 7, 10, 8, 0, 0, TimeSpan.FromHours(2)).AddTicks(1_234_567)), Is.EqualTo("2026-07-10T06:00:00.123456"));

    [Test]
    public void A_date_is_written_with_a_midnight_where_a_time_is_due()
    {
        Assert.That(Written(writer => writer.WriteMidnight("d"u8, new DateOnly(2026, 7, 10))), Is.EqualTo("""{"d":"2026-07-10T00:00:00"}"""));
        Assert.That(Written(writer => writer.WriteMidnight("d"u8, null)), Is.EqualTo("""{"d":null}"""));
    }

    [TestCase(0, "\"0\"")]
    [TestCase(int.MaxValue, "\"2147483647\"")]
    [TestCase(int.MinValue, "\"-2147483648\"")]
    [TestCase(null, "null")]
    public void A_number_is_written_as_text_where_text_is_due(int? number, string expected) =>
        Assert.That(Written(writer => writer.WriteDigits("n"u8, number)), Is.EqualTo($$"""{"n":{{expected}}}"""));

    [TestCase(BenefitType.CashDigital, "CASH_DIGITAL")]
    [TestCase(BenefitType.Commodity, "COMMODITY")]
    [TestCase(BenefitType.Combination, "COMBINATION")]
    public void An_enum_is_spelled_in_capitals(object type, string expected) => Assert.That(WireText.Capitals((BenefitType)type), Is.EqualTo(expected));

    [Test]
    public void Every_spelling_is_read_back([Values] BenefitType type)
    {
        Assert.That(WireText.TryReadCapitals<BenefitType>(WireText.Capitals(type), out var read), Is.True);
        Assert.That(read, Is.EqualTo(type));
    }

    [TestCase("cash_digital")]
    [TestCase("CASHDIGITAL")]
    [TestCase("0")]
    [TestCase("")]
    [TestCase(null)]
    public void Another_spelling_is_not_read(string? text) => Assert.That(WireText.TryReadCapitals<BenefitType>(text, out _), Is.False);

    private static string Written(Action<Utf8JsonWriter> write)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            writer.WriteStartObject();
            write(writer);
            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(stream.ToArray());
    }

    private static Arbitrary<decimal> Quantities() =>
        (from low in Gen.Choose(int.MinValue, int.MaxValue)
         from mid in Gen.Choose(0, int.MaxValue)
         from negative in Gen.Elements(true, false)
         from scale in Gen.Choose(0, 18)
         select new decimal(low, mid, 0, negative, (byte)scale)).ToArbitrary();
}
