using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using G2PBridge.Connectors;
using G2PBridge.Connectors.ExampleBank;

namespace G2PBridge.UnitTests.Connectors.ExampleBank;

/// <summary>What goes over the wire, and which answers count as what.</summary>
internal sealed class ExampleBankConnectorTests
{
    private static readonly PaymentOrder Order = new("key-1", "SPONSOR0001", null, null, "USD", "BLOCK", new DateOnly(2026, 6, 19), "CASHX", "2026-06",
    [
        new Payment("ABCD000000000011", 1000.50m, "D1", "B1", "Asha", "BANK_ACCOUNT", "ACC1", "EXAMPLE-BANK", "0001", null, null, null, null, "June", null),
        new Payment("ABCD000000000022", 20m, "D2", "B2", null, "MOBILE_WALLET", null, null, null, "+251", "PESA", null, null, null, null),
    ]);

    private readonly FakeBank _bank = new();

    [SetUp]
    public void Forget() => _bank.Forget();

    [OneTimeTearDown]
    public void Close() => _bank.Dispose();

    [Test]
    public async Task A_payment_order_is_the_contracts_array_with_key_and_wish_for_each_lines_truth()
    {
        _bank.Answers(HttpStatusCode.OK, """{"status":"success","error_message":""}""");
        var connector = Connector();
        Assert.That(await connector.InitiatePaymentsAsync(Order, CancellationToken.None), Is.SameAs(PaymentAnswer.Accepted.All));

        var (path, headers, body) = _bank.Calls.Single();
        Assert.That(path, Is.EqualTo("/api/example-bank/initiate_payment"));
        Assert.That((headers["Idempotency-Key"], headers["X-Per-Line-Results"], headers["Content-Type"]), Is.EqualTo(("key-1", "true", "application/json")));
        Assert.That(JsonNode.DeepEquals(JsonNode.Parse(body), JsonNode.Parse("""
            [
              {"payment_reference_number":"ABCD000000000011","remitting_account":"SPONSOR0001","remitting_account_currency":"USD","payment_amount":1000.50,
               "funds_blocked_reference_number":"BLOCK","beneficiary_name":"Asha","beneficiary_account":"ACC1","beneficiary_account_currency":"USD",
               "beneficiary_account_type":"BANK_ACCOUNT","beneficiary_bank_code":"EXAMPLE-BANK","beneficiary_branch_code":"0001",
               "beneficiary_mobile_wallet_provider":null,"beneficiary_phone_no":null,"beneficiary_email":null,"beneficiary_email_wallet_provider":null,
               "narrative_1":"June","narrative_2":"CASHX","narrative_3":"2026-06","narrative_4":"B1","narrative_5":"D1","narrative_6":"","payment_date":"2026-06-19"},
              {"payment_reference_number":"ABCD000000000022","remitting_account":"SPONSOR0001","remitting_account_currency":"USD","payment_amount":20,
               "funds_blocked_reference_number":"BLOCK","beneficiary_name":"N/A","beneficiary_account":null,"beneficiary_account_currency":"USD",
               "beneficiary_account_type":"MOBILE_WALLET","beneficiary_bank_code":null,"beneficiary_branch_code":null,
               "beneficiary_mobile_wallet_provider":"PESA","beneficiary_phone_no":"+251","beneficiary_email":null,"beneficiary_email_wallet_provider":null,
               "narrative_1":"","narrative_2":"CASHX","narrative_3":"2026-06","narrative_4":"B2","narrative_5":"D2","narrative_6":"","payment_date":"2026-06-19"}
            ]
            """)), body);
    }

    [Test]
    public async Task Upstreams_plain_bank_gets_no_header_that_it_does_not_know()
    {
        _bank.Answers(HttpStatusCode.OK, """{"status":"success","error_message":""}""");
        var connector = Connector(new ExampleBankSettings { BaseUrl = FakeBank.Address, CanInquire = false, CanRelease = false, IdempotentBlock = false, IdempotentPayments = false, PerLineOutcome = false });
        await connector.InitiatePaymentsAsync(Order, CancellationToken.None);
        Assert.That(_bank.Calls.Single().Headers.Keys, Has.None.EqualTo("Idempotency-Key").And.None.EqualTo("X-Per-Line-Results"));
        Assert.That(connector.Capabilities, Is.EqualTo(new BankCapabilities(false, false, false, false, false, null, 5_000)));
    }

