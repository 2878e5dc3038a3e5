using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace G2PBridge.ProcessTests.Commands;

/// <summary>What a newcomer gets wrong first: one clear sentence each, and no stack trace.</summary>
[Parallelizable(ParallelScope.Self)]
internal sealed class RefusedStartTests
{
    [Test]
    public Task Without_a_database_production_names_the_setting() =>
        IsRefusedAsync(new() { ["ASPNETCORE_ENVIRONMENT"] = "Production" }, ["serve"], "set ConnectionStrings__G2PBridge");

    [Test]
    public Task A_database_that_does_not_answer_is_named() =>
        IsRefusedAsync(new() { ["ConnectionStrings__G2PBridge"] = "Host=127.0.0.1;Port=1;Database=pay" }, ["serve"], "The database 'pay' at 127.0.0.1:1 cannot be reached");

    [TestCase("postgres")]
    [TestCase("Database=pay")]
    public Task A_connection_string_that_cannot_be_read_shows_how_it_is_written(string written) =>
        IsRefusedAsync(new() { ["ConnectionStrings__G2PBridge"] = written }, ["migrate"], "write it as 'Host=");

    [TestCase("Hots=db2")]
    [TestCase("Database=pay")]
    public async Task A_replica_that_cannot_be_read_is_told_from_the_database(string written) =>
        await IsRefusedAsync(
            new() { ["ConnectionStrings__G2PBridge"] = await TestServer.NewDatabaseAsync(), ["ConnectionStrings__G2PBridgeReplica"] = written }, ["serve", "--urls", "http://127.0.0.1:0"], "ConnectionStrings:G2PBridgeReplica cannot be read");

