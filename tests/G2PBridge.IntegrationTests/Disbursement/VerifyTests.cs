using System.Net;
using System.Text.Json.Nodes;
using G2PBridge.Commands;
using G2PBridge.Connectors;
using G2PBridge.Modules.Disbursement;
using G2PBridge.Modules.Disbursement.Contracts;
using G2PBridge.Modules.Disbursement.Domain;
using G2PBridge.Platform.Hosting;
using G2PBridge.Simulators;
using G2PBridge.Simulators.Platform;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Npgsql;

namespace G2PBridge.IntegrationTests.Disbursement;

/// <summary>Verification is green after a journey, and red on exactly the invariant that somebody's SQL broke.</summary>
internal sealed partial class VerifyTests : DisbursementTest
{
    private static readonly string[] Checked = ["I1", "I2", "I3", "I4", "I5", "I6", "I7", "I8", "I9", "I10", "P1"];

    [Test]
    public async Task A_journey_with_every_kind_of_outcome_verifies()
    {
        await JourneyAsync();
        await SendAsync(new RecordReturned([new ReturnedPayment((await ReferencesAsync())[0], "AC04", "statement")]));
        Bank.NextPayment(new PaymentAnswer.NotKnown("time-out"));
        await Journey.ReceiveAsync("E2", 3);
        await WorkAsync();
        await Journey.ReceiveAsync("E3", 2);
        await MakeReadyAsync();
        Crash.At(SendStep.IntentCommitted);
        Assert.That(SendOneAsync, Throws.TypeOf<SimulatedCrashException>());
        await GreenAsync();
        await LaterAsync();
        await GreenAsync();
    }

    [Test]
    public async Task An_empty_database_verifies_and_says_what_is_not_checked()
    {
        var (code, results) = await VerifyAsync();
        Assert.That(code, Is.Zero);
        Assert.That(results.Select(result => (string)result!["id"]!).Distinct(), Is.EqualTo(new[] { "I1", "I2", "I3", "I4", "I5", "I6", "I7", "I8", "I9", "I10", "P1" }));
        Assert.That(results.Where(result => result!["not_applicable"] is null).Select(result => (string)result!["id"]!).Distinct(), Is.EqualTo(Checked));
    }

