using System.Text.RegularExpressions;

namespace G2PBridge.UnitTests.Architecture;

/// <summary>A promise whose test was renamed or deleted is a promise that nobody proves.</summary>
internal sealed partial class DocumentTests
{
    [TestCase("safety.md", 40)]
    [TestCase("security.md", 15)]
    public void Every_test_that_a_document_of_promises_names_exists(string document, int fewest)
    {
        var named = TestName().Matches(File.ReadAllText(Path.Combine(SourceText.Root, "docs", document))).Select(match => match.Groups[1].Value).Distinct().ToList();
        var existing = SourceText.Files(Path.Combine(SourceText.Root, "tests")).SelectMany(file => TestMethod().Matches(File.ReadAllText(file))).Select(match => match.Groups[1].Value).ToHashSet(StringComparer.Ordinal);
        Assert.That(named, Has.Count.AtLeast(fewest), "The document is read as it is meant to be.");
        Assert.That(named.Where(name => !existing.Contains(name)), Is.Empty);
    }

    /// <summary>In the document: a sentence with underscores, in code.</summary>
    [GeneratedRegex("`([A-Z][A-Za-z0-9]*(?:_[A-Za-z0-9]+){2,})`")]
    private static partial Regex TestName();

    /// <summary>In the sources: a public method below an attribute that makes it a test.</summary>
    [GeneratedRegex(@"\[Test(?:Case|CaseSource)?\b[^\n]*\n(?:\s*\[[^\n]*\n)*\s*public (?:async )?(?:Task|void) (\w+)\(")]
    private static partial Regex TestMethod();
}
