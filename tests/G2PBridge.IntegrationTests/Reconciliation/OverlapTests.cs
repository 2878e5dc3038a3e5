using System.Text;
using System.Text.Json.Nodes;
using G2PBridge.Modules.Disbursement.Contracts;
using G2PBridge.Modules.Reconciliation.Domain;
using G2PBridge.Modules.Reconciliation.Persistence;
using G2PBridge.Platform.Jobs;

namespace G2PBridge.IntegrationTests.Reconciliation;

/// <summary>The same movements more than once, in every way that banks and uploaders have: found, recorded, named, booked once.</summary>
internal sealed class OverlapTests : ReconciliationTest
{
    [TearDown]
    public Task TheInvariantsHold() => AssertInvariantsHoldAsync();

    [Test]
    public async Task Two_statements_of_one_file_that_overlap_book_what_they_share_once()
    {
        var payments = await PayAsync(3);

        var file = await ImportAsync(
            new StatementText().Debit(payments[0]).Debit(payments[1]).Return(payments[1]).Entry("D", "X", 5m, "FEE", "WHO KNOWS")
            + "\n" + new StatementText(number: "2/1").Debit(payments[1]).Return(payments[1]).Entry("D", "X", 5m, "FEE", "WHO KNOWS").Debit(payments[2]));

        Assert.Multiple(async () =>
        {
            Assert.That(file["statements"]!.AsArray().Select(statement => (string?)statement!["state"]), Is.EqualTo(new[] { "BOOKED", "BOOKED" }));
            Assert.That(((int)file["file"]!["matched"]!, (int)file["file"]!["repeated"]!, (int)file["file"]!["unmatched"]!), Is.EqualTo((3, 3, 1)));
            Assert.That(await ProgressAsync(), Is.EqualTo(Counts(3, 3000m, 1, 1000m)));
            Assert.That((await GetAsync("v1/exceptions?state=closed"))!["items"]!.AsArray().Select(item => (string?)item!["reason"]), Is.All.EqualTo("Repeated"));
        });
    }

    [Test]
    public async Task One_statement_twice_in_a_file_is_a_duplicate_and_says_of_which()
    {
        var payments = await PayAsync(1);
        var text = new StatementText().Debit(payments[0]).ToString();

        var file = await ImportAsync(text + "\n" + text);

        Assert.Multiple(async () =>
        {
            Assert.That(file["statements"]!.AsArray().Select(statement => (string?)statement!["state"]), Is.EqualTo(new[] { "BOOKED", "DUPLICATE" }));
            Assert.That(await ScalarAsync<int>("select duplicate_of_no from reconciliation.statement where state = 'Duplicate'"), Is.EqualTo(1));
            Assert.That(await ProgressAsync(), Is.EqualTo(Counts(1, 1000m)));
            Assert.That(await ScalarAsync<long>("select count(*) from reconciliation.unmatched"), Is.Zero);
        });
    }

    [Test]
    public async Task A_day_as_an_intraday_report_and_as_a_statement_is_one_day()
    {
        var payments = await PayAsync(2);
        var statement = new StatementText().Debit(payments[0]).Debit(payments[1]).ToString();
        var intraday = statement.Replace(":60F:C260619USD100000000,00\n", ":34F:USD0,\n:13D:2606191200+0000\n", StringComparison.Ordinal).Split(":62F:")[0].TrimEnd();

        var first = await ImportAsync(intraday);
        var second = await ImportAsync(statement);

        Assert.Multiple(async () =>
        {
            Assert.That(((string?)first["file"]!["format"], (int)first["file"]!["matched"]!), Is.EqualTo(("MT942", 2)));
            Assert.That((int)second["file"]!["repeated"]! + (second["statements"]![0]!["state"]!.ToString() == "DUPLICATE" ? 2 : 0), Is.EqualTo(2));
            Assert.That(await ProgressAsync(), Is.EqualTo(Counts(2, 2000m)));
        });
    }

