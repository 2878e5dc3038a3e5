using System.Text.Json.Nodes;

namespace G2PBridge.IntegrationTests.Envelopes;

internal sealed class ChangeEnvelopesTests : IntegrationTest
{
    [Test]
    public async Task Cancelling_an_envelope_answers_with_a_list_and_a_second_time_says_so()
    {
        await EnvelopeAsync("E1", 2, 20, "2026-06-19");
        var first = await PostAsync("cancel_disbursement_envelope", Cancel("E1"));
        var second = await PostAsync("cancel_disbursement_envelope", Cancel("E1"));

        Assert.Multiple(() =>
        {
            Assert.That(first.Succeeded(), Is.True);
            Assert.That((string?)first.Payload()![0]!["id"], Is.EqualTo("E1"));
            Assert.That(second.Code(), Is.EqualTo("DISBURSEMENT_ENVELOPE_ALREADY_CANCELED"));
        });
        Assert.That((await PostAsync("cancel_disbursement_envelope", Cancel("NOPE"))).Code(), Is.EqualTo("DISBURSEMENT_ENVELOPE_NOT_FOUND"));
        Assert.That((await PostAsync("cancel_disbursement_envelope", Wire.Request(new JsonArray()))).Code(), Is.EqualTo("EMPTY_REQUEST_PAYLOAD"));
    }

    [Test]
    public async Task Amending_changes_the_figures_but_never_below_what_was_received()
    {
        await EnvelopeAsync("E1", 3, 30, "2026-06-25");
        await PostAsync("create_disbursements", Wire.Request(Wire.Lines("E1", 2, 10), "B-1"));

        var more = await PostAsync("amend_disbursement_envelope", Amend("E1", 4, 40.5m));
        var fewer = await PostAsync("amend_disbursement_envelope", Amend("E1", 1, 40));
        var less = await PostAsync("amend_disbursement_envelope", Amend("E1", 4, 19.99m));

        Assert.Multiple(() =>
        {
            Assert.That(more.Succeeded(), Is.True, more.ToJsonString());
            Assert.That(more.Payload()!.AsArray(), Has.Count.EqualTo(1));
            Assert.That(fewer.Code(), Is.EqualTo("AMEND_BELOW_RECEIVED"));
            Assert.That(less.Code(), Is.EqualTo("AMEND_BELOW_RECEIVED"));
        });
        Assert.That(await ScalarAsync<decimal>("select total_quantity from envelopes.envelope where number_of_disbursements = 4"), Is.EqualTo(40.5m));
    }

    [TestCase("id", null, "INVALID_DISBURSEMENT_ENVELOPE_ID")]
    [TestCase("benefit_program_id", null, "INVALID_PROGRAM_ID")]
    [TestCase("benefit_program_mnemonic", null, "INVALID_PROGRAM_MNEMONIC")]
    [TestCase("number_of_beneficiaries", "0", "INVALID_NO_OF_BENEFICIARIES")]
    [TestCase("number_of_disbursements", "0", "INVALID_NO_OF_DISBURSEMENTS")]
    [TestCase("total_disbursement_quantity", null, "INVALID_DISBURSEMENT_QUANTITY")]
    [TestCase("total_disbursement_quantity", "30.001", "INVALID_DISBURSEMENT_QUANTITY")]
    [TestCase("disbursement_schedule_date", "\"2026-06-18\"", "INVALID_DISBURSEMENT_SCHEDULE_DATE")]
    [TestCase("id", "\"NOPE\"", "DISBURSEMENT_ENVELOPE_NOT_FOUND")]
    public async Task An_amendment_that_does_not_hold_is_refused_with_its_code(string field, string? json, string code)
    {
        await EnvelopeAsync("E1", 3, 30, "2026-06-25");
        var request = Amend("E1", 3, 30);
        request["request_body"]!["request_payload"]![0]![field] = json is null ? null : JsonNode.Parse(json);

        Assert.That((await PostAsync("amend_disbursement_envelope", request)).Code(), Is.EqualTo(code));
    }

    [Test]
    public async Task An_envelope_that_is_due_or_cancelled_is_not_amended()
    {
        await EnvelopeAsync("E1", 3, 30, "2026-06-19");
        await EnvelopeAsync("E2", 3, 30, "2026-06-25");
        await PostAsync("cancel_disbursement_envelope", Cancel("E2"));

        Assert.That((await PostAsync("amend_disbursement_envelope", Amend("E1", 4, 40))).Code(), Is.EqualTo("DISBURSEMENT_ENVELOPE_DATE_PASSED"));
        Assert.That((await PostAsync("amend_disbursement_envelope", Amend("E2", 4, 40))).Code(), Is.EqualTo("DISBURSEMENT_ENVELOPE_ALREADY_CANCELED"));
    }

    [Test]
    public async Task Once_the_money_is_asked_for_the_figures_are_fixed_and_once_it_is_sent_nothing_can_be_stopped()
    {
        await Journey.ReceiveAsync("E1", 2, 10);
        await WorkAsync();

        Assert.That((await PostAsync("amend_disbursement_envelope", Amend("E1", 3, 30))).Code(), Is.EqualTo("ENVELOPE_FUNDS_ALREADY_BLOCKED"));
        Assert.That((await PostAsync("cancel_disbursement_envelope", Cancel("E1"))).Code(), Is.EqualTo("DISBURSEMENT_ALREADY_SENT"));
        Assert.That((await PostAsync("create_disbursements", Wire.Request(Wire.Lines("E1", 1, 10, 3), "B-2"))).Code(), Is.EqualTo("NO_OF_DISBUESEMENTS_EXCEEDS_DECLARED"));
    }

