using G2PBridge.Platform.Hosting;
using G2PBridge.Platform.Identity;
using G2PBridge.Platform.Secrets;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;

namespace G2PBridge.UnitTests.Platform;

/// <summary>Where secrets may come from, and which are none.</summary>
internal sealed class SecretsAtStartTests
{
    private DirectoryInfo _folder = null!;

    [OneTimeSetUp]
    public void MakeFolder() => _folder = Directory.CreateTempSubdirectory("g2pbridge-secrets");

    [OneTimeTearDown]
    public void RemoveFolder() => _folder.Delete(recursive: true);

    [TestCase("ConnectionStrings:G2PBridge", "Host=db;Database=g2pbridge;Username=g2pbridge;Password=g2pbridge", "a word out of examples")]
    [TestCase("ConnectionStrings:G2PBridge", "Host=db;Database=pay;Username=owner;Password=Owner", "the name of the user or database")]
    [TestCase("ConnectionStrings:G2PBridge", "Host=db;Database=g2pbridge;Username=g2pbridge;Password=…", "a word out of examples")]
    [TestCase("ConnectionStrings:G2PBridge", "Host=10.0.0.7;Database=pay;Username=owner;Password=x7Kq2mPz", "has 8 characters")]
    [TestCase("ConnectionStrings:G2PBridge", "Host=127.0.0.1,db2;Database=pay;Username=owner;Password=x7Kq2mPz", "has 8 characters")]
    [TestCase("InKind:Warehouses:ConnectionString", "Host=pbms;Username=odoo;Password=odoo", "the name of the user or database")]
    [TestCase("SponsorBanks:Banks:B:CallbackSecret", "aaaaaaaaaaaaaaaaaaaa", "hardly a secret")]
    [TestCase("Notifications:Channels:mail:Password", "changeme", "out of examples")]
    [TestCase("Notifications:Channels:novu:ApiKey", "simulated", "out of examples")]
    [TestCase("Signing:Keys:0:Password", "12345678", "out of examples")]
    [TestCase("SponsorBanks:Banks:B:Tls:Password", "Password", "out of examples")]
    public void A_secret_that_anybody_could_guess_is_refused_and_not_shown(string key, string value, string says)
    {
        var problem = Weak((key, value)).Single();
        Assert.That(problem, Does.StartWith(key).And.Contain(says));
        Assert.That(problem, Does.Not.Contain("x7Kq2mPz").And.Not.Contain("aaaa"));
    }

    [Test]
    public void An_api_key_that_is_a_word_is_refused_by_its_hash() =>
        Assert.That(Weak(("OperatorAccess:ApiKeys:0:Sha256", ApiKey.Hash("changeme")), ("OperatorAccess:ApiKeys:1:Sha256", ApiKey.Hash("").ToUpperInvariant()), ("OperatorAccess:ApiKeys:2:Sha256", ApiKey.Hash(ApiKey.Create()))).Select(problem => problem[..31]),
            Is.EqualTo(new[] { "OperatorAccess:ApiKeys:0:Sha256", "OperatorAccess:ApiKeys:1:Sha256" }));

    [TestCase("ConnectionStrings:G2PBridge", "Host=db;Database=g2pbridge;Username=g2pbridge;Password=x7Kq2mPz9wLr")]
    [TestCase("ConnectionStrings:G2PBridge", "Host=db;Database=g2pbridge;Username=g2pbridge;SSL Certificate=/etc/client.pem")]
    [TestCase("ConnectionStrings:G2PBridge", "Host=127.0.0.1;Database=g2pbridge;Username=g2pbridge;Password=g2pbridge")]
    [TestCase("ConnectionStrings:G2PBridge", "Host=/var/run/postgresql;Database=g2pbridge;Username=g2pbridge;Password=short")]
    [TestCase("SponsorBanks:Banks:B:CallbackSecret", "pX4nbU0o9Z2mKqEw")]
    [TestCase("SponsorBanks:Banks:B:Tls:Authorities", "test")]
    public void A_secret_that_will_do_is_taken(string key, string value) => Assert.That(Weak((key, value)), Is.Empty);

