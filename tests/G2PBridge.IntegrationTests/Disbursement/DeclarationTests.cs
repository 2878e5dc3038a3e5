using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using G2PBridge.Connectors;
using G2PBridge.Modules.Disbursement.Contracts;
using Npgsql;

namespace G2PBridge.IntegrationTests.Disbursement;

/// <summary>Unknown payments that nobody can ask about: two people say what became of them.</summary>
internal sealed class DeclarationTests : DisbursementTest
{
    [SetUp]
    public async Task TheBankTookThemAndNobodyKnows()
    {
        Bank.Capabilities = Bank.Capabilities with { CanInquire = false };
        Bank.NextPayment(new PaymentAnswer.NotKnown("time-out"));
        await ReadyAsync(3);
        await SendOneAsync();
        IsProgress(await ProgressAsync(), unknown: 3);
    }

    [TestCase("PAID", 3, 0)]
    [TestCase("NOT_PAID", 0, 3)]
    public async Task A_second_person_settles_what_a_first_proposed(string outcome, int sent, int refused)
    {
        var proposed = await ProposeAsync("Asha", outcome);
        IsProgress(await ProgressAsync(), unknown: 3);

        var confirmed = await ConfirmAsync("Bekele", proposed);

        Assert.That(((int)confirmed["settled"]!, (string?)confirmed["confirmed_by"]), Is.EqualTo((3, "Bekele")));
        IsProgress(await ProgressAsync(), sent: sent, refused: refused);
        Assert.That(await ScalarAsync<string>("select distinct actor from disbursement.line_history where cause like '%declaration%'"), Is.EqualTo("Asha and Bekele"));
        Assert.That(await ScalarAsync<long>("select count(*) from disbursement.failure where reason_code = 'DECLARED_NOT_PAID'"), Is.EqualTo(refused));
    }

    [TestCase("Asha")]
    [TestCase(" aSHA ")]
    public async Task The_same_person_is_refused_however_the_name_is_written(string actor)
    {
        var proposed = await ProposeAsync("Asha", "PAID");
        using var response = await SendAsAsync(actor, $"v1/declarations/{proposed["id"]}/confirm", null);
        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.Conflict));
        Assert.That((string?)(await response.Content.ReadFromJsonAsync<JsonNode>())!["code"], Is.EqualTo("SECOND_PERSON_REQUIRED"));
        IsProgress(await ProgressAsync(), unknown: 3);
    }

    [TestCase("insert into disbursement.declaration_confirmation (declaration_id, proposed_by, confirmed_by, confirmed_at, settled) select id, proposed_by, 'ASHA ', now(), 3 from disbursement.declaration", "23514")]
    [TestCase("insert into disbursement.declaration_confirmation (declaration_id, proposed_by, confirmed_by, confirmed_at, settled) select id, 'Somebody', 'Asha', now(), 3 from disbursement.declaration", "23503")]
    [TestCase("update disbursement.declaration set proposed_by = 'Somebody'", "23001")]
    [TestCase("delete from disbursement.declaration_line", "23001")]
    public async Task The_database_refuses_one_person_and_every_change(string sql, string state)
    {
        await ProposeAsync("Asha", "NOT_PAID");
        Assert.That(Assert.ThrowsAsync<PostgresException>(() => ExecuteAsync(sql))!.SqlState, Is.EqualTo(state));
    }

    [Test]
    public async Task Of_many_who_confirm_at_once_one_settles_it()
    {
        var proposed = await ProposeAsync("Asha", "PAID");
        await Task.WhenAll(Enumerable.Range(0, 5).Select(i => ConfirmAsync($"Person {i}", proposed)));
        IsProgress(await ProgressAsync(), sent: 3);
        Assert.That(await ScalarAsync<long>("select count(*) from disbursement.declaration_confirmation"), Is.EqualTo(1));
        Assert.That(await ScalarAsync<long>("select count(*) from disbursement.line_history where to_state = 'Sent'"), Is.EqualTo(3));
    }

    [Test]
    public async Task What_a_statement_settled_meanwhile_is_left_as_it_is()
    {
        var proposed = await ProposeAsync("Asha", "NOT_PAID");
        var references = await ReferencesAsync();
        await SendAsync(new ConfirmSent([references[0]], "statement"));

        Assert.That((int)(await ConfirmAsync("Bekele", proposed))["settled"]!, Is.EqualTo(2));

        IsProgress(await ProgressAsync(), sent: 1, refused: 2);
    }

    [Test]
    public async Task Single_payments_are_named_by_their_disbursements()
    {
        await ConfirmAsync("Bekele", await ProposeAsync("Asha", "PAID", "E-D2"));
        IsProgress(await ProgressAsync(), sent: 1, unknown: 2);
        var again = await PostAsync("Asha", "v1/declarations", Body("PAID", "E-D2"));
        Assert.That((string?)again["code"], Is.EqualTo("PAYMENT_NOT_UNKNOWN"));
        Assert.That((await GetAsync("v1/declarations?envelope_id=E"))!["items"]!.AsArray(), Has.Count.EqualTo(1));
    }

    [TestCase(null, "PAID", "why", "E", "ACTOR_REQUIRED")]
    [TestCase("Asha", "PERHAPS", "why", "E", "INVALID_OUTCOME")]
    [TestCase("Asha", "PAID", " ", "E", "REASON_REQUIRED")]
    [TestCase("Asha", "PAID", "why", "NOBODY", "DISBURSEMENT_ENVELOPE_NOT_FOUND")]
    public async Task A_declaration_says_who_what_and_why(string? actor, string outcome, string reason, string envelope, string code)
    {
        var answer = await PostAsync(actor, "v1/declarations", new JsonObject { ["envelope_id"] = envelope, ["outcome"] = outcome, ["reason"] = reason });
        Assert.That((string?)answer["code"], Is.EqualTo(code));
        Assert.That(await ScalarAsync<long>("select count(*) from disbursement.declaration"), Is.Zero);
    }

    private static async Task<JsonNode> ProposeAsync(string actor, string outcome, params string[] ids)
    {
        var proposed = await PostAsync(actor, "v1/declarations", Body(outcome, ids));
        Assert.That(proposed["id"], Is.Not.Null, proposed.ToJsonString());
        return proposed;
    }

    private static Task<JsonNode> ConfirmAsync(string actor, JsonNode proposed) => PostAsync(actor, $"v1/declarations/{proposed["id"]}/confirm", null);

    private static JsonObject Body(string outcome, params string[] ids)
    {
        var body = new JsonObject { ["envelope_id"] = Envelope, ["outcome"] = outcome, ["reason"] = "the bank's letter of 20 June" };
        if (ids.Length > 0)
        {
            body["disbursement_ids"] = new JsonArray([.. ids.Select(id => (JsonNode)id)]);
        }

        return body;
    }
}
