using System.Text;
using G2PBridge.Modules.Disbursement.Contracts;
using G2PBridge.Modules.Reconciliation.Domain;
using G2PBridge.Platform.Jobs;

namespace G2PBridge.IntegrationTests.Reconciliation;

/// <summary>All or nothing, once and only once.</summary>
internal sealed class BookStatementTests : ReconciliationTest
{
    [TearDown]
    public Task TheInvariantsHold() => AssertInvariantsHoldAsync();

    [TestCase(ReadStep.Claimed)]
    [TestCase(ReadStep.SetWritten)]
    [TestCase(ReadStep.AllWritten)]
    [TestCase(ReadStep.BeforeCommit)]
    [TestCase(ReadStep.Booked)]
    [TestCase(ReadStep.Told)]
    public async Task A_reader_that_dies_is_repeated_and_nothing_is_done_twice(ReadStep step)
    {
        var payments = await PayAsync(250);
        IdOf(await UploadAsync(payments.Aggregate(new StatementText(), (text, payment) => text.Debit(payment)).Return(payments[7])));
        await using var dying = await OtherHost.StartAsync(new DyingReader(step), ("Statements:SetSize", "100"));

        Assert.That(async () => await TestHost.WorkAsync(Work.ReadStatements, dying.Services), Throws.InstanceOf<IOException>());
        var isBooked = step is ReadStep.Booked or ReadStep.Told;
        var left = await ScalarAsync<long>("select (select count(*) from reconciliation.entry) + (select count(*) from reconciliation.match)");
        await ExecuteAsync("update reconciliation.statement_file set lease_until = now() - interval '1 second' where state = 'Reading'");
        Clock.Advance(TimeSpan.FromMinutes(1));
        await ReadAsync();

        Assert.Multiple(async () =>
        {
            Assert.That(left, isBooked ? Is.EqualTo(251 + 251) : Is.Zero);
            Assert.That(await ProgressAsync(), Is.EqualTo(Counts(250, 250_000m, 1, 1000m)));
            Assert.That(await ScalarAsync<long>("select count(*) from reconciliation.unmatched"), Is.Zero);
            Assert.That(await StateAsync(payments[7]), Is.EqualTo(LineState.Returned));
            Assert.That(await ScalarAsync<long>("select count(*) from reconciliation.statement_file where state = 'Processed' and told_at is not null"), Is.EqualTo(1));
        });
    }

    [Test]
    public async Task A_reader_that_lost_its_lease_books_nothing()
    {
        var payments = await PayAsync(1);
        IdOf(await UploadAsync(new StatementText().Debit(payments[0])));
        await using var slow = await OtherHost.StartAsync(new TakenOver());

        await TestHost.WorkAsync(Work.ReadStatements, slow.Services);
        var afterTheSlowOne = await ProgressAsync();
        await ExecuteAsync("update reconciliation.statement_file set lease_until = now() - interval '1 second' where state = 'Reading'");
        await ReadAsync();

        Assert.That((afterTheSlowOne, await ProgressAsync()), Is.EqualTo((Counts(0, 0), Counts(1, 1000m))));
    }

    [Test]
    public async Task The_same_statement_in_another_framing_is_recognised()
    {
        var payments = await PayAsync(2);
        var statement = new StatementText().Debit(payments[0]).Debit(payments[1]).ToString();

        await ImportAsync(statement);
        var again = await ImportAsync($"{{1:F01BANKXXXXAXXX0000000000}}{{2:I940BANKXXXXXXXXN}}{{4:\r\n{statement.Replace("\n", "\r\n", StringComparison.Ordinal)}\r\n-}}");

        Assert.Multiple(async () =>
        {
            Assert.That((string?)again["statements"]![0]!["state"], Is.EqualTo("DUPLICATE"));
            Assert.That((string?)again["file"]!["state"], Is.EqualTo("PROCESSED"));
            Assert.That(await ProgressAsync(), Is.EqualTo(Counts(2, 2000m)));
            Assert.That(await ScalarAsync<long>("select count(*) from reconciliation.unmatched"), Is.Zero);
        });
    }

    [Test]
    public async Task Overlapping_periods_are_repetitions_and_no_duplicate_payments()
    {
        var payments = await PayAsync(3);

        await ImportAsync(new StatementText().Debit(payments[0]).Debit(payments[1]).Return(payments[1]).Entry("D", "X", 5m, "FEE", "WHO KNOWS"));
        var second = await ImportAsync(new StatementText().Debit(payments[0]).Debit(payments[1]).Return(payments[1]).Entry("D", "X", 5m, "FEE", "WHO KNOWS").Debit(payments[2]));

        Assert.Multiple(async () =>
        {
            Assert.That(((int)second["file"]!["matched"]!, (int)second["file"]!["repeated"]!, (int)second["file"]!["unmatched"]!), Is.EqualTo((1, 4, 0)));
            Assert.That(await ProgressAsync(), Is.EqualTo(Counts(3, 3000m, 1, 1000m)));
            Assert.That(await UnmatchedAsync(payments[0]), Is.Empty);
        });
    }

