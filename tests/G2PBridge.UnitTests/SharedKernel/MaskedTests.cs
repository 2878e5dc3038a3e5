using System.Diagnostics;
using G2PBridge.SharedKernel;

namespace G2PBridge.UnitTests.SharedKernel;

/// <summary>What is shown of a number, and what is taken for one in somebody else's text.</summary>
internal sealed class MaskedTests
{
    [TestCase("0123456789", "****6789")]
    [TestCase("+254712345678", "****5678")]
    [TestCase("a.person@example.org", "****.org")]
    [TestCase("123456", "****456")]
    [TestCase("1234", "****34")]
    [TestCase("1", "****")]
    [TestCase("", "****")]
    [TestCase(null, null)]
    public void At_most_the_last_four_characters_and_never_more_than_half(string? number, string? shown) => Assert.That(Masked.Of(number), Is.EqualTo(shown));

    [TestCase("Account 0123456789 is closed", "Account ****6789 is closed")]
    [TestCase("account 01-2345-6789-0 closed", "account ****89-0 closed")]
    [TestCase("IBAN GB29 NWBK 6016 1331 9268 19!", "IBAN GB29 NWBK ****8 19!")]
    [TestCase("IBAN DE89370400440532013000.", "IBAN ****3000.")]
    [TestCase("call +254 712 345 678 or (0712)345678", "call **** 678 or (****5678")]
    [TestCase("tel:0712/345678", "tel:****5678")]
    [TestCase("no mail to zed.quix+pay@example.org, sorry", "no mail to ****.org, sorry")]
    [TestCase("<zed@localhost>", "<****host>")]
    [TestCase("acct:0123456789;", "acct:****6789;")]
    [TestCase("0123456789", "****6789")]
    [TestCase("x0123456789y", "****789y")]
    [TestCase("{\"account\":\"0123456789\"}", "{\"account\":\"****6789\"}")]
    [TestCase("٠١٢٣٤٥٦٧٨٩", "****٦٧٨٩")]
    public void What_looks_like_a_number_or_an_address_is_masked(string text, string shown) => Assert.That(Masked.Text(text), Is.EqualTo(shown));

    [TestCase("AC04: account closed")]
    [TestCase("HTTP 503, attempt 3 of 5")]
    [TestCase("booked 2026-06-19 at 2026-06-19T10:15:00.123Z or 19.06.2026 or 06/19/2026")]
    [TestCase("1000000.00 USD debited, 999999.5 USD ordered.")]
    [TestCase("order 01890a5d-ac96-774b-bcce-b302099a8057 of branch 0001")]
    [TestCase("Now listening on: http://192.168.100.200:8000")]
    [TestCase("")]
    [TestCase("Société générale — Ångström, 14 people")]
    public void Dates_amounts_codes_and_ids_stay(string text) => Assert.That(Masked.Text(text), Is.EqualTo(text));

    [Test]
    public void A_text_that_is_made_to_take_long_takes_a_second_at_most()
    {
        var watch = Stopwatch.StartNew();
        foreach (var text in new[] { new string('1', 200_000), string.Concat(Enumerable.Repeat("1 ", 100_000)), string.Concat(Enumerable.Repeat("a1-", 70_000)) + "@", new string('a', 200_000) + "@", string.Concat(Enumerable.Repeat("a@", 50_000)) })
        {
            Assert.That(Masked.Text(text), Is.Not.Null);
        }

        Assert.That(watch.Elapsed, Is.LessThan(TimeSpan.FromSeconds(20)));
    }
}
