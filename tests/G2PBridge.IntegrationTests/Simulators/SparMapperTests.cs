using System.Text.Json;
using System.Text.Json.Nodes;

namespace G2PBridge.IntegrationTests.Simulators;

internal sealed class SparMapperTests
{
    private TestSimulators _simulators = null!;

    [SetUp]
    public async Task StartAsync() => _simulators = await TestSimulators.StartAsync();

    [TearDown]
    public async Task StopAsync() => await _simulators.DisposeAsync();

    [Test]
    public async Task A_linked_person_is_resolved_to_an_address_object()
    {
        await LinkAsync(BankLink("B1"));
        var answer = await ResolveAsync(Ask("B1"));
        Assert.That(
            answer["response_header"]!.ToJsonString(),
            Does.Match("""^\{"request_id":"r","response_status":"SUCCESS","response_error_code":null,"response_error_message":null,"response_timestamp":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}"\}$"""));
        Assert.That(answer["response_body"]!["pagination_response"], Is.Null);
        Assert.That((string)answer["response_body"]!["response_payload"]!["transaction_id"]!, Is.EqualTo("t"));
        Assert.That(
            Item(answer, 0),
            Is.EqualTo("""{"reference_id":"ref-B1","fa":{"account_number":"ACC-B1","branch_code":"0001","bank_code":"EXAMPLE-BANK","mobile_number":"","email_address":"","fa_type":"BANK_ACCOUNT","strategy_id":5},"id":"B1","account_provider_info":null,"status":"succ","status_reason_code":"succ.id.active","status_reason_message":null,"additional_info":[{"strategy_id":5}],"locale":"en"}"""));
    }

    [Test]
    public async Task An_unlinked_person_is_a_success_without_id_and_address()
    {
        Assert.That(
            Item(await ResolveAsync(Ask("NOBODY")), 0),
            Is.EqualTo("""{"reference_id":"ref-NOBODY","fa":null,"id":null,"account_provider_info":null,"status":"succ","status_reason_code":"succ.fa.not_linked_to_id","status_reason_message":"ID doesn't exist, please link first","additional_info":null,"locale":"en"}"""));
    }

    [Test]
    public async Task Items_that_fail_validation_come_first_and_a_person_asked_twice_is_answered_twice()
    {
        await LinkAsync(BankLink("B1"));
        var items = Items(await ResolveAsync(Ask("B1"), Ask(""), Ask("B1", "again")));
        Assert.That(items.Select(i => (string)i!["reference_id"]!), Is.EqualTo(new[] { "ref-", "ref-B1", "again" }));
        Assert.That(((string)items[0]!["status"]!, (string)items[0]!["status_reason_code"]!, (string)items[0]!["status_reason_message"]!),
            Is.EqualTo(("rjct", "rjct.reference_id.invalid", "ID is required")));
    }

    [Test]
    public async Task Scope_yes_no_tells_no_address()
    {
        await LinkAsync(BankLink("B1"));
        var ask = Ask("B1");
        ask["scope"] = "yes_no";
        var item = Items(await ResolveAsync(ask))[0]!;
        Assert.That(((string)item["status_reason_code"]!, (string)item["id"]!, item["fa"]), Is.EqualTo(("succ.id.active", "B1", (JsonNode?)null)));
    }

    [TestCase("MOBILE_WALLET", "mobile_number", "+100", 3)]
    [TestCase("EMAIL_WALLET", "email_address", "a.b@example.org", 4)]
    public async Task Wallets_are_taken_apart_by_their_own_strategy(string type, string field, string value, int strategy)
    {
        await LinkAsync(new JsonObject
        {
            ["reference_id"] = "l",
            ["id"] = "W1",
            ["fa"] = new JsonObject { ["strategy_id"] = strategy, ["fa_type"] = type, [field] = value, ["wallet_provider_name"] = "Pay", ["wallet_provider_code"] = "PY" },
        });
        Assert.That(
            Items(await ResolveAsync(Ask("W1")))[0]!["fa"]!.ToJsonString(),
            Is.EqualTo(new JsonObject { [field] = value, ["wallet_provider_name"] = "Pay", ["wallet_provider_code"] = "PY", ["fa_type"] = type, ["strategy_id"] = strategy }.ToJsonString()));
    }

