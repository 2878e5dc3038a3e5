using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using G2PBridge.Connectors;
using G2PBridge.IntegrationTests.Reconciliation;
using G2PBridge.Modules.Envelopes.Contracts;
using G2PBridge.Modules.Envelopes.Domain;
using G2PBridge.Modules.Envelopes.Persistence;
using G2PBridge.Platform.Jobs;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace G2PBridge.IntegrationTests.Envelopes;

/// <summary>One person, programme, cycle and benefit code in two envelopes, under whatever ids.</summary>
internal sealed class DuplicatePaymentTests : ReconciliationTest
{
    private const string Maker = "amina";
    private const string Checker = "bilal";

    [Test]
    public async Task A_person_in_a_second_envelope_is_held_and_the_others_are_paid()
    {
        await ReceiveAsync("E1", "B1", "B2");
        await ReceiveAsync("E2", "B2", "B3");
        await WorkAsync();

        Assert.That(PaidPeople(), Is.EquivalentTo(new[] { "B1", "B2", "B3" }));
        var envelope = (await GetAsync("v1/envelopes/E2"))!;
        var line = (await GetAsync("v1/disbursements/E2-B2"))!;
        var exceptions = (await GetAsync("v1/envelopes/E2/exceptions"))!;
        var hold = (await GetAsync("v1/envelopes/E2/holds?state=HELD"))!["items"]!.AsArray().Single()!;
        var batch = await PostAsync("get_disbursement_batch_control", Wire.Request("E2-BATCH"));
        Assert.Multiple(() =>
        {
            Assert.That(envelope["funnel"]!["held"]!.ToJsonString(), Is.EqualTo("""{"lines":1,"amount":10.0000}"""));
            Assert.That((string?)line["state"], Is.EqualTo("HELD"));
            Assert.That((string?)line["reason_code"], Is.EqualTo("DUPLICATE_PAYMENT"));
            Assert.That(line["timeline"]!.AsArray().Select(change => (string?)change!["what"]), Does.Contain("held"));
            Assert.That(exceptions["groups"]!.AsArray().Select(group => $"{group!["kind"]} {group["reason_code"]} {group["lines"]}"), Is.EqualTo(new[] { "HELD DUPLICATE_PAYMENT 1" }));
            Assert.That(exceptions["items"]!.AsArray().Select(item => (string?)item!["disbursement_id"]), Is.EqualTo(new[] { "E2-B2" }));
            Assert.That((string?)hold["other"]!["disbursement_id"], Is.EqualTo("E1-B2"));
            Assert.That((string?)batch.Payload()!["sponsor_bank_dispatch_latest_error_code"], Is.EqualTo("DISBURSEMENTS_HELD"));
        });
    }

    [Test]
    public async Task A_released_line_is_paid_and_the_envelope_waits_for_it()
    {
        await ReceiveAsync("E1", "B1");
        await ReceiveAsync("E2", "B1", "B2");
        await WorkAsync();
        var waiting = (await GetAsync("v1/envelopes/E2"))!;
        Clock.Advance(TimeSpan.FromMinutes(1));
        await WorkAsync();
        Assert.That(Bank.Releases, Has.None.Contains("E2"));
        Assert.That(await ScalarAsync<bool>("select complete_at is null from disbursement.envelope where envelope_id = 'E2'"));

        var decision = await ProposeAsync("E2", "RELEASE", "was not paid in May");
        await ConfirmAsync("E2", decision);
        await WorkAsync();
        Clock.Advance(TimeSpan.FromMinutes(1));
        await WorkAsync();

        var line = (await GetAsync("v1/disbursements/E2-B1"))!;
        Assert.Multiple(async () =>
        {
            Assert.That((string?)waiting["stage"], Is.EqualTo("AWAITING_STATEMENT"));
            Assert.That(PaidPeople(), Is.EquivalentTo(new[] { "B1", "B1", "B2" }));
            Assert.That((string?)line["state"], Is.EqualTo("SENT"));
            Assert.That(await ScalarAsync<bool>("select complete_at is not null from disbursement.envelope where envelope_id = 'E2'"));
            Assert.That(await ScalarAsync<string>("select string_agg(to_state || ' ' || actor, '; ' order by id) from envelopes.line_hold_history"), Is.EqualTo("Held intake; Released amina, confirmed by bilal"));
        });
    }