    [TestCase("failed", "Invalid funds block reference or mismatch in details", typeof(PaymentAnswer.Refused))]
    [TestCase("failed", "DUPLICATE_REFERENCE: ABCD000000000011", typeof(PaymentAnswer.NotKnown), Description = "the bank has it already: the opposite of a refusal")]
    [TestCase("queued", "", typeof(PaymentAnswer.NotKnown))]
    public async Task Only_documented_words_are_an_answer_to_an_order(string status, string message, Type expected)
    {
        _bank.Answers(HttpStatusCode.OK, $$"""{"status":"{{status}}","error_message":"{{message}}"}""");
        var connector = Connector();
        Assert.That(await connector.InitiatePaymentsAsync(Order, CancellationToken.None), Is.TypeOf(expected));
    }

    [TestCase(200, "<html>gateway</html>", typeof(PaymentAnswer.NotKnown))]
    [TestCase(200, "", typeof(PaymentAnswer.NotKnown))]
    [TestCase(200, "null", typeof(PaymentAnswer.NotKnown))]
    [TestCase(204, "", typeof(PaymentAnswer.NotKnown))]
    [TestCase(307, "", typeof(PaymentAnswer.NotKnown))]
    [TestCase(400, "bad gateway somewhere", typeof(PaymentAnswer.NotKnown))]
    [TestCase(400, """{"errors":[{"code":"G2P-REQ-102","message":"Invalid Input."}]}""", typeof(PaymentAnswer.Refused))]
    [TestCase(404, """{"detail":"Not Found"}""", typeof(PaymentAnswer.NotKnown))]
    [TestCase(409, """{"status":"failed","error_message":"used before"}""", typeof(PaymentAnswer.NotKnown))]
    [TestCase(500, """{"status":"failed","error_message":"x"}""", typeof(PaymentAnswer.NotKnown))]
    [TestCase(502, "", typeof(PaymentAnswer.NotKnown))]
    [TestCase(503, "", typeof(PaymentAnswer.NotKnown))]
    [TestCase(504, "", typeof(PaymentAnswer.NotKnown))]
    [TestCase(429, "", typeof(PaymentAnswer.NotSent))]
    public async Task What_is_not_a_definite_answer_leaves_the_order_open(int status, string body, Type expected)
    {
        _bank.Answers((HttpStatusCode)status, body);
        var connector = Connector();
        Assert.That(await connector.InitiatePaymentsAsync(Order, CancellationToken.None), Is.TypeOf(expected));
        Assert.That(_bank.Calls, Has.Count.EqualTo(1), "an order is sent once");
    }

    [Test]
    public async Task Come_back_later_means_that_nothing_was_taken()
    {
        _bank.Answers(HttpStatusCode.ServiceUnavailable, "", response => response.Headers.RetryAfter = new RetryConditionHeaderValue(TimeSpan.FromSeconds(7)));
        var connector = Connector();
        Assert.That(await connector.InitiatePaymentsAsync(Order, CancellationToken.None), Is.EqualTo(new PaymentAnswer.NotSent("HTTP 503 with Retry-After", TimeSpan.FromSeconds(7))));
    }

    [TestCase(HttpRequestError.ConnectionError, typeof(PaymentAnswer.NotSent))]
    [TestCase(HttpRequestError.NameResolutionError, typeof(PaymentAnswer.NotSent))]
    [TestCase(HttpRequestError.SecureConnectionError, typeof(PaymentAnswer.NotSent))]
    [TestCase(HttpRequestError.ResponseEnded, typeof(PaymentAnswer.NotKnown))]
    [TestCase(HttpRequestError.InvalidResponse, typeof(PaymentAnswer.NotKnown))]
    [TestCase(HttpRequestError.Unknown, typeof(PaymentAnswer.NotKnown))]
    public async Task Only_a_connection_that_never_was_proves_that_nothing_was_sent(HttpRequestError error, Type expected)
    {
        _bank.Does(_ => throw new HttpRequestException(error));
        var connector = Connector();
        Assert.That(await connector.InitiatePaymentsAsync(Order, CancellationToken.None), Is.TypeOf(expected));
    }

    [Test]
    public async Task A_closed_port_proves_that_nothing_was_sent_and_a_reset_does_not()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var address = new Uri($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}");
        using var handler = ExampleBankConnector.Handler();
        var settings = new ExampleBankSettings { BaseUrl = address };
        var connector = new ExampleBankConnector(settings, new BankCall(() => new HttpClient(handler, disposeHandler: false), settings));

