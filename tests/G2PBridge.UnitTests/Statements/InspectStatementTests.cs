using System.Text.Json;
using G2PBridge.Statements;

namespace G2PBridge.UnitTests.Statements;

internal sealed class InspectStatementTests
{
    private static async Task<(int Code, string Output, string Error)> RunAsync(string path, bool json, string? profile = null)
    {
        var (output, error) = (new StringWriter(), new StringWriter());
        var code = await InspectStatement.RunAsync(path, profile, json, output, error, CancellationToken.None);
        return (code, output.ToString(), error.ToString());
    }

    private static string Edge(string name) => Path.Combine(StatementFiles.Samples(), "edge", name + ".sta");

    [Test]
    public async Task Json_has_exactly_the_agreed_shape()
    {
        var (code, output, _) = await RunAsync(Edge("bal-mismatch"), json: true);
        using var json = JsonDocument.Parse(output);
        Assert.That(code, Is.Zero);
        Assert.That(json.RootElement.EnumerateObject().Select(p => p.Name), Is.EqualTo(new[] { "statements", "verdict" }));
        var s = json.RootElement.GetProperty("statements")[0];
        Assert.That(s.EnumerateObject().Select(p => p.Name),
            Is.EqualTo(new[] { "account", "number", "currency", "opening", "closing", "entries", "credits", "debits", "verdict", "findings" }));
        Assert.That((s.GetProperty("account").GetString(), s.GetProperty("number").GetString(), s.GetProperty("currency").GetString(), s.GetProperty("opening").GetString(), s.GetProperty("closing").GetString(),
            s.GetProperty("entries").GetInt32(), s.GetProperty("credits").GetString(), s.GetProperty("debits").GetString(), s.GetProperty("verdict").GetString()),
            Is.EqualTo(("ACC1", "1/1", "USD", "100.00", "80.00", 1, "0", "25.00", "warn")));
        Assert.That(s.GetProperty("findings")[0].GetProperty("code").GetString(), Is.EqualTo("balance-mismatch"));
    }

    [TestCase("eol-lf", null, 0)]
    [TestCase("bal-mismatch", null, 0)]
    [TestCase("bal-mismatch", "german-gvc", 1)]
    [TestCase("mark-bad", null, 2)]
    [TestCase("empty-file", null, 2)]
    [TestCase("not-a-statement", null, 2)]
    public async Task The_exit_code_follows_the_verdict(string name, string? profile, int expected)
    {
        Assert.That((await RunAsync(Edge(name), json: false, profile)).Code, Is.EqualTo(expected));
        Assert.That((await RunAsync(Edge(name), json: true, profile)).Code, Is.EqualTo(expected));
    }

    [Test]
    public async Task The_table_names_the_account_the_sums_and_the_findings()
    {
        var (_, output, _) = await RunAsync(Path.Combine(StatementFiles.Samples(), "openg2p", "openg2p-v2-10.sta"), json: false, "example-bank");
        Assert.That(output, Does.Contain("TREASURY_ACC_1").And.Contain("99,983,320.90").And.Contain("18,636.62").And.Contain("2 payments came back"));
    }

    [Test]
    public async Task A_status_report_is_counted()
    {
        var (code, output, _) = await RunAsync(Path.Combine(StatementFiles.Samples(), "iso20022", "g2p-pain002-10.xml"), json: false);
        Assert.That((code, output), Is.EqualTo((0, output)));
        Assert.That(output, Does.Contain("Transaction ACSC").And.Contain("Transaction RJCT"));
    }

    [Test]
    public async Task A_missing_file_and_an_unknown_profile_are_one_sentence_each()
    {
        var missing = await RunAsync(Path.Combine(StatementFiles.Samples(), "no-such-file.sta"), json: true);
        Assert.That((missing.Code, missing.Output), Is.EqualTo((2, "")));
        Assert.That(missing.Error.Trim(), Does.StartWith("There is no file ").And.Not.Contain("\n"));
        var profile = await RunAsync(Edge("eol-lf"), json: false, "nobody");
        Assert.That(profile.Code, Is.EqualTo(2));
        Assert.That(profile.Error, Does.Contain("\"nobody\"").And.Contain("example-bank"));
        var folder = await RunAsync(StatementFiles.Samples(), json: false);
        Assert.That(folder.Code, Is.EqualTo(2));
        Assert.That(folder.Error.Trim(), Does.Not.Contain("\n"));
    }
}
