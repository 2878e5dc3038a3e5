using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using G2PBridge.Connectors;
using G2PBridge.IntegrationTests.Reconciliation;
using Npgsql;

namespace G2PBridge.IntegrationTests.Envelopes;

/// <summary>The unpaid lines of an envelope become a new one, each once, and only when it is proved that nobody was paid.</summary>
internal sealed class FollowUpTests : ReconciliationTest
{
    private const string Refusal = "AC04";

    [Test]
    public async Task Refused_returned_and_unresolved_lines_are_paid_in_a_follow_up()
    {
        await UnpaidAsync();
        var (status, made) = await FollowUpAsync();
        var next = (string)made!["envelope_id"]!;
        Mapper.Unlinked.Clear();
        await WorkAsync();

        var (old, follow) = ((await GetAsync("v1/envelopes/E"))!, (await GetAsync($"v1/envelopes/{next}"))!);
        var refused = (await GetAsync("v1/disbursements/E-D1"))!;
        var later = (await GetAsync($"v1/disbursements/{refused["followed_by"]!["disbursement_id"]}"))!;
        Assert.Multiple(async () =>
        {
            Assert.That(status, Is.EqualTo(HttpStatusCode.Created), made.ToJsonString());
            Assert.That((made["lines"]!.GetValue<int>(), made["amount"]!.GetValue<decimal>()), Is.EqualTo((3, 3000m)));
            Assert.That(old["follow_ups"]!.AsArray().Select(link => (string?)link!["envelope_id"]), Is.EqualTo(new[] { next }));
            Assert.That((string?)follow["follow_up_of"], Is.EqualTo("E"));
            Assert.That((string?)later["follows"]!["disbursement_id"], Is.EqualTo("E-D1"));
            Assert.That((string?)later["state"], Is.EqualTo("SENT"));
            Assert.That(refused["timeline"]!.AsArray().Select(change => (string?)change!["what"]), Does.Contain("followed up"));
            Assert.That(Bank.Orders.Last().Payments.Select(payment => payment.BeneficiaryId), Is.EquivalentTo(new[] { "B1", "B2", "B4" }));
            Assert.That(await ScalarAsync<long>("select count(*) from envelopes.line_hold"), Is.Zero);
            Assert.That((await PostAsync("get_disbursement_envelope_status", Wire.Request(next))).Payload()!["number_of_disbursements_shipped"]!.GetValue<int>(), Is.EqualTo(3));
        });
    }