    [Test]
    public async Task Strategy_2_yields_the_type_BANK()
    {
        var link = BankLink("S2");
        link["fa"]!["strategy_id"] = 2;
        link["additional_info"] = new JsonArray(new JsonObject { ["strategy_id"] = 2 });
        await LinkAsync(link);
        Assert.That((string)Items(await ResolveAsync(Ask("S2")))[0]!["fa"]!["fa_type"]!, Is.EqualTo("BANK"));
    }

    [Test]
    public async Task An_address_without_a_strategy_is_not_shown_as_an_object()
    {
        await LinkAsync(new JsonObject { ["reference_id"] = "l", ["id"] = "S0", ["fa"] = "account_number:1.branch_code:2.bank_code:3.mobile_number:.email_address:.fa_type:BANK_ACCOUNT" });
        var item = Items(await ResolveAsync(Ask("S0")))[0]!;
        Assert.That(((string)item["status_reason_code"]!, item["fa"]), Is.EqualTo(("succ.id.active", (JsonNode?)null)));
    }

    [Test]
    public async Task Linking_answers_with_the_stored_string_and_names_what_it_refuses()
    {
        await LinkAsync(BankLink("B1"));
        var noAddress = BankLink("B3");
        noAddress["fa"] = null;
        var answer = await LinkAsync(BankLink("B1"), BankLink("B2"), BankLink(""), noAddress, BankLink("B2"));
        Assert.That(Items(answer, "link").Select(Outcome), Is.EqualTo(new[]
        {
            ("rjct", "rjct.reference_id.duplicate", "ID and FA are already mapped"),
            ("succ", null, null),
            ("rjct", "rjct.id.invalid", "ID is null"),
            ("rjct", "rjct.fa.invalid", "FA is null"),
            ("rjct", "rjct.reference_id.duplicate", "ID and FA are already mapped"),
        }));
        var stored = Items(answer, "link")[1]!.AsObject();
        Assert.That((string)stored["fa"]!, Is.EqualTo("account_number:ACC-B2.branch_code:0001.bank_code:EXAMPLE-BANK.mobile_number:.email_address:.fa_type:BANK_ACCOUNT"));
        Assert.That(stored.ContainsKey("id"), Is.False);
        Assert.That((string)answer["response_header"]!["response_status"]!, Is.EqualTo("SUCCESS"));
    }

    [Test]
    public async Task Updating_and_unlinking_answer_with_upstreams_codes()
    {
        await LinkAsync(BankLink("B1"));
        var update = BankLink("B1");
        update["fa"]!["account_number"] = "MOVED";
        var updated = await CallAsync("update", update, BankLink("NOBODY"));
        Assert.That(Items(updated, "update").Select(Outcome), Is.EqualTo(new[]
        {
            ("succ", null, null), ("rjct", "rjct.reference_id.duplicate", "ID doesnt exist please link first"),
        }));
        Assert.That((string)Items(await ResolveAsync(Ask("B1")))[0]!["fa"]!["account_number"]!, Is.EqualTo("MOVED"));
        var unlinked = await CallAsync("unlink", new JsonObject { ["reference_id"] = "u", ["id"] = "B1" }, new JsonObject { ["reference_id"] = "v", ["id"] = "NOBODY" });
        Assert.That(Items(unlinked, "unlink").Select(Outcome), Is.EqualTo(new[]
        {
            ("succ", null, null), ("rjct", "rjct.id.invalid", "ID doesnt exist please link first"),
        }));
        Assert.That(Items(await ResolveAsync(Ask("B1")))[0]!["id"], Is.Null);
    }