    [Test]
    public async Task A_dropped_line_is_never_paid_and_its_envelope_ends()
    {
        await ReceiveAsync("E1", "B1");
        await ReceiveAsync("E2", "B1", "B2");
        await WorkAsync();
        var payments = Bank.Orders.SelectMany(order => order.Payments).Where(payment => payment.DisbursementId == "E2-B2").ToArray();
        await ImportAsync(new StatementText().Debit(payments[0]));
        Assert.That((string?)(await GetAsync("v1/envelopes/E2"))!["stage"], Is.EqualTo("ON_HOLD"));

        await ConfirmAsync("E2", await ProposeAsync("E2", "DROP", "paid in E1", "E2-B1"));
        Clock.Advance(TimeSpan.FromMinutes(1));
        await WorkAsync();

        var envelope = (await GetAsync("v1/envelopes/E2"))!;
        Assert.Multiple(async () =>
        {
            Assert.That((string?)envelope["stage"], Is.EqualTo("DONE"), envelope.ToJsonString());
            Assert.That((string?)(await GetAsync("v1/disbursements/E2-B1"))!["state"], Is.EqualTo("DROPPED"));
            Assert.That(PaidPeople(), Is.EquivalentTo(new[] { "B1", "B2" }));
            Assert.That(await ScalarAsync<bool>("select released from disbursement.envelope where envelope_id = 'E2'"));
        });
    }

    [Test]
    public async Task One_person_alone_decides_nothing()
    {
        await ReceiveAsync("E1", "B1");
        await ReceiveAsync("E2", "B1");
        var decision = await ProposeAsync("E2", "RELEASE", "late registration");
        var path = $"v1/envelopes/E2/holds/decisions/{decision}/confirm";

        var (same, _) = await DecideAsync(path, " AMINA ", new JsonObject());
        var (nobody, _) = await DecideAsync(path, null, new JsonObject());
        var (noReason, _) = await DecideAsync("v1/envelopes/E2/holds/decisions", Maker, new JsonObject { ["action"] = "DROP" });
        var (notHeld, _) = await DecideAsync("v1/envelopes/E1/holds/decisions", Maker, new JsonObject { ["action"] = "DROP", ["reason"] = "x" });
        await WorkAsync();

        Assert.Multiple(() =>
        {
            Assert.That(same, Is.EqualTo(HttpStatusCode.Conflict));
            Assert.That(nobody, Is.EqualTo(HttpStatusCode.UnprocessableEntity));
            Assert.That(noReason, Is.EqualTo(HttpStatusCode.UnprocessableEntity));
            Assert.That(notHeld, Is.EqualTo(HttpStatusCode.Conflict));
            Assert.That(PaidPeople(), Is.EqualTo(new[] { "B1" }));
        });
        Assert.That(() => ExecuteAsync("update envelopes.hold_decision set state = 'Confirmed', confirmed_by = 'AMINA', confirmed_at = now()"), Throws.TypeOf<PostgresException>());
        Assert.That(() => ExecuteAsync("delete from envelopes.line_hold_history"), Throws.TypeOf<PostgresException>());
    }

    [Test]
    public async Task Release_and_drop_at_once_have_one_winner([Range(1, 4)] int round)
    {
        await ReceiveAsync("E1", "B1");
        await ReceiveAsync("E2", "B1");
        var release = await ProposeAsync("E2", "RELEASE", "pay");
        var drop = await ProposeAsync("E2", "DROP", "do not pay");
        var answers = await Task.WhenAll(
            new[] { release, drop }.Select(id => DecideAsync($"v1/envelopes/E2/holds/decisions/{id}/confirm", Checker, new JsonObject())));
        Assert.That(answers.Select(answer => answer.Status), Is.EquivalentTo(new[] { HttpStatusCode.OK, HttpStatusCode.Conflict }), $"round {round}");
        Assert.That(await ScalarAsync<long>("select count(*) from envelopes.line_hold_history where from_state is not null"), Is.EqualTo(1));
    }

