using System.Text.Json.Nodes;
using G2PBridge.Modules.Disbursement.Contracts;
using G2PBridge.Modules.Reconciliation.Domain;
using G2PBridge.Platform.Jobs;

namespace G2PBridge.IntegrationTests.Reconciliation;

/// <summary>Statements that the profile holds back: released or discarded by two persons.</summary>
internal sealed class ReleaseStatementTests : ReconciliationTest
{
    private OtherHost _holding = null!;

    [SetUp]
    public async Task StartHost() => _holding = await OtherHost.StartAsync(("Statements:Accounts:SPONSOR0001", "german-gvc"));

    [TearDown]
    public async Task TheInvariantsHold()
    {
        await _holding.DisposeAsync();
        await AssertInvariantsHoldAsync();
    }

    [Test]
    public async Task A_released_statement_is_booked_as_any_other()
    {
        var payments = await PayAsync(3);
        var id = await HoldAsync(Wrong(new StatementText().Debit(payments[0]).Debit(payments[1]).Return(payments[1]).Entry("D", "NONREF", 5m, "B5", "WHO KNOWS")));
        var held = await FileAsync(id);
        var before = await ProgressAsync();

        var proposed = await ProposeAsync(id, "release");
        var afterProposal = await ProgressAsync();
        var confirmed = await ConfirmAsync(id, proposed);
        await ReadHeldAsync();

        var file = await FileAsync(id);
        Assert.Multiple(async () =>
        {
            Assert.That(((string?)held["file"]!["state"], (string?)held["statements"]![0]!["state"]), Is.EqualTo(("PROCESSED", "HELD")));
            Assert.That(((string?)held["file"]!["verdict"], Math.Abs((decimal)held["statements"]![0]!["difference"]!)), Is.EqualTo(("HOLD", 0.01m)));
            Assert.That((before, afterProposal), Is.EqualTo((Counts(0, 0), Counts(0, 0))));
            Assert.That(((string?)confirmed["state"], (string?)confirmed["confirmed_by"]), Is.EqualTo(("CONFIRMED", "ben")));
            Assert.That(((string?)file["file"]!["state"], (string?)file["statements"]![0]!["state"]), Is.EqualTo(("PROCESSED", "BOOKED")));
            Assert.That(((int)file["file"]!["matched"]!, (int)file["file"]!["returned"]!, (int)file["file"]!["unmatched"]!), Is.EqualTo((2, 1, 1)));
            Assert.That(await ProgressAsync(), Is.EqualTo(Counts(2, 2000m, 1, 1000m)));
            Assert.That(await StateAsync(payments[1]), Is.EqualTo(LineState.Returned));
            Assert.That((await GetAsync("v1/exceptions"))!["items"]!.AsArray(), Has.Count.EqualTo(1));
            Assert.That(((string?)file["decisions"]![0]!["proposed_by"], (string?)file["decisions"]![0]!["kind"]), Is.EqualTo(("ana", "RELEASE")));
            Assert.That(
                await ScalarAsync<string>("select string_agg(to_state || ' ' || actor, ', ' order by id) from reconciliation.statement_file_history where cause like 'released%'"),
                Is.EqualTo("Received ben"));
        });
    }

    [Test]
    public async Task A_discarded_statement_is_never_booked()
    {
        var payments = await PayAsync(1);
        var id = await HoldAsync(Wrong(new StatementText().Debit(payments[0])));

        await ConfirmAsync(id, await ProposeAsync(id, "discard"));
        await ReadHeldAsync();

        Assert.Multiple(async () =>
        {
            Assert.That((string?)(await FileAsync(id))["statements"]![0]!["state"], Is.EqualTo("DISCARDED"));
            Assert.That(await ProgressAsync(), Is.EqualTo(Counts(0, 0)));
            Assert.That((string?)(await PostAsync(id, "release", "ana", Because()))["code"], Is.EqualTo("STATEMENT_NOT_HELD"));
        });
    }

