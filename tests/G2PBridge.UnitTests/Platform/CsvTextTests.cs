using System.Buffers;
using System.Text;
using G2PBridge.Platform.Exports;
using Microsoft.VisualBasic.FileIO;

namespace G2PBridge.UnitTests.Platform;

/// <summary>What comes from partners, banks and mappers does nothing in a spreadsheet; what are numbers stay numbers.</summary>
internal sealed class CsvTextTests
{
    [TestCase("plain", "\"plain\"")]
    [TestCase("=1+1", "\"'=1+1\"")]
    [TestCase("+41791234567", "\"'+41791234567\"")]
    [TestCase("-2+3", "\"'-2+3\"")]
    [TestCase("@SUM(A1)", "\"'@SUM(A1)\"")]
    [TestCase("  =cmd|' /C calc'!A0", "\"  '=cmd|' /C calc'!A0\"")]
    [TestCase("\t=1", "\" '=1\"")]
    [TestCase("\r=1", "\" '=1\"")]
    [TestCase("\n=1", "\" '=1\"")]
    [TestCase("\uFF1D1", "\"'\uFF1D1\"")]
    [TestCase("a;=1+1", "\"a;'=1+1\"")]
    [TestCase("a\",=1+1", "\"a\"\",'=1+1\"")]
    [TestCase("say \"=1\"", "\"say \"\"'=1\"\"\"")]
    [TestCase("a=b", "\"a=b\"")]
    [TestCase("x-1", "\"x-1\"")]
    [TestCase("line one\r\nline two", "\"line one  line two\"")]
    [TestCase("pay\u202Eelif\u202C", "\"pay\uFFFDelif\uFFFD\"")]
    [TestCase("bell\u0007null\u0000", "\"bell\uFFFDnull\uFFFD\"")]
    [TestCase("<img src=x onerror=alert(1)>", "\"<img src=x onerror=alert(1)>\"")]
    [TestCase("زهرا\u200Cخانم", "\"زهرا\u200Cخانم\"")]
    [TestCase("", "")]
    [TestCase(null, "")]
    public void A_text_is_shown_and_does_nothing(string? text, string cell) => Assert.That(Written(csv => csv.Text(text)), Is.EqualTo(cell));

    [Test]
    public void Numbers_and_dates_are_not_touched() =>
        Assert.That(
            Written(csv => csv.Number(-1234.50m).Number(-5).Number(0.0001m).Number((decimal?)null).Date(new DateOnly(2026, 6, 19)).Time(new DateTimeOffset(2026, 6, 19, 12, 0, 0, TimeSpan.FromHours(2)))),
            Is.EqualTo("-1234.5,-5,0.0001,,2026-06-19,2026-06-19T10:00:00Z"));

    [Test]
    public void A_reader_of_csv_gets_back_what_was_written()
    {
        string[] texts = ["a,b", "say \"x\"", "", "Ünïcödé 😀", "two  words"];
        using var reader = new TextFieldParser(new StringReader(Written(csv =>
        {
            csv.Header("one", "two");
            foreach (var text in texts)
            {
                csv.Text(text).Number(1).End();
            }
        })))
        { Delimiters = [","], HasFieldsEnclosedInQuotes = true, TrimWhiteSpace = false };
        var read = new List<string>();
        while (reader.ReadFields() is { } fields)
        {
            Assert.That(fields, Has.Length.EqualTo(2));
            read.Add(fields[0]);
        }

        Assert.That(read, Is.EqualTo(texts.Prepend("one")));
    }

    private static string Written(Action<CsvText> write)
    {
        var output = new ArrayBufferWriter<byte>();
        write(new CsvText(output));
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }
}
