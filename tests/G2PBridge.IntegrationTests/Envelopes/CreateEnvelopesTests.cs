using System.Net;
using System.Text.Json.Nodes;

namespace G2PBridge.IntegrationTests.Envelopes;

internal sealed class CreateEnvelopesTests : IntegrationTest
{
    private const string Path = "create_disbursement_envelopes";

    [Test]
    public async Task An_envelope_is_stored_and_echoed_in_the_shape_of_the_contract()
    {
        var answer = await PostAsync(Path, Wire.Request(new JsonArray(Wire.Envelope("E1", 2, 2000))));

        Assert.That(answer.Succeeded(), Is.True, answer.ToJsonString());
        var envelope = answer.Payload()![0]!.AsObject();
        Assert.Multiple(() =>
        {
            Assert.That((string?)envelope["id"], Is.EqualTo("E1"));
            Assert.That(envelope["total_disbursement_quantity"]!.ToJsonString(), Is.EqualTo("2000.0"));
            Assert.That((string?)envelope["benefit_type"], Is.EqualTo("CASH_DIGITAL"));
            Assert.That(envelope["cancellation_status"], Is.Null);
            Assert.That(envelope.Select(field => field.Key), Is.EqualTo(new[]
            {
                "id", "benefit_program_id", "benefit_program_mnemonic", "benefit_program_description", "target_registry", "benefit_code_id",
                "benefit_code_mnemonic", "benefit_code_description", "benefit_type", "disbursement_cycle_id", "disbursement_frequency",
                "cycle_code_mnemonic", "number_of_beneficiaries", "number_of_disbursements", "total_disbursement_quantity", "measurement_unit",
                "disbursement_schedule_date", "receipt_time_stamp", "cancellation_status", "cancellation_timestamp",
            }));
        });
        Assert.That(await ScalarAsync<long>("select count(*) from envelopes.envelope where id = 'E1' and status = 'Open'"), Is.EqualTo(1));
    }

    [Test]
    public async Task An_envelope_without_an_id_is_given_one()
    {
        var answer = await PostAsync(Path, Wire.Request(new JsonArray(Wire.Envelope("x", 1, 5, e => e.Remove("id")))));

        var id = (string?)answer.Payload()![0]!["id"];
        Assert.That(Guid.TryParse(id, out _), Is.True);
        Assert.That(await ScalarAsync<long>("select count(*) from envelopes.envelope where id = $1", id!), Is.EqualTo(1));
    }

