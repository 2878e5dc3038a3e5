using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using G2PBridge.Connectors;
using G2PBridge.Modules.Disbursement;
using G2PBridge.Modules.Disbursement.Contracts;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace G2PBridge.IntegrationTests.Disbursement;

/// <summary>What a bank says after its answer: once, five times, late, in the wrong order, or not it at all.</summary>
internal sealed class CallbackTests : DisbursementTest
{
    private const string Path = "v1/banks/EXAMPLE-BANK/callbacks";
    private const string Secret = TestHost.CallbackSecret;

    [Test]
    public async Task An_unknown_payment_is_settled_by_its_callback()
    {
        var references = await UnknownAsync(3);
        await CallAsync((references[0], "PAID"), (references[1], "REFUSED"), (references[2], "RETURNED"));
        await WorkAsync(DisbursementModule.ApplyCallbacks);
        IsProgress(await ProgressAsync(), sent: 2, refused: 1);
        Assert.That(await ChunkStateAsync(), Is.EqualTo("Sent"));
        Assert.That((string?)(await GetAsync("v1/disbursements/E-D2"))!["reason_code"], Is.EqualTo("AC04"));
    }

    [Test]
    public async Task On_record_it_is_the_bank_that_called_whatever_name_it_gives_itself()
    {
        var body = Body(((await UnknownAsync(1))[0], "PAID"));
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(TestHost.Address, Path)) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        request.Headers.Add("X-Signature", Sign(body));
        request.Headers.Add("X-Actor", "asha");
        using var response = await Http.SendAsync(request);
        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        Assert.That(
            await ScalarAsync<string>("select string_agg(distinct b.actor, ', ') from audit.change c join audit.block b on b.transaction = c.transaction where c.table_name = 'disbursement.bank_callback' and c.operation <> 'shape'"),
            Is.EqualTo("bank EXAMPLE-BANK"));
    }

    [Test]
    public async Task Five_times_the_same_is_one_effect_and_one_row()
    {
        var references = await UnknownAsync(1);
        for (var i = 0; i < 5; i++)
        {
            await CallAsync((references[0], "PAID"), (references[0], "PAID"));
            await WorkAsync(DisbursementModule.ApplyCallbacks);
        }

        IsProgress(await ProgressAsync(), sent: 1);
        Assert.That(await ScalarAsync<long>("select count(*) from disbursement.line_history where to_state = 'Sent'"), Is.EqualTo(1));
        Assert.That(await ListAsync(), Is.EqualTo(new[] { "PAID APPLIED 5" }));
    }

    [TestCase("ACCEPTED,PAID", LineState.Sent)]
    [TestCase("PAID,ACCEPTED", LineState.Sent)]
    [TestCase("ACCEPTED,REFUSED", LineState.Refused)]
    [TestCase("REFUSED,ACCEPTED", LineState.Refused)]
    [TestCase("ACCEPTED,REFUSED,PAID", LineState.Sent)]
    [TestCase("PAID,REFUSED,ACCEPTED", LineState.Sent)]
    [TestCase("REFUSED,PAID,ACCEPTED", LineState.Sent)]
    public async Task In_whatever_order_they_come_the_same_is_known_in_the_end(string order, LineState known)
    {
        var references = await UnknownAsync(1);
        foreach (var status in order.Split(','))
        {
            await CallAsync((references[0], status));
            await WorkAsync(DisbursementModule.ApplyCallbacks);
        }

        Assert.That(await LineStatesAsync(await ReferencesAsync()), Is.EqualTo(new Dictionary<LineState, int> { [known] = 1 }));
    }

    [Test]
    public async Task All_that_came_before_anybody_looked_is_done_in_the_order_in_which_it_came()
    {
        var references = await UnknownAsync(1);
        await CallAsync((references[0], "ACCEPTED"));
        await CallAsync((references[0], "REFUSED"));
        await WorkAsync(DisbursementModule.ApplyCallbacks);
        IsProgress(await ProgressAsync(), refused: 1);
        Assert.That(await ListAsync(), Is.EquivalentTo(new[] { "ACCEPTED APPLIED 1", "REFUSED APPLIED 1" }));
    }

    [Test]
    public async Task One_that_comes_before_the_answer_waits_for_it()
    {
        Bank.NextPayment(async order =>
        {
            await CallAsync((order.Payments[0].Reference, "PAID"), (order.Payments[1].Reference, "REFUSED"));
            await WorkAsync(DisbursementModule.ApplyCallbacks);
            Bank.Take(order);
            return new PaymentAnswer.NotKnown("reset");
        });
        await ReadyAsync(2);
        await SendOneAsync();
        IsProgress(await ProgressAsync(), unknown: 2);

        Clock.Advance(TimeSpan.FromMinutes(1));
        await WorkAsync(DisbursementModule.ApplyCallbacks);

        IsProgress(await ProgressAsync(), sent: 1, refused: 1);
    }

    [Test]
    public async Task A_payment_that_the_bank_took_and_refused_later_can_be_paid_again_and_one_that_a_statement_shows_cannot()
    {
        await ReadyAsync(2);
        await SendOneAsync();
        IsProgress(await ProgressAsync(), sent: 2);
        var references = Bank.Orders.Single().Payments.Select(payment => payment.Reference).ToArray();
        var line = (await ReferencesAsync())[1];
        await ExecuteAsync(
            "insert into reconciliation.match (line, generation, kind, file, entry_no, envelope, amount, fingerprint, booked_by) values ($1, 1, 0, 1, 1, 1, 1000, gen_random_uuid(), 1)", line.Line);

        await CallAsync((references[0], "REFUSED"), (references[1], "REFUSED"));
        await WorkAsync(DisbursementModule.ApplyCallbacks);

        IsProgress(await ProgressAsync(), sent: 1, refused: 1);
        Assert.That(await ListAsync(), Is.EquivalentTo(new[] { "REFUSED APPLIED 1", "REFUSED CONFLICT 1" }));
        var retried = await PostAsync("Asha", "v1/envelopes/E/payments/retry", new JsonObject { ["reason_codes"] = new JsonArray("AC04"), ["reason"] = "account opened again" });
        Assert.That((int?)retried["lines"], Is.EqualTo(1), retried.ToJsonString());
    }

    [Test]
    public async Task An_order_that_was_thought_not_sent_is_doubted_when_the_bank_speaks_of_it()
    {
        Bank.NextPayment(new PaymentAnswer.NotSent("no connection", null));
        await ReadyAsync(2);
        await SendOneAsync();
        Assert.That(await ChunkStateAsync(), Is.EqualTo("Prepared"));

        await CallAsync((Bank.Orders.Single().Payments[0].Reference, "PAID"));
        await WorkAsync(DisbursementModule.ApplyCallbacks);

        Assert.That(await ChunkStateAsync(), Is.EqualTo("Unknown"));
        IsProgress(await ProgressAsync(), sent: 1, unknown: 1);
    }

    [Test]
    public async Task References_that_nobody_knows_are_recorded_and_shown()
    {
        var references = await UnknownAsync(1);
        var answer = await CallAsync(("0000000000000000", "PAID"), ("what is this", "REFUSED"), (references[0], "PAID"));
        Assert.That(((int)answer["payments"]!, (int)answer["unknown_references"]!), Is.EqualTo((3, 2)));
        var shown = (await GetAsync($"{Path}?state=UNKNOWN_REFERENCE"))!["items"]!.AsArray();
        Assert.That(shown.Select(item => (string?)item!["reference"]), Is.EquivalentTo(new[] { "****0000", "what is this" }));
    }

    [Test]
    public async Task A_bank_cannot_speak_of_payments_that_another_was_ordered_to_make()
    {
        await using var host = Host(("SponsorBanks:Banks:OTHER:Connector", "example-bank"), ("SponsorBanks:Banks:OTHER:BaseUrl", "http://127.0.0.1:9"), ("SponsorBanks:Banks:OTHER:CallbackSecret", Secret));
        await host.StartAsync();
        var references = await UnknownAsync(1);
        var answer = await CallAsync(new Uri(host.Urls.First()), "v1/banks/OTHER/callbacks", (references[0], "PAID"));
        Assert.That((int)answer["unknown_references"]!, Is.EqualTo(1));
        await WorkAsync(DisbursementModule.ApplyCallbacks);
        IsProgress(await ProgressAsync(), unknown: 1);
    }

    [Test]
    public async Task Another_amount_than_was_ordered_changes_nothing_and_is_shown()
    {
        var references = await UnknownAsync(1);
        await SignedAsync($$"""{"payments":[{"payment_reference_number":"{{references[0]}}","status":"PAID","amount":999.99}]}""");
        await WorkAsync(DisbursementModule.ApplyCallbacks);
        IsProgress(await ProgressAsync(), unknown: 1);
        Assert.That(await ListAsync(), Is.EqualTo(new[] { "PAID CONFLICT 1" }));
    }

    [TestCase(null)]
    [TestCase("")]
    [TestCase("sha256=")]
    [TestCase("sha256=zz")]
    [TestCase("sha256=0000000000000000000000000000000000000000000000000000000000000000")]
    public async Task Whoever_does_not_sign_is_refused_and_nothing_is_stored(string? signature)
    {
        var references = await UnknownAsync(1);
        using var response = await RawAsync(TestHost.Address, Path, Body((references[0], "PAID")), signature);
        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.Unauthorized));
        Assert.That(await ScalarAsync<long>("select count(*) from disbursement.bank_callback"), Is.Zero);
    }

    [Test]
    public async Task Without_a_secret_nothing_is_believed_outside_development()
    {
        await using var host = Host(("SponsorBanks:Banks:EXAMPLE-BANK:CallbackSecret", ""));
        await host.StartAsync();
        var body = Body(("0000000000000000", "PAID"));
        using var response = await RawAsync(new Uri(host.Urls.First()), Path, body, Sign(body));
        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.Unauthorized));
    }

    [TestCase("", "CALLBACK_UNREADABLE")]
    [TestCase("[]", "CALLBACK_UNREADABLE")]
    [TestCase("""{"payments":[]}""", "payments must have between one and 20000")]
    [TestCase("""{"payments":[null]}""", "payments[0].payment_reference_number")]
    [TestCase("""{"payments":[{"payment_reference_number":"A","status":"MAYBE"}]}""", "payments[0].status is ACCEPTED, PAID, REFUSED or RETURNED")]
    [TestCase("""{"payments":[{"payment_reference_number":"A","status":"PAID","amount":1e40}]}""", "CALLBACK_UNREADABLE")]
    [TestCase("""{"payments":[{"payment_reference_number":"A\u0000","status":"PAID"}]}""", "payments[0].payment_reference_number")]
    public async Task What_cannot_be_read_is_told_and_nothing_is_stored(string body, string sentence)
    {
        using var response = await RawAsync(TestHost.Address, Path, body, Sign(body));
        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.UnprocessableEntity));
        Assert.That(await response.Content.ReadAsStringAsync(), Does.Contain(sentence));
        Assert.That(await ScalarAsync<long>("select count(*) from disbursement.bank_callback"), Is.Zero);
    }

    private static async Task<string[]> UnknownAsync(int lines)
    {
        Bank.NextPayment(order =>
        {
            Bank.Take(order);
            return Task.FromResult<PaymentAnswer?>(new PaymentAnswer.NotKnown("time-out"));
        });
        await ReadyAsync(lines);
        await SendOneAsync();
        return [.. Bank.Orders.Single().Payments.Select(payment => payment.Reference)];
    }

    private static async Task<string[]> ListAsync() =>
        [.. (await GetAsync(Path))!["items"]!.AsArray().Select(item => $"{item!["status"]} {item["state"]} {item["times"]}")];

    private static Task<JsonNode> CallAsync(params (string Reference, string Status)[] payments) => CallAsync(TestHost.Address, Path, payments);

    private static async Task<JsonNode> CallAsync(Uri address, string path, params (string Reference, string Status)[] payments)
    {
        var body = Body(payments);
        using var response = await RawAsync(address, path, body, Sign(body));
        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.OK), await response.Content.ReadAsStringAsync());
        return (await response.Content.ReadFromJsonAsync<JsonNode>())!;
    }

    private static async Task SignedAsync(string body)
    {
        using var response = await RawAsync(TestHost.Address, Path, body, Sign(body));
        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.OK), await response.Content.ReadAsStringAsync());
    }

    private static async Task<HttpResponseMessage> RawAsync(Uri address, string path, string body, string? signature)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(address, path)) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        if (signature is not null)
        {
            request.Headers.TryAddWithoutValidation("X-Signature", signature);
        }

        return await Http.SendAsync(request);
    }

    private static string Body(params (string Reference, string Status)[] payments) => new JsonObject
    {
        ["payments"] = new JsonArray([.. payments.Select(payment => (JsonNode)new JsonObject
        {
            ["payment_reference_number"] = payment.Reference,
            ["status"] = payment.Status,
            ["reason_code"] = payment.Status == "REFUSED" ? "AC04" : null,
        })]),
    }.ToJsonString();

    private static string Sign(string body) => "sha256=" + Convert.ToHexString(HMACSHA256.HashData(Encoding.UTF8.GetBytes(Secret), Encoding.UTF8.GetBytes(body)));

    private static WebApplication Host(params (string Key, string Value)[] settings) => TestHost.Build(TestHost.ConnectionString, services =>
    {
        services.AddSingleton<TimeProvider>(Clock);
        services.AddSingleton<IMapperConnector>(Mapper);
        Bank.Register(services);
    }, settings);
}