    [Test]
    public async Task True_twins_on_two_pages_of_one_statement_are_two_movements()
    {
        var payment = (await PayAsync(1))[0];
        string Page(int page, string opening, string closing) =>
            $":20:P{page}\n:25:SPONSOR0001\n:28C:7/{page}\n:60{opening}\n:61:2606190619D1000,00NTRF{payment.Reference}//B\n:61:2606190619D5,00NTRFNONREF//FEE\n:62{closing}\n";

        var file = await ImportAsync(Page(1, "F:C260619USD10000,00", "M:C260619USD8995,00") + Page(2, "M:C260619USD8995,00", "F:C260619USD7990,00"));

        Assert.Multiple(async () =>
        {
            Assert.That(((int)file["file"]!["matched"]!, (int)file["file"]!["repeated"]!, (int)file["file"]!["unmatched"]!), Is.EqualTo((1, 0, 3)));
            Assert.That((await UnmatchedAsync(payment)).Single().ErrorReason, Is.EqualTo("DUPLICATE_DISBURSEMENT"));
        });
    }

    [Test]
    public async Task Pages_that_arrive_out_of_order_are_all_booked_and_named_in_the_chain()
    {
        var payments = await PayAsync(2);
        await using var host = await OtherHost.StartAsync(("Statements:Accounts:SPONSOR0001", "generic"));
        string Page(int page, string opening, string closing, string entry) =>
            $":20:P{page}\n:25:SPONSOR0001\n:28C:7/{page}\n:60{opening}\n:61:2606190619D1000,00NTRF{entry}//B{page}\n:62{closing}";

        await ReceiveAsync(host, Page(2, "M:C260619USD9000,00", "F:C260619USD8000,00", payments[1].Reference));
        var before = await ChainAsync(host);
        await ReceiveAsync(host, Page(1, "F:C260619USD10000,00", "M:C260619USD9000,00", payments[0].Reference));
        var after = await ChainAsync(host);

        Assert.Multiple(async () =>
        {
            Assert.That(Codes(before), Is.EqualTo(new[] { "PAGE_MISSING" }));
            Assert.That(Codes(after), Is.EqualTo(new[] { "PAGE_OUT_OF_ORDER" }));
            Assert.That(after["statements"]!.AsArray().Select(link => (string?)link!["sequence"]), Is.EqualTo(new[] { "1", "2" }));
            Assert.That(await ProgressAsync(), Is.EqualTo(Counts(2, 2000m)));
        });
    }

    [Test]
    public async Task Pages_out_of_order_in_one_file_are_all_booked_and_named_in_the_findings()
    {
        var payments = await PayAsync(2);
        string Page(int page, string opening, string closing, string entry) =>
            $":20:P{page}\n:25:SPONSOR0001\n:28C:7/{page}\n:60{opening}\n:61:2606190619D1000,00NTRF{entry}//B{page}\n:62{closing}\n";

        var file = await ImportAsync(
            Page(2, "M:C260619USD9000,00", "F:C260619USD8000,00", payments[1].Reference) + Page(1, "F:C260619USD10000,00", "M:C260619USD9000,00", payments[0].Reference));

        Assert.Multiple(async () =>
        {
            Assert.That(file["findings"]!.AsArray().Concat(file["statements"]!.AsArray().SelectMany(statement => statement!["findings"]!.AsArray())).Select(finding => (string?)finding!["code"]),
                Does.Contain("pages-out-of-order"));
            Assert.That(await ProgressAsync(), Is.EqualTo(Counts(2, 2000m)));
        });
    }

    [Test]
    public async Task A_period_that_begins_before_the_last_one_ended_is_named_in_the_chain()
    {
        await PayAsync(1);
        await ImportAsync(":20:A\n:25:SPONSOR0001\n:28C:1/1\n:60F:C260618USD100,00\n:61:2606190619D10,00NTRFNONREF//B1\n:62F:C260619USD90,00");
        await ImportAsync(":20:B\n:25:SPONSOR0001\n:28C:2/1\n:60F:C260618USD90,00\n:61:2606190619D10,00NTRFNONREF//B1\n:61:2606200620D5,00NTRFNONREF//B2\n:62F:C260620USD75,00");

        var chain = (await GetAsync("v1/accounts/SPONSOR0001/statements"))!;

        Assert.That(Codes(chain), Does.Contain("PERIOD_OVERLAPS"));
    }

