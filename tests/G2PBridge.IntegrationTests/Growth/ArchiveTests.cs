using System.Text.Json.Nodes;
using G2PBridge.Commands;
using G2PBridge.Connectors;
using G2PBridge.IntegrationTests.Reconciliation;
using G2PBridge.Modules.Envelopes.Contracts;
using G2PBridge.Platform.Growth;
using Microsoft.Extensions.DependencyInjection;
using Spectre.Console;

namespace G2PBridge.IntegrationTests.Growth;

/// <summary>A month that is over leaves the database whole, or not at all, and is not forgotten.</summary>
internal sealed class ArchiveTests : ReconciliationTest
{
    private const long Lines = NumberSeries.LinesOfPartition;
    private const long Files = NumberSeries.FilesOfPartition;

    /// <summary>Partitions of these tests' own: what is taken out of the database would be missed by others.</summary>
    private static long _no = 10;

    private string _folder = "";

    [SetUp]
    public async Task BeginAPartition()
    {
        _folder = Directory.CreateTempSubdirectory("archive").FullName;
        _no += 10;
        // What others left behind would count as a month in which there was something.
        await BridgeTables.TruncateAsync(TestHost.Source, TestHost.Services.GetServices<PartitionedTable>().Select(table => table.Name));
        await ScalarAsync<long>("select setval('envelopes.line_number', $1)", _no * Lines);
        await ScalarAsync<long>("select setval('reconciliation.statement_file_number_seq', $1)", _no * Files);
    }

    [TearDown]
    public void RemoveTheFolder() => Directory.Delete(_folder, recursive: true);

    [Test]
    public async Task Only_a_month_in_which_everything_is_settled_may_go_and_the_plan_says_why()
    {
        var payments = await PayAsync(3);
        await ImportAsync(new StatementText().Debit(payments[0]).Debit(payments[1]));
        await MonthsLaterAsync();

        var plan = await Archiver.PlanAsync(Today, CancellationToken.None);
        Assert.That(plan.Single(range => range.Series == NumberSeries.Lines).Objections, Has.One.Contains("no statement shows"));
        Assert.That(await RunAsync(), Is.EqualTo(1));
        Assert.That(await ScalarAsync<long>("select count(*) from envelopes.disbursement"), Is.EqualTo(3));
        Assert.That(await ScalarAsync<long>("select count(*) from growth.archive"), Is.Zero);

        await ImportAsync(new StatementText(number: "2/1").Debit(payments[2]));
        await WorkAsync();
        Assert.That(await RunAsync(), Is.Zero);
        Assert.That(await ScalarAsync<long>("select count(*) from envelopes.disbursement"), Is.Zero);
        await AssertInvariantsHoldAsync();
    }

    [Test]
    public async Task Without_run_nothing_changes()
    {
        await SettledMonthAsync();
        Assert.That(await ArchiveCommand.RunAsync(TestHost.Services, new(Today, _folder, Run: false, Again: false), Silent, CancellationToken.None), Is.EqualTo(1), "statements wait for their payments");
        Assert.That(await ScalarAsync<long>("select count(*) from growth.archive"), Is.Zero);
        Assert.That(Directory.EnumerateFileSystemEntries(_folder), Is.Empty);
    }

    [Test]
    public async Task A_month_is_exported_and_taken_out_while_a_host_pays_and_everything_verifies()
    {
        await SettledMonthAsync();
        var paying = PayAndSettleAsync("F", 5);
        var code = await RunAsync();
        await paying;

        Assert.That(code, Is.Zero);
        foreach (var table in new[] { "envelopes.disbursement", "resolution.address", "disbursement.instruction", "reconciliation.match", "reconciliation.entry", "reconciliation.batch_part" })
        {
            Assert.That(await ScalarAsync<bool>("select to_regclass($1) is null", $"{table}_p{_no}"), Is.True, table);
        }

        Assert.That(await ScalarAsync<long>("select count(*) from envelopes.disbursement"), Is.EqualTo(5), "of the envelope that was paid meanwhile");
        Assert.That(await ScalarAsync<long>("select count(*) from reconciliation.statement_file_part"), Is.EqualTo(1));
        Assert.That(await ScalarAsync<string>("select string_agg(state, ',') from growth.archive"), Is.EqualTo("Removed,Removed"));
        var folder = Path.Combine(_folder, $"line-{_no:D5}");
        var manifest = ArchiveManifest.Read(await File.ReadAllBytesAsync(Path.Combine(folder, ArchiveManifest.FileName)))!;
        Assert.That(manifest.Tables.Select(table => (table.Table, table.Rows)), Is.EquivalentTo(new[] { ("envelopes.disbursement", 4L), ("resolution.address", 4L), ("disbursement.instruction", 4L), ("reconciliation.match", 5L) }));
        Assert.That(manifest.Tables.Single(table => table.Table == "envelopes.disbursement").Sum, Is.EqualTo(4000m));
        Assert.That((manifest.Envelopes, manifest.DataKeys.Count), Is.EqualTo((new[] { "E" }, 1)));
        Assert.That(await ArchiveCommand.CheckAsync(TestHost.Services, folder, Silent, CancellationToken.None), Is.Zero);
        await AssertInvariantsHoldAsync();
    }

