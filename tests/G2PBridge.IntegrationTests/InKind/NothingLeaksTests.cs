using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using G2PBridge.Connectors;
using G2PBridge.IntegrationTests.Protection;
using G2PBridge.IntegrationTests.Reconciliation;
using G2PBridge.Platform.Identity;
using Microsoft.AspNetCore.Builder;
using Npgsql;

namespace G2PBridge.IntegrationTests.InKind;

/// <summary>
/// Everything that can happen to a payment and to goods happens to people whose numbers, addresses and names are known here, with outside parties that repeat them wherever
/// they can. Then everything that the host said, answered and stored is searched for them, in plain, base64 and hexadecimal.
/// </summary>
internal sealed class NothingLeaksTests : InKindTest
{
    private const string Account = "70041158823961";
    private const string Iban = "GB71QZXW90410077153288";
    private const string Mobile = "+2547991836402";
    private const string Mail = "zq.quixworth@pxk-mail.example";
    private const string Stranger = "33618840027719";
    private const string AgencyAccount = "55019928374610";
    private const string AdminPhone = "+2547330019284";
    private const string AdminMail = "keeper@qrv-store.example";
    private const string PersonPhone = "0799 183 6577";
    private const string PersonMail = "ama.vurtzel@pxk-mail.example";
    private const string Name = "Zebulon Quixworth";
    private const string StrangersName = "Orsolya Fenwright";
    private const string PersonsName = "Ama Vurtzel-Odhiambo";
    private const string Receiver = "Kwabena Tresslow";

    private static readonly string[] Numbers = [Account, Iban, Mobile, Mail, Stranger, AgencyAccount, AdminPhone, AdminMail, PersonPhone, PersonMail];
    private static readonly string[] Names = [Name, StrangersName, PersonsName, Receiver];
    private static readonly KnownValues InNumbers = new(Numbers);
    private static readonly KnownValues Everything = new([.. Numbers, .. Names]);
    private static readonly string Viewer = ApiKey.Create();
    private static readonly string Operator = ApiKey.Create();

    private readonly List<string> _found = [];
    private WebApplication _host = null!;
    private OutputRecorder _recorder = null!;

    [SetUp]
    public async Task StartAsync()
    {
        _found.Clear();
        _recorder = new OutputRecorder();
        _host = TestHost.Build(
            InKindHost.ConnectionString,
            services =>
            {
                InKindHost.Register(services);
                _recorder.AddTo(services);
            },
            [
                .. InKindHost.Settings, ("Programmes:Default:SharedAddress", "Warn"), ("OperatorAccess:Required", "true"),
                ("OperatorAccess:ApiKeys:0:Actor", "viewer"), ("OperatorAccess:ApiKeys:0:Sha256", ApiKey.Hash(Viewer)), ("OperatorAccess:ApiKeys:0:Roles:0", "Viewer"),
                ("OperatorAccess:ApiKeys:1:Actor", "operator"), ("OperatorAccess:ApiKeys:1:Sha256", ApiKey.Hash(Operator)), ("OperatorAccess:ApiKeys:1:Roles:0", "Operator"),
            ]);
        await _host.StartAsync();
    }

    [TearDown]
    public async Task StopAsync()
    {
        await _host.DisposeAsync();
        _recorder.Dispose();
    }

    [Test]
    public async Task A_full_run_says_answers_and_stores_no_number_address_or_name_that_it_was_told()
    {
        await PayAsync();
        await HandOutAsync();
        await ReadStatementsAsync();
        await HearCallbacksAsync();
        await RefuseAsync();
        await FailInTheDatabaseAsync();
        await LookAsync();

        await _host.StopAsync();
        _recorder.Dispose();
        foreach (var (where, text) in _recorder.Said)
        {
            _found.AddRange(Everything.FindIn(where, text));
        }

        await SearchDatabaseAsync();
        Assert.That(_recorder.Said.Select(said => said.Where).Distinct(), Is.SupersetOf(new[] { "log", "log properties", "trace", "metric", "console" }), "Everything is listened to.");
        Assert.That(_recorder.Said.Count(said => said.Where == "log"), Is.GreaterThan(1_000), "The log is read at its finest.");
        Assert.That(string.Join(Environment.NewLine, _found.Distinct().Take(40)), Is.Empty);
    }

