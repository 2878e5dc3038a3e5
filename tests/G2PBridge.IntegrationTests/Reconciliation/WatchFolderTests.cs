namespace G2PBridge.IntegrationTests.Reconciliation;

internal sealed class WatchFolderTests : ReconciliationTest
{
    private const string Job = "watch-folder";

    private string _folder = "";
    private OtherHost _host = null!;

    [SetUp]
    public async Task StartHost()
    {
        _folder = Directory.CreateTempSubdirectory("watched").FullName;
        _host = await OtherHost.StartAsync(("Statements:WatchedFolder", _folder));
    }

    [TearDown]
    public async Task StopHost()
    {
        await _host.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Test]
    public async Task A_file_that_stays_as_it_is_is_read_and_then_done()
    {
        var payments = await PayAsync(1);
        Put("june.mt940", new StatementText().Debit(payments[0]).ToString());

        await LookAsync();
        var afterOneLook = Names("");
        await LookLaterAsync();
        var afterTaking = Directory.GetFiles(Path.Combine(_folder, "received"));
        await WorkAsync("read-statements");
        await LookAsync();

        Assert.Multiple(async () =>
        {
            Assert.That(afterOneLook, Is.EqualTo(new[] { "june.mt940" }));
            Assert.That(afterTaking, Has.Length.EqualTo(1));
            Assert.That((Names(""), Names("received"), Names("done")), Is.EqualTo((Array.Empty<string>(), Array.Empty<string>(), new[] { "june.mt940" })));
            Assert.That(await ProgressAsync(), Is.EqualTo(Counts(1, 1000m)));
            Assert.That(await ScalarAsync<string>("select channel || ' ' || file_name from reconciliation.statement_file"), Is.EqualTo("folder june.mt940"));
        });
    }

    [Test]
    public async Task A_file_that_still_grows_or_is_marked_as_unfinished_is_left_alone()
    {
        Put("a.part", "x");
        Put("b.TMP", "x");
        Put(".hidden", "x");
        Put("growing.mt940", "x");
        await LookAsync();
        Put("growing.mt940", "xx");

        await LookLaterAsync();

        Assert.That(Names(""), Is.EquivalentTo(new[] { "a.part", "b.TMP", ".hidden", "growing.mt940" }));
    }

    [Test]
    public async Task A_file_that_is_refused_or_cannot_be_booked_fails_with_the_reason_beside_it()
    {
        Put("empty.mt940", "  ");
        Put("foreign.mt940", new StatementText("NOBODYS").Entry("D", "NONREF", 5m, "B").ToString());

        await LookAsync();
        await LookLaterAsync();
        await WorkAsync("read-statements");
        await LookAsync();

        Assert.Multiple(() =>
        {
            Assert.That(Names("failed"), Is.EquivalentTo(new[] { "empty.mt940", "empty.mt940.reason.txt", "foreign.mt940", "foreign.mt940.reason.txt" }));
            Assert.That(File.ReadAllText(Path.Combine(_folder, "failed", "empty.mt940.reason.txt")), Does.StartWith("STATEMENT_UPLOAD_ERROR: "));
            Assert.That(File.ReadAllText(Path.Combine(_folder, "failed", "foreign.mt940.reason.txt")), Does.StartWith("INVALID_ACCOUNT_NUMBER: "));
        });
    }

    [Test]
    public async Task A_host_that_died_between_storing_and_renaming_has_done_no_harm()
    {
        var payments = await PayAsync(1);
        var text = new StatementText().Debit(payments[0]).ToString();
        await ImportAsync(text);
        Put("june.mt940", text);

        await LookAsync();
        await LookLaterAsync();
        await WorkAsync("read-statements");
        await LookAsync();

        Assert.Multiple(async () =>
        {
            Assert.That(Names("done"), Is.EqualTo(new[] { "june.mt940" }));
            Assert.That(await ProgressAsync(), Is.EqualTo(Counts(1, 1000m)));
            Assert.That(await ScalarAsync<long>("select count(*) from reconciliation.statement_file where state = 'Processed'"), Is.EqualTo(1));
        });
    }

    [Test]
    public async Task Two_hosts_on_one_folder_import_once()
    {
        await using var second = await OtherHost.StartAsync(("Statements:WatchedFolder", _folder));
        var payments = await PayAsync(5);
        foreach (var payment in payments)
        {
            Put($"{payment.Reference}.mt940", new StatementText(reference: payment.Reference[..8]).Debit(payment).ToString());
        }

        await LookAsync(second);
        await LookAsync();
        Clock.Advance(TimeSpan.FromSeconds(6));
        await Task.WhenAll(Task.Run(() => LookAsync()), Task.Run(() => LookAsync(second)));
        await Task.WhenAll(Task.Run(() => TestHost.WorkAsync("read-statements", _host.Services)), Task.Run(() => TestHost.WorkAsync("read-statements", second.Services)));
        await Task.WhenAll(Task.Run(() => LookAsync()), Task.Run(() => LookAsync(second)));
        await LookLaterAsync();

        Assert.Multiple(async () =>
        {
            Assert.That(Names("done"), Has.Length.EqualTo(5));
            Assert.That((Names(""), Names("received"), Names("failed")), Is.EqualTo((Array.Empty<string>(), Array.Empty<string>(), Array.Empty<string>())));
            Assert.That(await ProgressAsync(), Is.EqualTo(Counts(5, 5000m)));
            Assert.That(await ScalarAsync<long>("select count(*) from reconciliation.statement_file where state = 'Processed'"), Is.EqualTo(5));
        });
    }

    [Test]
    public async Task A_second_file_of_one_name_keeps_both()
    {
        foreach (var number in new[] { "1/1", "2/1" })
        {
            Put("same.mt940", new StatementText(number: number).ToString());
            await LookAsync();
            await LookLaterAsync();
            await WorkAsync("read-statements");
            await LookAsync();
        }

        Assert.That(Names("done"), Is.EquivalentTo(new[] { "same.mt940", "same.2.mt940" }));
    }

    private void Put(string name, string content) => File.WriteAllText(Path.Combine(_folder, name), content);

    private string[] Names(string folder) => [.. Directory.GetFiles(Path.Combine(_folder, folder)).Select(file => Path.GetFileName(file)!)];

    private Task<int> LookAsync(OtherHost? host = null) => TestHost.WorkAsync(Job, (host ?? _host).Services);

    private Task<int> LookLaterAsync()
    {
        Clock.Advance(TimeSpan.FromSeconds(6));
        return LookAsync();
    }
}
