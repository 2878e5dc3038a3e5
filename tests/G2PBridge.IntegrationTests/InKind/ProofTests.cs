using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace G2PBridge.IntegrationTests.InKind;

/// <summary>Proofs of delivery by API.</summary>
internal sealed class ProofTests : InKindTest
{
    [Test]
    public async Task A_proof_is_recorded_once_counted_and_shown()
    {
        await ReceiveAsync("COMMODITY", 3);
        await WorkAsync();
        var first = await SendProofsAsync(Proof("E-D1"), Proof("E-D2", proof => proof["quantity"] = 7.5));
        var again = await SendProofsAsync(Proof("E-D1"), Proof("E-D2", proof => proof["quantity"] = 7.5), Proof("E-D3"));
        Assert.Multiple(async () =>
        {
            Assert.That(first.Body.ToJsonString(), Is.EqualTo("""{"recorded":2,"repeated":0}"""));
            Assert.That(again.Body.ToJsonString(), Is.EqualTo("""{"recorded":1,"repeated":2}"""));
            Assert.That((int)(await EnvelopeStatusAsync())["no_of_pods_received"]!, Is.EqualTo(3));
            var stored = (await GetAsync("v1/proofs-of-delivery?disbursement_id=E-D2"))["proofs"]![0]!;
            Assert.That(((decimal)stored["quantity"]!, (string?)stored["delivered_by"]), Is.EqualTo((7.5m, "Agent 1")));
        });
    }

    [Test]
    public async Task A_proof_that_contradicts_one_on_record_is_refused_and_nothing_of_the_call_is_stored()
    {
        await ReceiveAsync("COMMODITY", 3);
        await SendProofsAsync(Proof("E-D1"));
        var (status, body) = await SendProofsAsync(Proof("E-D2"), Proof("E-D1", proof => proof["delivered_by"] = "Somebody else"));
        Assert.That(status, Is.EqualTo(409));
        Assert.That((string?)body["detail"], Does.Contain("E-D1"));
        Assert.That(await ScalarAsync<long>("select count(*) from in_kind.proof"), Is.EqualTo(1));
    }

    [TestCase("disbursement_id", "NOPE", 404)]
    [TestCase("proof_id", "", 422)]
    [TestCase("delivered_at", "2026-06-20T10:15:00Z", 422)]
    [TestCase("delivered_by", "", 422)]
    [TestCase("quantity", -1, 422)]
    [TestCase("quantity", 10.5, 422)]
    public async Task A_proof_that_cannot_be_right_is_refused_in_one_sentence(string field, object value, int expected)
    {
        await ReceiveAsync("COMMODITY", 3);
        var (status, body) = await SendProofsAsync(Proof("E-D1", proof => proof[field] = JsonValue.Create(value)));
        Assert.That(status, Is.EqualTo(expected), body.ToJsonString());
        Assert.That((string?)body["detail"], Is.Not.Empty);
        Assert.That(await ScalarAsync<long>("select count(*) from in_kind.proof"), Is.Zero);
    }

    [Test]
    public async Task A_proof_that_is_null_is_named()
    {
        using var content = new StringContent("""{"proofs":[null]}""", System.Text.Encoding.UTF8, "application/json");
        using var answer = await Http.PostAsync(new Uri(InKindHost.Address, "v1/proofs-of-delivery"), content);
        Assert.That((int)answer.StatusCode, Is.EqualTo(422));
        Assert.That(await answer.Content.ReadAsStringAsync(), Does.Contain("proofs[0] is null"));
    }

    [Test]
    public async Task Digital_cash_is_not_delivered_by_hand()
    {
        await ReceiveAsync("CASH_DIGITAL", 1);
        Assert.That((await SendProofsAsync(Proof("E-D1"))).Status, Is.EqualTo(409));
    }

    private static JsonObject Proof(string disbursement, Action<JsonObject>? change = null)
    {
        var proof = new JsonObject
        {
            ["proof_id"] = $"P-{disbursement}",
            ["disbursement_id"] = disbursement,
            ["delivered_at"] = "2026-06-19T10:00:00Z",
            ["delivered_by"] = "Agent 1",
        };
        change?.Invoke(proof);
        return proof;
    }

    private static async Task<(int Status, JsonNode Body)> SendProofsAsync(params JsonNode[] proofs)
    {
        using var response = await PostRawAsync("v1/proofs-of-delivery", new JsonObject { ["proofs"] = new JsonArray(proofs) });
        return ((int)response.StatusCode, (await response.Content.ReadFromJsonAsync<JsonNode>())!);
    }
}
