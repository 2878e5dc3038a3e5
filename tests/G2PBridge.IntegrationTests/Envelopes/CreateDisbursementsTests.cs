using System.Net;
using System.Text.Json.Nodes;

namespace G2PBridge.IntegrationTests.Envelopes;

internal sealed class CreateDisbursementsTests : IntegrationTest
{
    private const string Path = "create_disbursements";

    [Test]
    public async Task Lines_are_stored_with_their_batch_and_the_totals_raised()
    {
        await EnvelopeAsync("E1", 3, 3000);
        var answer = await PostAsync(Path, Wire.Request(Wire.Lines("E1", 2, 1000), "BCTL-1"));

        Assert.That(answer.Succeeded(), Is.True, answer.ToJsonString());
        var line = answer.Payload()![0]!.AsObject();
        Assert.Multiple(() =>
        {
            Assert.That(answer["response_body"]!.AsObject().ContainsKey("disbursement_batch_control_id"), Is.True);
            Assert.That(line["disbursement_quantity"]!.ToJsonString(), Is.EqualTo("1000.0"));
            Assert.That(line["response_error_codes"]!.AsArray(), Is.Empty);
        });
        Assert.That(await ScalarAsync<decimal>("select quantity_received from envelopes.envelope where id = 'E1' and disbursements_received = 2"), Is.EqualTo(2000m));
        Assert.That(await ScalarAsync<long>("select count(*) from envelopes.disbursement d join envelopes.batch b on d.seq between b.first_seq and b.last_seq where b.id = 'BCTL-1'"), Is.EqualTo(2));
    }

    [Test]
    public async Task Fifty_parallel_calls_of_a_thousand_lines_all_succeed_with_exact_totals()
    {
        await EnvelopeAsync("E1", 50_000, 50_000 * 12.34m);
        var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(i => PostAsync(Path, Wire.Request(Wire.Lines("E1", 1000, 12.34m, 1 + (i * 1000)), $"BCTL-{i}"))));