    [Test]
    public void The_search_finds_what_is_there_in_every_form()
    {
        var bytes = Encoding.UTF8.GetBytes(Mobile);
        foreach (var text in new[]
        {
            $"x{Mobile}y", Convert.ToHexString(bytes).ToLowerInvariant(), Convert.ToBase64String(bytes), Convert.ToBase64String([1, .. bytes]), Convert.ToBase64String([1, 2, .. bytes, 3, 4]),
            Uri.EscapeDataString(Mobile), "\\u002B2547991836402",
        })
        {
            Assert.That(Everything.FindIn("here", text), Is.Not.Empty, text);
        }
    }

    /// <summary>Paid, returned, unresolved, refused, unknown; mapper and bank repeat what they were told.</summary>
    private async Task PayAsync()
    {
        TestHost.Mapper.Linked["B1"] = new ResolvedAddress("BANK_ACCOUNT", Account, "EXAMPLE-BANK", "0001", null, null, null, null, Name);
        TestHost.Mapper.Linked["B2"] = new ResolvedAddress("MOBILE_WALLET", null, null, null, Mobile, "M-MONEY", null, null, Name);
        TestHost.Mapper.Linked["B3"] = new ResolvedAddress("EMAIL_WALLET", null, null, null, null, null, Mail, "PAYMAIL", Name);
        TestHost.Mapper.Linked["B4"] = new ResolvedAddress("BANK_ACCOUNT", Iban, "OTHER-BANK", null, null, null, null, null, Name);
        TestHost.Mapper.Linked["B5"] = TestHost.Mapper.Linked["B1"];
        TestHost.Mapper.Next(_ => new MapperAnswer.Failed($"ERR {Account}", $"the account {Iban} and {Mobile} of {Mail} cannot be read"));
        TestHost.Mapper.Next(_ => throw new InvalidOperationException($"mapper choked on {Account} and {Mail}"));
        TestHost.Mapper.Next(questions => new MapperAnswer.Answered([.. questions.Select(question =>
            question.BeneficiaryId == "B6" ? new AddressAnswer(question.Reference, null, $"rjct.{Account}", $"linked to {Account}, {Mobile} and {Mail}") : TestHost.Mapper.Answer(question))]));
        Bank.NextCheck(new FundsCheck.Insufficient($"account {Account} has nothing for {Mail}"));
        Bank.NextBlock(_ => new FundsBlock.Refused($"no block for {Account} of {Mobile}"));
        Bank.NextPayment(new PaymentAnswer.NotSent($"no way to {Iban}", null));
        Bank.NextPayment(order => Task.FromResult<PaymentAnswer?>(new PaymentAnswer.Accepted(
            [.. order.Payments.Where(payment => payment.BeneficiaryId is "B3").Select(payment => new PaymentRefusal(payment.Reference, $"CLOSED {Mail}", $"closed: {Mail}, {payment.AccountNumber}"))],
            [.. order.Payments.Where(payment => payment.BeneficiaryId is "B4").Select(payment => payment.Reference)])));
        Bank.Inquiry = reference => new PaymentInquiry(reference, PaymentKnowledge.Refused, "AC04", $"account {Iban} of {Mobile} is closed");
        await ReceiveAsync("E", "CASH_DIGITAL", 6);
        await LaterAsync();
    }

