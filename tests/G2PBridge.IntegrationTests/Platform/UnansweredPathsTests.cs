using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace G2PBridge.IntegrationTests.Platform;

/// <summary>What no endpoint answers is answered in the shape of the API that was asked.</summary>
internal sealed class UnansweredPathsTests : IntegrationTest
{
    [TestCase("GET", "")]
    [TestCase("GET", "nothing_here")]
    [TestCase("POST", "nothing_here")]
    [TestCase("POST", "create_disbursements/more")]
    [TestCase("GET", "V2/envelopes")]
    public async Task An_unknown_path_is_answered_with_the_contracts_error_list(string method, string path)
    {
        using var answer = await AskAsync(method, path);
        var error = await SingleErrorAsync(answer);
        Assert.That((answer.StatusCode, (string?)error["code"]), Is.EqualTo((HttpStatusCode.NotFound, (string?)"G2P-REQ-404")));
        Assert.That((string?)error["message"], Does.Contain($"/{path}").And.Contain("/docs"));
    }

    [TestCase("GET", "create_disbursements", "POST")]
    [TestCase("DELETE", "create_disbursement_envelopes", "POST")]
    [TestCase("POST", "ping", "GET")]
    public async Task A_wrong_method_is_answered_with_the_right_one(string method, string path, string right)
    {
        using var answer = await AskAsync(method, path);
        var error = await SingleErrorAsync(answer);
        Assert.Multiple(() =>
        {
            Assert.That((answer.StatusCode, (string?)error["code"]), Is.EqualTo((HttpStatusCode.MethodNotAllowed, (string?)"G2P-REQ-405")));
            Assert.That((string?)error["message"], Does.Contain(right));
            Assert.That(answer.Content.Headers.Allow, Does.Contain(right));
        });
    }

    [TestCase("GET", "v1/nothing", HttpStatusCode.NotFound, "G2P-REQ-404")]
    [TestCase("POST", "v1/envelopes", HttpStatusCode.MethodNotAllowed, "G2P-REQ-405")]
    [TestCase("GET", "v1/envelopes?limit=many", HttpStatusCode.BadRequest, "G2P-REQ-102")]
    public async Task The_native_api_answers_with_problem_details(string method, string path, HttpStatusCode status, string code)
    {
        using var answer = await AskAsync(method, path);
        var problem = await answer.Content.ReadFromJsonAsync<JsonObject>();
        Assert.Multiple(() =>
        {
            Assert.That(answer.StatusCode, Is.EqualTo(status));
            Assert.That(answer.Content.Headers.ContentType?.MediaType, Is.EqualTo("application/problem+json"));
            Assert.That(((string?)problem!["title"], (string?)problem["code"], (int?)problem["status"]), Is.EqualTo((code, code, (int?)status)));
            Assert.That((string?)problem["detail"], Is.Not.Empty);
        });
    }

    [Test]
    public async Task An_answer_that_has_a_body_keeps_it()
    {
        using var answer = await AskAsync("GET", "v1/envelopes/NONE");
        Assert.That((string?)(await answer.Content.ReadFromJsonAsync<JsonObject>())!["code"], Is.EqualTo("DISBURSEMENT_ENVELOPE_NOT_FOUND"));
    }

    private static async Task<HttpResponseMessage> AskAsync(string method, string path)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(TestHost.Address, path));
        return await Http.SendAsync(request);
    }

    private static async Task<JsonNode> SingleErrorAsync(HttpResponseMessage answer)
    {
        Assert.That(answer.Content.Headers.ContentType?.MediaType, Is.EqualTo("application/json"));
        return (await answer.Content.ReadFromJsonAsync<JsonObject>())!["errors"]!.AsArray().Single()!;
    }
}