    [Test]
    public async Task Repeating_the_call_gives_the_same_envelope_and_pays_nobody_again()
    {
        await UnpaidAsync();
        var answers = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => FollowUpAsync()));
        var (late, again) = await FollowUpAsync();
        Assert.Multiple(async () =>
        {
            Assert.That(answers.Select(answer => answer.Status).Append(late), Is.EquivalentTo(new[] { HttpStatusCode.Created, HttpStatusCode.OK, HttpStatusCode.OK, HttpStatusCode.OK, HttpStatusCode.OK }));
            Assert.That(answers.Select(answer => (string?)answer.Answer!["envelope_id"]).Append((string?)again!["envelope_id"]).Distinct().Count(), Is.EqualTo(1));
            Assert.That(again["left_out"]!.ToJsonString(), Is.EqualTo("""[{"why":"FOLLOWED_UP_BEFORE","lines":3}]"""));
            Assert.That(await ScalarAsync<long>("select count(*) from envelopes.follow_up_line"), Is.EqualTo(3));
        });
        Assert.That(() => ExecuteAsync("insert into envelopes.follow_up_line select seq, 4711, envelope_id, next_envelope_id, kind, reason_code from envelopes.follow_up_line"), Throws.TypeOf<PostgresException>());
        Assert.That(() => ExecuteAsync("delete from envelopes.follow_up_line"), Throws.TypeOf<PostgresException>());
    }

    [Test]
    public async Task A_key_gives_its_own_answer_also_when_more_came_back_since()
    {
        var payments = await UnpaidAsync();
        var (_, first) = await FollowUpAsync(key: "k-1");
        await ImportAsync(new StatementText().Debit(payments[1]).Return(payments[1]));
        var (_, same) = await FollowUpAsync(key: "k-1");
        var (_, other) = await FollowUpAsync(key: "k-2");
        var (reused, _) = await FollowUpAsync(key: "k-1", reason: "another");
        Assert.Multiple(() =>
        {
            Assert.That((string?)same!["envelope_id"], Is.EqualTo((string?)first!["envelope_id"]));
            Assert.That((string?)other!["envelope_id"], Is.Not.EqualTo((string?)first["envelope_id"]));
            Assert.That(other["lines"]!.GetValue<int>(), Is.EqualTo(1));
            Assert.That(reused, Is.EqualTo(HttpStatusCode.Conflict));
        });
    }

    [Test]
    public async Task What_is_open_or_unknown_never_goes()
    {
        Bank.NextPayment(new PaymentAnswer.NotKnown("time-out"));
        Mapper.Unlinked["B3"] = "succ.fa.not_linked_to_id";
        await Journey.ReceiveAsync("E", 3);
        await WorkAsync();
        var (all, _) = await FollowUpAsync();
        var (unknown, _) = await FollowUpAsync("E-D1");
        var (unresolvedYet, _) = await FollowUpAsync("E-D3");
        Assert.That(new[] { all, unknown, unresolvedYet }, Is.All.EqualTo(HttpStatusCode.Conflict));
        Assert.That(await ScalarAsync<long>("select count(*) from envelopes.envelope"), Is.EqualTo(1));
    }

    [Test]
    public async Task A_cancelled_envelope_is_not_followed_up()
    {
        Mapper.Unlinked["B1"] = "succ.fa.not_linked_to_id";
        await Journey.ReceiveAsync("E", 1);
        await WorkAsync();
        await PostAsync("cancel_disbursement_envelope", Wire.Request(new JsonArray(new JsonObject { ["id"] = "E" })));
        Clock.Advance(TimeSpan.FromMinutes(1));
        await WorkAsync();
        Assert.That((await FollowUpAsync()).Status, Is.EqualTo(HttpStatusCode.Conflict));
        Assert.That(await ScalarAsync<long>("select count(*) from envelopes.envelope"), Is.EqualTo(1));
    }

    [TestCase("MD07", "STOP", true)]
    [TestCase("MS03", "ASK_BANK", true)]
    [TestCase("SOMETHING_ELSE", "REASON_NOT_KNOWN", true)]
    [TestCase("DU04", "QUERY_FIRST", false)]
    public async Task A_reason_that_cannot_be_mended_needs_a_person_who_names_the_line(string code, string why, bool named)
    {
        Bank.NextPayment(order => Task.FromResult<PaymentAnswer?>(new PaymentAnswer.Accepted([new PaymentRefusal(order.Payments[0].Reference, code, null)], [])));
        await Journey.ReceiveAsync("E", 2);
        await WorkAsync();
        var (status, answer) = await FollowUpAsync();
        Assert.That(status, Is.EqualTo(HttpStatusCode.Conflict));
        Assert.That((string?)answer!["detail"], Does.Contain($"{why} 1"));
        Assert.That((await FollowUpAsync("E-D1")).Status, Is.EqualTo(named ? HttpStatusCode.Created : HttpStatusCode.Conflict));
    }

    [Test]
    public async Task Who_was_paid_in_another_envelope_meanwhile_is_left_out()
    {
        await UnpaidAsync();
        await Journey.ReceiveAsync("E2", 1, change: SameCycleToday);
        Assert.That(await ScalarAsync<long>("select count(*) from envelopes.line_hold"), Is.Zero);
        var (_, made) = await FollowUpAsync();
        Assert.Multiple(() =>
        {
            Assert.That(made!["lines"]!.GetValue<int>(), Is.EqualTo(2));
            Assert.That(made["left_out"]!.ToJsonString(), Is.EqualTo("""[{"why":"PAID_ELSEWHERE","lines":1}]"""));
        });

        await Journey.ReceiveAsync("E3", 4, change: SameCycleToday);
        Assert.That(await ScalarAsync<long>("select count(*) from envelopes.line_hold where envelope_id = 'E3' and state = 'Held'"), Is.EqualTo(4));
    }

    [Test]
    public async Task Lines_that_were_resolved_too_late_say_so_and_can_be_followed_up()
    {
        await UnpaidAsync();
        Mapper.Unlinked.Clear();
        using (var retry = await Http.PostAsync(new Uri(TestHost.Address, "v1/envelopes/E/resolution/retry"), null))
        {
            Assert.That(retry.IsSuccessStatusCode);
        }

        await WorkAsync();
        var (envelope, line, exceptions) = ((await GetAsync("v1/envelopes/E"))!, (await GetAsync("v1/disbursements/E-D4"))!, (await GetAsync("v1/envelopes/E/exceptions?kind=too_late"))!);
        var (_, made) = await FollowUpAsync("E-D4");
        await WorkAsync();
        Assert.Multiple(() =>
        {
            Assert.That(envelope["funnel"]!["too_late"]!["lines"]!.GetValue<int>(), Is.EqualTo(1));
            Assert.That((string?)envelope["stage"], Is.EqualTo("AWAITING_STATEMENT"), envelope.ToJsonString());
            Assert.That((string?)line["state"], Is.EqualTo("TOO_LATE"));
            Assert.That((string?)line["reason_code"], Is.EqualTo("RESOLVED_TOO_LATE"));
            Assert.That(exceptions["items"]!.AsArray().Select(item => (string?)item!["disbursement_id"]), Is.EqualTo(new[] { "E-D4" }));
            Assert.That(made!["lines"]!.GetValue<int>(), Is.EqualTo(1));
            Assert.That(Bank.Orders.Last().Payments.Select(payment => payment.BeneficiaryId), Is.EqualTo(new[] { "B4" }));
        });
    }

    [Test]
    public async Task A_follow_up_can_be_followed_up()
    {
        await UnpaidAsync();
        var (_, first) = await FollowUpAsync();
        Bank.NextPayment(order => Task.FromResult<PaymentAnswer?>(new PaymentAnswer.Refused(Refusal, "closed")));
        Mapper.Unlinked.Clear();
        await WorkAsync();
        var (status, second) = await FollowUpAsync(envelope: (string)first!["envelope_id"]!);
        Assert.That(status, Is.EqualTo(HttpStatusCode.Created), second!.ToJsonString());
        Assert.That(second["lines"]!.GetValue<int>(), Is.EqualTo(3));
    }

    [Test]
    public async Task A_follow_up_that_cannot_be_is_refused_with_a_sentence()
    {
        await UnpaidAsync();
        Assert.Multiple(async () =>
        {
            Assert.That((await FollowUpAsync(envelope: "NOPE")).Status, Is.EqualTo(HttpStatusCode.NotFound));
            Assert.That((await FollowUpAsync(actor: null)).Status, Is.EqualTo(HttpStatusCode.UnprocessableEntity));
            Assert.That((await FollowUpAsync(reason: "")).Status, Is.EqualTo(HttpStatusCode.UnprocessableEntity));
            Assert.That((await FollowUpAsync("E-D3")).Status, Is.EqualTo(HttpStatusCode.Conflict));
        });
        Assert.That(await ScalarAsync<long>("select count(*) from envelopes.envelope"), Is.EqualTo(1));
    }

    private static void SameCycleToday(JsonObject envelope)
    {
        envelope["cycle_code_mnemonic"] = "2026-06/E";
        envelope["disbursement_schedule_date"] = Clock.Today.ToString("O", System.Globalization.CultureInfo.InvariantCulture);
    }

    /// <summary>Envelope E, complete: D1 refused, D2 returned, D3 sent, D4 without an address after the last round. Gives the payments of D2 and D3.</summary>
    private static async Task<Payment[]> UnpaidAsync()
    {
        Mapper.Unlinked["B4"] = "succ.fa.not_linked_to_id";
        Bank.NextPayment(order =>
        {
            Bank.Take(order with { Payments = [.. order.Payments.Skip(1)] });
            return Task.FromResult<PaymentAnswer?>(new PaymentAnswer.Accepted([new PaymentRefusal(order.Payments[0].Reference, Refusal, "closed")], []));
        });
        await Journey.ReceiveAsync("E", 4);
        await WorkAsync();
        Payment[] payments = [.. Bank.Orders.Single().Payments.Skip(1)];
        await ImportAsync(new StatementText().Debit(payments[0]).Return(payments[0]));
        for (var round = 0; round < 6; round++)
        {
            Clock.Advance(TimeSpan.FromHours(7));
            await WorkAsync();
        }

        Assert.That(await ScalarAsync<bool>("select complete_at is not null from disbursement.envelope"));
        return payments;
    }

    private static async Task<(HttpStatusCode Status, JsonNode? Answer)> FollowUpAsync(
        string? only = null, string envelope = "E", string? actor = "amina", string reason = "accounts were corrected", string? key = null)
    {
        var body = new JsonObject { ["reason"] = reason };
        if (only is not null)
        {
            body["disbursement_ids"] = new JsonArray(only);
        }

        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(TestHost.Address, $"v1/envelopes/{envelope}/follow-up")) { Content = JsonContent.Create(body) };
        foreach (var (name, value) in new[] { ("X-Actor", actor), ("Idempotency-Key", key) })
        {
            if (value is not null)
            {
                request.Headers.Add(name, value);
            }
        }

        using var response = await Http.SendAsync(request);
        return (response.StatusCode, await response.Content.ReadFromJsonAsync<JsonNode>());
    }
}