    [Test]
    public async Task Two_requests_at_once_in_two_envelopes_do_not_both_slip_through([Range(1, 4)] int round)
    {
        const int People = 300;
        await EnvelopeAsync("E1", People);
        await EnvelopeAsync("E2", People);
        string[] people = [.. Enumerable.Range(1, People).Select(i => $"B{i}")];
        var answers = await Task.WhenAll(
            Task.Run(() => LinesAsync("E1", people)), Task.Run(() => LinesAsync("E2", [.. people.Reverse()])));
        Assert.That(answers.All(answer => answer.Succeeded()), $"round {round}: {answers[0].ToJsonString()[..200]} {answers[1].ToJsonString()[..200]}");
        Assert.That(await ScalarAsync<long>("select count(*) from envelopes.line_hold where state = 'Held'"), Is.EqualTo(People));
        await WorkAsync();
        Assert.That(PaidPeople(), Is.Unique.And.EquivalentTo(people));
    }

    [TestCase("cancelled line")]
    [TestCase("cancelled envelope")]
    [TestCase("refused")]
    [TestCase("returned")]
    [TestCase("dropped")]
    public async Task What_was_proved_unpaid_does_not_stand_in_the_way(string how)
    {
        if (how == "refused")
        {
            Bank.NextPayment(order => Task.FromResult<PaymentAnswer?>(new PaymentAnswer.Accepted([new PaymentRefusal(order.Payments[0].Reference, "AC04", "closed")], [])));
        }

        if (how == "dropped")
        {
            await ReceiveAsync("E0", "B1");
        }

        await ReceiveAsync("E1", ["B1"], how.StartsWith("cancelled", StringComparison.Ordinal) ? "2026-06-25" : "2026-06-19");
        switch (how)
        {
            case "cancelled line":
                await PostAsync("cancel_disbursements", Wire.Request(new JsonArray(new JsonObject { ["disbursement_id"] = "E1-B1" })));
                break;
            case "cancelled envelope":
                await PostAsync("cancel_disbursement_envelope", Wire.Request(new JsonArray(new JsonObject { ["id"] = "E1" })));
                break;
            case "dropped":
                await ConfirmAsync("E1", await ProposeAsync("E1", "DROP", "twice"));
                break;
            default:
                await WorkAsync();
                if (how == "returned")
                {
                    var payment = Bank.Orders.Single().Payments[0];
                    await ImportAsync(new StatementText().Debit(payment).Return(payment));
                }

                break;
        }

        await ReceiveAsync("E2", "B1");
        Assert.That(await ScalarAsync<long>("select count(*) from envelopes.line_hold where envelope_id = 'E2' and state = 'Held'"), Is.EqualTo(how == "dropped" ? 1 : 0));
        await ReceiveAsync("E3", "B1");
        Assert.That(await ScalarAsync<long>("select count(*) from envelopes.line_hold where envelope_id = 'E3' and state = 'Held'"), Is.EqualTo(1));
    }

    [Test]
    public async Task A_payment_whose_outcome_is_unknown_stands_in_the_way()
    {
        Bank.NextPayment(new PaymentAnswer.NotKnown("time-out"));
        await ReceiveAsync("E1", "B1");
        await WorkAsync(Work.TakeBatches);
        await WorkAsync();
        await ReceiveAsync("E2", "B1");
        Assert.That(await ScalarAsync<string>("select state from envelopes.line_hold"), Is.EqualTo("Held"));
    }

    [Test]
    public async Task Another_cycle_benefit_code_or_programme_is_another_payment()
    {
        await ReceiveAsync("E1", "B1");
        await EnvelopeAsync("E2", 1, envelope => envelope["cycle_code_mnemonic"] = "2026-07");
        await EnvelopeAsync("E3", 1, envelope => envelope["benefit_code_id"] = 7);
        await EnvelopeAsync("E4", 1, envelope => envelope["benefit_program_id"] = 7);
        foreach (var id in new[] { "E2", "E3", "E4" })
        {
            Assert.That((await LinesAsync(id, "B1")).Succeeded());
        }

        Assert.That(await ScalarAsync<long>("select count(*) from envelopes.line_hold"), Is.Zero);
    }