    [Test]
    public async Task A_file_with_two_accounts_gives_each_its_own_entries()
    {
        var payments = await PayAsync(2);

        var file = await ImportAsync(new StatementText().Debit(payments[0]) + "\n" + new StatementText("NOBODYS999").Debit(payments[1]));

        Assert.Multiple(async () =>
        {
            Assert.That(file["statements"]!.AsArray().Select(statement => (string?)statement!["state"]), Is.EqualTo(new[] { "BOOKED", "UNKNOWN_ACCOUNT" }));
            Assert.That(((string?)file["file"]!["state"], (string?)file["file"]!["error_code"]), Is.EqualTo(("ERROR", "INVALID_ACCOUNT_NUMBER")));
            Assert.That(await MatchesAsync(payments[0]), Has.Count.EqualTo(1));
            Assert.That(await MatchesAsync(payments[1]), Is.Empty);
        });
    }

    [Test]
    public async Task A_file_of_an_unknown_account_may_be_uploaded_again_once_the_account_is_configured()
    {
        var payments = await PayAsync(2);
        var content = Encoding.ASCII.GetBytes(new StatementText().Debit(payments[0]) + "\n" + new StatementText("IBAN77").Debit(payments[1]));
        var id = IdOf(await UploadAsync(content));
        await ReadAsync();

        await using var mended = await OtherHost.StartAsync(("Statements:Profiles:mended:AccountAliases:IBAN77", "SPONSOR0001"), ("Statements:DefaultProfile", "mended"), ("Statements:Profiles:mended:Dialect", "Lines"));
        var again = IdOf(await UploadAsync(content, address: mended.Address));
        await TestHost.WorkAsync(Work.ReadStatements, mended.Services);

        var file = await FileAsync(id);
        Assert.Multiple(async () =>
        {
            Assert.That(again, Is.EqualTo(id));
            Assert.That((string?)file["file"]!["state"], Is.EqualTo("PROCESSED"));
            Assert.That(await ProgressAsync(), Is.EqualTo(Counts(2, 2000m)));
            Assert.That(await ScalarAsync<long>("select count(*) from reconciliation.entry"), Is.EqualTo(2));
        });
    }

    [Test]
    public async Task A_truncated_statement_is_not_booked_and_the_whole_one_is()
    {
        var payments = await PayAsync(2);
        var whole = new StatementText().Debit(payments[0]).Debit(payments[1]).ToString();

        var cut = await ImportAsync(whole[..whole.IndexOf(":62F:", StringComparison.Ordinal)]);
        var before = await ProgressAsync();
        await ImportAsync(whole);

        Assert.Multiple(async () =>
        {
            Assert.That((string?)cut["statements"]![0]!["state"], Is.EqualTo("REJECTED"));
            Assert.That((string?)cut["file"]!["error_code"], Is.EqualTo("STATEMENT_UPLOAD_ERROR"));
            Assert.That((before, await ProgressAsync()), Is.EqualTo((Counts(0, 0), Counts(2, 2000m))));
            Assert.That(await ScalarAsync<long>("select count(*) from reconciliation.unmatched"), Is.Zero);
        });
    }

    [Test]
    public async Task A_text_that_is_no_statement_ends_in_error_with_a_finding()
    {
        var file = await ImportAsync("Dear bank,\nplease send the statement.\n");

        Assert.That(((string?)file["file"]!["state"], (string?)file["file"]!["error_code"]), Is.EqualTo(("ERROR", "STATEMENT_UPLOAD_ERROR")));
    }

    [Test]
    public async Task Numbers_agree_with_the_lines_after_many_files_in_any_order()
    {
        var payments = await PayAsync(30);
        var files = payments.Chunk(5).SelectMany((chunk, i) => new[]
        {
            chunk.Aggregate(new StatementText(reference: $"D{i}"), (text, payment) => text.Debit(payment)),
            chunk.Where((_, n) => n % 2 == 0).Aggregate(new StatementText(reference: $"R{i}"), (text, payment) => text.Return(payment)),
        }).Reverse().ToList();

        await Task.WhenAll(files.Select(file => UploadAsync(file)));
        await Task.WhenAll(ReadAsync(), ReadAsync());

        Assert.Multiple(async () =>
        {
            Assert.That(await ProgressAsync(), Is.EqualTo(Counts(30, 30_000m, 18, 18_000m)));
            Assert.That(await ScalarAsync<long>("select count(*) from reconciliation.match where kind = 0"), Is.EqualTo(30));
            Assert.That(await ScalarAsync<long>("select count(*) from reconciliation.match where kind = 1"), Is.EqualTo(18));
            Assert.That(await ScalarAsync<long>("select count(*) from reconciliation.unmatched where state = 'Open'"), Is.Zero);
            Assert.That(await StateAsync(payments[0]), Is.EqualTo(LineState.Returned));
        });
    }

    private sealed class TakenOver : IReadObserver
    {
        public void Reached(ReadStep step)
        {
            if (step == ReadStep.AllWritten)
            {
                using var command = TestHost.Source.CreateCommand("update reconciliation.statement_file set fence = fence + 1 where state = 'Reading'");
                command.ExecuteNonQuery();
            }
        }
    }
}