    [Test]
    public async Task One_statement_of_a_file_is_released_and_another_discarded_while_the_rest_stays()
    {
        var payments = await PayAsync(3);
        var id = await HoldAsync(
            Wrong(new StatementText().Debit(payments[0])) + "\n" + new StatementText(number: "2/1").Debit(payments[1]) + "\n" + Wrong(new StatementText(number: "3/1").Debit(payments[2])));

        await ConfirmAsync(id, await ProposeAsync(id, "discard", 3));
        await ConfirmAsync(id, await ProposeAsync(id, "release", 1));
        await ReadHeldAsync();

        var file = await FileAsync(id);
        Assert.Multiple(async () =>
        {
            Assert.That(file["statements"]!.AsArray().Select(statement => (string?)statement!["state"]), Is.EqualTo(new[] { "BOOKED", "BOOKED", "DISCARDED" }));
            Assert.That((int)file["file"]!["matched"]!, Is.EqualTo(2));
            Assert.That(await MatchesAsync(payments[0]), Has.Count.EqualTo(1));
            Assert.That(await MatchesAsync(payments[2]), Is.Empty);
        });
    }

    [Test]
    public async Task What_does_not_fit_is_refused_with_a_code()
    {
        var payments = await PayAsync(2);
        var booked = IdOf(await UploadAsync(new StatementText().Debit(payments[1])));
        await ReadAsync();
        var id = await HoldAsync(Wrong(new StatementText(reference: "ROW2").Debit(payments[0])));
        var first = await ProposeAsync(id, "release");
        var repeated = await ProposeAsync(id, "release");
        var second = await ProposeAsync(id, "discard");
        await ConfirmAsync(id, second, "Ana");

        Assert.Multiple(async () =>
        {
            Assert.That(repeated, Is.EqualTo(first));
            Assert.That((string?)(await PostAsync(id, "release", "", Because()))["code"], Is.EqualTo("ACTOR_REQUIRED"));
            Assert.That((string?)(await PostAsync(id, "release", "ana", []))["code"], Is.EqualTo("REASON_REQUIRED"));
            Assert.That((string?)(await PostAsync(id, "release", "ana", Because(9)))["code"], Is.EqualTo("STATEMENT_NOT_HELD"));
            Assert.That((string?)(await PostAsync(booked, "release", "ana", Because()))["code"], Is.EqualTo("STATEMENT_NOT_HELD"));
            Assert.That((string?)(await PostAsync(Guid.Empty, "release", "ana", Because()))["code"], Is.EqualTo("STATEMENT_NOT_FOUND"));
            Assert.That((string?)(await ConfirmAsync(id, second, " ANA "))["code"], Is.EqualTo("SECOND_PERSON_REQUIRED"));
            Assert.That((string?)(await ConfirmAsync(id, first))["code"], Is.EqualTo("DECISION_SUPERSEDED"));
            Assert.That((string?)(await ConfirmAsync(id, Guid.Empty))["code"], Is.EqualTo("DECISION_NOT_FOUND"));
            Assert.That((string?)(await ConfirmAsync(booked, second))["code"], Is.EqualTo("DECISION_NOT_FOUND"));
            Assert.That((string?)(await FileAsync(id))["statements"]![0]!["state"], Is.EqualTo("HELD"));
        });
    }

    [Test]
    public async Task Nothing_is_decided_about_a_file_that_is_being_read()
    {
        var payments = await PayAsync(1);
        var id = await HoldAsync(Wrong(new StatementText().Debit(payments[0])));
        var proposed = await ProposeAsync(id, "release");
        await ExecuteAsync("update reconciliation.statement_file set state = 'Reading', lease_until = now() + interval '1 minute'");

        var answers = ((string?)(await ConfirmAsync(id, proposed))["code"], (string?)(await PostAsync(id, "discard", "ana", Because()))["code"]);
        await ExecuteAsync("update reconciliation.statement_file set state = 'Processed', lease_until = null");

        Assert.That(answers, Is.EqualTo(("FILE_NOT_READ", "FILE_NOT_READ")));
    }

