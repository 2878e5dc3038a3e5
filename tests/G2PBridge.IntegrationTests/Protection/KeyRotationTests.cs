using System.Net.Http.Json;
using System.Text.Json.Nodes;
using G2PBridge.Connectors;
using G2PBridge.IntegrationTests.Reconciliation;
using G2PBridge.Modules.Resolution.Persistence;
using G2PBridge.Platform.Jobs;
using G2PBridge.Platform.Persistence;
using G2PBridge.Platform.Protection;
using G2PBridge.Platform.Verification;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace G2PBridge.IntegrationTests.Protection;

/// <summary>The key is changed while hosts pay, killed in the middle, and the old one is taken away.</summary>
internal sealed class KeyRotationTests : IntegrationTest
{
    /// <summary>More than a rotation rewrites in one transaction.</summary>
    private const int Lines = 2_500;

    private readonly List<WebApplication> _hosts = [];
    private string _keys = "";
    private string _connection = "";

    [SetUp]
    public async Task StartAsync()
    {
        _keys = Path.Combine(Path.GetTempPath(), $"keys-{Guid.CreateVersion7():N}");
        KeyFile.AddKey(_keys, DateTimeOffset.UnixEpoch);
        _connection = await TestHost.FindDatabaseAsync($"rotation_{Guid.CreateVersion7():N}");
        var host = Host();
        await host.Services.GetRequiredService<DatabaseMigrator>().MigrateAsync(CancellationToken.None);
        await host.StartAsync();
    }

    [TearDown]
    public async Task StopAsync()
    {
        foreach (var host in _hosts)
        {
            await host.DisposeAsync();
        }

        _hosts.Clear();
        File.Delete(_keys);
    }

    [Test]
    public async Task A_rotation_leaves_a_record_of_the_key_that_went_and_the_one_that_came()
    {
        await _hosts[0].Services.GetRequiredService<KeyRegister>().EnterAsync(CancellationToken.None);
        var former = _hosts[0].Services.GetRequiredService<KeyRing>().Newest.Id;
        KeyFile.AddKey(_keys, DateTimeOffset.UnixEpoch);
        var rotating = Host();
        var newest = rotating.Services.GetRequiredService<KeyRing>().Newest.Id;

        await RotateAsync(rotating);

        await using var command = Source.CreateCommand(
            """
            select c.operation || ' ' || (c.key ->> 'id') || ' ' || coalesce(c.after ->> 'is_current', '') || ' ' || (c.after ->> 'retired_at' is not null) || ' ' || (length(b.actor) > 0)
              from audit.change c join audit.block b on b.transaction = c.transaction where c.table_name = 'protection.data_key' and not (c.after ->> 'is_fingerprints')::boolean order by c.no
            """);
        var records = new List<string>();
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
        {
            records.Add(reader.GetString(0));
        }

        Assert.That(records[0], Is.EqualTo($"insert {former} true false true"));
        Assert.That(records.Skip(1), Is.EquivalentTo(new[] { $"update {former} false false true", $"insert {newest} true false true", $"update {former} false true true" }));
    }

    [Test]
    public async Task Killed_in_the_middle_while_a_host_pays_it_goes_on_and_the_old_key_can_be_taken_away()
    {
        var paying = _hosts[0];
        await ReceiveAsync("E1", Lines);
        await TestHost.WorkAsync(paying.Services);
        var former = paying.Services.GetRequiredService<KeyRing>().Newest.Id;
        KeyFile.AddKey(_keys, DateTimeOffset.UnixEpoch);
        var rotating = Host(";Application Name=rotating");
        var newest = rotating.Services.GetRequiredService<KeyRing>().Newest.Id;

        // Somebody holds a row of the second slice, so that the rotation is found in the middle of its work.
        await using (var holder = await Source.OpenConnectionAsync())
        {
            await using var hold = await holder.BeginTransactionAsync();
            await using (var row = new NpgsqlCommand("select from resolution.address where seq = (select max(seq) from resolution.address) for update", holder))
            {
                await row.ExecuteNonQueryAsync();
            }

            var rotation = RotateAsync(rotating);
            await WorkingHost.UntilAsync(async () => await CountAsync(rotating, newest) == 2_000, "the first slice is rewritten");
            await ReceiveAsync("E2", 100);
            await TestHost.WorkAsync(paying.Services);
            Assert.That(Bank.Books, Has.Count.EqualTo(Lines + 100), "Hosts pay meanwhile, under either key.");
            await using (var kill = Source.CreateCommand("select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name = 'rotating'"))
            {
                await kill.ExecuteNonQueryAsync();
            }

            Assert.That(async () => await rotation, Throws.InstanceOf<NpgsqlException>());
        }

        Assert.That((await CountAsync(paying, former), await CountAsync(paying, newest)), Is.EqualTo((Lines - 2_000L, 2_100L)), "New rows are under the new key, whoever wrote them.");
        await HoldsAsync(paying);

        NpgsqlConnection.ClearAllPools();
        var result = await RotateAsync(rotating);
        Assert.That((result.WasChanged, result.Rewritten, result.Unreadable, result.Retired.Single()), Is.EqualTo((false, (long)Lines - 2_000, 0L, former)));
        Assert.That(await CountAsync(paying, former), Is.Zero);

        // The first encryption line goes.
        var kept = File.ReadAllLines(_keys).ToList();
        kept.RemoveAt(kept.FindIndex(line => line.StartsWith("encryption ", StringComparison.Ordinal)));
        await File.WriteAllLinesAsync(_keys, kept);
        var without = Host();
        await without.Services.GetRequiredService<KeyRegister>().EnterAsync(CancellationToken.None);
        await without.StartAsync();
        await HoldsAsync(without);
        await ReceiveAsync("E3", 10);
        await TestHost.WorkAsync(without.Services);
        Assert.That(Bank.Books, Has.Count.EqualTo(Lines + 110));
        Assert.That(Bank.Books.Values.Select(entry => entry.Times), Is.All.EqualTo(1));
    }