    [Test]
    public async Task Ids_and_people_stay_taken_and_nothing_archived_counts_as_unpaid()
    {
        await SettledMonthAsync();
        Assert.That(await RunAsync(), Is.Zero);

        await PostAsync("create_disbursement_envelopes", Wire.Request(new JsonArray(Wire.Envelope("G", 2, 20, envelope =>
        {
            Now(envelope);
            envelope["cycle_code_mnemonic"] = "2026-06/E";
        }))));
        var again = await PostAsync("create_disbursements", Wire.Request(new JsonArray(Wire.Line("G", "E-D1", "B77", 10)), "G-1"));
        Assert.That(again.Payload()![0]!["response_error_codes"]!.AsArray().Select(code => (string?)code), Is.EqualTo(new[] { "DUPLICATE_DISBURSEMENT" }), again.ToJsonString());
        var person = await PostAsync("create_disbursements", Wire.Request(new JsonArray(Wire.Line("G", "G-D1", "B2", 10)), "G-2"));
        Assert.That(person.Succeeded(), person.ToJsonString());
        Assert.That(await ScalarAsync<long>("select count(*) from envelopes.line_hold where kind = 'DuplicatePayment' and state = 'Held'"), Is.EqualTo(1), "B2 was paid in the archived month");
        var line = await ScalarAsync<long>("select first_seq from envelopes.batch where id = 'E-BATCH'");
        Assert.That(await SendAsync(new FindLinesProvedUnpaid([new LineOfEnvelope("E", line)])), Is.Empty);
        Assert.That(await SendAsync(new ListUnpaidLines("E")), Is.Empty);
        Assert.That((await SendAsync(new FindArchivedLines(["E-D1", "nobody's"]))).Select(found => (found.DisbursementId, found.EnvelopeId)), Is.EqualTo(new[] { ("E-D1", "E") }));
    }

    [Test]
    public async Task Who_asks_for_an_archived_id_is_told_so_and_the_others_are_answered()
    {
        await SettledMonthAsync();
        Assert.That(await RunAsync(), Is.Zero);
        await PayAndSettleAsync("F", 1);
        var answer = await PostAsync("get_disbursement_status", Wire.Request(new JsonArray("E-D1", "F-D1", "nobody's")));
        Assert.That(answer.Code(), Is.EqualTo("DISBURSEMENT_ARCHIVED"), answer.ToJsonString());
        Assert.That((string?)answer["response_header"]!["response_error_detail"], Does.Contain("'E-D1'"));
        Assert.That(
            answer.Payload()!.AsArray().Select(status => status!["disbursement_recon_records"]!["disbursement_recon_payloads"]!.AsArray().Count), Is.EqualTo(new[] { 0, 1, 0 }));
        using var native = await Http.GetAsync(new Uri(TestHost.Address, "v1/disbursements/E-D1"));
        Assert.That((int)native.StatusCode, Is.EqualTo(404));
        Assert.That(await native.Content.ReadAsStringAsync(), Does.Contain("DISBURSEMENT_ARCHIVED"));
    }

    [Test]
    public async Task A_return_that_comes_after_the_archive_is_an_exception_for_a_person()
    {
        var payments = await SettledMonthAsync();
        Assert.That(await RunAsync(), Is.Zero);
        await ImportAsync(new StatementText(number: "9/1", day: "260930").Return(payments[1]));
        Assert.That((await OpenAsync()).Select(entry => entry!.ToJsonString()), Has.One.Contains("lies in an archive"));
        await AssertInvariantsHoldAsync();
    }

    [Test]
    public async Task A_file_that_is_damaged_after_it_was_verified_stops_the_archive_before_anything_is_taken_out()
    {
        await SettledMonthAsync();
        var range = (await Archiver.PlanAsync(Today, CancellationToken.None)).Single(range => range.Series == NumberSeries.Lines);
        var damage = new Watcher(step =>
        {
            if (step.Contains("check the files", StringComparison.Ordinal))
            {
                var file = Path.Combine(_folder, range.Name, "disbursement.instruction.csv.gz");
                var bytes = File.ReadAllBytes(file);
                bytes[bytes.Length / 2] ^= 1;
                File.WriteAllBytes(file, bytes);
            }
        });
        Assert.That(() => Archiver.RunAsync(range, Today, _folder, damage, CancellationToken.None), Throws.TypeOf<ArchiveException>().With.Message.Contains("disbursement.instruction.csv.gz"));
        Assert.That(await ScalarAsync<long>("select count(*) from disbursement.instruction"), Is.EqualTo(4));
        Assert.That(await RunAsync(), Is.EqualTo(1), "as long as the file is as it is");
        Assert.That(await ArchiveCommand.CheckAsync(TestHost.Services, Path.Combine(_folder, range.Name), Silent, CancellationToken.None), Is.EqualTo(1));

        Assert.That(await ArchiveCommand.RunAsync(TestHost.Services, new(Today, _folder, Run: true, Again: true), Silent, CancellationToken.None), Is.Zero);
        Assert.That(await ScalarAsync<long>("select count(*) from disbursement.instruction"), Is.Zero);
        await AssertInvariantsHoldAsync();
    }