    [Test]
    public async Task A_cancelled_line_waits_for_nobody()
    {
        await ReceiveAsync("E1", "B1");
        await ReceiveAsync("E2", ["B1", "B2"], "2026-06-25");
        var answer = await PostAsync("cancel_disbursements", Wire.Request(new JsonArray(new JsonObject { ["disbursement_id"] = "E2-B1" })));
        Assert.That(answer.Succeeded(), answer.ToJsonString());
        Assert.That((await GetAsync("v1/envelopes/E2"))!["funnel"]!["held"]!["lines"]!.GetValue<int>(), Is.Zero);
        Assert.That(await SendAsync(new CountUndecidedLines("E2")), Is.Zero);
    }

    [Test]
    public async Task A_programme_may_refuse_or_allow_them()
    {
        await using var rejecting = await HostAsync("Reject");
        await using var allowing = await HostAsync("Allow");
        await ReceiveAsync("E1", "B1", "B2");
        await EnvelopeAsync("E2", 3);
        var refused = await LinesAsync("E2", rejecting, "B2", "B3");
        var corrected = await LinesAsync("E2", rejecting, "B3");
        await EnvelopeAsync("E3", 3);
        var allowed = await LinesAsync("E3", allowing, "B1", "B2");
        var again = await PostTo(allowing, "create_disbursements", Wire.Request(new JsonArray(Wire.Line("E3", "E3-again", "B2", 10)), "E3-BATCH2"));
        await WorkAsync();

        Assert.Multiple(async () =>
        {
            Assert.That(refused.Code(), Is.EqualTo("INVALID_DISBURSEMENT_PAYLOAD"));
            Assert.That(refused.Payload()!.AsArray().Select(line => line!["response_error_codes"]!.ToJsonString()), Is.EqualTo(new[] { "[\"DUPLICATE_PAYMENT\"]", "[]" }));
            Assert.That(corrected.Succeeded(), corrected.ToJsonString());
            Assert.That(allowed.Succeeded(), allowed.ToJsonString());
            Assert.That(await ScalarAsync<string>("select cause from envelopes.envelope_history where envelope_id = 'E3' and actor = 'intake'"), Does.StartWith("2 disbursements"));
            Assert.That(again.Payload()![0]!["response_error_codes"]!.ToJsonString(), Is.EqualTo("[\"DUPLICATE_BENEFICIARY_IN_ENVELOPE\"]"));
        });
    }

    [Test]
    public async Task The_key_is_the_same_in_both_languages([Values] bool numbered)
    {
        await EnvelopeAsync("E1", 1, envelope =>
        {
            if (!numbered)
            {
                envelope["benefit_program_mnemonic"] = "Übergang 1";
            }
        });
        var envelope = new Envelope
        {
            Id = "E1",
            ProgrammeId = numbered ? 990001 : null,
            ProgrammeMnemonic = "Übergang 1",
            CycleMnemonic = "2026-06",
            BenefitCodeId = numbered ? 990002 : null,
            BenefitType = BenefitType.CashDigital,
            Unit = "USD",
            NumberOfBeneficiaries = 1,
            NumberOfDisbursements = 1,
            TotalQuantity = 1,
            ScheduleDate = default,
            ReceivedAt = default,
            Sender = "",
        };
        await ExecuteAsync("update envelopes.envelope set programme_id = $1, benefit_code_id = $2, benefit_code_mnemonic = null", numbered ? 990001 : DBNull.Value, numbered ? 990002 : DBNull.Value);
        Assert.That(
            Entitlements.Bytes(Entitlements.KeyOf(Entitlements.ScopeOf(envelope), "Jürg 7")),
            Is.EqualTo(await ScalarAsync<byte[]>($"select {Entitlements.KeyInSql} from envelopes.envelope e, (select 'Jürg 7'::text as beneficiary_id) d")));
    }

