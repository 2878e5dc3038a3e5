namespace G2PBridge.ProcessTests.Commands;

/// <summary>A key is changed by the commands that the operations guide names.</summary>
[Parallelizable(ParallelScope.Self)]
internal sealed class KeysCommandTests
{
    private string _folder = "";

    [SetUp]
    public void MakeFolder() => _folder = Directory.CreateTempSubdirectory("g2p-bridge-keys-").FullName;

    [TearDown]
    public void RemoveFolder() => Directory.Delete(_folder, recursive: true);

    [Test]
    public async Task A_new_key_is_made_put_to_use_and_shown_and_the_old_one_is_no_longer_needed()
    {
        var file = Path.Combine(_folder, "data.keys");
        var environment = TestServer.Production(await TestServer.NewMigratedDatabaseAsync());
        environment["DataProtection__KeyFile"] = file;
        await RunAsync(environment, "keys", "create");
        Assert.That(await RunAsync(environment, "keys"), Does.Contain("in use").And.Not.Contain("new in the key file"));
        await RunAsync(environment, "keys", "create");
        Assert.That(await RunAsync(environment, "keys", "rotate"), Does.Contain("New rows are written under key").And.Contain("may be taken out of"));
        var shown = await RunAsync(environment, "keys");
        Assert.That(shown, Does.Contain("in use").And.Contain("no longer needed"));
        var secrets = (await File.ReadAllTextAsync(file)).Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries).Where(word => word.Length > 40).ToList();
        Assert.That(secrets, Has.Count.EqualTo(3));
        Assert.That(secrets.Where(secret => shown.Contains(secret, StringComparison.Ordinal)), Is.Empty, "no key is printed");
    }

    private static async Task<string> RunAsync(Dictionary<string, string?> environment, params string[] arguments)
    {
        using var command = BridgeProcess.Start(environment, arguments);
        Assert.That(await command.ExitAsync(BridgeProcess.Patience), Is.Zero, command.Output);
        return command.Output;
    }
}
