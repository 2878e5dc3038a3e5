using System.Reflection;
using System.Text.RegularExpressions;
using G2PBridge.Platform.Hosting;

namespace G2PBridge.UnitTests.Architecture;

/// <summary>What IL does not show: another module's tables named in SQL, and constants of others, which the compiler copies.</summary>
internal sealed partial class SqlBoundaryTests
{
    private static readonly Dictionary<string, string> Schemas = HostAssembly.Modules.ToDictionary(module => module, SchemaOf, StringComparer.Ordinal);

    [Test]
    public void Every_module_has_a_schema_of_its_own()
    {
        Assert.That(Schemas, Is.Not.Empty);
        Assert.That(Schemas.Values, Is.Unique);
        Assert.That(Schemas.Values, Has.All.Match("^[a-z_]+$"));
    }

    [Test]
    public void No_place_but_the_module_itself_names_its_tables()
    {
        var files = SourceText.Files(SourceText.Host);
        Assert.That(files, Has.Count.GreaterThan(100));
        var offences = from file in files
                       let owner = OwnerOf(file)
                       from literal in SourceText.TakeApart(File.ReadAllText(file)).Literals
                       from schema in Schemas
                       where schema.Key != owner && NamesTableOf(literal.Text, schema.Value)
                       select $"{SourceText.Relative(file)}:{literal.Line} names a table of {schema.Key}";
        Assert.That(offences, Is.Empty);
    }

    [Test]
    public void No_module_copies_a_constant_of_another()
    {
        var offences = from file in SourceText.Files(SourceText.Host)
                       let owner = OwnerOf(file)
                       where !SourceText.Relative(file).Contains("/Platform/Hosting/", StringComparison.Ordinal)
                       let code = SourceText.TakeApart(File.ReadAllText(file)).Code
                       from Match match in InnerPlace().Matches(code)
                       where match.Groups["module"].Value != owner && HostAssembly.Modules.Contains(match.Groups["module"].Value)
                       select $"{SourceText.Relative(file)} names {match.Value}";
        Assert.That(offences, Is.Empty);
    }

    [Test]
    public void Views_and_the_partner_api_have_no_sql_of_their_own()
    {
        var offences = from place in new[] { "Views", "PartnerApi" }
                       from type in HostAssembly.Types
                       where HostAssembly.IsIn(type, place)
                       from used in TypeReferences.Of(type)
                       where used.Namespace.StartsWith("Npgsql", StringComparison.Ordinal)
                           || used.Namespace.StartsWith("Microsoft.EntityFrameworkCore", StringComparison.Ordinal)
                           || used.Namespace.StartsWith("System.Data", StringComparison.Ordinal)
                       select $"{type.FullName} uses {used.FullName}";
        Assert.That(offences, Is.Empty);
    }

    [Test]
    public void What_outlives_a_transaction_is_asked_for_on_a_session_of_its_own()
    {
        var asking = (from file in SourceText.Files(SourceText.Host)
                      let text = SourceText.TakeApart(File.ReadAllText(file))
                      where text.Literals.Any(literal => OutlivesItsTransaction().IsMatch(literal.Text))
                      select (File: SourceText.Relative(file), IsOnSession: text.Code.Contains("SessionConnection", StringComparison.Ordinal) || text.Code.Contains("OpenSessionAsync", StringComparison.Ordinal))).ToList();
        Assert.That(asking, Has.Count.GreaterThan(3));
        Assert.That(asking.Where(file => !file.IsOnSession).Select(file => file.File), Is.Empty, "connections go back to the pool as they are");
    }

    [TestCase("select * from funds.work", true)]
    [TestCase("select * from FUNDS . \\\"work\\\"", true)]
    [TestCase("\\\"funds\\\".\\\"work\\\"", true)]
    [TestCase("set search_path to funds", true)]
    [TestCase("the funds. Nothing else", false)]
    [TestCase("funds", false)]
    [TestCase("refunds.work", false)]
    [TestCase("funds.{table}", true)]
    public void A_table_is_recognised_by_its_schema(string text, bool expected) =>
        Assert.That(NamesTableOf(text, "funds"), Is.EqualTo(expected));

    [Test]
    public void Literals_are_told_from_code_and_comments()
    {
        const string Source = """"
            // "funds.a"
            /* "funds.b" */ var c = '"'; var d = "x \" funds.d"; var e = @"funds ""e"" y"; var f = '\''; var g = $"f {h["k"]} g"; // "z"
            var i = """
                raw "funds.i"
                """;
            var j = $"{OtherModule.Schema}.t";
            """";
        var (literals, code) = SourceText.TakeApart(Source);
        Assert.Multiple(() =>
        {
            Assert.That(literals.Select(literal => literal.Line), Is.EqualTo(new[] { 2, 2, 2, 3, 6 }));
            Assert.That(string.Concat(literals.Select(literal => literal.Text)), Does.Contain("funds.d").And.Contain("\"\"e\"\"").And.Contain("raw \"funds.i\"").And.Not.Contain("funds.a").And.Not.Contain("funds.b").And.Not.Contain("z"));
            Assert.That(code, Does.Contain("OtherModule.Schema").And.Contain("var i").And.Not.Contain("funds"));
        });
    }

    private static bool NamesTableOf(string text, string schema) =>
        Regex.IsMatch(text, $$"""(?<![A-Za-z0-9_]){{schema}}\\?"?(\.[a-z_{]|\s*\.\s*\\?"[a-z_{])""", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)
        || Regex.IsMatch(text, $"""search_path\b[^;]*\b{schema}\b""", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant);

    private static string? OwnerOf(string file)
    {
        var parts = Path.GetRelativePath(SourceText.Host, file).Split(Path.DirectorySeparatorChar);
        return parts[0] == "Modules" ? parts[1] : null;
    }

    private static string SchemaOf(string module) =>
        (string)typeof(BridgeHost).Assembly.GetType($"{HostAssembly.ModulesRoot}{module}.{module}Module", throwOnError: true)!
            .GetField("Schema", BindingFlags.Public | BindingFlags.Static)!.GetRawConstantValue()!;

    [GeneratedRegex(@"pg_(try_)?advisory_(lock|unlock)\w*\(|^\s*(un)?listen |^\s*set (?!local|timezone)\w+ *(=|to )", RegexOptions.IgnoreCase)]
    private static partial Regex OutlivesItsTransaction();

    [GeneratedRegex(@"\b(?<module>[A-Z]\w+)(Module\s*\.\s*\w+|\.(Persistence|Domain|Features)\b)")]
    private static partial Regex InnerPlace();
}
