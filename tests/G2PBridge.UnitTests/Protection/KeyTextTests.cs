using System.Security.Cryptography;
using System.Text;
using G2PBridge.Platform.Protection;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting.Internal;

namespace G2PBridge.UnitTests.Protection;

/// <summary>Keys are read as they are written, and what protects nothing is refused in one sentence that does not show it.</summary>
internal sealed class KeyTextTests
{
    private static readonly string Good = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));

    [Test]
    public void What_the_program_writes_it_reads()
    {
        var text = KeyText.Create() + KeyText.NewEncryptionLine(DateTimeOffset.UnixEpoch) + KeyText.NewEncryptionLine(DateTimeOffset.UnixEpoch);
        Assert.That(KeyText.Parse(text, "the file").Encryption, Has.Count.EqualTo(2));
    }

    [Test]
    public void From_the_environment_semicolons_end_lines() =>
        Assert.That(KeyText.Parse($"fingerprints {Good};encryption {Draw()}; encryption {Draw()} # newest", "DataProtection:Keys").Encryption, Has.Count.EqualTo(2));

    [TestCaseSource(nameof(Weak))]
    public void A_key_that_was_not_drawn_at_random_is_refused_without_being_shown(string what, byte[] key)
    {
        var text = Convert.ToBase64String(key);
        Assert.That(
            () => KeyText.Parse($"fingerprints {Good}\nencryption {text}", "The key file /k"),
            Throws.TypeOf<ProtectionException>().With.Message.StartsWith("The key file /k, line 2: ").And.Message.Contains("keys create").And.Message.Not.Contain(text), what);
    }

    [TestCase("", "holds no line 'fingerprints BASE64'")]
    [TestCase("fingerprints {0}", "holds no line 'encryption BASE64'")]
    [TestCase("fingerprints {0};encryption {0}", "holds the same key twice")]
    [TestCase("fingerprints {0};fingerprints {1};encryption {2}", "a second 'fingerprints' line")]
    [TestCase("fingerprints {0};encryption", "is not 'fingerprints BASE64' or 'encryption BASE64'")]
    [TestCase("fingerprints {0};secret {1}", "is not 'fingerprints BASE64' or 'encryption BASE64'")]
    [TestCase("fingerprints {0};encryption abc", "32 random bytes in base64")]
    public void What_cannot_be_read_is_named(string text, string sentence) => Assert.That(
        () => KeyText.Parse(string.Format(System.Globalization.CultureInfo.InvariantCulture, text, Good, Draw(), Draw()), "DataProtection:Keys"),
        Throws.TypeOf<ProtectionException>().With.Message.Contains(sentence));

    [Test]
    public void Without_keys_nothing_starts_and_none_are_made_outside_development()
    {
        var path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        Assert.Multiple(() =>
        {
            Assert.That(() => Ring("Production").Newest, Throws.TypeOf<ProtectionException>().With.Message.Contains("DataProtection__KeyFile"));
            Assert.That(() => Ring("Production", ("KeyFile", path), ("MakeKeyFile", "true")).Newest, Throws.TypeOf<ProtectionException>().With.Message.Contains(path));
            Assert.That(File.Exists(path), Is.False);
        });
    }

    [Test]
    public void A_developers_key_file_is_made_once_for_its_owner_alone()
    {
        var path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        try
        {
            var ids = new System.Collections.Concurrent.ConcurrentBag<int>();
            Parallel.For(0, 8, _ => ids.Add(Ring("Development", ("KeyFile", path), ("MakeKeyFile", "true")).Newest.Id));
            Assert.That(ids.Distinct().Count(), Is.EqualTo(1), "All processes use the file of the one that made it.");
            Assert.That(Directory.GetFiles(Path.GetTempPath(), $".{Path.GetFileName(path)}*"), Is.Empty);
            if (!OperatingSystem.IsWindows())
            {
                Assert.That(File.GetUnixFileMode(path), Is.EqualTo(UnixFileMode.UserRead | UnixFileMode.UserWrite));
            }
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Test]
    public void A_key_that_is_put_beside_the_others_is_known_without_a_restart()
    {
        var path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        try
        {
            var (ring, other) = (Ring("Development", ("KeyFile", path), ("MakeKeyFile", "true")), Ring("Production", ("KeyFile", path)));
            var first = ring.Newest.Id;
            KeyFile.AddKey(path, DateTimeOffset.UnixEpoch);
            var second = other.Newest.Id;
            Assert.Multiple(() =>
            {
                Assert.That(second, Is.Not.EqualTo(first));
                Assert.That(ring.Find(second)?.Id, Is.EqualTo(second));
                Assert.That(ring.Find(first)?.Id, Is.EqualTo(first));
                Assert.That(other.FingerprintsId, Is.EqualTo(ring.FingerprintsId));
                Assert.That(other.Hash("x").Of("1"), Is.EqualTo(ring.Hash("x").Of("1")), "Fingerprints do not change with the encryption key.");
            });
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Test]
    public void Keys_in_a_file_of_settings_are_refused()
    {
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes("{\"DataProtection\":{\"Keys\":\"fingerprints " + Good + ";encryption " + Draw() + "\"}}"));
        var configuration = new ConfigurationBuilder().AddInMemoryCollection().Add(new JsonOf(stream)).Build();
        Assert.That(() => new KeyRing(configuration, new HostingEnvironment { EnvironmentName = "Production" }).Newest, Throws.TypeOf<ProtectionException>().With.Message.Contains("file of settings").And.Message.Not.Contain(Good));
    }

    private static IEnumerable<TestCaseData> Weak()
    {
        yield return Case("nothing but zeros", new byte[32]);
        yield return Case("one value", [.. Enumerable.Repeat((byte)0xA5, 32)]);
        yield return Case("two halves", [.. Enumerable.Range(0, 32).Select(i => (byte)((i % 16 * 73) + 11))]);
        yield return Case("counting", [.. Enumerable.Range(0, 32).Select(i => (byte)(i + 200))]);
        yield return Case("few values", [.. Enumerable.Range(0, 32).Select(i => (byte)((i * i % 7) + 128))]);
        yield return Case("a typed text", Encoding.ASCII.GetBytes("correct horse battery staple 2026"[..32]));
        yield return Case("too short", RandomNumberGenerator.GetBytes(16));
        yield return Case("too long", RandomNumberGenerator.GetBytes(33));

        static TestCaseData Case(string name, byte[] key) => new TestCaseData(name, key).SetArgDisplayNames(name);
    }

    private static string Draw() => Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));

    private static KeyRing Ring(string environment, params (string Name, string Value)[] settings) => new(
        new ConfigurationBuilder().AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create($"DataProtection:{setting.Name}", (string?)setting.Value))).Build(),
        new HostingEnvironment { EnvironmentName = environment });

    /// <summary>What appsettings.json is to the host.</summary>
    private sealed class JsonOf(Stream stream) : IConfigurationSource
    {
        public IConfigurationProvider Build(IConfigurationBuilder builder)
        {
            var provider = new Provider(new Microsoft.Extensions.Configuration.Json.JsonConfigurationSource { Optional = true });
            provider.Load(stream);
            return provider;
        }

        private sealed class Provider(Microsoft.Extensions.Configuration.Json.JsonConfigurationSource source) : Microsoft.Extensions.Configuration.Json.JsonConfigurationProvider(source)
        {
            public override void Load()
            {
                // Read already.
            }
        }
    }
}