    [TestCase("port", "1", "The setting port of the local PostgreSQL is fixed")]
    [TestCase("shared_bufers", "1GB", "unrecognized configuration parameter \"shared_bufers\"")]
    public async Task A_setting_of_the_private_server_that_cannot_be_used_is_named(string name, string value, string sentence)
    {
        var folder = Directory.CreateTempSubdirectory("g2p-bridge-settings-").FullName;
        try
        {
            await IsRefusedAsync([], ["serve", "--urls", "http://127.0.0.1:0", $"--LocalPostgres:Folder={Path.Combine(folder, "postgres")}", $"--LocalPostgres:Settings:{name}={value}"], sentence);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Test]
    public async Task A_database_that_was_not_migrated_is_not_served_in_production()
    {
        var database = await TestServer.NewDatabaseAsync();
        await IsRefusedAsync(
            TestServer.Production(database),
            ["serve", "--urls", "http://127.0.0.1:0"], "run 'g2pbridge migrate'");
    }

    [Test]
    public async Task Production_does_not_start_without_a_partners_key_or_the_word_that_none_is_wanted()
    {
        var database = await TestServer.NewDatabaseAsync();
        await IsRefusedAsync(
            new() { ["ASPNETCORE_ENVIRONMENT"] = "Production", ["ConnectionStrings__G2PBridge"] = database, ["SponsorBanks__Default__SponsorBankCode"] = "B", ["SponsorBanks__Default__AccountNumber"] = "1", ["SponsorBanks__Banks__B__Connector"] = "example-bank", ["SponsorBanks__Banks__B__BaseUrl"] = "http://127.0.0.1:9" },
            ["serve", "--urls", "http://127.0.0.1:0"], "set PartnerSignatures:KeysFolder");
    }

    [TestCase(null, "No key protects people's data: set DataProtection__KeyFile")]
    [TestCase("fingerprints AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=;encryption AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "was not drawn at random")]
    public async Task Production_does_not_start_without_a_key_for_peoples_data_or_with_a_weak_one(string? keys, string sentence)
    {
        var environment = TestServer.Production(await TestServer.NewMigratedDatabaseAsync());
        environment["DataProtection__Keys"] = keys;
        await IsRefusedAsync(environment, ["serve", "--urls", "http://127.0.0.1:0"], sentence);
    }

    [TestCase("Audit__Keys", null, "the audit trail needs a key that is not in the database")]
    [TestCase("Audit__Keys", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "not at least 32 random bytes")]
    [TestCase("Audit__Keys", "short", "not at least 32 random bytes")]
    [TestCase("Audit__KeyFile", "/nowhere/audit.key", "'/nowhere/audit.key' cannot be read")]
    [TestCase("Audit__Enabled", "false", "cannot be switched off in Production")]
    public async Task Production_does_not_migrate_or_start_without_a_key_for_the_audit_trail(string setting, string? value, string sentence)
    {
        var environment = TestServer.Production(await TestServer.NewMigratedDatabaseAsync());
        environment[setting] = value;
        await IsRefusedAsync(environment, ["serve", "--urls", "http://127.0.0.1:0"], sentence);
        var empty = TestServer.Production(await TestServer.NewDatabaseAsync());
        empty[setting] = value;
        await IsRefusedAsync(empty, ["migrate"], sentence);
    }

    [Test]
    public async Task A_file_for_the_notes_of_the_audit_trail_that_cannot_be_written_stops_the_start()
    {
        var environment = TestServer.Production(await TestServer.NewMigratedDatabaseAsync());
        environment["Audit__AnchorFile"] = "/nowhere/audit.anchors";
        await IsRefusedAsync(environment, ["serve", "--urls", "http://127.0.0.1:0"], "'/nowhere/audit.anchors' cannot be written");
    }

    [Test]
    public async Task Another_installations_key_or_a_missing_one_stops_the_start_in_one_sentence()
    {
        var (fingerprints, key) = (DrawKey(), DrawKey());
        var environment = TestServer.Production(await TestServer.NewMigratedDatabaseAsync());
        environment["DataProtection__Keys"] = $"fingerprints {fingerprints};encryption {key}";
        using (var bridge = BridgeProcess.Start(environment, "keys"))
        {
            Assert.That(await bridge.ExitAsync(BridgeProcess.Patience), Is.Zero, bridge.Output);
        }

        environment["DataProtection__Keys"] = $"fingerprints {DrawKey()};encryption {key}";
        await IsRefusedAsync(environment, ["serve", "--urls", "http://127.0.0.1:0"], "belongs to another installation");
        environment["DataProtection__Keys"] = $"fingerprints {fingerprints};encryption {DrawKey()}";
        await IsRefusedAsync(environment, ["serve", "--urls", "http://127.0.0.1:0"], "lacks the key ");
    }

    [TestCase("ConnectionStrings__G2PBridge", "Host=db.example;Username=bridge;Password=changeme;Database=pay", "ConnectionStrings:G2PBridge: the password is a word out of examples")]
    [TestCase("ConnectionStrings__G2PBridge", "Host=db.example;Username=bridge;Password=Xk3-vb;Database=pay", "it needs at least 12")]
    [TestCase("SponsorBanks__Banks__B__CallbackSecret", "secret", "SponsorBanks:Banks:B:CallbackSecret is a word out of examples")]
    public async Task Production_does_not_start_with_a_secret_that_anybody_could_guess(string setting, string value, string sentence)
    {
        var environment = TestServer.Production("Host=127.0.0.1;Port=1;Database=pay");
        environment[setting] = value;
        await IsRefusedAsync(environment, ["serve", "--urls", "http://127.0.0.1:0"], sentence);
    }

    [Test]
    public async Task A_key_that_cannot_be_used_and_an_algorithm_that_must_not_be_are_named() =>
        await IsRefusedAsync(
            new() { ["ConnectionStrings__G2PBridge"] = await TestServer.NewDatabaseAsync(), ["PartnerSignatures__Algorithms__0"] = "HS256" },
            ["serve", "--urls", "http://127.0.0.1:0"], "'HS256' is not one of ES256, EdDSA, PS256, RS256");

    [Test]
    public async Task A_busy_port_is_named_with_another_to_try()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var address = $"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}";
        var database = await TestServer.NewMigratedDatabaseAsync();

        await IsRefusedAsync(
            new() { ["ConnectionStrings__G2PBridge"] = database, ["Audit__Keys"] = TestServer.AuditKey }, ["serve", "--urls", address, "--SponsorBanks:Banks:EXAMPLE-BANK:BaseUrl=http://127.0.0.1:9"], $"The address {address} is in use by another program");
    }

    [Test]
    public async Task A_wrong_setting_is_named_by_its_key()
    {
        var database = await TestServer.NewDatabaseAsync();
        await IsRefusedAsync(
            new() { ["ConnectionStrings__G2PBridge"] = database }, ["serve", "--urls", "http://127.0.0.1:0", "--Resolution:SliceSize=0", "--SponsorBanks:Banks:EXAMPLE-BANK:BaseUrl=http://127.0.0.1:9"], "Resolution:SliceSize: The field SliceSize must be between");
    }

    [Test]
    public Task An_address_that_is_none_is_shown_how_to_write() => IsRefusedAsync([], ["serve", "--urls", "8000"], "'8000' is not an address to listen on");

    [TestCase("beneficiary_id,amount\nA,1\n", "lacks the column beneficiary_name")]
    [TestCase("beneficiary_id,beneficiary_name,account_number,branch_code,bank_code,mobile,email,amount,currency,scenario\nA,A,1,1,B,,,ten,USD,happy\n", "line 2, column amount: 'ten' is not a number")]
    [TestCase("beneficiary_id,beneficiary_name,account_number,branch_code,bank_code,mobile,email,amount,currency,scenario\nA,A,1,1,B,,,1.001,USD,happy\n", "use at most 2 decimals")]
    [TestCase("beneficiary_id,beneficiary_name,account_number,branch_code,bank_code,mobile,email,amount,currency,scenario\n", "names nobody")]
    [TestCase("beneficiary_id,beneficiary_name,account_number,branch_code,bank_code,mobile,email,amount,currency,scenario\nA,A,1,1,B,,,1,USD,happy\nA,A,1,1,B,,,1,USD,happy\n", "line 3, column beneficiary_id: 'A' stands there twice")]
    public async Task A_broken_file_is_told_with_line_column_and_remedy(string content, string sentence)
    {
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, content);
        try
        {
            await IsRefusedAsync([], ["demo", "--file", file], sentence);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Test]
    public Task A_file_that_is_not_there_is_named() => IsRefusedAsync([], ["demo", "--file", "nowhere.csv"], "There is no file");

    private static string DrawKey() => Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));

    private static async Task IsRefusedAsync(Dictionary<string, string?> environment, string[] arguments, string sentence)
    {
        using var bridge = BridgeProcess.Start(environment, arguments);
        var code = await bridge.ExitAsync(BridgeProcess.Patience);

        Assert.Multiple(() =>
        {
            Assert.That(code, Is.EqualTo(2), bridge.Output);
            Assert.That(bridge.Output, Does.Contain(sentence));
            Assert.That(bridge.Output, Does.Not.Contain("   at "), "no stack trace");
        });
    }
}