    /// <summary>
    /// Two readers arrive at the booking at the same moment, each with the same movements in another file. Without the lock that bookings
    /// take in turn, neither sees what the other has not committed: the entry that nobody knows then stands in the queue twice.
    /// (Where they share a payment, the match's key makes one wait for the other as well.)
    /// </summary>
    [TestCase(false)]
    [TestCase(true)]
    public async Task Two_files_with_the_same_entries_that_are_booked_at_once_book_them_once(bool withPayments)
    {
        var payments = await PayAsync(2);
        foreach (var number in new[] { "8/1", "9/1" })
        {
            var text = new StatementText(number: number).Entry("D", "X", 5m, "FEE", "WHO KNOWS");
            IdOf(await UploadAsync(withPayments ? text.Debit(payments[0]).Debit(payments[1]).Return(payments[1]) : text));
        }

        using var together = new Together();
        await using var first = await OtherHost.StartAsync(together);
        await using var second = await OtherHost.StartAsync(together);

        await Task.WhenAll(Task.Run(() => TestHost.WorkAsync(Work.ReadStatements, first.Services)), Task.Run(() => TestHost.WorkAsync(Work.ReadStatements, second.Services)));

        Assert.Multiple(async () =>
        {
            Assert.That(together.Met, Is.True);
            Assert.That(await ProgressAsync(), Is.EqualTo(withPayments ? Counts(2, 2000m, 1, 1000m) : Counts(0, 0)));
            Assert.That(await OpenAsync(), Has.Length.EqualTo(1));
            Assert.That(await ScalarAsync<long>("select count(*) from reconciliation.unmatched where cause = 'Repeated'"), Is.EqualTo(withPayments ? 4 : 1));
            Assert.That(await ScalarAsync<long>("select count(*) from reconciliation.statement_file_history where cause = 'failed'"), Is.Zero);
            Assert.That(await StateAsync(payments[1]), Is.EqualTo(withPayments ? LineState.Returned : LineState.Sent));
        });
    }

    private static IEnumerable<string?> Codes(JsonNode chain) => chain["findings"]!.AsArray().Select(finding => (string?)finding!["code"]);

    private static async Task<JsonNode> ChainAsync(OtherHost host) => JsonNode.Parse(await Http.GetStringAsync(new Uri(host.Address, "v1/accounts/SPONSOR0001/statements")))!;

    private static async Task ReceiveAsync(OtherHost host, string statement)
    {
        IdOf(await UploadAsync(Encoding.ASCII.GetBytes(statement), address: host.Address));
        await TestHost.WorkAsync(Work.ReadStatements, host.Services);
    }

    /// <summary>
    /// Lets two readers meet with everything written, then holds whoever is about to commit until the other either waits for the booking
    /// lock or is about to commit as well.
    /// </summary>
    private sealed class Together : IReadObserver, IDisposable
    {
        private readonly Barrier _written = new(2);
        private int _arrived;
        private int _committing;

        public bool Met => _arrived >= 2;

        public void Reached(ReadStep step)
        {
            if (step == ReadStep.AllWritten && Interlocked.Increment(ref _arrived) <= 2)
            {
                _written.SignalAndWait(TimeSpan.FromSeconds(30));
            }

            if (step == ReadStep.BeforeCommit && Interlocked.Increment(ref _committing) == 1)
            {
                SpinWait.SpinUntil(() => Volatile.Read(ref _committing) > 1 || IsSomebodyWaiting(), TimeSpan.FromSeconds(30));
            }
        }

        public void Dispose() => _written.Dispose();

        private static bool IsSomebodyWaiting()
        {
            using var command = TestHost.Source.CreateCommand("select exists (select from pg_locks where locktype = 'advisory' and classid::bigint = $1 and not granted)");
            command.Parameters.Add(new() { Value = (long)Booking.BookingLock });
            return (bool)command.ExecuteScalar()!;
        }
    }
}