    [TestCase("ConnectionStrings:G2PBridge", "Host=db;Password=x7Kq2mPz9wLr", "ConnectionStrings__G2PBridge")]
    [TestCase("SponsorBanks:Banks:B:CallbackSecret", "pX4nbU0o9Z2mKqEw", "SponsorBanks__Banks__B__CallbackSecret")]
    [TestCase("Signing:Keys:0:Key", "{}", "Signing__Keys__0__Key")]
    [TestCase("Notifications:Channels:x:Secret", "whsec_abc", "Notifications__Channels__x__Secret")]
    [TestCase("Something:Else", "-----BEGIN PRIVATE KEY-----", "Something__Else")]
    public void A_secret_in_a_settings_file_is_found_and_told_where_it_belongs(string key, string value, string variable)
    {
        var file = Path.Combine(_folder.FullName, "appsettings.Production.json");
        var text = $"\"{value}\"";
        foreach (var name in key.Split(':').Reverse())
        {
            text = $"{{\"{name}\":{text}}}";
        }

        File.WriteAllText(file, text);
        var problem = SecretSettings.FoundInJson((IConfigurationRoot)new ConfigurationBuilder().AddJsonFile(file).Build()).Single();
        Assert.That(problem, Does.StartWith($"{key} is a secret and stands in appsettings.Production.json").And.Contain(variable).And.Contain(key + "File"));
        Assert.That(problem, Does.Not.Contain("x7Kq2mPz9wLr").And.Not.Contain("pX4nbU0o9Z2mKqEw"));
    }

    [Test]
    public void What_is_no_secret_may_stand_in_a_settings_file()
    {
        var file = Path.Combine(_folder.FullName, "appsettings.json");
        File.WriteAllText(file, "{\"ConnectionStrings\":{\"G2PBridge\":\"Host=db;Database=g2pbridge\"},\"Signing\":{\"Keys\":[{\"File\":\"/etc/key.pem\",\"PasswordFile\":\"/etc/password\"}]}}");
        Assert.That(SecretSettings.FoundInJson(new ConfigurationBuilder().AddJsonFile(file).Build()), Is.Empty);
    }

    [TestCase("ConnectionStrings:G2PBridge")]
    [TestCase("Notifications:Channels:mail:Password")]
    [TestCase("Notifications:Channels:hook:Secret")]
    [TestCase("Notifications:Channels:novu:ApiKey")]
    [TestCase("SponsorBanks:Banks:B:CallbackSecret")]
    [TestCase("SponsorBanks:Banks:B:Tls:Password")]
    [TestCase("Signing:Keys:0:Password")]
    [TestCase("InKind:Registries:FARMER:ConnectionString")]
    public void Every_secret_may_lie_in_a_file(string key)
    {
        var file = Path.Combine(_folder.FullName, "secret");
        File.WriteAllText(file, "of one line\n");
        var builder = WebApplication.CreateSlimBuilder();
        builder.Configuration.AddInMemoryCollection([new(key + "File", file)]);
        Assert.That(SecretSettings.ReadFiles(builder.Configuration), Is.Empty);
        Assert.That(builder.Configuration[key], Is.EqualTo("of one line"));
    }

    [Test]
    public void A_file_that_is_missing_or_set_beside_the_secret_itself_is_told()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Configuration.AddInMemoryCollection([new("ConnectionStrings:G2PBridgeFile", "/nowhere"), new("Signing:Keys:0:Password", "x"), new("Signing:Keys:0:PasswordFile", "/nowhere")]);
        Assert.That(
            SecretSettings.ReadFiles(builder.Configuration).Order(),
            Is.EqualTo(new[] { "ConnectionStrings:G2PBridgeFile: there is no file '/nowhere'.", "Signing:Keys:0:PasswordFile and Signing:Keys:0:Password are both set; remove one." }));
    }

    private static List<string> Weak(params (string Key, string Value)[] settings) =>
        [.. SecretsAtStart.Weak(new ConfigurationBuilder().AddInMemoryCollection(settings.Select(setting => new KeyValuePair<string, string?>(setting.Key, setting.Value))).Build())];
}
