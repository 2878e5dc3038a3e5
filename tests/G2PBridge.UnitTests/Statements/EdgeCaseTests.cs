using System.Globalization;
using System.Text.Json;

namespace G2PBridge.UnitTests.Statements;

/// <summary>One small file per oddity, with the verdict and the totals it must give.</summary>
internal sealed class EdgeCaseTests
{
    public static IEnumerable<TestCaseData> Cases()
    {
        var folder = Path.Combine(StatementFiles.Samples(), "edge");
        using var expected = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "EXPECTED.json")));
        foreach (var item in expected.RootElement.EnumerateObject())
            yield return new TestCaseData(Path.Combine(folder, item.Name + ".sta"), item.Value.Clone()).SetArgDisplayNames(item.Name);
    }

    [TestCaseSource(nameof(Cases))]
    public async Task The_file_gives_the_expected_statements_and_verdict(string path, JsonElement expected)
    {
        var result = await StatementFiles.ReadFileAsync(path);

        var found = result.Statements.Select(s => (s.Entries, Text(s.Opening?.Amount), Text(s.Closing?.Amount), s.Credits, s.Debits)).ToList();
        var wanted = expected.GetProperty("statements").EnumerateArray().Select(s => (
            s.GetProperty("entries").GetInt32(), s.GetProperty("opening").GetString(), s.GetProperty("closing").GetString(),
            Number(s.GetProperty("credits").GetString()!), Number(s.GetProperty("debits").GetString()!))).ToList();
        Assert.That(found, Is.EqualTo(wanted), string.Join('\n', result.Trace));
        Assert.That(result.Verdict.ToString().ToUpperInvariant(), Is.EqualTo(expected.GetProperty("verdict").GetString()!.ToUpperInvariant()), string.Join('\n', result.Trace));

        if (expected.TryGetProperty("text86", out var text)) Assert.That(result.Entries[0].Narrative, Is.EqualTo(text.GetString()));
        if (expected.TryGetProperty("lines86", out var lines)) Assert.That(result.Entries[0].Lines, Is.EqualTo(Strings(lines)));
        if (expected.TryGetProperty("bank_refs", out var refs)) Assert.That(result.Entries.Select(e => e.BankReference), Is.EqualTo(Strings(refs)));
        if (expected.TryGetProperty("suppl", out var supplementary)) Assert.That(result.Entries[0].Supplementary, Is.EqualTo(supplementary.GetString()));
        if (expected.TryGetProperty("entry_dates", out var dates)) Assert.That(result.Entries.Select(e => Date(e.EntryDate)), Is.EqualTo(Strings(dates)));
        if (expected.TryGetProperty("value_dates", out var values)) Assert.That(result.Entries.Select(e => Date(e.ValueDate)), Is.EqualTo(Strings(values)));
        if (expected.TryGetProperty("fields86", out var fields))
        {
            foreach (var field in fields.EnumerateObject())
                Assert.That(result.Entries[0].Codes.First(c => c.Key == field.Name).Value, Is.EqualTo(field.Value.GetString()));
        }
    }

    private static string? Text(decimal? value) => value?.ToString(CultureInfo.InvariantCulture);

    private static decimal Number(string text) => decimal.Parse(text, CultureInfo.InvariantCulture);

    private static string? Date(DateOnly? date) => date?.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    private static List<string?> Strings(JsonElement array) => [.. array.EnumerateArray().Select(e => e.GetString())];
}
