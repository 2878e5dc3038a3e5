using System.Globalization;
using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using G2PBridge.PartnerApi;

namespace G2PBridge.UnitTests.PartnerApi;

internal sealed class WireValueTests
{
    private delegate T Read<out T>(ref Utf8JsonReader reader, string field, WireErrors errors);

    [TestCase("1000", "1000")]
    [TestCase("1000.0", "1000")]
    [TestCase("1e3", "1000")]
    [TestCase("-0.5", "-0.5")]
    [TestCase("\"120.50\"", "120.50")]
    [TestCase("0.000000000000000000000000001", "0.000000000000000000000000001")]
    [TestCase("1234567890123456789012345678", "1234567890123456789012345678")]
    public void A_number_is_read_exactly(string json, string expected) =>
        Assert.That(Value(json, WireValue.Number), Is.EqualTo((decimal.Parse(expected, CultureInfo.InvariantCulture), false)));

    [TestCase("0.00000000000000000000000000001", TestName = "a number below the smallest decimal")]
    [TestCase("12345678901234567890123456789.1", TestName = "a number with more digits than a decimal holds")]
    [TestCase("1.00000000000000000000000000001", TestName = "a number whose last digit would be dropped")]
    [TestCase("1e-40", TestName = "a number that would become zero")]
    [TestCase("1e40", TestName = "a number above the largest decimal")]
    public void A_number_that_would_be_rounded_is_refused(string json) => Assert.That(Value(json, WireValue.Number), Is.EqualTo(((decimal?)null, true)));

    [TestCase("true")]
    [TestCase("[1]")]
    [TestCase("{\"a\":1}")]
    [TestCase("\"ten\"")]
    [TestCase("\"1,000\"")]
    [TestCase("\"1e3\"")]
    [TestCase("\"NaN\"")]
    public void What_is_no_number_is_refused(string json) => Assert.That(Value(json, WireValue.Number), Is.EqualTo(((decimal?)null, true)));

    [TestCase("null")]
    [TestCase("\"\"")]
    public void No_number_is_no_number(string json) => Assert.That(Value(json, WireValue.Number), Is.EqualTo(((decimal?)null, false)));

    [TestCase("3", 3)]
    [TestCase("3.0", 3)]
    [TestCase("\"3\"", 3)]
    [TestCase("2147483647", int.MaxValue)]
    public void A_whole_number_may_be_written_as_a_float(string json, int expected) => Assert.That(Value(json, WireValue.Integer), Is.EqualTo(((int?)expected, false)));

    [TestCase("3.5")]
    [TestCase("2147483648")]
    [TestCase("-2147483649")]
    public void What_is_no_whole_number_is_refused(string json) => Assert.That(Value(json, WireValue.Integer), Is.EqualTo(((int?)null, true)));

    [TestCase("\"2026-06-19\"")]
    [TestCase("\"2026-06-19T00:00:00\"")]
    [TestCase("\"2026-06-19T00:00:00Z\"")]
    public void A_date_may_carry_a_midnight(string json) => Assert.That(Value(json, WireValue.Date), Is.EqualTo(((DateOnly?)new DateOnly(2026, 6, 19), false)));

    [TestCase("\"2026-06-19T10:00:00\"")]
    [TestCase("\"19.06.2026\"")]
    [TestCase("\"2026-02-30\"")]
    [TestCase("20260619")]
    public void What_is_no_date_is_refused(string json) => Assert.That(Value(json, WireValue.Date), Is.EqualTo(((DateOnly?)null, true)));

    [TestCase("null")]
    [TestCase("\"\"")]
    public void No_date_is_no_date(string json) => Assert.That(Value(json, WireValue.Date), Is.EqualTo(((DateOnly?)null, false)));

    [TestCase("\"a\\u0000b\"")]
    [TestCase("\"\\ud800\"")]
    [TestCase("1")]
    [TestCase("{}")]
    public void Text_that_cannot_be_stored_is_refused(string json) => Assert.That(Value<string?>(json, WireValue.Text), Is.EqualTo(((string?)null, true)));

    [TestCase("\"2026-06-19T10:15:00Z\"")]
    [TestCase("\"2026-06-19 12:15:00+02:00\"")]
    [TestCase("\"2026-06-19T10:15:00.000000\"")]
    [TestCase("1781864100")]
    [TestCase("1781864100.0")]
    public void A_timestamp_is_read(string json) =>
        Assert.That(Value(json, WireValue.Timestamp), Is.EqualTo(((DateTimeOffset?)new DateTimeOffset(2026, 6, 19, 10, 15, 0, TimeSpan.Zero), false)));

    [TestCase("\"yesterday\"")]
    [TestCase("null")]
    [TestCase("-1")]
    [TestCase("1e300")]
    [TestCase("[]")]
    public void What_is_no_timestamp_is_refused(string json) => Assert.That(Value(json, WireValue.Timestamp), Is.EqualTo(((DateTimeOffset?)null, true)));

    [Test]
    public void The_list_of_problems_ends_somewhere()
    {
        var errors = new WireErrors();
        for (var i = 0; i < 10_000; i++)
        {
            errors.Add("field", "problem");
        }

        Assert.That(errors.Problems, Has.Count.EqualTo(50));
    }

    [FsCheck.NUnit.Property(MaxTest = 1000)]
    public Property A_number_is_read_to_the_last_digit_or_refused() => Prop.ForAll(Numbers(), json =>
    {
        var (value, refused) = Value(json, WireValue.Number);
        return refused || (Digits(value!.Value.ToString(CultureInfo.InvariantCulture)) == Digits(json) && value < 0 == (json[0] == '-' && Digits(json) != ""));
    });

    /// <summary>What a number says, without the zeros that say nothing; numbers of the same digits here have the same point.</summary>
    private static string Digits(string number)
    {
        var plain = number.TrimStart('-');
        var point = plain.IndexOf('.', StringComparison.Ordinal);
        return point < 0 ? plain.TrimStart('0') : (plain.TrimStart('0').TrimEnd('0').TrimEnd('.') is var text && text.StartsWith('.') && text.Length == 1 ? "" : text);
    }

    private static Arbitrary<string> Numbers() =>
        (from sign in Gen.Elements("", "-")
         from whole in Gen.Choose(1, 20).SelectMany(length => Gen.ArrayOf(Gen.Choose(0, 9), length))
         from fraction in Gen.Choose(0, 20).SelectMany(length => Gen.ArrayOf(Gen.Choose(0, 9), length))
         let front = string.Concat(whole).TrimStart('0')
         select sign + (front.Length == 0 ? "0" : front) + (fraction.Length == 0 ? "" : "." + string.Concat(fraction))).ToArbitrary();

    private static (T Value, bool Refused) Value<T>(string json, Read<T> read)
    {
        var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(json));
        reader.Read();
        var errors = new WireErrors();
        var value = read(ref reader, "field", errors);
        Assert.That(errors.Problems, Has.All.StartsWith("field: "));
        return (value, errors.Any);
    }
}