    [Test]
    public async Task Every_published_path_works()
    {
        foreach (var path in (string[])["resolve", "mapper/resolve", "sync/resolve"])
            Assert.That(Items(await _simulators.SparAsync(path, New("resolve", Ask("X"))))[0]!["status"]!.ToString(), Is.EqualTo("succ"), path);
        Assert.That(await _simulators.Spar.GetStringAsync("ping"), Is.EqualTo("\"pong\""));
    }

    [Test]
    public async Task The_1_0_wire_gives_the_address_as_a_string()
    {
        await LinkAsync(BankLink("B1"));
        var answer = await _simulators.SparAsync("sync/resolve", Old("resolve", Ask("B1"), Ask("")));
        var header = answer["header"]!;
        Assert.That(
            ((string)header["status"]!, (string)header["action"]!, (string)header["message_id"]!, (int)header["total_count"]!, (int)header["completed_count"]!),
            Is.EqualTo(("succ", "resolve", "m", 2, 1)));
        var items = answer["message"]!["resolve_response"]!.AsArray();
        Assert.That((string)items[1]!["fa"]!, Is.EqualTo("account_number:ACC-B1.branch_code:0001.bank_code:EXAMPLE-BANK.mobile_number:.email_address:.fa_type:BANK_ACCOUNT"));
    }

    [Test]
    public async Task The_1_0_wire_links_and_unlinks_too()
    {
        var linked = await _simulators.SparAsync("sync/link", Old("link", new JsonObject { ["reference_id"] = "l", ["id"] = "O1", ["fa"] = "fa-string" }));
        Assert.That((string)linked["message"]!["link_response"]![0]!["status"]!, Is.EqualTo("succ"));
        var unlinked = await _simulators.SparAsync("sync/unlink", Old("unlink", new JsonObject { ["reference_id"] = "u", ["id"] = "O1" }));
        Assert.That((string)unlinked["message"]!["unlink_response"]![0]!["status"]!, Is.EqualTo("succ"));
    }

    [Test]
    public async Task Ten_thousand_are_linked_and_resolved_in_single_calls()
    {
        var links = Enumerable.Range(0, 10_000).Select(i => BankLink($"P{i}")).ToArray();
        Assert.That(Items(await LinkAsync(links), "link").Count(i => (string)i!["status"]! == "succ"), Is.EqualTo(10_000));
        var items = Items(await ResolveAsync([.. Enumerable.Range(0, 2_000).Select(i => Ask($"P{i * 6}"))]));
        Assert.That(items.Count(i => i!["fa"] is not null), Is.EqualTo(1_667));
    }

    [Test]
    public async Task A_header_error_answers_nobody()
    {
        await FaultAsync("""[{"kind":"header-error","count":1}]""");
        var answer = await ResolveAsync(Ask("B1"));
        Assert.That(
            ((string)answer["response_header"]!["response_status"]!, (string)answer["response_header"]!["response_error_code"]!, Items(answer).Count),
            Is.EqualTo(("ERROR", "rjct.internal.error", 0)));
        Assert.That(Items(await ResolveAsync(Ask("B1"))), Has.Count.EqualTo(1));
    }

    [Test]
    public async Task A_request_without_its_list_is_a_header_error() =>
        Assert.That(
            (string)(await _simulators.SparAsync("resolve", """{"request_header":{"request_id":"r"},"request_body":{"request_payload":{}}}"""))["response_header"]!["response_error_code"]!,
            Is.EqualTo("rjct.request.validation"));