    [Test]
    public async Task A_cancelled_line_makes_room_for_a_replacement_for_the_same_person()
    {
        await EnvelopeAsync("E1", 2, 20, "2026-06-25");
        await PostAsync("create_disbursements", Wire.Request(Wire.Lines("E1", 2, 10), "B-1"));

        var cancelled = await PostAsync("cancel_disbursements", CancelLines("E1-D1"));
        var replaced = await PostAsync("create_disbursements", Wire.Request(new JsonArray(Wire.Line("E1", "NEW", "B1", 10)), "B-2"));
        var again = await PostAsync("cancel_disbursements", CancelLines("E1-D1"));

        Assert.Multiple(() =>
        {
            Assert.That(cancelled.Succeeded(), Is.True, cancelled.ToJsonString());
            Assert.That((string?)cancelled.Payload()![0]!["disbursement_id"], Is.EqualTo("E1-D1"));
            Assert.That(replaced.Succeeded(), Is.True, replaced.ToJsonString());
            Assert.That(again.Code(), Is.EqualTo("INVALID_DISBURSEMENT_PAYLOAD"));
            Assert.That(again.Payload()![0]!["response_error_codes"]!.ToJsonString(), Is.EqualTo("[\"DISBURSEMENT_ALREADY_CANCELED\"]"));
        });
        Assert.That(await ScalarAsync<int>("select disbursements_received from envelopes.envelope"), Is.EqualTo(2));
    }

    [Test]
    public async Task Cancelling_lines_is_all_or_nothing_and_names_the_wrong_ones()
    {
        await EnvelopeAsync("E1", 2, 20, "2026-06-25");
        await EnvelopeAsync("E2", 1, 10, "2026-06-25");
        await PostAsync("create_disbursements", Wire.Request(Wire.Lines("E1", 2, 10), "B-1"));
        await PostAsync("create_disbursements", Wire.Request(Wire.Lines("E2", 1, 10), "B-2"));

        var mixed = await PostAsync("cancel_disbursements", CancelLines("E1-D1", "NOPE"));
        var none = await PostAsync("cancel_disbursements", CancelLines("NOPE"));
        var several = await PostAsync("cancel_disbursements", CancelLines("E1-D1", "E2-D1"));
        var empty = await PostAsync("cancel_disbursements", CancelLines());

        Assert.Multiple(() =>
        {
            Assert.That(mixed.Code(), Is.EqualTo("INVALID_DISBURSEMENT_PAYLOAD"));
            Assert.That(mixed.Payload()![0]!["response_error_codes"]!.AsArray(), Is.Empty);
            Assert.That(mixed.Payload()![1]!["response_error_codes"]!.ToJsonString(), Is.EqualTo("[\"INVALID_DISBURSEMENT_ID\"]"));
            Assert.That(none.Code(), Is.EqualTo("INVALID_DISBURSEMENT_ID"));
            Assert.That(several.Code(), Is.EqualTo("MULTIPLE_ENVELOPES_FOUND"));
            Assert.That(empty.Code(), Is.EqualTo("EMPTY_REQUEST_PAYLOAD"));
        });
        Assert.That(await ScalarAsync<long>("select count(*) from envelopes.cancellation"), Is.Zero);
    }

    [Test]
    public async Task Lines_cannot_be_cancelled_on_the_day_they_are_due()
    {
        await EnvelopeAsync("E1", 1, 10, "2026-06-19");
        await PostAsync("create_disbursements", Wire.Request(Wire.Lines("E1", 1, 10), "B-1"));

        Assert.That((await PostAsync("cancel_disbursements", CancelLines("E1-D1"))).Code(), Is.EqualTo("DISBURSEMENT_ENVELOPE_SCHEDULE_DATE_REACHED"));
    }

    private static async Task EnvelopeAsync(string id, int lines, decimal total, string date)
    {
        var answer = await PostAsync("create_disbursement_envelopes", Wire.Request(new JsonArray(Wire.Envelope(id, lines, total, e => e["disbursement_schedule_date"] = date))));
        Assert.That(answer.Succeeded(), Is.True, answer.ToJsonString());
    }

    private static JsonObject Cancel(string id) => Wire.Request(new JsonArray(new JsonObject { ["id"] = id }));

    private static JsonObject CancelLines(params string[] ids) => Wire.Request(new JsonArray([.. ids.Select(id => new JsonObject { ["disbursement_id"] = id })]));

    private static JsonObject Amend(string id, int lines, decimal total) => Wire.Request(new JsonArray(new JsonObject
    {
        ["id"] = id,
        ["benefit_program_id"] = 990001,
        ["benefit_program_mnemonic"] = "CASHX",
        ["number_of_beneficiaries"] = lines,
        ["number_of_disbursements"] = lines,
        ["total_disbursement_quantity"] = total,
        ["disbursement_schedule_date"] = "2026-06-26",
    }));
}
