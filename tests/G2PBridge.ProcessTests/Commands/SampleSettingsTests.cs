using System.Net;
using System.Security.Cryptography;
using System.Text.RegularExpressions;

namespace G2PBridge.ProcessTests.Commands;

/// <summary>An administrator follows what <c>deploy/</c> says, word for word, and gets a bridge that serves.</summary>
[Parallelizable(ParallelScope.Self)]
internal sealed partial class SampleSettingsTests
{
    private const string Keys = "/etc/g2p-bridge";
    private const string Notes = "/var/lib/g2p-bridge";

    private string _folder = "";

    [SetUp]
    public void MakeFolder() => _folder = Directory.CreateTempSubdirectory("g2p-bridge-sample-").FullName;

    [TearDown]
    public void RemoveFolder() => Directory.Delete(_folder, recursive: true);

    [Test]
    public async Task The_sample_filled_in_starts_a_bridge_in_production_that_has_nothing_to_warn_of()
    {
        using (var keys = BridgeProcess.Start(new Dictionary<string, string?>(), "keys", "create", "--file", Path.Combine(_folder, "data-protection.keys")))
        {
            Assert.That(await keys.ExitAsync(BridgeProcess.Patience), Is.Zero, keys.Output);
        }

        await File.WriteAllTextAsync(Path.Combine(_folder, "audit.key"), Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)) + "\n");
        Directory.CreateDirectory(Path.Combine(_folder, "partner-keys"));
        using var key = BridgeProcess.Start(new Dictionary<string, string?>(), "api-key", "asha", "--role", "Operator");
        Assert.That(await key.ExitAsync(BridgeProcess.Patience), Is.Zero, key.Output);

        var settings = Sample().ToDictionary(setting => setting.Key, setting => (string?)setting.Value.Replace(Keys, _folder, StringComparison.Ordinal).Replace(Notes, _folder, StringComparison.Ordinal));
        settings["ASPNETCORE_ENVIRONMENT"] = "Production";
        settings["ConnectionStrings__G2PBridge"] = await TestServer.NewDatabaseAsync();
        settings["SponsorBanks__Default__AccountNumber"] = "SPONSOR0001";
        foreach (Match line in PrintedSetting().Matches(key.Output))
        {
            settings[line.Groups["name"].Value.Replace("__n__", "__0__", StringComparison.Ordinal)] = line.Groups["value"].Value;
        }

        Assert.That(settings.Where(setting => setting.Value?.Length == 0).Select(setting => setting.Key), Is.EqualTo(new[] { "POSTGRES_PASSWORD" }), "everything else is filled in");
        using (var migration = BridgeProcess.Start(settings, "migrate"))
        {
            Assert.That(await migration.ExitAsync(BridgeProcess.Patience), Is.Zero, migration.Output);
        }

        var address = new Uri(FormattableString.Invariant($"http://127.0.0.1:{BridgeProcess.FreePort()}"));
        using var bridge = BridgeProcess.Start(settings, "serve", "--urls", address.ToString());
        Assert.That(await bridge.UntilAsync(line => line.Contains("is ready at", StringComparison.Ordinal), BridgeProcess.Patience), bridge.Output);
        using var http = new HttpClient { BaseAddress = address };
        Assert.That(await http.GetStringAsync(new Uri("v1/health", UriKind.Relative)), Is.EqualTo("""{"status":"OK","notices":[]}"""));
        Assert.That(await StatusAsync(http, null), Is.EqualTo(HttpStatusCode.Unauthorized));
        Assert.That(await StatusAsync(http, key.Output.Split('\n').Single(line => line.StartsWith("g2pb_", StringComparison.Ordinal))), Is.EqualTo(HttpStatusCode.OK));
        using (var unsigned = await http.PostAsync(new Uri("get_disbursement_status", UriKind.Relative), new StringContent(
            """{"request_header":{"request_id":"1","request_timestamp":"2026-06-19T10:15:00Z","sender_app_mnemonic":"PBMS","sender_app_url":""},"request_body":{"request_payload":["X"]}}""", System.Text.Encoding.UTF8, "application/json")))
        {
            Assert.That(await unsigned.Content.ReadAsStringAsync(), Does.Contain("rjct.jwt.invalid"), "nobody said that requests need no signature");
        }

        bridge.Interrupt();
        Assert.That(await bridge.ExitAsync(BridgeProcess.Patience), Is.Zero, bridge.Output);
        Assert.That(await File.ReadAllLinesAsync(Path.Combine(_folder, "audit.anchors")), Is.Not.Empty, "the head of the trail was noted at the end at the latest");
    }

    [Test]
    public void Every_file_that_the_sample_names_lies_in_a_volume_of_the_containers_that_read_it()
    {
        var compose = File.ReadAllText(Path.Combine(Deploy(), "docker-compose.yml"));
        var services = ServiceHead().Split(compose[..compose.IndexOf("\nvolumes:", StringComparison.Ordinal)]);
        var paths = Sample().Where(setting => setting.Value.StartsWith('/')).Select(setting => setting.Value).ToList();
        Assert.That(paths, Has.Count.GreaterThanOrEqualTo(4));
        Assert.Multiple(() =>
        {
            foreach (var path in paths)
            {
                Assert.That(services.Single(service => service.Contains("stop_grace_period", StringComparison.Ordinal)), Does.Contain($":{(path.StartsWith(Notes, StringComparison.Ordinal) ? Notes : Keys + ":ro")}"), path);
            }

            Assert.That(services.Single(service => service.Contains("[\"migrate\"]", StringComparison.Ordinal)), Does.Contain($":{Keys}:ro"));
            Assert.That(services.Single(service => service.Contains("pg_isready", StringComparison.Ordinal)), Does.Not.Contain(Keys), "the database never sees the keys");
        });
    }

    private static async Task<HttpStatusCode> StatusAsync(HttpClient http, string? key)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri("v1/envelopes", UriKind.Relative));
        if (key is not null)
        {
            request.Headers.Add("X-Api-Key", key);
        }

        using var answer = await http.SendAsync(request);
        return answer.StatusCode;
    }

    private static List<KeyValuePair<string, string>> Sample() =>
        [.. File.ReadAllLines(Path.Combine(Deploy(), "bridge.env.sample")).Where(line => line.Length > 0 && line[0] != '#').Select(line => line.Split('=', 2)).Select(parts => KeyValuePair.Create(parts[0], parts[1]))];

    private static string Deploy()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "G2PBridge.sln")))
        {
            folder = folder.Parent!;
        }

        return Path.Combine(folder.FullName, "deploy");
    }

    [GeneratedRegex("^(?<name>OperatorAccess__[^=]+)=(?<value>.*)$", RegexOptions.Multiline)]
    private static partial Regex PrintedSetting();

    [GeneratedRegex("^  [a-z]+:$", RegexOptions.Multiline)]
    private static partial Regex ServiceHead();
}