    [Test]
    public async Task What_stands_beside_the_matches_is_rewritten_with_the_entries_and_still_answered()
    {
        await ReceiveAsync("E1", 3);
        await TestHost.WorkAsync(_hosts[0].Services);
        var payments = Bank.Orders.SelectMany(order => order.Payments).ToList();
        await UploadAsync(payments.Aggregate(new StatementText(), (statement, payment) => statement.Debit(payment)).Return(payments[0]));
        await TestHost.WorkAsync(Work.ReadStatements, _hosts[0].Services);
        var before = await AskAsync();
        await using (var copies = Source.CreateCommand("select count(*) from reconciliation.match where sealed is not null"))
        {
            Assert.That(await copies.ExecuteScalarAsync(), Is.EqualTo(3));
        }

        var former = _hosts[0].Services.GetRequiredService<KeyRing>().Newest.Id;
        KeyFile.AddKey(_keys, DateTimeOffset.UnixEpoch);
        var result = await RotateAsync(Host());
        Assert.That((result.Unreadable, result.Retired.Single()), Is.EqualTo((0L, former)));
        Assert.That(await CountAsync(_hosts[0], former), Is.Zero);

        Assert.That(await AskAsync(), Is.EqualTo(before));
        await HoldsAsync(_hosts[0]);
    }

    [Test]
    public async Task Two_at_once_take_turns_and_the_second_finds_nothing_to_do()
    {
        await ReceiveAsync("E1", 50);
        await TestHost.WorkAsync(_hosts[0].Services);
        KeyFile.AddKey(_keys, DateTimeOffset.UnixEpoch);
        var (a, b) = (Host(), Host());
        var results = await Task.WhenAll(RotateAsync(a), RotateAsync(b));
        Assert.That(results.Select(result => result.Rewritten).Order(), Is.EqualTo(new[] { 0L, 50L }));
        Assert.That(results.Sum(result => result.Retired.Count), Is.EqualTo(1));
        Assert.That((await RotateAsync(a)).WasChanged, Is.False);
        await HoldsAsync(_hosts[0]);
    }

    [Test]
    public async Task Whoever_began_to_write_under_the_old_key_is_waited_for_and_his_rows_are_rewritten()
    {
        await ReceiveAsync("E1", 1);
        await TestHost.WorkAsync(_hosts[0].Services);
        var protector = _hosts[0].Services.GetRequiredService<DataProtector>();
        await using var connection = await Source.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        var sealer = await protector.BeginAsync(connection, CancellationToken.None);
        KeyFile.AddKey(_keys, DateTimeOffset.UnixEpoch);
        var rotating = Host();
        var (former, newest) = (_hosts[0].Services.GetRequiredService<KeyRing>().Newest.Id, rotating.Services.GetRequiredService<KeyRing>().Newest.Id);
        var rotation = RotateAsync(rotating);
        await WorkingHost.UntilAsync(
            async () => (await rotating.Services.GetRequiredService<KeyRegister>().ListAsync(CancellationToken.None)).Exists(key => key.IsCurrent && key.Id == newest), "the new key is in use");
        await using (var late = connection.Statement(
            "insert into resolution.address (seq, round, fingerprint, sealed) values (999999, 1, gen_random_uuid(), $1)", sealer.Seal(AddressStore.Sealed, RowKey.Of(999_999), "BANK_ACCOUNT", "0123456789")))
        {
            await late.ExecuteNonQueryAsync();
        }

        Assert.That(rotation.IsCompleted, Is.False);
        await _hosts[0].Services.GetRequiredService<BridgeDatabase>().CommitAsync(transaction, CancellationToken.None);
        var result = await rotation;
        Assert.That((result.Rewritten, result.Retired.Single()), Is.EqualTo((2L, former)));
    }

