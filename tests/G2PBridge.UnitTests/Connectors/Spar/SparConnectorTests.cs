using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using G2PBridge.Connectors;
using G2PBridge.Connectors.Spar;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace G2PBridge.UnitTests.Connectors.Spar;

/// <summary>The connector against a stub of SPAR on a port of its own: real HTTP, scripted answers.</summary>
internal sealed class SparConnectorTests
{
    private static readonly AddressQuestion[] Questions = [new("101", "B1"), new("102", "B2"), new("103", "B1")];

    private readonly ConcurrentQueue<JsonNode> _requests = new();
    private WebApplication _stub = null!;
    private Func<HttpContext, JsonNode, Task> _answer = null!;
    private string _url = null!;

    [OneTimeSetUp]
    public async Task StartStub()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _stub = builder.Build();
        _stub.MapPost("/resolve", async context =>
        {
            var request = (await JsonNode.ParseAsync(context.Request.Body))!;
            _requests.Enqueue(request);
            await _answer(context, request);
        });
        await _stub.StartAsync();
        _url = _stub.Urls.Single() + "/resolve";
    }

    [OneTimeTearDown]
    public async Task StopStub() => await _stub.DisposeAsync();

    [SetUp]
    public void ForgetRequests() => _requests.Clear();

    [Test]
    public async Task The_request_is_written_as_the_contract_has_it()
    {
        AnswerWith("""{"response_header":{"response_status":"SUCCESS"},"response_body":{"response_payload":{"resolve_response":[]}}}""");

        await AskAsync();

        var request = _requests.Single();
        Assert.Multiple(() =>
        {
            Assert.That((string?)request["request_header"]!["sender_app_mnemonic"], Is.EqualTo("g2p_bridge"));
            Assert.That((string?)request["request_header"]!["sender_app_url"], Is.Empty);
            Assert.That((string?)request["request_header"]!["request_id"], Does.StartWith("req_"));
            Assert.That(request["request_header"]!.AsObject().ContainsKey("instance_id"));
            Assert.That((string?)request["request_body"]!["request_payload"]!["transaction_id"], Does.StartWith("txn_"));
            var items = request["request_body"]!["request_payload"]!["resolve_request"]!.AsArray();
            Assert.That(items.Select(item => ((string?)item!["reference_id"], (string?)item["id"], (string?)item["scope"], (string?)item["fa"], (string?)item["locale"])),
                Is.EqualTo(new[] { ("101", "B1", "details", "", "en"), ("102", "B2", "details", "", "en"), ("103", "B1", "details", "", "en") }));
        });
    }

    [Test]
    public async Task Answers_are_matched_by_our_reference_and_an_unlinked_id_keeps_SPARs_reason()
    {
        AnswerWith("""
            {"response_header":{"response_status":"SUCCESS"},"response_body":{"response_payload":{"resolve_response":[
              {"reference_id":"102","fa":null,"id":null,"status":"succ","status_reason_code":"succ.fa.not_linked_to_id","status_reason_message":"please link first"},
              {"reference_id":"103","fa":{"account_number":"ACC1","branch_code":"0001","bank_code":"EXAMPLE-BANK","mobile_number":"","email_address":"","fa_type":"BANK","strategy_id":5},"id":"B1","status":"succ","status_reason_code":"succ.id.active"},
              {"reference_id":"101","fa":{"account_number":1000001,"fa_type":"BANK_ACCOUNT"},"id":"B1","account_provider_info":{"name":"Example Bank","code":"EXB"},"status":"succ"}]}}}
            """);

        var answers = Answered(await AskAsync());

        Assert.Multiple(() =>
        {
            Assert.That(answers["101"].Address, Is.EqualTo(new ResolvedAddress("BANK_ACCOUNT", "1000001", "EXB", null, null, null, null, null, null)));
            Assert.That(answers["102"], Is.EqualTo(new AddressAnswer("102", null, "succ.fa.not_linked_to_id", "please link first")));
            Assert.That(answers["103"].Address, Is.EqualTo(new ResolvedAddress("BANK_ACCOUNT", "ACC1", "EXAMPLE-BANK", "0001", null, null, null, null, null)));
        });
    }

    [Test]
    public async Task Wallets_keep_their_providers()
    {
        AnswerWith("""
            {"response_header":{"response_status":"SUCCESS"},"response_body":{"response_payload":{"resolve_response":[
              {"reference_id":"101","fa":{"mobile_number":"0971","wallet_provider_name":"MPESA","wallet_provider_code":"M","fa_type":"MOBILE_WALLET"},"id":"B1","status":"succ"},
              {"reference_id":"102","fa":{"email_address":"a@b.example","wallet_provider_code":"PM","fa_type":"EMAIL_WALLET"},"id":"B2","status":"succ"}]}}}
            """);

        var answers = Answered(await AskAsync());

        Assert.That(answers["101"].Address, Is.EqualTo(new ResolvedAddress("MOBILE_WALLET", null, null, null, "0971", "MPESA", null, null, null)));
        Assert.That(answers["102"].Address, Is.EqualTo(new ResolvedAddress("EMAIL_WALLET", null, null, null, null, null, "a@b.example", "PM", null)));
    }

    [TestCase("""{"reference_id":"101","fa":{"account_number":"A","fa_type":"BANK_ACCOUNT"},"id":"B9","status":"succ"}""", "ANSWER_FOR_ANOTHER_ID")]
    [TestCase("""{"reference_id":"101","fa":{"account_number":"A","fa_type":"BANK_ACCOUNT"},"id":"B1","status":"succ","status_reason_code":"succ.fa.inactive"}""", "succ.fa.inactive")]
    [TestCase("""{"reference_id":"101","fa":{"account_number":"A","fa_type":"BANK_ACCOUNT"},"id":"B1","status":"rjct","status_reason_code":"rjct.id.invalid"}""", "rjct.id.invalid")]
    [TestCase("""{"reference_id":"101","fa":{"account_number":"A","fa_type":"GOLD"},"id":"B1","status":"succ"}""", "ADDRESS_TYPE_NOT_SUPPORTED")]
    [TestCase("""{"reference_id":"101","fa":"gibberish","id":"B1","status":"succ"}""", "ADDRESS_NOT_READABLE")]
    [TestCase("""{"reference_id":"101","fa":"","id":"B1","status":"succ","status_reason_code":"succ.id.active"}""", "succ.id.active")]
    [TestCase("""{"reference_id":"101","fa":"\ud800","id":7,"status":["x"],"status_reason_code":{}}""", "ADDRESS_NOT_READABLE")]
    public async Task A_bad_item_costs_one_person_and_says_why(string item, string code)
    {
        AnswerWith("""
            {"response_header":{"response_status":"SUCCESS"},"response_body":{"response_payload":{"resolve_response":[
              17, {"reference_id":null}, ITEM, {"reference_id":"102","fa":{"account_number":"A2","fa_type":"BANK_ACCOUNT"},"id":"b2","status":"succ"}]}}}
            """.Replace("ITEM", item, StringComparison.Ordinal));

        var answers = Answered(await AskAsync());

        Assert.That(answers["101"].Address, Is.Null);
        Assert.That(answers["101"].ReasonCode, Is.EqualTo(code));
        Assert.That(answers["102"].Address!.AccountNumber, Is.EqualTo("A2"));
    }

    [Test]
    public async Task The_first_generation_is_spoken_too()
    {
        AnswerWith("""
            {"signature":"","header":{"version":"1.0.0","status":"succ"},"message":{"transaction_id":"t","resolve_response":[
              {"reference_id":"101","fa":"account_number:ACC1.branch_code:1.bank_code:B.mobile_number:.email_address:.fa_type:BANK_ACCOUNT","id":"B1","status":"succ"},
              {"reference_id":"102","fa":null,"id":null,"status":"succ","status_reason_code":"succ.fa.not_linked_to_id"}]}}
            """);

        var answers = Answered(await AskAsync(new SparOptions { Url = _url, Generation = "1.0" }));

        var request = _requests.Single();
        Assert.That((string?)request["header"]!["action"], Is.EqualTo("resolve"));
        Assert.That((int?)request["header"]!["total_count"], Is.EqualTo(3));
        Assert.That(request["message"]!["resolve_request"]!.AsArray(), Has.Count.EqualTo(3));
        Assert.That(answers["101"].Address!.AccountNumber, Is.EqualTo("ACC1"));
        Assert.That(answers["102"].ReasonCode, Is.EqualTo("succ.fa.not_linked_to_id"));
    }

    [TestCase("newest", """{"response_header":{"response_status":"ERROR","response_error_code":"rjct.internal.error"},"response_body":{"response_payload":{"resolve_response":[]}}}""", "rjct.internal.error")]
    [TestCase("newest", """{"response_header":{"response_status":"ERROR"}}""", "MAPPER_HEADER_ERROR")]
    [TestCase("newest", """{"response_header":{"response_status":"SUCCESS"},"response_body":{"response_payload":null}}""", "MAPPER_ANSWER_UNREADABLE")]
    [TestCase("newest", """[]""", "MAPPER_ANSWER_UNREADABLE")]
    [TestCase("newest", """<html>Bad gateway</html>""", "MAPPER_ANSWER_UNREADABLE")]
    [TestCase("1.0", """{"header":{"status":"rjct","status_reason_code":"rjct.version.invalid"},"message":{}}""", "rjct.version.invalid")]
    [TestCase("1.0", """{"header":{"status":"pdng"},"message":{}}""", "MAPPER_HEADER_ERROR")]
    public async Task An_answer_that_is_none_fails_the_attempt_as_a_whole(string generation, string body, string code)
    {
        AnswerWith(body);

        Assert.That(CodeOf(await AskAsync(new SparOptions { Url = _url, Generation = generation, RetryDelay = TimeSpan.Zero })), Is.EqualTo(code));
    }

    [TestCase(503, 3, "MAPPER_HTTP_503")]
    [TestCase(429, 3, "MAPPER_HTTP_429")]
    [TestCase(404, 1, "MAPPER_HTTP_404")]
    public async Task Only_what_may_pass_is_tried_again(int status, int calls, string code)
    {
        _answer = (context, _) =>
        {
            context.Response.StatusCode = status;
            return Task.CompletedTask;
        };

        Assert.That(CodeOf(await AskAsync()), Is.EqualTo(code));
        Assert.That(_requests, Has.Count.EqualTo(calls));
    }

    [Test]
    public async Task A_call_that_fails_once_is_repeated_and_answered()
    {
        _answer = async (context, _) =>
        {
            if (_requests.Count == 1)
            {
                context.Abort();
                return;
            }

            await context.Response.WriteAsync("""{"response_header":{"response_status":"SUCCESS"},"response_body":{"response_payload":{"resolve_response":[]}}}""");
        };

        Assert.That(await AskAsync(), Is.InstanceOf<MapperAnswer.Answered>());
        Assert.That(_requests, Has.Count.EqualTo(2));
    }

    [Test]
    public async Task A_mapper_that_begins_and_never_ends_is_timed_out()
    {
        _answer = async (context, _) =>
        {
            await context.Response.WriteAsync("{\"response_header\":");
            await context.Response.Body.FlushAsync();
            await Task.Delay(Timeout.Infinite, context.RequestAborted);
        };

        var answer = await AskAsync(new SparOptions { Url = _url, Timeout = TimeSpan.FromMilliseconds(100), RetryDelay = TimeSpan.Zero });

        Assert.That(CodeOf(answer), Is.EqualTo("MAPPER_TIMED_OUT"));
    }

    [Test]
    public async Task A_mapper_that_is_not_there_is_said_to_be_unreachable() =>
        Assert.That(CodeOf(await AskAsync(new SparOptions { Url = "http://127.0.0.1:1/resolve", RetryDelay = TimeSpan.Zero })), Is.EqualTo("MAPPER_UNREACHABLE"));

    [Test]
    public async Task A_mapper_that_keeps_failing_is_left_alone_for_a_while()
    {
        _answer = (context, _) =>
        {
            context.Response.StatusCode = 500;
            return Task.CompletedTask;
        };
        await using var provider = Services(new SparOptions { Url = _url, RetryDelay = TimeSpan.Zero });

        MapperAnswer? last = null;
        for (var i = 0; i < 6; i++)
        {
            last = await provider.GetRequiredService<IMapperConnector>().ResolveAsync(Questions, CancellationToken.None);
        }

        Assert.That(CodeOf(last), Is.EqualTo("MAPPER_LEFT_ALONE"));
        Assert.That(_requests, Has.Count.EqualTo(10));
    }

    private void AnswerWith(string body) => _answer = (context, _) => context.Response.WriteAsync(body);

    private async Task<MapperAnswer> AskAsync(SparOptions? options = null)
    {
        await using var provider = Services(options ?? new SparOptions { Url = _url, RetryDelay = TimeSpan.Zero });
        return await provider.GetRequiredService<IMapperConnector>().ResolveAsync(Questions, CancellationToken.None);
    }

    private static ServiceProvider Services(SparOptions options)
    {
        var services = new ServiceCollection();
        services.AddSingleton<Microsoft.Extensions.Configuration.IConfiguration>(new Microsoft.Extensions.Configuration.ConfigurationBuilder().Build());
        services.AddSingleton(TimeProvider.System);
        services.AddSparConnector();
        services.AddSingleton(Microsoft.Extensions.Options.Options.Create(options));
        return services.BuildServiceProvider();
    }

    private static string? CodeOf(MapperAnswer? answer) => (answer as MapperAnswer.Failed)?.Code;

    private static Dictionary<string, AddressAnswer> Answered(MapperAnswer answer) =>
        ((MapperAnswer.Answered)answer).Answers.ToDictionary(item => item.Reference);
}