    [TestCase("benefit_program_id", null, "INVALID_PROGRAM_ID")]
    [TestCase("disbursement_frequency", "\"Hourly\"", "INVALID_DISBURSEMENT_FREQUENCY")]
    [TestCase("disbursement_frequency", null, "INVALID_DISBURSEMENT_FREQUENCY")]
    [TestCase("cycle_code_mnemonic", "\"\"", "INVALID_CYCLE_CODE_MNEMONIC")]
    [TestCase("number_of_beneficiaries", "0", "INVALID_NO_OF_BENEFICIARIES")]
    [TestCase("number_of_disbursements", null, "INVALID_NO_OF_DISBURSEMENTS")]
    [TestCase("total_disbursement_quantity", "-1", "INVALID_DISBURSEMENT_QUANTITY")]
    [TestCase("total_disbursement_quantity", null, "INVALID_DISBURSEMENT_QUANTITY")]
    [TestCase("total_disbursement_quantity", "10.001", "INVALID_DISBURSEMENT_QUANTITY")]
    [TestCase("benefit_code_id", null, "INVALID_BENEFIT_CODE_ID")]
    [TestCase("target_registry", "\"\"", "INVALID_TARGET_REGISTRY")]
    [TestCase("benefit_type", null, "INVALID_BENEFIT_TYPE")]
    [TestCase("benefit_type", "\"COMMODITY\"", "BENEFIT_TYPE_NOT_ENABLED")]
    [TestCase("measurement_unit", "\"dollars\"", "INVALID_MEASUREMENT_UNIT")]
    [TestCase("measurement_unit", null, "INVALID_MEASUREMENT_UNIT")]
    [TestCase("disbursement_schedule_date", "\"2026-06-18\"", "INVALID_DISBURSEMENT_SCHEDULE_DATE")]
    [TestCase("disbursement_schedule_date", null, "INVALID_DISBURSEMENT_SCHEDULE_DATE")]
    public async Task A_field_that_does_not_hold_refuses_the_whole_call_with_its_code(string field, string? json, string code)
    {
        var bad = Wire.Envelope("E2", 1, 5, envelope => envelope[field] = json is null ? null : JsonNode.Parse(json));
        using var response = await PostRawAsync(Path, Wire.Request(new JsonArray(Wire.Envelope("E1", 1, 5), bad)));
        var answer = JsonNode.Parse(await response.Content.ReadAsStringAsync())!;

        Assert.Multiple(() =>
        {
            Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.OK));
            Assert.That(answer.Code(), Is.EqualTo(code));
            Assert.That((string?)answer["response_header"]!["response_error_message"], Is.EqualTo(code));
            Assert.That((string?)answer["response_header"]!["response_error_detail"], Does.EndWith("."));
            Assert.That(answer.Payload()!.AsArray(), Is.Empty);
        });
        Assert.That(await ScalarAsync<long>("select count(*) from envelopes.envelope"), Is.Zero);
    }

    [TestCase("[]", "EMPTY_REQUEST_PAYLOAD")]
    [TestCase("null", "EMPTY_REQUEST_PAYLOAD")]
    public async Task An_empty_list_is_refused(string payload, string code) =>
        Assert.That((await PostAsync(Path, Wire.Request(JsonNode.Parse(payload)))).Code(), Is.EqualTo(code));

    [TestCase("{", "body")]
    [TestCase("[]", "body")]
    [TestCase("{}", "request_header")]
    [TestCase("""{"request_header":{"sender_app_mnemonic":"A","sender_app_url":"","request_id":"1","request_timestamp":"now"},"request_body":{}}""", "request_timestamp")]
    [TestCase("""{"request_header":{"sender_app_mnemonic":"A","sender_app_url":"","request_timestamp":"2026-06-19T10:15:00Z"},"request_body":{}}""", "request_id")]
    [TestCase("""{"request_header":{"sender_app_mnemonic":"A","sender_app_url":"","request_id":"1","request_timestamp":"2026-06-19T10:15:00Z"},"request_body":{"request_payload":{"id":"x"}}}""", "request_payload")]
    [TestCase("""{"request_header":{"sender_app_mnemonic":"A","sender_app_url":"","request_id":"1","request_timestamp":"2026-06-19T10:15:00Z"},"request_body":{"request_payload":[{"benefit_program_id":"x","id":7}]}}""", "benefit_program_id")]
    [TestCase("""{"request_header":{"sender_app_mnemonic":"A","sender_app_url":"","request_id":"1","request_timestamp":"2026-06-19T10:15:00Z"},"request_body":{"request_payload":[{"id":"a\u0000b"}]}}""", "id")]
    [TestCase("""{"request_header":{"sender_app_mnemonic":"A","sender_app_url":"","request_id":"1","request_timestamp":"2026-06-19T10:15:00Z"},"request_body":{"request_payload":[{"id":"\ud800"}]}}""", "id")]
    public async Task A_malformed_request_is_answered_400_and_names_what_is_wrong(string body, string named)
    {
        using var content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
        using var response = await Http.PostAsync(new Uri(TestHost.Address, Path), content);
        var error = JsonNode.Parse(await response.Content.ReadAsStringAsync())!["errors"]![0]!;

        Assert.Multiple(() =>
        {
            Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.BadRequest));
            Assert.That((string?)error["code"], Is.EqualTo("G2P-REQ-102"));
            Assert.That((string?)error["message"], Does.StartWith("Invalid Input. ").And.Contain(named));
        });
    }

    [Test]
    public async Task Repeating_a_request_gives_the_first_answer_and_stores_nothing_twice()
    {
        var request = Wire.Request(new JsonArray(Wire.Envelope("x", 1, 5, e => e.Remove("id"))), requestId: "same");
        var first = await PostAsync(Path, request.DeepClone());
        Clock.Advance(TimeSpan.FromMinutes(5));
        request["request_header"]!["request_timestamp"] = "2026-06-19T11:00:00Z";
        var second = await PostAsync(Path, request);

        Assert.That(second.ToJsonString(), Is.EqualTo(first.ToJsonString()));
        Assert.That(await ScalarAsync<long>("select count(*) from envelopes.envelope"), Is.EqualTo(1));
    }

    [Test]
    public async Task The_same_request_id_with_another_body_is_refused()
    {
        await PostAsync(Path, Wire.Request(new JsonArray(Wire.Envelope("E1", 1, 5)), requestId: "same"));
        var second = await PostAsync(Path, Wire.Request(new JsonArray(Wire.Envelope("E2", 1, 5)), requestId: "same"));

        Assert.That(second.Code(), Is.EqualTo("REQUEST_ID_REUSED"));
    }

    [Test]
    public async Task Two_partners_may_use_the_same_request_id()
    {
        foreach (var partner in new[] { "ONE", "TWO" })
        {
            var request = Wire.Request(new JsonArray(Wire.Envelope($"E-{partner}", 1, 5)), requestId: "same");
            request["request_header"]!["sender_app_mnemonic"] = partner;
            Assert.That((await PostAsync(Path, request)).Succeeded(), partner);
        }

        Assert.That(await ScalarAsync<long>("select count(*) from envelopes.envelope"), Is.EqualTo(2));
    }

    [Test]
    public async Task Twenty_simultaneous_repetitions_store_one_envelope_and_give_one_answer()
    {
        var request = Wire.Request(new JsonArray(Wire.Envelope("x", 1, 5, e => e.Remove("id"))), requestId: "same");
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => PostAsync(Path, request.DeepClone())));

        Assert.That(answers.Select(answer => answer.ToJsonString()).Distinct().Count(), Is.EqualTo(1));
        Assert.That(await ScalarAsync<long>("select count(*) from envelopes.envelope"), Is.EqualTo(1));
    }

    [Test]
    public async Task An_id_that_exists_is_refused()
    {
        await PostAsync(Path, Wire.Request(new JsonArray(Wire.Envelope("E1", 1, 5))));

        Assert.That((await PostAsync(Path, Wire.Request(new JsonArray(Wire.Envelope("E1", 1, 5))))).Code(), Is.EqualTo("DISBURSEMENT_ENVELOPE_ALREADY_EXISTS"));
        Assert.That((await PostAsync(Path, Wire.Request(new JsonArray(Wire.Envelope("E2", 1, 5), Wire.Envelope("E2", 1, 5))))).Code(), Is.EqualTo("DISBURSEMENT_ENVELOPE_ALREADY_EXISTS"));
        Assert.That(await ScalarAsync<long>("select count(*) from envelopes.envelope"), Is.EqualTo(1));
    }

    [Test]
    public async Task The_first_generation_is_understood_with_its_literal_placeholders()
    {
        var request = new JsonObject
        {
            ["siganature"] = "string",
            ["header"] = new JsonObject { ["version"] = "string", ["message_id"] = "string", ["message_ts"] = "string", ["sender_id"] = "string", ["total_count"] = 0, ["meta"] = "string" },
            ["message"] = new JsonObject
            {
                ["id"] = "string",
                ["benefit_program_mnemonic"] = "Cash for Work",
                ["disbursement_frequency"] = "OnDemand",
                ["cycle_code_mnemonic"] = "SEP",
                ["number_of_beneficiaries"] = 2,
                ["number_of_disbursements"] = 2,
                ["total_disbursement_amount"] = 300.5,
                ["disbursement_currency_code"] = "USD",
                ["disbursement_schedule_date"] = "2026-06-19",
            },
        };
        var first = await PostAsync("create_disbursement_envelope", request.DeepClone());
        var second = await PostAsync("create_disbursement_envelope", request);

        Assert.Multiple(() =>
        {
            Assert.That((string?)first["header"]!["status"], Is.EqualTo("succ"));
            Assert.That((string?)first["message"]!["disbursement_envelope_id"], Is.Not.Empty.And.Not.EqualTo("string"));
            Assert.That(first["message"]!["total_disbursement_amount"]!.ToJsonString(), Is.EqualTo("300.5"));
            Assert.That((string?)second["message"]!["disbursement_envelope_id"], Is.Not.EqualTo((string?)first["message"]!["disbursement_envelope_id"]),
                "placeholders do not name a request, so a second one is a second wish");
        });
    }

    [Test]
    public async Task A_first_generation_error_is_told_in_its_header()
    {
        var answer = await PostAsync("create_disbursement_envelope", new JsonObject
        {
            ["header"] = new JsonObject { ["message_id"] = "m1", ["sender_id"] = "odoo" },
            ["message"] = new JsonObject { ["benefit_program_mnemonic"] = "P", ["disbursement_frequency"] = "OnDemand", ["cycle_code_mnemonic"] = "SEP", ["number_of_beneficiaries"] = 1, ["number_of_disbursements"] = 1, ["total_disbursement_amount"] = -1 },
        });

        Assert.Multiple(() =>
        {
            Assert.That((string?)answer["header"]!["status"], Is.EqualTo("rjct"));
            Assert.That((string?)answer["header"]!["status_reason_message"], Is.EqualTo("INVALID_TOTAL_DISBURSEMENT_AMOUNT"));
            Assert.That(answer["message"], Is.Null);
        });
    }
}