    [TestCase("I1, I9", "line 1", "insert into disbursement.instruction select line, 2, 1, chunk_id, 1, payload_hash from disbursement.instruction where line = 1; update disbursement.chunk set lines = lines + 1, amount = amount + 1; update disbursement.envelope set sent_amount = sent_amount - 999")]
    [TestCase("I2", "envelope E", "alter table disbursement.envelope drop constraint ck_envelope_within_block; update disbursement.envelope set blocked_amount = 1")]
    [TestCase("I2", "envelope E", "update disbursement.envelope set block_reference = 'another'")]
    [TestCase("I2", "envelope E", "update funds.envelope_funds set blocked_amount = blocked_amount + 1")]
    [TestCase("I3", "envelope E", "update funds.envelope_funds set released_amount = blocked_amount")]
    [TestCase("I4", "line 1", "insert into reconciliation.match (line, generation, kind, file, entry_no, envelope, amount, fingerprint, booked_by) select i.line, 1, 0, 1, 1, 1, i.amount + 1, gen_random_uuid(), 1 from disbursement.instruction i where line = 1; insert into reconciliation.envelope_progress (id, envelope_id, reconciled, reconciled_amount, returned, returned_amount) overriding system value select 1, 'E', 1, 1001, 0, 0")]
    [TestCase("I5", "envelope E", "update funds.envelope_funds_history set from_state = 'Withdrawn' where to_state = 'Blocking'")]
    [TestCase("I5", "envelope E", "update funds.envelope_funds set state = 'Withdrawn', release_used = 0")]
    [TestCase("I5", "pause 1", "insert into disbursement.pause (scope, value, reason, actor, state, since) values ('Bank', 'EXAMPLE-BANK', 'x', 'x', 'Paused', now())")]
    [TestCase("I5", "slice 1", "update resolution.slice_history set from_status = 'Resolved' where to_status = 'Resolving'")]
    [TestCase("I5", "line 3", "insert into envelopes.line_hold (seq, kind, envelope_id, quantity, state, since) select line, 'SharedAddress', 'E', 1000, 'Released', now() from disbursement.instruction where line = 3")]
    [TestCase("I6", "slice 1", "update resolution.slice set resolved = resolved - 1")]
    [TestCase("I8", "decision 00000000-0000-0000-0000-000000000001", "insert into envelopes.hold_decision (id, envelope_id, action, state, reason, proposed_by, proposed_at, confirmed_by, confirmed_at) values ('00000000-0000-0000-0000-000000000001', 'E', 'Drop', 'Confirmed', 'x', 'a', now(), ' a', now())")]
    [TestCase("P1, I9", "seq = 1", "update resolution.address a set sealed = b.sealed, fingerprint = b.fingerprint from resolution.address b where a.seq = 1 and b.seq = 2")]
    [TestCase("P1", "seq = 2", "update resolution.address a set fingerprint = b.fingerprint from resolution.address b where a.seq = 2 and b.seq = 1")]
    [TestCase("P1, I9", "seq = 3", "update resolution.address set sealed = set_byte(sealed, 40, get_byte(sealed, 40) # 1) where seq = 3")]
    [TestCase("P1, I9", "seq = 3", "update resolution.address set sealed = 'not a ciphertext' where seq = 3")]
    [TestCase("I9, I6", "line 3", "update envelopes.disbursement set quantity = quantity + 1 where seq = 3")]
    [TestCase("I1", "line 1", "insert into envelopes.follow_up_line (seq, next_seq, envelope_id, next_envelope_id, kind, reason_code) select line, 4711, 'E', 'F', 'Refused', 'x' from disbursement.instruction where line = 1")]
    [TestCase("I5", "chunk 1", "insert into disbursement.chunk_history (chunk_id, at, from_state, to_state, fence, cause, actor) values (1, now(), 'Sent', 'Pending', 1, 'x', 'x')")]
    [TestCase("I5", "line 2", "update disbursement.line_history set from_state = 'Returned'")]
    [TestCase("I5", "envelope E", "update envelopes.envelope set status = 'Open'")]
    [TestCase("I6", "envelope E", "update disbursement.envelope set sent_lines = sent_lines - 1")]
    [TestCase("I6", "chunk 1", "update disbursement.chunk set amount = amount + 0.01")]
    [TestCase("I6", "envelope E", "update envelopes.envelope set quantity_received = quantity_received - 0.01")]
    [TestCase("I8", "declaration 00000000-0000-0000-0000-000000000001", "alter table disbursement.declaration_confirmation drop constraint ck_declaration_confirmation_second; insert into disbursement.declaration values ('00000000-0000-0000-0000-000000000001', 'E', 'Paid', 'x', 'x', now()); insert into disbursement.declaration_confirmation values ('00000000-0000-0000-0000-000000000001', 'x', 'X', now(), 0)")]
    [TestCase("I10, I5", "chunk 1 in pause 1", "insert into disbursement.pause (scope, value, reason, actor, state, since, acknowledged_after) values ('Bank', 'EXAMPLE-BANK', 'x', 'x', 'Paused', now(), 0)")]
    public async Task A_row_changed_in_sql_is_named(string invariants, string offender, string tampering)
    {
        await JourneyAsync();
        await GreenAsync();
        // As somebody who owns the database would: triggers and foreign keys are asleep, and lines have numbers of their own.
        var lines = (await ReferencesAsync()).Select(reference => reference.Line).Order().ToArray();
        string Real(string text) => Number().Replace(text, match => $"{match.Groups[1].Value}{lines[int.Parse(match.Groups[2].ValueSpan, System.Globalization.CultureInfo.InvariantCulture) - 1]}");
        try
        {
            await ExecuteAsync($"set session_replication_role = replica; {Real(tampering)}; reset session_replication_role");
            var (code, results) = await VerifyAsync();
            Assert.Multiple(() =>
            {
                Assert.That(code, Is.EqualTo(1));
                Assert.That(Broken(results).Distinct(), Does.Contain($"{invariants.Split(", ")[0]}: {Real(offender)}"));
                // The audit trail names every row that was changed behind its back; a ciphertext vouches for itself.
                string[] expected = [.. invariants.Split(", "), .. tampering.Contains("set sealed = '", StringComparison.Ordinal) || tampering.Contains("set sealed = set_byte", StringComparison.Ordinal) ? Array.Empty<string>() : ["I7"]];
                Assert.That(results.Where(result => (bool)result!["is_broken"]!).Select(result => (string)result!["id"]!).Distinct(), Is.EquivalentTo(expected));
            });
        }
        finally
        {
            await ExecuteAsync(
                """
                alter table disbursement.envelope drop constraint if exists ck_envelope_within_block;
                alter table disbursement.envelope add constraint ck_envelope_within_block check (sent_amount + unknown_amount + in_flight_amount <= blocked_amount) not valid;
                alter table disbursement.declaration_confirmation drop constraint if exists ck_declaration_confirmation_second;
                alter table disbursement.declaration_confirmation add constraint ck_declaration_confirmation_second
                    check (length(trim(confirmed_by)) > 0 and lower(trim(confirmed_by)) <> lower(trim(proposed_by))) not valid
                """);
        }
    }