        Assert.That(answers.All(answer => answer.Succeeded()), Is.True);
        Assert.That(await ScalarAsync<decimal>("select quantity_received from envelopes.envelope where disbursements_received = 50000"), Is.EqualTo(617_000m));
        Assert.That(await ScalarAsync<decimal>("select sum(quantity) from envelopes.disbursement"), Is.EqualTo(617_000m));
        Assert.That(await ScalarAsync<long>("select count(distinct seq) from envelopes.disbursement"), Is.EqualTo(50_000));
    }

    [Test]
    public async Task Parallel_calls_never_pass_what_was_declared()
    {
        await EnvelopeAsync("E1", 500, 500);
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => PostAsync(Path, Wire.Request(Wire.Lines("E1", 100, 1, 1 + (i * 100)), $"BCTL-{i}"))));

        Assert.Multiple(() =>
        {
            Assert.That(answers.Count(answer => answer.Succeeded()), Is.EqualTo(5));
            Assert.That(answers.Where(answer => !answer.Succeeded()).Select(answer => answer.Code()).Distinct(), Is.EqualTo(new[] { "NO_OF_DISBUESEMENTS_EXCEEDS_DECLARED" }));
        });
        Assert.That(await ScalarAsync<long>("select count(*) from envelopes.disbursement"), Is.EqualTo(500));
    }

    [Test]
    public async Task Every_wrong_line_is_echoed_with_its_codes_and_nothing_is_stored()
    {
        await EnvelopeAsync("E1", 9, 9000);
        var lines = new JsonArray(
            Wire.Line("E1", "D1", "B1", 10),
            Wire.Line("E1", "D2", "", -1, line => line["narrative"] = ""),
            Wire.Line("E1", "D3", "B3", 1, line => line["disbursement_quantity"] = null),
            Wire.Line("E1", "D4", "B4", 10.005m),
            Wire.Line("E1", "D1", "B5", 10),
            Wire.Line("E1", "D6", "B1", 10));
        var answer = await PostAsync(Path, Wire.Request(lines, "BCTL-1"));

        Assert.That(answer.Code(), Is.EqualTo("INVALID_DISBURSEMENT_PAYLOAD"));
        Assert.That(answer.Payload()!.AsArray().Select(line => string.Join(",", line!["response_error_codes"]!.AsArray().Select(code => (string?)code))), Is.EqualTo(new[]
        {
            "", "INVALID_DISBURSEMENT_QUANTITY,INVALID_BENEFICIARY_ID,INVALID_NARRATIVE", "INVALID_DISBURSEMENT_QUANTITY", "INVALID_DISBURSEMENT_QUANTITY",
            "DUPLICATE_DISBURSEMENT", "DUPLICATE_BENEFICIARY_IN_ENVELOPE",
        }));
        Assert.That(await ScalarAsync<long>("select count(*) from envelopes.disbursement"), Is.Zero);
    }

    [Test]
    public async Task Ids_and_people_that_are_stored_already_are_named()
    {
        await EnvelopeAsync("E1", 9, 9000);
        await PostAsync(Path, Wire.Request(Wire.Lines("E1", 2, 10), "BCTL-1"));

        var sameId = await PostAsync(Path, Wire.Request(new JsonArray(Wire.Line("E1", "E1-D1", "B7", 10), Wire.Line("E1", "E1-D8", "B8", 10)), "BCTL-2"));
        var samePerson = await PostAsync(Path, Wire.Request(new JsonArray(Wire.Line("E1", "E1-D8", "B8", 10), Wire.Line("E1", "E1-D9", "B2", 10)), "BCTL-3"));
        var sameBatch = await PostAsync(Path, Wire.Request(new JsonArray(Wire.Line("E1", "E1-D8", "B8", 10)), "BCTL-1"));

        Assert.Multiple(() =>
        {
            Assert.That(sameId.Code(), Is.EqualTo("INVALID_DISBURSEMENT_PAYLOAD"));
            Assert.That(sameId.Payload()![0]!["response_error_codes"]!.ToJsonString(), Is.EqualTo("[\"DUPLICATE_DISBURSEMENT\"]"));
            Assert.That(sameId.Payload()![1]!["response_error_codes"]!.ToJsonString(), Is.EqualTo("[]"));
            Assert.That(samePerson.Payload()![1]!["response_error_codes"]!.ToJsonString(), Is.EqualTo("[\"DUPLICATE_BENEFICIARY_IN_ENVELOPE\"]"));
            Assert.That(sameBatch.Code(), Is.EqualTo("DISBURSEMENT_BATCH_ALREADY_EXISTS"));
        });
        Assert.That(await ScalarAsync<int>("select disbursements_received from envelopes.envelope"), Is.EqualTo(2));
    }

    [Test]
    public async Task Envelopes_that_take_nothing_say_why()
    {
        await EnvelopeAsync("E1", 2, 20);
        await EnvelopeAsync("E2", 2, 20);
        await PostAsync("cancel_disbursement_envelope", Wire.Request(new JsonArray(new JsonObject { ["id"] = "E2" })));

        Assert.Multiple(async () =>
        {
            Assert.That((await PostAsync(Path, Wire.Request(Wire.Lines("NOPE", 1, 10), "B-1"))).Code(), Is.EqualTo("DISBURSEMENT_ENVELOPE_NOT_FOUND"));
            Assert.That((await PostAsync(Path, Wire.Request(Wire.Lines("E2", 1, 10), "B-2"))).Code(), Is.EqualTo("DISBURSEMENT_ENVELOPE_ALREADY_CANCELED"));
            Assert.That((await PostAsync(Path, Wire.Request(Wire.Lines("E1", 3, 1), "B-3"))).Code(), Is.EqualTo("NO_OF_DISBUESEMENTS_EXCEEDS_DECLARED"));
            Assert.That((await PostAsync(Path, Wire.Request(Wire.Lines("E1", 2, 10.01m), "B-4"))).Code(), Is.EqualTo("TOTAL_DISBURSEMENT_QUANTITY_EXCEEDS_DECLARED"));
            Assert.That((await PostAsync(Path, Wire.Request(new JsonArray(Wire.Line("E1", "a", "B1", 1), Wire.Line("E2", "b", "B2", 1)), "B-5"))).Code(), Is.EqualTo("MULTIPLE_ENVELOPES_FOUND"));
            Assert.That((await PostAsync(Path, Wire.Request(new JsonArray(), "B-6"))).Code(), Is.EqualTo("EMPTY_REQUEST_PAYLOAD"));
        });
        Assert.That(await ScalarAsync<long>("select count(*) from envelopes.batch"), Is.Zero);
    }

    [Test]
    public async Task Repeating_a_call_gives_the_first_answer_also_when_both_run_at_once()
    {
        await EnvelopeAsync("E1", 100, 100);
        var request = Wire.Request(Wire.Lines("E1", 100, 1), "BCTL-1", "same");
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => PostAsync(Path, request.DeepClone())));
        Clock.Advance(TimeSpan.FromHours(1));
        var late = await PostAsync(Path, request.DeepClone());

        Assert.That(answers.Append(late).Select(answer => answer.ToJsonString()).Distinct().Count(), Is.EqualTo(1), answers.First(a => !a.Succeeded() || true).ToJsonString()[..300]);
        Assert.That(late.Succeeded(), Is.True);
        Assert.That(await ScalarAsync<long>("select count(*) from envelopes.disbursement"), Is.EqualTo(100));
        request["request_body"]!["request_payload"]![0]!["disbursement_quantity"] = 2;
        Assert.That((await PostAsync(Path, request)).Code(), Is.EqualTo("REQUEST_ID_REUSED"));
    }

    [Test]
    public async Task A_refused_call_may_be_corrected_and_sent_again_under_its_id()
    {
        await EnvelopeAsync("E1", 1, 10);
        var request = Wire.Request(new JsonArray(Wire.Line("E1", "D1", "", 10)), "BCTL-1", "same");
        Assert.That((await PostAsync(Path, request.DeepClone())).Succeeded(), Is.False);
        request["request_body"]!["request_payload"]![0]!["beneficiary_id"] = "B1";

        Assert.That((await PostAsync(Path, request)).Succeeded(), Is.True);
    }

    [Test]
    public async Task Numbers_are_decimal_from_the_wire_to_the_table()
    {
        await EnvelopeAsync("E1", 3, 0.3m);
        var answer = await PostAsync(Path, Wire.Request(Wire.Lines("E1", 3, 0.1m), "BCTL-1"));

        Assert.That(answer.Succeeded(), Is.True);
        Assert.That(await ScalarAsync<decimal>("select quantity_received from envelopes.envelope"), Is.EqualTo(0.3m));
    }

    [Test]
    public async Task Text_and_whole_floats_are_read_as_numbers_and_a_list_in_their_place_is_malformed()
    {
        await EnvelopeAsync("E1", 3, 100);
        var lenient = await PostAsync(Path, Wire.Request(new JsonArray(Wire.Line("E1", "D1", "B1", 1, line =>
        {
            line["disbursement_quantity"] = "12.50";
            line["disbursement_cycle_id"] = JsonNode.Parse("1.0");
        })), "BCTL-1"));
        using var malformed = await PostRawAsync(Path, Wire.Request(new JsonArray(Wire.Line("E1", "D2", "B2", 1, line => line["disbursement_quantity"] = new JsonArray(1))), "BCTL-2"));

        Assert.That(lenient.Succeeded(), Is.True, lenient.ToJsonString());
        Assert.That(malformed.StatusCode, Is.EqualTo(HttpStatusCode.BadRequest));
    }

    [Test]
    public async Task The_first_generation_is_given_sixteen_digit_ids_and_its_own_codes()
    {
        await EnvelopeAsync("E1", 2, 20);
        JsonObject Request(string name) => new()
        {
            ["header"] = new JsonObject { ["message_id"] = "string", ["sender_id"] = "string" },
            ["message"] = new JsonArray(new JsonObject
            {
                ["disbursement_envelope_id"] = "E1",
                ["beneficiary_id"] = "account_no:1@bic",
                ["mis_reference_number"] = "MIS-1",
                ["beneficiary_name"] = name,
                ["disbursement_amount"] = 10,
                ["narrative"] = "x",
            }),
        };
        var refused = await PostAsync(Path, Request(""));
        var taken = await PostAsync(Path, Request("A One"));

        Assert.Multiple(() =>
        {
            Assert.That(refused["message"]![0]!["response_error_codes"]!.ToJsonString(), Is.EqualTo("[\"INVALID_BENEFICIARY_NAME\"]"));
            Assert.That((string?)taken["header"]!["status"], Is.EqualTo("succ"));
            Assert.That((string?)taken["message"]![0]!["disbursement_id"], Does.Match("^[0-9]{16}$"));
            Assert.That((string?)taken["message"]![0]!["mis_reference_number"], Is.EqualTo("MIS-1"));
        });
    }

    private static async Task EnvelopeAsync(string id, int lines, decimal total)
    {
        var answer = await PostAsync("create_disbursement_envelopes", Wire.Request(new JsonArray(Wire.Envelope(id, lines, total))));
        Assert.That(answer.Succeeded(), Is.True, answer.ToJsonString());
    }

    [TestCase("{\"a\":\"\\ud800\"}")]
    [TestCase("{\"\\udfff\":1}")]
    [TestCase("{\"a\":[\"\\u0000\"]}")]
    [TestCase("{\"a\":{\"b\":1e400000}}")]
    [TestCase("{\"a\":-1E-99999}")]
    public async Task Compute_elements_that_no_database_can_hold_are_named_and_nothing_is_stored(string elements)
    {
        await PostAsync("create_disbursement_envelopes", Wire.Request(new JsonArray(Wire.Envelope("E", 1, 1))));
        var request = Wire.Request(new JsonArray(Wire.Line("E", "D", "B", 1, line => line["compute_elements"] = "HERE"))).ToJsonString().Replace("\"HERE\"", elements, StringComparison.Ordinal);
        using var content = new StringContent(request, System.Text.Encoding.UTF8, "application/json");
        using var answer = await Http.PostAsync(new Uri(TestHost.Address, "create_disbursements"), content);
        Assert.That((int)answer.StatusCode, Is.EqualTo(400));
        Assert.That(await answer.Content.ReadAsStringAsync(), Does.Contain("request_payload[0].compute_elements"));
        Assert.That(await ScalarAsync<long>("select count(*) from envelopes.disbursement"), Is.Zero);
    }
}