    [Test]
    public async Task Many_confirmations_at_once_book_once()
    {
        var payments = await PayAsync(2);
        var id = await HoldAsync(Wrong(new StatementText().Debit(payments[0]).Debit(payments[1]).Return(payments[1])));
        var proposed = await ProposeAsync(id, "release");

        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => ConfirmAsync(id, proposed)));
        await ReadHeldAsync();
        var again = await ConfirmAsync(id, proposed);
        await ReadHeldAsync();

        Assert.Multiple(async () =>
        {
            Assert.That(answers.Append(again).Select(answer => (string?)answer["state"]), Is.All.EqualTo("CONFIRMED"));
            Assert.That(await ProgressAsync(), Is.EqualTo(Counts(2, 2000m, 1, 1000m)));
            Assert.That(await ScalarAsync<long>("select count(*) from reconciliation.statement_file_history where cause like 'released%'"), Is.EqualTo(1));
            Assert.That(await ScalarAsync<long>("select count(*) from reconciliation.unmatched"), Is.Zero);
        });
    }

    [TestCase(ReadStep.Claimed)]
    [TestCase(ReadStep.AllWritten)]
    [TestCase(ReadStep.BeforeCommit)]
    [TestCase(ReadStep.Booked)]
    [TestCase(ReadStep.Told)]
    public async Task A_host_that_dies_after_the_confirmation_leaves_a_release_that_is_carried_on(ReadStep step)
    {
        var payments = await PayAsync(2);
        var id = await HoldAsync(Wrong(new StatementText().Debit(payments[0]).Debit(payments[1]).Return(payments[1])) + "\n" + new StatementText(number: "2/1").Entry("D", "NONREF", 5m, "B5"));
        await ConfirmAsync(id, await ProposeAsync(id, "release"));
        await using var dying = await OtherHost.StartAsync(new DyingReader(step), ("Statements:Accounts:SPONSOR0001", "german-gvc"));

        Assert.That(async () => await TestHost.WorkAsync(Work.ReadStatements, dying.Services), Throws.InstanceOf<IOException>());
        await ExecuteAsync("update reconciliation.statement_file set lease_until = now() - interval '1 second' where state = 'Reading'");
        Clock.Advance(TimeSpan.FromMinutes(1));
        await ReadHeldAsync();

        Assert.Multiple(async () =>
        {
            Assert.That((await FileAsync(id))["statements"]!.AsArray().Select(statement => (string?)statement!["state"]), Is.EqualTo(new[] { "BOOKED", "BOOKED" }));
            Assert.That(await ProgressAsync(), Is.EqualTo(Counts(2, 2000m, 1, 1000m)));
            Assert.That(await StateAsync(payments[1]), Is.EqualTo(LineState.Returned));
            Assert.That((await GetAsync("v1/exceptions"))!["items"]!.AsArray(), Has.Count.EqualTo(1));
            Assert.That(await ScalarAsync<long>("select count(*) from reconciliation.statement_file where told_at is null"), Is.Zero);
        });
    }

    [Test]
    public async Task A_released_statement_that_was_booked_from_another_file_meanwhile_is_a_duplicate()
    {
        var payments = await PayAsync(1);
        var text = Wrong(new StatementText().Debit(payments[0]));
        var id = await HoldAsync(text);
        var proposed = await ProposeAsync(id, "release");
        await ImportAsync(text.Replace("\n", "\r\n", StringComparison.Ordinal));

        await ConfirmAsync(id, proposed);
        await ReadHeldAsync();

        Assert.Multiple(async () =>
        {
            Assert.That((string?)(await FileAsync(id))["statements"]![0]!["state"], Is.EqualTo("DUPLICATE"));
            Assert.That(await ProgressAsync(), Is.EqualTo(Counts(1, 1000m)));
        });
    }

    /// <summary>Its closing balance is a cent off.</summary>
    private static string Wrong(StatementText statement)
    {
        var text = statement.ToString();
        return text[..^1] + (text[^1] == '1' ? '2' : '1');
    }

    private static JsonObject Because(int? statement = null) => new() { ["statement_no"] = statement, ["reason"] = "the bank confirmed the balance" };

    private static async Task<JsonNode> ConfirmAsync(Guid id, Guid decision, string actor = "ben") => await PostAsync(id, $"decisions/{decision}/confirm", actor, null);

    private static async Task<Guid> ProposeAsync(Guid id, string what, int? statement = null)
    {
        var answer = await PostAsync(id, what, "ana", Because(statement));
        Assert.That((string?)answer["state"], Is.EqualTo("PROPOSED"), answer.ToJsonString());
        return (Guid)answer["id"]!;
    }

    private static Task<JsonNode> PostAsync(Guid id, string path, string actor, JsonObject? body) => PostAsActorAsync($"v1/statements/{id}/{path}", actor, body);

    private Task<int> ReadHeldAsync() => TestHost.WorkAsync(Work.ReadStatements, _holding.Services);

    private async Task<Guid> HoldAsync(string statement)
    {
        var id = IdOf(await UploadAsync(statement));
        await ReadHeldAsync();
        return id;
    }
}