    [Test]
    public async Task A_host_without_the_new_key_writes_nothing_until_it_has_it()
    {
        await ReceiveAsync("E1", 1);
        var other = Path.Combine(Path.GetTempPath(), $"keys-{Guid.CreateVersion7():N}");
        try
        {
            File.Copy(_keys, other);
            var lacking = Host(keys: other);
            await lacking.Services.GetRequiredService<KeyRegister>().EnterAsync(CancellationToken.None);
            KeyFile.AddKey(_keys, DateTimeOffset.UnixEpoch);
            await RotateAsync(Host());

            Assert.That(async () => await TestHost.WorkAsync(lacking.Services), Throws.TypeOf<ProtectionException>().With.Message.Contains("lacks the key"));
            await using (var none = Source.CreateCommand("select count(*) from resolution.address"))
            {
                Assert.That(await none.ExecuteScalarAsync(), Is.Zero);
            }

            File.Copy(_keys, other, overwrite: true);
            await BridgeTables.ExecuteAsync(_hosts[0].Services, "update resolution.slice set status = 'Pending', lease_until = null where status = 'Resolving'");

            await TestHost.WorkAsync(lacking.Services);
            Assert.That(Bank.Books, Has.Count.EqualTo(1));
        }
        finally
        {
            File.Delete(other);
        }
    }

    [Test]
    public async Task A_changed_address_is_not_paid_and_the_batch_says_so()
    {
        await ReceiveAsync("E1", 2);
        foreach (var job in new[] { "take-batches", "resolve-slices" })
        {
            await TestHost.WorkAsync(job, _hosts[0].Services);
        }

        await BridgeTables.ExecuteAsync(_hosts[0].Services, "update resolution.address a set sealed = b.sealed, fingerprint = b.fingerprint from resolution.address b where a.seq < b.seq");

        await TestHost.WorkAsync(_hosts[0].Services);
        await using var code = Source.CreateCommand("select last_error_code from disbursement.chunk");
        Assert.That(await code.ExecuteScalarAsync(), Is.EqualTo("ADDRESS_NOT_READABLE"));
        Assert.That(Bank.Orders, Is.Empty);
    }

    private NpgsqlDataSource Source => _hosts[0].Services.GetRequiredService<NpgsqlDataSource>();

    private WebApplication Host(string connection = "", string? keys = null)
    {
        var host = TestHost.Build(
            _connection + connection,
            services =>
            {
                services.AddSingleton<TimeProvider>(Clock);
                services.AddSingleton<IMapperConnector>(Mapper);
                Bank.Register(services);
            },
            ("DataProtection:KeyFile", keys ?? _keys), ("Resolution:SliceSize", "500"));
        _hosts.Add(host);
        return host;
    }

    private static Task<RotationResult> RotateAsync(WebApplication host) => host.Services.GetRequiredService<KeyRotation>().RunAsync(TestContext.Out.WriteLine, CancellationToken.None);

    private static async Task<long> CountAsync(WebApplication host, int key) => (await host.Services.GetRequiredService<KeyRotation>().CountAsync(CancellationToken.None)).GetValueOrDefault(key);

    private static async Task HoldsAsync(WebApplication host) => Assert.That(
        (await host.Services.GetRequiredService<InvariantVerification>().RunAsync(CancellationToken.None)).Where(result => result.IsBroken).Select(result => $"{result.Id} {result.Place}: {string.Join(", ", result.Offenders)}"),
        Is.Empty);

    private async Task UploadAsync(StatementText statement)
    {
        using var file = new StringContent(statement.ToString());
        using var form = new MultipartFormDataContent { { file, "statement_file", "statement.mt940" } };
        using var answer = await Http.PostAsync(new Uri(new Uri(_hosts[0].Urls.First()), "upload_mt940"), form);
        Assert.That((await answer.Content.ReadFromJsonAsync<JsonNode>())!.Succeeded(), Is.True);
    }

    private async Task<string> AskAsync()
    {
        using var answer = await Http.PostAsJsonAsync(new Uri(new Uri(_hosts[0].Urls.First()), "get_disbursement_status"), Wire.Request(new JsonArray("E1-D1", "E1-D2", "E1-D3")));
        return (await answer.Content.ReadFromJsonAsync<JsonNode>())!.Payload()!.ToJsonString();
    }

    private async Task ReceiveAsync(string envelope, int lines)
    {
        foreach (var (path, body) in new (string, JsonNode)[]
        {
            ("create_disbursement_envelopes", Wire.Request(new JsonArray(Wire.Envelope(envelope, lines, lines * 10)))),
            ("create_disbursements", Wire.Request(Wire.Lines(envelope, lines, 10), $"{envelope}-BATCH")),
        })
        {
            using var answer = await Http.PostAsJsonAsync(new Uri(new Uri(_hosts[0].Urls.First()), path), body);
            Assert.That((await answer.Content.ReadFromJsonAsync<JsonNode>())!.Succeeded(), Is.True);
        }
    }
}
