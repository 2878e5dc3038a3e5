using System.Net;
using System.Text;
using System.Text.Json.Nodes;

namespace G2PBridge.IntegrationTests.Reconciliation;

internal sealed class LookAtAccountTests : ReconciliationTest
{
    private static readonly (string, string) Reliable = ("Statements:Accounts:SPONSOR0001", "generic");

    [Test]
    public async Task The_chain_of_several_files_is_shown_with_what_is_missing()
    {
        await using var host = await OtherHost.StartAsync(Reliable);
        await ImportAsync(host, Page("1/1", "260619", "F100,00", "F90,00", 10));
        await ImportAsync(host, Page("4/1", "260622", "F70,00", "M60,00", 10));
        await ImportAsync(host, Page("4/2", "260622", "M60,00", "F50,00", 10));

        var chain = await ChainAsync(host, "SPONSOR0001");

        Assert.Multiple(() =>
        {
            Assert.That((bool)chain["complete"]!, Is.False);
            Assert.That(Codes(chain["findings"]!), Is.EqualTo(new[] { "BALANCE_GAP", "NUMBER_GAP" }));
            Assert.That((string?)chain["findings"]![0]!["message"], Is.EqualTo("Opens with 70.00; the statement before it closed with 90.00."));
            Assert.That(chain["statements"]!.AsArray().Select(link => $"{link!["number"]}/{link["sequence"]}"), Is.EqualTo(new[] { "1/1", "4/1", "4/2" }));
            Assert.That((string?)chain["statements"]![1]!["state"], Is.EqualTo("BOOKED"));
        });
    }

    [Test]
    public async Task A_gap_is_closed_by_the_statement_that_was_missing()
    {
        await using var host = await OtherHost.StartAsync(Reliable);
        await ImportAsync(host, Page("1/1", "260619", "F100,00", "F90,00", 10));
        await ImportAsync(host, Page("3/1", "260621", "F80,00", "F70,00", 10));
        var before = await ChainAsync(host, "SPONSOR0001");
        await ImportAsync(host, Page("2/1", "260620", "F90,00", "F80,00", 10));

        var after = await ChainAsync(host, "SPONSOR0001");

        Assert.That(((bool)before["complete"]!, (bool)after["complete"]!), Is.EqualTo((false, true)));
    }

    [Test]
    public async Task A_statement_in_another_framing_is_no_second_link()
    {
        var text = Page("1/1", "260619", "F100,00", "F90,00", 10);
        await ImportAsync(text);
        await ImportAsync("{1:F01BANKXXXXAXXX0000000000}{2:I940BANKXXXXN}{4:\r\n" + text.Replace("\n", "\r\n", StringComparison.Ordinal) + "\r\n-}");

        var chain = (await GetAsync("v1/accounts/SPONSOR0001/statements"))!;

        Assert.That(chain["statements"]!.AsArray(), Has.Count.EqualTo(1));
    }

    [Test]
    public async Task The_chain_is_shown_in_pages()
    {
        await ImportAsync(Page("1/1", "260619", "F100,00", "F90,00", 10));
        await ImportAsync(Page("2/1", "260620", "F90,00", "F80,00", 10));

        var first = (await GetAsync("v1/accounts/SPONSOR0001/statements?limit=1"))!;
        var second = (await GetAsync($"v1/accounts/SPONSOR0001/statements?limit=1&after={first["next"]}"))!;

        Assert.That(((string?)first["statements"]![0]!["number"], (string?)second["statements"]![0]!["number"], second["next"]), Is.EqualTo(("1", "2", (JsonNode?)null)));
    }

    [Test]
    public async Task An_account_without_statements_is_not_found()
    {
        using var answer = await Http.GetAsync(new Uri(TestHost.Address, "v1/accounts/NOBODY/statements"));
        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.NotFound));
    }

    private static IEnumerable<string?> Codes(JsonNode findings) => findings.AsArray().Select(finding => (string?)finding!["code"]);

    private static async Task<JsonNode> ChainAsync(OtherHost host, string account) =>
        JsonNode.Parse(await Http.GetStringAsync(new Uri(host.Address, $"v1/accounts/{account}/statements")))!;

    private static async Task ImportAsync(OtherHost host, string statement)
    {
        await UploadAsync(Encoding.ASCII.GetBytes(statement), address: host.Address);
        await TestHost.WorkAsync("read-statements", host.Services);
    }

    private static string Page(string number, string day, string opening, string closing, decimal debit) =>
        $":20:R{number}\n:25:SPONSOR0001\n:28C:{number}\n:60{opening[0]}:C{day}USD{opening[1..]}\n:61:{day}{day[2..]}D{debit:0},00NTRFNONREF//B{number.Replace('/', '-')}\n:62{closing[0]}:C{day}USD{closing[1..]}";
}