    private async Task HandOutAsync()
    {
        Places.Person = person => person with { Name = PersonsName, Email = PersonMail, Phone = PersonPhone };
        Places.Point = point => point with { AdminName = Receiver, AdminEmail = AdminMail, AdminPhone = AdminPhone };
        foreach (var zone in Enumerable.Range(0, 5))
        {
            Places.AdditionalInfo[$"A-S{zone}"] = $"#BANK#EXAMPLE-BANK#BRANCH#0001#ACCOUNT#{AgencyAccount}#TYPE#BANK_ACCOUNT#";
        }

        Channel.Next(messages => [.. messages.Select(one => new NotificationAnswer.Refused(one.Id, $"550 {PersonMail}", $"no such number {PersonPhone}", false))]);
        Channel.Next(_ => throw new InvalidOperationException($"the channel choked on {PersonPhone} and {AdminMail}"));
        Channel.Next(messages => [.. messages.Select(one => new NotificationAnswer.NotKnown(one.Id, $"421 {AdminPhone}"))]);
        await ReceiveAsync("G", "COMMODITY", 5);
        await ReceiveAsync("H", "CASH_PHYSICAL", 5);
        await LaterAsync();
        using var proof = await SendAsync(Operator, HttpMethod.Post, "v1/proofs-of-delivery", JsonContent.Create(new JsonObject
        {
            ["proofs"] = new JsonArray(new JsonObject
            {
                ["proof_id"] = "P1",
                ["disbursement_id"] = "G-D1",
                ["delivered_at"] = "2026-06-19T09:00:00Z",
                ["delivered_by"] = Receiver,
                ["received_by"] = PersonsName,
                ["evidence"] = $"signed by {PersonsName}, reached at {PersonPhone}",
            }),
        }));
        Assert.That(proof.IsSuccessStatusCode, await proof.Content.ReadAsStringAsync());
    }

    private async Task ReadStatementsAsync()
    {
        var paid = Bank.Orders.SelectMany(order => order.Payments).DistinctBy(payment => payment.Reference).ToDictionary(payment => payment.BeneficiaryId + payment.AccountNumber, StringComparer.Ordinal);
        var first = paid.Values.First(payment => payment.BeneficiaryId == "B1");
        var second = paid.Values.First(payment => payment.BeneficiaryId == "B2");
        await UploadAsync(new StatementText()
            .Entry("D", first.Reference, first.Amount, "BK1", "June", Name, Account, "B1", first.DisbursementId, "")
            .Entry("D", second.Reference, second.Amount, "BK2", "June", Name, Mobile, "B2", second.DisbursementId, "")
            .Entry("RD", second.Reference, second.Amount, Account, "June", Name, Mobile, "B2", second.DisbursementId, $"CLOSED {Mobile}")
            .Entry("C", Stranger, 17.25m, Stranger, $"from {StrangersName}", Stranger, Mail)
            .Entry("D", "NONREF", 3.10m, "FEE-1", $"to {StrangersName} {Iban} tel {Mobile}")
            .Raw($":61:26061999{Stranger}XX{StrangersName}\n:86:{Stranger}\n").ToString());
        await UploadAsync(new StatementText(account: Stranger, reference: "ROW2").Entry("C", "NONREF", 1m, "X", StrangersName).ToString());
        await UploadAsync($":20:ROW3\n:25:{Stranger}\n:28C:x\nthis is {StrangersName} with {Account} and {Mail}\n");
        await UploadAsync($"<Document><BkToCstmrStmt><Acct>{Stranger}</Acct><Nm>{StrangersName}</Nm>");
        await LaterAsync();
    }