    [Test]
    public async Task Broken_off_at_any_step_the_next_run_goes_on()
    {
        await SettledMonthAsync();
        var steps = 0;
        foreach (var name in new[] { NumberSeries.Lines, NumberSeries.Files })
        {
            for (var survived = 0; ; survived++)
            {
                var range = (await Archiver.PlanAsync(Today, CancellationToken.None)).Single(range => range.Series == name);
                var left = survived;
                try
                {
                    await Archiver.RunAsync(range, Today, _folder, new Watcher(_ => { if (left-- == 0) { throw new SimulatedEndException(); } }), CancellationToken.None);
                    break;
                }
                catch (SimulatedEndException)
                {
                    steps++;
                    await AssertInvariantsHoldAsync();
                }
            }
        }

        Assert.That(steps, Is.GreaterThan(15));
        Assert.That(await ScalarAsync<string>("select string_agg(state, ',') from growth.archive"), Is.EqualTo("Removed,Removed"));
        await AssertInvariantsHoldAsync();
    }

    [Test]
    public async Task A_detach_that_was_broken_off_is_finished()
    {
        await SettledMonthAsync();
        var range = (await Archiver.PlanAsync(Today, CancellationToken.None)).Single(range => range.Series == NumberSeries.Lines);
        Assert.That(
            () => Archiver.RunAsync(range, Today, _folder, new Watcher(step => { if (step.Contains("take out reconciliation.match", StringComparison.Ordinal)) { throw new SimulatedEndException(); } }), CancellationToken.None),
            Throws.TypeOf<SimulatedEndException>());
        await using (var reader = await TestHost.Source.OpenConnectionAsync())
        {
            // A transaction that has seen the partition keeps the detach waiting in its second half, where it is ended.
            await using var looking = await reader.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead);
            await new Npgsql.NpgsqlCommand("select count(*) from reconciliation.match", reader).ExecuteScalarAsync();
            await using var detaching = await TestHost.Source.OpenConnectionAsync();
            await new Npgsql.NpgsqlCommand("set lock_timeout = '200ms'", detaching).ExecuteNonQueryAsync();
            Assert.That(
                async () => await new Npgsql.NpgsqlCommand($"alter table reconciliation.match detach partition reconciliation.match_p{_no} concurrently", detaching).ExecuteNonQueryAsync(),
                Throws.TypeOf<Npgsql.PostgresException>());
            await new Npgsql.NpgsqlCommand("reset lock_timeout", detaching).ExecuteNonQueryAsync();
        }

        Assert.That(await ScalarAsync<bool>("select inhdetachpending from pg_inherits where inhrelid = to_regclass($1)", $"reconciliation.match_p{_no}"), Is.True);
        Assert.That(await RunAsync(), Is.Zero);
        await AssertInvariantsHoldAsync();
    }

    private static Archiver Archiver => TestHost.Services.GetRequiredService<Archiver>();

    private static DateOnly Today => Clock.Today;

    private static IAnsiConsole Silent => AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(TextWriter.Null), Interactive = InteractionSupport.No });

    private Task<int> RunAsync() => ArchiveCommand.RunAsync(TestHost.Services, new(Today, _folder, Run: true, Again: false), Silent, CancellationToken.None);

    /// <summary>Envelope E with four lines, all debited and one returned, two months ago.</summary>
    private static async Task<Payment[]> SettledMonthAsync()
    {
        var payments = await PayAsync(4);
        await ImportAsync(payments.Aggregate(new StatementText(), (text, payment) => text.Debit(payment)).Return(payments[0]));
        await WorkAsync();
        await MonthsLaterAsync();
        return payments;
    }

    private static async Task PayAndSettleAsync(string envelope, int lines)
    {
        await Journey.ReceiveAsync(envelope, lines, change: Now);
        await WorkAsync();
        var payments = Bank.Orders.SelectMany(order => order.Payments).Where(payment => payment.DisbursementId.StartsWith(envelope + "-", StringComparison.Ordinal));
        await ImportAsync(payments.Aggregate(new StatementText(number: "7/1", day: "260820", reference: "ROW7"), (text, payment) => text.Debit(payment)));
        await WorkAsync();
    }

    private static void Now(JsonObject envelope) => envelope["disbursement_schedule_date"] = Today.ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture);

    private static async Task MonthsLaterAsync()
    {
        for (var i = 0; i < 4; i++)
        {
            Clock.Advance(TimeSpan.FromHours(1));
            await WorkAsync();
        }

        Clock.Advance(TimeSpan.FromDays(60));
        await WorkAsync();
    }

    private sealed class SimulatedEndException : Exception;

    private sealed class Watcher(Action<string> begins) : IArchiveObserver
    {
        public void Begin(string step, long total) => begins(step);

        public void Report(long done)
        {
        }
    }
}
