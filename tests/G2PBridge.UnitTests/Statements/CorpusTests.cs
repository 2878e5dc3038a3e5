using System.Globalization;

namespace G2PBridge.UnitTests.Statements;

/// <summary>Sample files of many banks, read from beside the checkout; nothing of them is part of this project.</summary>
internal sealed class CorpusTests
{
    private const string Absent = "The shared statement corpus is not beside the checkout (shared/statements, or G2PBRIDGE_STATEMENT_CORPUS).";

    private sealed record Row(string Licence, string Format, int Statements, int Entries, string Opening, string Closing, decimal Credits, decimal Debits);

    public static IEnumerable<TestCaseData> MtFiles() => Rows(r => r.Format is "MT940" or "MT942" && r.Licence != "own");

    public static IEnumerable<TestCaseData> CamtFiles() => Rows(r => r.Format.StartsWith("camt.05", StringComparison.Ordinal) && !r.Format.StartsWith("camt.055", StringComparison.Ordinal));

    private static IEnumerable<TestCaseData> Rows(Func<Row, bool> wanted)
    {
        var corpus = StatementFiles.Corpus();
        if (corpus is null)
        {
            yield return new TestCaseData("").SetArgDisplayNames("corpus absent");
            yield break;
        }
        foreach (var line in File.ReadLines(Path.Combine(corpus, "MANIFEST.tsv")).Skip(1))
        {
            var c = line.Split('\t');
            var row = new Row(c[3], c[4], Whole(c[9]), Whole(c[10]), c[11], c[12], Money(c[13]), Money(c[14]));
            if (wanted(row)) yield return new TestCaseData(line).SetArgDisplayNames(c[0]);
        }
    }

    [TestCaseSource(nameof(MtFiles))]
    public async Task A_complete_MT_file_gives_the_expected_statements_counts_and_sums(string line)
    {
        if (StatementFiles.Corpus() is not { } corpus || line.Length == 0)
        {
            Assert.Ignore(Absent);
            return;
        }
        var c = line.Split('\t');
        var path = Path.Combine(corpus, c[0]);
        if (!File.Exists(path)) Assert.Ignore("Not in this copy of the corpus.");

        var result = await StatementFiles.ReadFileAsync(path);

        var trace = string.Join('\n', result.Trace);
        Assert.That(result.Statements, Has.Count.EqualTo(Whole(c[9])), trace);
        Assert.That(result.Statements.Sum(s => s.Entries), Is.EqualTo(Whole(c[10])), trace);
        var rows = File.ReadLines(Path.Combine(corpus, "EXPECTED-per-statement.tsv")).Select(l => l.Split('\t')).Where(r => r[0] == c[0]).ToList();
        var corrected = false;
        for (var i = 0; i < rows.Count; i++)
        {
            var s = result.Statements[i];
            if (rows[i][11].StartsWith("MISMATCH", StringComparison.Ordinal) && s.Difference == 0)
            {
                // The list was made by a counter that skips lower-case marks; with them the statement adds up.
                Assert.That(s.Findings.Select(f => f.Code), Does.Contain("mark-lower-case"), trace);
                corrected = true;
                continue;
            }
            Assert.That((s.Entries, s.Credits, s.Debits), Is.EqualTo((Whole(rows[i][5]), Money(rows[i][9]), Money(rows[i][10]))), trace);
            if (rows[i][6].Length > 0) Assert.That(s.Opening?.Amount, Is.EqualTo(Money(rows[i][6])), trace);
            if (rows[i][7].Length > 0) Assert.That(s.Closing?.Amount, Is.EqualTo(Money(rows[i][7])), trace);
            // In one file a text line was taken for the account by the list's counter.
            if (rows[i][3].Length > 0 && !rows[i][3].StartsWith("166?", StringComparison.Ordinal)) Assert.That(s.Header.Account, Is.EqualTo(rows[i][3].Trim()), trace);
            if (rows[i][4].Length > 0) Assert.That(s.Header.Number, Is.EqualTo(rows[i][4].Split(" :")[0].Trim()), trace);
            if (rows[i][8].Length > 0) Assert.That(s.Header.Currency, Is.EqualTo(rows[i][8]), trace);
            if (rows[i][11] == "OK") Assert.That(s.Difference, Is.Zero, trace);
        }
        if (!corrected) Assert.That((result.Statements.Sum(s => s.Credits), result.Statements.Sum(s => s.Debits)), Is.EqualTo((Money(c[13]), Money(c[14]))), trace);
    }

    [TestCaseSource(nameof(CamtFiles))]
    public async Task A_camt_file_gives_the_expected_statements_counts_and_sums(string line)
    {
        if (StatementFiles.Corpus() is not { } corpus || line.Length == 0)
        {
            Assert.Ignore(Absent);
            return;
        }
        var c = line.Split('\t');
        var result = await StatementFiles.ReadFileAsync(Path.Combine(corpus, c[0]));

        var trace = string.Join('\n', result.Trace);
        Assert.That(result.Statements, Has.Count.EqualTo(Whole(c[9])), trace);
        Assert.That(result.Statements.Sum(s => s.Entries), Is.EqualTo(Whole(c[10])), trace);
        // The list sums pending and informational entries too.
        var entries = result.Entries.Where(e => e.Detail == 0).ToList();
        Assert.That((entries.Where(e => e.Signed > 0).Sum(e => e.Signed), -entries.Where(e => e.Signed < 0).Sum(e => e.Signed)), Is.EqualTo((Money(c[13]), Money(c[14]))), trace);
        if (c[15] == "OK") Assert.That(result.Statements.Select(s => s.Difference), Has.All.Zero, trace);
    }

    private static int Whole(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var n) ? n : 0;

    private static decimal Money(string text) => decimal.TryParse(text, NumberStyles.Number, CultureInfo.InvariantCulture, out var n) ? n : 0;
}