    private async Task HearCallbacksAsync()
    {
        var payments = Bank.Orders.SelectMany(order => order.Payments).ToList();
        var body = new JsonObject
        {
            ["payments"] = new JsonArray(
                Told(payments[0].Reference, "REFUSED"), Told(Account, "REFUSED"), Told($"{Mobile}", "RETURNED"), Told(payments[^1].Reference, "RETURNED")),
        }.ToJsonString();
        foreach (var signature in new[] { "sha256=" + Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(TestHost.CallbackSecret), Encoding.UTF8.GetBytes(body))), $"sha256={Account}" })
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(Address, "v1/banks/EXAMPLE-BANK/callbacks")) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
            request.Headers.TryAddWithoutValidation("X-Signature", signature);
            await KeepAsync("callback", await Http.SendAsync(request));
        }

        await LaterAsync();

        static JsonObject Told(string reference, string status) => new()
        {
            ["payment_reference_number"] = reference,
            ["status"] = status,
            ["reason_code"] = $"X{Account}",
            ["reason"] = $"{Account} of {Mail} ({Mobile}) is closed",
        };
    }

    /// <summary>Numbers where something else is expected: what is said about them does not repeat them.</summary>
    private async Task RefuseAsync()
    {
        var envelope = Wire.Envelope("BAD", 1, 1);
        (envelope["disbursement_frequency"], envelope["measurement_unit"]) = (Account, Iban);
        var line = Wire.Line("E", "BAD-1", "B1", 1);
        line["disbursement_quantity"] = Account + "x";
        foreach (var (path, body) in new[]
        {
            ("create_disbursement_envelopes", Wire.Request(new JsonArray(envelope)).ToJsonString()),
            ("create_disbursements", Wire.Request(new JsonArray(line), "BAD-BATCH").ToJsonString()),
            ("create_disbursements", Wire.Request(new JsonArray(Wire.Line("E", "BAD-2", "B1", 1, change => change["disbursement_cycle_id"] = Mobile)), "BAD-BATCH").ToJsonString()),
            ("create_disbursements", Wire.Request(new JsonArray(JsonValue.Create(Account)), "BAD-BATCH").ToJsonString()),
            ("create_disbursements", $"{{\"request_header\": {{\"sender_app_mnemonic\": {Account}x"),
            ("get_disbursement_status", Wire.Request(new JsonObject { ["account"] = Account }).ToJsonString()),
            ("get_disbursement_envelope_status", Wire.Request(JsonValue.Create(7_004_115_882_396_1L)).ToJsonString()),
            ("upload_mt940", $"{{\"statement_file\": \"{Account} {Name}\"}}"),
        })
        {
            using var content = new StringContent(body, Encoding.UTF8, "application/json");
            await KeepAsync(path, await Http.PostAsync(new Uri(Address, path), content));
        }

        foreach (var path in new[] { $"v1/exceptions?limit={Account}", $"v1/envelopes?status={Account}", $"v1/statements?before={Account}x&limit=1", $"v1/envelopes/E/exceptions?after={Stranger}x", $"v1/exceptions?state={Stranger}" })
        {
            await KeepAsync(path.Split('?')[0], await SendAsync(Viewer, HttpMethod.Get, path));
        }

        foreach (var (path, body) in new[] { ("v1/declarations", $"{{\"envelope_id\": {Account}}}"), ("v1/proofs-of-delivery", $"{{\"proofs\": [{{\"quantity\": \"{Mobile}\"}}]}}"), ("v1/pauses", $"{{\"scope\": \"{Stranger}\"") })
        {
            await KeepAsync(path, await SendAsync(Operator, HttpMethod.Post, path, new StringContent(body, Encoding.UTF8, "application/json")));
        }
    }

    /// <summary>A database that says what it choked on, in its message and in its detail.</summary>
    private async Task FailInTheDatabaseAsync()
    {
        // Not the host's own connection: what is told here to the database is no output of the host.
        await using var administrator = NpgsqlDataSource.Create(InKindHost.ConnectionString);
        _recorder.IsPaused = true;
        await using (var create = administrator.CreateCommand(
            $"""
            create function resolution.choke() returns trigger language plpgsql as $$ begin
                raise exception 'value {Account} is too long' using detail = 'Key (mail)=({Mail}) of {Mobile} exists.', hint = '{Iban}'; end $$;
            create trigger choke before insert on resolution.slice for each row execute function resolution.choke();
            create function envelopes.choke() returns trigger language plpgsql as $$ begin
                raise exception 'value {Account} is too long' using detail = 'Key (mail)=({Mail}) of {Mobile} exists.', hint = '{Iban}'; end $$;
            create trigger choke before insert on envelopes.batch for each row execute function envelopes.choke()
            """))
        {
            await create.ExecuteNonQueryAsync();
        }

        _recorder.IsPaused = false;
        try
        {
            using var content = JsonContent.Create(Wire.Request(new JsonArray(Wire.Envelope("F", 1, 10, change => change["disbursement_schedule_date"] = "2027-01-01"))));
            await KeepAsync("envelopes", await Http.PostAsync(new Uri(Address, "create_disbursement_envelopes"), content));
            using var lines = JsonContent.Create(Wire.Request(Wire.Lines("F", 1, 10), "F-BATCH"));
            await KeepAsync("a fault", await Http.PostAsync(new Uri(Address, "create_disbursements"), lines));
            await ExecuteAsync("drop trigger choke on envelopes.batch");
            using var again = JsonContent.Create(Wire.Request(Wire.Lines("F", 1, 10), "F-BATCH2"));
            await KeepAsync("lines", await Http.PostAsync(new Uri(Address, "create_disbursements"), again));
            Assert.That(async () => await TestHost.WorkAsync("take-batches", _host.Services), Throws.InstanceOf<PostgresException>());
        }
        finally
        {
            await ExecuteAsync("drop function if exists resolution.choke() cascade; drop function if exists envelopes.choke() cascade");
        }
    }

    /// <summary>Somebody who only looks sees no number in full, wherever he looks.</summary>
    private async Task LookAsync()
    {
        var statements = JsonNode.Parse(await (await SendAsync(Viewer, HttpMethod.Get, "v1/statements")).Content.ReadAsStringAsync())!["items"]!.AsArray().Select(file => (string)file!["id"]!).ToList();
        var exceptions = JsonNode.Parse(await (await SendAsync(Viewer, HttpMethod.Get, "v1/exceptions")).Content.ReadAsStringAsync())!["items"]!.AsArray().Select(one => (string)one!["id"]!).ToList();
        Assert.That(Math.Min(statements.Count - 1, exceptions.Count), Is.GreaterThan(1), "There is something to look at.");
        string[] paths =
        [
            "v1/envelopes", "v1/health", "v1/pauses", "v1/statements", "v1/exceptions", "v1/exceptions?state=CLOSED", "v1/exceptions?state=MATCHED", "v1/declarations?envelope_id=E", "v1/banks/EXAMPLE-BANK/callbacks",
            "v1/accounts/SPONSOR0001/statements", $"v1/accounts/****{Stranger[^4..]}/statements", "v1/proofs-of-delivery?disbursement_id=G-D1", "v1/exceptions.csv",
            .. new[] { "E", "F", "G", "H" }.SelectMany(id => new[] { $"v1/envelopes/{id}", $"v1/envelopes/{id}/exceptions", $"v1/envelopes/{id}/holds", $"v1/envelopes/{id}/notifications", $"v1/envelopes/{id}/disbursements.csv", $"v1/envelopes/{id}/exceptions.csv" }),
            .. Enumerable.Range(1, 6).SelectMany(i => new[] { $"v1/disbursements/E-D{i}", $"v1/disbursements/G-D{i}" }),
            .. statements.Select(id => $"v1/statements/{id}"), .. exceptions.Select(id => $"v1/exceptions/{id}"),
        ];
        var answered = 0;
        foreach (var path in paths)
        {
            using var answer = await SendAsync(Viewer, HttpMethod.Get, path);
            answered += answer.IsSuccessStatusCode ? 1 : 0;
            _found.AddRange(InNumbers.FindIn($"GET {path}", await answer.Content.ReadAsStringAsync()));
        }

        Assert.That(answered, Is.GreaterThan(paths.Length - 6), "Nearly all of them show something.");
        var shown = await (await SendAsync(Viewer, HttpMethod.Get, "v1/disbursements/E-D1")).Content.ReadAsStringAsync();
        Assert.That(shown, Does.Contain($"****{Account[^4..]}"));
        var full = await (await SendAsync(Operator, HttpMethod.Get, $"v1/exceptions?limit=200")).Content.ReadAsStringAsync();
        Assert.That(full, Does.Contain(Stranger), "Whoever settles exceptions reads what the bank wrote.");
    }

    /// <summary>Every row of every table as text, and what stands in it as bytes. Beneficiary names are kept where the contract needs them (ADR 0026), nowhere else.</summary>
    private async Task SearchDatabaseAsync()
    {
        await using var connection = await InKindHost.Source.OpenConnectionAsync();
        var tables = new List<string>();
        await using (var list = new NpgsqlCommand("select format('%I.%I', n.nspname, c.relname) from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.relkind in ('r', 'p') and not c.relispartition and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')", connection))
        await using (var reader = await list.ExecuteReaderAsync())
        {
            while (await reader.ReadAsync())
            {
                tables.Add(reader.GetString(0));
            }
        }

        Assert.That(tables, Has.Count.GreaterThan(50));
        var rows = 0;
        foreach (var table in tables)
        {
            await using var all = new NpgsqlCommand($"select t::text from {table} t", connection);
            await using var reader = await all.ExecuteReaderAsync();
            while (await reader.ReadAsync())
            {
                rows++;
                // The hexadecimal of a bytea is searched as it stands; the known values are known in that form too.
                _found.AddRange((table == "envelopes.disbursement" ? InNumbers : Everything).FindIn(table, reader.GetString(0)));
            }
        }

        Assert.That(rows, Is.GreaterThan(200));
    }

    private Uri Address => new(_host.Urls.First());

    private async Task ReceiveAsync(string id, string type, int lines)
    {
        var envelope = Wire.Envelope(id, lines, lines * 10, change =>
        {
            change["benefit_type"] = type;
            change["measurement_unit"] = type.StartsWith("CASH", StringComparison.Ordinal) ? "USD" : "KG";
        });
        var people = new JsonArray([.. Enumerable.Range(1, lines).Select(i => (JsonNode)Wire.Line(id, $"{id}-D{i}", $"B{i}", 10, line => line["beneficiary_name"] = type == "CASH_DIGITAL" ? Name : PersonsName))]);
        foreach (var (path, body) in new (string, JsonNode)[] { ("create_disbursement_envelopes", Wire.Request(new JsonArray(envelope))), ("create_disbursements", Wire.Request(people, $"{id}-BATCH")) })
        {
            using var answer = await Http.PostAsJsonAsync(new Uri(Address, path), body);
            Assert.That((await answer.Content.ReadFromJsonAsync<JsonNode>())!.Succeeded(), Is.True);
        }
    }

    private async Task UploadAsync(string statement)
    {
        using var file = new ByteArrayContent(Encoding.Latin1.GetBytes(statement));
        file.Headers.ContentType = MediaTypeHeaderValue.Parse("text/plain");
        using var form = new MultipartFormDataContent { { file, "statement_file", "statement.mt940" } };
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(Address, "upload_mt940")) { Content = form };
        request.Headers.Add(ApiKey.Header, Operator);
        await KeepAsync("upload", await Http.SendAsync(request));
    }

    private async Task<HttpResponseMessage> SendAsync(string key, HttpMethod method, string path, HttpContent? content = null)
    {
        using var request = new HttpRequestMessage(method, new Uri(Address, path)) { Content = content };
        request.Headers.Add(ApiKey.Header, key);
        return await Http.SendAsync(request);
    }

    private async Task KeepAsync(string what, HttpResponseMessage answer)
    {
        using (answer)
        {
            _found.AddRange(Everything.FindIn($"answer {what} {(int)answer.StatusCode}", $"{answer.Headers} {await answer.Content.ReadAsStringAsync()}"));
        }
    }

    /// <summary>All background work of the hours after, until nothing moves any more.</summary>
    private async Task LaterAsync()
    {
        for (var i = 0; i < 6; i++)
        {
            await TestHost.WorkAsync(_host.Services);
            TestHost.Clock.Advance(TimeSpan.FromMinutes(40));
            await ExecuteAsync("update disbursement.chunk set lease_until = now() - interval '1 second' where lease_until is not null; update disbursement.chunk set unknown_at = now() - interval '1 day' where unknown_at is not null");
        }
    }
}