    [TestCase("", "select 1")]
    [TestCase("B1", "insert into example_bank.ledger (account_id, batch_id, line, mark, amount, booked_at) select account_id, batch_id, line, mark, amount, now() from example_bank.ledger order by line limit 1")]
    [TestCase("B2", "update example_bank.payments set refusal = null")]
    [TestCase("B3", "update example_bank.payments set amount = amount + 1 where line = 1")]
    [TestCase("B3", "delete from example_bank.payments where line = 1")]
    public async Task The_banks_books_are_the_judge(string broken, string tampering)
    {
        var books = await TestHost.FindDatabaseAsync("g2pbridge_test_books");
        await JourneyAsync();
        await KeepBooksAsync(books, tampering);
        var (code, results) = await VerifyAsync(books);
        Assert.That(results.Where(result => (bool)result!["is_broken"]!).Select(result => (string)result!["id"]!), Is.EqualTo(new[] { broken }.Where(id => id.Length > 0)));
        Assert.That(code, Is.EqualTo(broken.Length == 0 ? 0 : 1));
    }

    [Test]
    public void Books_that_cannot_be_read_are_no_green_light() =>
        Assert.That(() => VerifyAsync(TestHost.ConnectionString), Throws.TypeOf<StartupRefusedException>());

    [Test]
    public async Task The_nightly_check_runs_once_a_night_and_shows_its_result()
    {
        using var before = await Http.GetAsync(new Uri(TestHost.Address, "v1/health/invariants"));
        Assert.That(before.StatusCode, Is.EqualTo(HttpStatusCode.NotFound));
        await JourneyAsync();
        await using var other = TestHost.Build(TestHost.ConnectionString, services => services.AddSingleton<TimeProvider>(Clock), ("Disbursement:VerifyAtHour", "2"));
        Assert.That(await TestHost.WorkAsync(DisbursementModule.Verify, other.Services), Is.EqualTo(1));
        Assert.That((bool)(await GetAsync("v1/health/invariants"))!["holds"]!);
        await ExecuteAsync("update disbursement.chunk set amount = amount + 0.01");
        Assert.That(await TestHost.WorkAsync(DisbursementModule.Verify, other.Services), Is.Zero);
        Clock.Advance(TimeSpan.FromDays(1));
        Assert.That(await TestHost.WorkAsync(DisbursementModule.Verify, other.Services), Is.EqualTo(1));
        var health = (await GetAsync("v1/health/invariants"))!;
        Assert.That((bool)health["holds"]!, Is.False);
        Assert.That(Broken(health["invariants"]!.AsArray()), Is.EqualTo(new[] { "I6: chunk 1" }));
    }

    /// <summary>A line by its place in the journey.</summary>
    [System.Text.RegularExpressions.GeneratedRegex("(line = |line |seq = )([123])(?![0-9])")]
    private static partial System.Text.RegularExpressions.Regex Number();

    /// <summary>Three lines of 1000, of which the bank refuses the second, in one chunk.</summary>
    private static async Task JourneyAsync()
    {
        await ReadyAsync(3);
        Bank.NextPayment(order => Task.FromResult<PaymentAnswer?>(new PaymentAnswer.Accepted([new PaymentRefusal(order.Payments[1].Reference, "AC04", "closed")], [])));
        await WorkAsync();
    }

    private static async Task GreenAsync()
    {
        var (code, results) = await VerifyAsync();
        Assert.That(Broken(results), Is.Empty);
        Assert.That(code, Is.Zero);
    }

    private static async Task<(int Code, JsonArray Results)> VerifyAsync(string? ledger = null)
    {
        await using var output = new StringWriter();
        var code = await VerifyCommand.RunAsync(TestHost.Services, ledger, isAsked: true, json: true, output, CancellationToken.None);
        var answer = JsonNode.Parse(output.ToString())!;
        Assert.That((bool)answer["holds"]!, Is.EqualTo(code == 0));
        return (code, answer["invariants"]!.AsArray());
    }

    private static string[] Broken(JsonArray results) =>
        [.. results.Where(result => (bool)result!["is_broken"]!).Select(result => $"{result!["id"]}: {string.Join(", ", result["offenders"]!.AsArray())}")];

    /// <summary>The example bank's tables with what the scripted bank did: first and third line debited, second refused.</summary>
    private static async Task KeepBooksAsync(string connectionString, string tampering)
    {
        await using (var simulators = new SimulatorsDatabase(Options.Create(new SimulatorsOptions { ConnectionString = connectionString })))
        {
            await simulators.PrepareAsync(CancellationToken.None);
        }

        await using var source = NpgsqlDataSource.Create(connectionString);
        await using var fill = source.CreateCommand(
            $"""
            truncate example_bank.payments, example_bank.ledger;
            insert into example_bank.payments (batch_id, line, reference, amount, refusal, credit_to, narratives)
            select 1, line, reference, 1000, case line when 2 then 'AC04' end, 'x', '' from unnest(array['{string.Join("','", Bank.Orders.First().Payments.Select(payment => payment.Reference))}']) with ordinality as p(reference, line);
            insert into example_bank.ledger (account_id, batch_id, line, mark, amount, booked_at)
            select 1, 1, line, 'D', 1000, now() from example_bank.payments where refusal is null;
            {tampering}
            """);
        await fill.ExecuteNonQueryAsync();
    }
}