    [Test]
    public async Task An_id_has_one_key_in_the_program_and_in_the_database_and_shares_it_with_no_other()
    {
        string[] ids =
        [
            "D0001", "D0002", "D001", "D1", "D", "D#1#", "D#1#1", "0", "1", "01", "10", "999999999999", "1999999999999", "0999999999999", "20261129000000001", "20261129000000002",
            "D0001/A", "D0001/B", "1/D0001", "5d0c1f9e-7c1b-4f0e-9b51-0f8c2f6de4ab", "5d0c1f9e-7c1b-4f0e-9b51-0f8c2f6de5ab", "Ü\n٣ 7 😀", "Ü\n٣ 8 😀", "٣", new string('7', 128), new string('é', 127) + "3",
        ];
        var keys = DisbursementKeys.Of(ids);
        Assert.Multiple(() =>
        {
            Assert.That(keys, Is.Unique);
            // By the bytes, as the database orders them.
            Assert.That(DisbursementKeys.Of("D0002").CompareTo(DisbursementKeys.Of("D0001")), Is.Positive);
            Assert.That(DisbursementKeys.Of("D0001").ToString()[..26], Is.EqualTo(DisbursementKeys.Of("D9999").ToString()[..26]));
        });
        Assert.That(await ScalarAsync<Guid[]>("select array_agg(envelopes.disbursement_key_of(k.id) order by k.no) from unnest($1::text[]) with ordinality as k(id, no)", [ids]), Is.EqualTo(keys));
    }

    private static string[] PaidPeople() => [.. Bank.Orders.SelectMany(order => order.Payments).Select(payment => payment.BeneficiaryId)];

    private static Task ReceiveAsync(string id, params string[] people) => ReceiveAsync(id, people, "2026-06-19");

    private static async Task ReceiveAsync(string id, string[] people, string day)
    {
        await EnvelopeAsync(id, people.Length, envelope => envelope["disbursement_schedule_date"] = day);
        var answer = await LinesAsync(id, people);
        Assert.That(answer.Succeeded(), answer.ToJsonString());
    }

    private static async Task EnvelopeAsync(string id, int lines, Action<JsonObject>? change = null)
    {
        var answer = await PostAsync("create_disbursement_envelopes", Wire.Request(new JsonArray(Wire.Envelope(id, lines, lines * 10m, envelope =>
        {
            envelope["cycle_code_mnemonic"] = "2026-06";
            change?.Invoke(envelope);
        }))));
        Assert.That(answer.Succeeded(), answer.ToJsonString());
    }

    private static Task<JsonNode> LinesAsync(string id, params string[] people) => LinesAsync(id, null, people);

    private static Task<JsonNode> LinesAsync(string id, WebApplication? host, params string[] people) =>
        PostTo(host, "create_disbursements", Wire.Request(new JsonArray([.. people.Select(person => (JsonNode)Wire.Line(id, $"{id}-{person}", person, 10))]), $"{id}-BATCH"));

    private static async Task<JsonNode> PostTo(WebApplication? host, string path, JsonNode body)
    {
        using var response = await Http.PostAsJsonAsync(new Uri(host is null ? TestHost.Address : new Uri(host.Urls.First()), path), body);
        return (await response.Content.ReadFromJsonAsync<JsonNode>())!;
    }

    private static async Task<WebApplication> HostAsync(string policy)
    {
        var host = TestHost.Build(TestHost.ConnectionString, services => services.AddSingleton<TimeProvider>(Clock), ("Programmes:Default:DuplicatePayment", policy));
        await host.StartAsync();
        return host;
    }

    private static async Task<Guid> ProposeAsync(string envelope, string action, string reason, params string[] ids)
    {
        var body = new JsonObject { ["action"] = action, ["reason"] = reason };
        if (ids.Length > 0)
        {
            body["disbursement_ids"] = new JsonArray([.. ids.Select(id => JsonValue.Create(id))]);
        }

        var (status, answer) = await DecideAsync($"v1/envelopes/{envelope}/holds/decisions", Maker, body);
        Assert.That(status, Is.EqualTo(HttpStatusCode.OK), answer?.ToJsonString());
        return Guid.Parse((string)answer!["id"]!);
    }

    private static async Task ConfirmAsync(string envelope, Guid decision)
    {
        var (status, answer) = await DecideAsync($"v1/envelopes/{envelope}/holds/decisions/{decision}/confirm", Checker, new JsonObject());
        Assert.That(status, Is.EqualTo(HttpStatusCode.OK), answer?.ToJsonString());
    }

    private static async Task<(HttpStatusCode Status, JsonNode? Answer)> DecideAsync(string path, string? actor, JsonNode body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(TestHost.Address, path)) { Content = JsonContent.Create(body) };
        if (actor is not null)
        {
            request.Headers.Add("X-Actor", actor);
        }

        using var response = await Http.SendAsync(request);
        return (response.StatusCode, await response.Content.ReadFromJsonAsync<JsonNode>());
    }
}