    [Test]
    public async Task Answers_can_be_partial_or_doubled_and_the_mapper_can_be_out()
    {
        await FaultAsync("""[{"kind":"partial-answer","reference_pattern":"^A$"},{"kind":"duplicate-answer","reference_pattern":"^B$"}]""");
        Assert.That(Items(await ResolveAsync(Ask("A"), Ask("B"), Ask("C"))).Select(i => (string)i!["reference_id"]!), Is.EqualTo(new[] { "ref-B", "ref-B", "ref-C" }));
        await FaultAsync("""[{"kind":"maintenance"}]""");
        using var response = await _simulators.Spar.SendAsync(TestSimulators.Post("resolve", New("resolve", Ask("A"))));
        Assert.That((int)response.StatusCode, Is.EqualTo(503));
        await _simulators.Spar.DeleteAsync("faults");
        Assert.That(Items(await ResolveAsync(Ask("A"))), Has.Count.EqualTo(1));
    }

    private static JsonObject Ask(string id, string? reference = null) =>
        new() { ["reference_id"] = reference ?? "ref-" + id, ["timestamp"] = "2026-06-19T10:16:00", ["fa"] = "", ["id"] = id, ["name"] = null, ["scope"] = "details", ["additional_info"] = null, ["locale"] = "en" };

    private static JsonObject BankLink(string id) => new()
    {
        ["reference_id"] = "l-" + id,
        ["timestamp"] = "2026-06-19T10:16:00",
        ["id"] = id,
        ["fa"] = new JsonObject { ["strategy_id"] = 5, ["fa_type"] = "BANK", ["bank_name"] = "Example Bank", ["bank_code"] = "EXAMPLE-BANK", ["branch_name"] = "Main", ["branch_code"] = "0001", ["account_number"] = "ACC-" + id },
        ["name"] = "Name",
        ["phone_number"] = "+1",
        ["additional_info"] = new JsonArray(new JsonObject { ["strategy_id"] = 5 }),
        ["locale"] = "en",
    };

    private static string New(string operation, params JsonObject[] items) => new JsonObject
    {
        ["request_header"] = new JsonObject { ["sender_app_mnemonic"] = "g2p_bridge", ["sender_app_url"] = "", ["request_id"] = "r", ["request_timestamp"] = "2026-06-19T10:16:00", ["instance_id"] = null },
        ["request_body"] = new JsonObject
        {
            ["pagination_request"] = null,
            ["request_payload"] = new JsonObject { ["transaction_id"] = "t", [operation + "_request"] = new JsonArray([.. items]) },
        },
    }.ToJsonString();

    private static string Old(string operation, params JsonObject[] items) => new JsonObject
    {
        ["signature"] = "",
        ["header"] = new JsonObject { ["version"] = "1.0.0", ["message_id"] = "m", ["message_ts"] = "2026-06-19T10:16:00", ["action"] = operation, ["sender_id"] = "", ["total_count"] = items.Length, ["is_msg_encrypted"] = false, ["meta"] = null },
        ["message"] = new JsonObject { ["transaction_id"] = "t", [operation + "_request"] = new JsonArray([.. items]) },
    }.ToJsonString();

    private static JsonArray Items(JsonNode answer, string operation = "resolve") =>
        answer["response_body"]!["response_payload"]![operation + "_response"]!.AsArray();

    private static string Item(JsonNode answer, int index)
    {
        var item = Items(answer)[index]!.DeepClone().AsObject();
        Assert.That(item.Remove("timestamp"), Is.True);
        return item.ToJsonString(new JsonSerializerOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
    }

    private static (string, string?, string?) Outcome(JsonNode? item) =>
        ((string)item!["status"]!, (string?)item["status_reason_code"], (string?)item["status_reason_message"]);

    private Task<JsonNode> CallAsync(string operation, params JsonObject[] items) => _simulators.SparAsync("mapper/" + operation, New(operation, items));

    private Task<JsonNode> LinkAsync(params JsonObject[] items) => CallAsync("link", items);

    private Task<JsonNode> ResolveAsync(params JsonObject[] items) => CallAsync("resolve", items);

    private Task<JsonNode> FaultAsync(string rules) => _simulators.SparAsync("faults", rules);
}