        var resetting = Task.Run(async () =>
        {
            using var peer = await listener.AcceptSocketAsync();
            await peer.ReceiveAsync(new byte[256]);
            peer.LingerState = new LingerOption(true, 0);
        });
        Assert.That(await connector.InitiatePaymentsAsync(Order, CancellationToken.None), Is.TypeOf<PaymentAnswer.NotKnown>());
        await resetting;

        listener.Stop();
        Assert.That(await connector.InitiatePaymentsAsync(Order, CancellationToken.None), Is.TypeOf<PaymentAnswer.NotSent>());
    }

    [Test]
    public async Task Each_line_gets_its_own_truth_and_a_line_that_is_left_out_is_not_known()
    {
        var order = Order with { Payments = [.. Order.Payments, Order.Payments[0] with { Reference = "ABCD000000000033" }, Order.Payments[0] with { Reference = "ABCD000000000044" }] };
        _bank.Answers(HttpStatusCode.OK, """
            {"status":"partial","error_message":"","payments":[
              {"payment_reference_number":"ABCD000000000011","status":"ACCEPTED","reason":null},
              {"payment_reference_number":"ABCD000000000022","status":"REFUSED","reason":"NO_SUCH_WALLET"},
              {"payment_reference_number":"ABCD000000000033","status":"REFUSED","reason":"DUPLICATE_REFERENCE"}]}
            """);
        var connector = Connector();
        var answer = (PaymentAnswer.Accepted)await connector.InitiatePaymentsAsync(order, CancellationToken.None);
        Assert.That(answer.Refusals, Is.EqualTo(new[] { new PaymentRefusal("ABCD000000000022", "NO_SUCH_WALLET", null) }));
        Assert.That(answer.ReferencesNotKnown, Is.EqualTo(new[] { "ABCD000000000033", "ABCD000000000044" }));
    }

    [TestCase("""{"status":"success","has_sufficient_funds":true,"error_message":""}""", typeof(FundsCheck.Sufficient))]
    [TestCase("""{"status":"success"}""", typeof(FundsCheck.Sufficient))]
    [TestCase("""{"status":"failed","has_sufficient_funds":false,"error_message":"Insufficient funds"}""", typeof(FundsCheck.Insufficient))]
    [TestCase("""{"status":"success","has_sufficient_funds":false}""", typeof(FundsCheck.Insufficient))]
    [TestCase("nonsense", typeof(FundsCheck.NotKnown))]
    public async Task A_funds_check_is_understood(string body, Type expected)
    {
        _bank.Answers(HttpStatusCode.OK, body);
        var connector = Connector();
        Assert.That(await connector.CheckFundsAsync(new FundsRequest("SPONSOR0001", "USD", 2000.5m, "k"), CancellationToken.None), Is.TypeOf(expected));
        Assert.That(JsonNode.DeepEquals(JsonNode.Parse(_bank.Calls[0].Body), JsonNode.Parse("""{"account_number":"SPONSOR0001","account_currency":"USD","total_funds_needed":2000.5}""")));
    }

    [Test]
    public async Task A_block_names_its_key_and_what_was_really_granted()
    {
        _bank.Answers(HttpStatusCode.OK, """{"status":"success","block_reference_no":"R1","error_message":"","granted_amount":1000.0}""");
        var connector = Connector();
        Assert.That(await connector.BlockFundsAsync(new FundsRequest("SPONSOR0001", "USD", 2000m, "key-2"), CancellationToken.None), Is.EqualTo(new FundsBlock.Blocked("R1", 1000m)));
        Assert.That(_bank.Calls.Single().Headers["Idempotency-Key"], Is.EqualTo("key-2"));
    }

    [TestCase(200, """{"status":"failed","block_reference_no":"","error_message":"Insufficient funds"}""", typeof(FundsBlock.Refused))]
    [TestCase(200, """{"status":"success","block_reference_no":""}""", typeof(FundsBlock.NotKnown))]
    [TestCase(409, """{"status":"failed"}""", typeof(FundsBlock.NotKnown))]
    [TestCase(500, "", typeof(FundsBlock.NotKnown))]
    public async Task A_block_without_a_definite_answer_is_not_refused(int status, string body, Type expected)
    {
        _bank.Answers((HttpStatusCode)status, body);
        var connector = Connector();
        Assert.That(await connector.BlockFundsAsync(new FundsRequest("SPONSOR0001", "USD", 2000m, "key-2"), CancellationToken.None), Is.TypeOf(expected));
        Assert.That(_bank.Calls, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task An_inquiry_is_understood_line_by_line()
    {
        _bank.Answers(HttpStatusCode.OK, """{"status":"success","error_message":"","payments":[{"payment_reference_number":"A","status":"PAID"},{"payment_reference_number":"B","status":"NOT_FOUND"},{"payment_reference_number":"C","status":"REFUSED","reason":"X"},{"payment_reference_number":"D","status":"RETURNED","reason":"Y"},{"payment_reference_number":"E","status":"?"}]}""");
        var connector = Connector();
        Assert.That(await connector.InquireAsync(["A", "B", "C", "D", "E"], CancellationToken.None), Is.EqualTo(new[]
        {
            new PaymentInquiry("A", PaymentKnowledge.Accepted, null, null),
            new PaymentInquiry("B", PaymentKnowledge.NotFound, null, null),
            new PaymentInquiry("C", PaymentKnowledge.Refused, "X", null),
            new PaymentInquiry("D", PaymentKnowledge.Accepted, null, null),
        }));
    }

    [Test]
    public void Come_back_later_reaches_the_guard_with_its_time_whatever_was_asked()
    {
        var connector = Connector();
        foreach (var call in new Func<Task>[]
        {
            () => connector.InquireAsync(["A"], CancellationToken.None),
            () => connector.CheckFundsAsync(new FundsRequest("A", "USD", 1, "k"), CancellationToken.None),
            () => connector.BlockFundsAsync(new FundsRequest("A", "USD", 1, "k"), CancellationToken.None),
        })
        {
            _bank.Answers(HttpStatusCode.TooManyRequests, "", response => response.Headers.RetryAfter = new RetryConditionHeaderValue(TimeSpan.FromSeconds(7)));
            Assert.That(Assert.ThrowsAsync<BankUnavailableException>(() => call())!.RetryAfter, Is.EqualTo(TimeSpan.FromSeconds(7)));
        }
    }

    [Test]
    public void A_statement_entry_is_read_as_the_bank_writes_it()
    {
        var connector = Connector();
        Assert.That(connector.Recognise(new StatementEntryText("ABCD000000000011", "X", ["June", "CASHX", "2026-06", "B1", "D1", "ACCOUNT_CLOSED"], true)),
            Is.EqualTo(new RecognisedEntry("ABCD000000000011", "B1", "ACCOUNT_CLOSED")));
        Assert.That(connector.Recognise(new StatementEntryText(null, null, ["None", "", "", "None", "D1", ""], false)), Is.EqualTo(new RecognisedEntry("D1", null, null)));
    }

    private ExampleBankConnector Connector(ExampleBankSettings? settings = null)
    {
        settings ??= new ExampleBankSettings { BaseUrl = FakeBank.Address };
        return new ExampleBankConnector(settings, new BankCall(() => new HttpClient(_bank, disposeHandler: false), settings));
    }

    private sealed class FakeBank : HttpMessageHandler
    {
        private readonly Queue<Func<CancellationToken, Task<HttpResponseMessage>>> _answers = new();

        public static Uri Address { get; } = new("http://bank.invalid/api/example-bank");

        public List<(string Path, Dictionary<string, string> Headers, string Body)> Calls { get; } = [];

        public void Forget()
        {
            _answers.Clear();
            Calls.Clear();
        }

        public void Does(Func<CancellationToken, Task<HttpResponseMessage>> answer) => _answers.Enqueue(answer);

        public void Answers(HttpStatusCode status, string body, Action<HttpResponseMessage>? change = null) => _answers.Enqueue(_ =>
        {
            var response = new HttpResponseMessage(status) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
            change?.Invoke(response);
            return Task.FromResult(response);
        });

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var headers = request.Headers.Concat(request.Content!.Headers).ToDictionary(header => header.Key, header => string.Join(',', header.Value));
            Calls.Add((request.RequestUri!.AbsolutePath, headers, await request.Content.ReadAsStringAsync(cancellationToken)));
            return await _answers.Dequeue()(cancellationToken);
        }
    }
}
