using System.Text.Json.Nodes;
using G2PBridge.Connectors;
using G2PBridge.Modules.Disbursement.Contracts;
using G2PBridge.Modules.Reconciliation.Domain;
using G2PBridge.Platform.Jobs;

namespace G2PBridge.IntegrationTests.Reconciliation;

/// <summary>Payment status reports (pain.002): what a bank says of its orders before, beside and against its statements.</summary>
internal sealed class StatusReportTests : ReconciliationTest
{
    [TearDown]
    public Task TheInvariantsHold() => AssertInvariantsHoldAsync();

    [Test]
    public async Task A_rejection_makes_a_sent_payment_proved_unpaid_with_its_reason()
    {
        var payments = await PayAsync(3);

        var file = await ReportAsync(new StatusText().Payment(payments[0], "ACSC").Payment(payments[1], "RJCT", "AC04").Payment(payments[2], "ACSP"));

        var refused = (await SendAsync(new FindInstructionsOfLines([await LineOfAsync(payments[1])]))).Single();
        Assert.Multiple(async () =>
        {
            Assert.That(((string?)file["file"]!["state"], (string?)file["statements"]![0]!["state"], (string?)file["file"]!["error_code"]), Is.EqualTo(("PROCESSED", "BOOKED", (string?)null)));
            Assert.That((refused.State, refused.ReasonCode), Is.EqualTo((LineState.Refused, "AC04")));
            Assert.That((await StateAsync(payments[0]), await StateAsync(payments[2])), Is.EqualTo((LineState.Sent, LineState.Sent)));
            Assert.That(await ProgressAsync(), Is.EqualTo(Counts(0, 0)), "done is no proof of booking");
            Assert.That(await OpenAsync(), Is.Empty);
            Assert.That((await SendAsync(new ReadDispatchProgress([Envelope]))).Single(), Has.Property("Sent").EqualTo(2).And.Property("Refused").EqualTo(1));
            Assert.That(await ScalarAsync<string>("select reason_code from disbursement.failure"), Is.EqualTo("AC04"));
        });
    }

    [TestCase("ACTC", LineState.Sent)]
    [TestCase("ACSC", LineState.Sent)]
    [TestCase("RJCT", LineState.Refused)]
    [TestCase("CANC", LineState.Refused)]
    [TestCase("PART", LineState.Unknown)]
    public async Task A_report_settles_a_payment_without_an_answer(string status, LineState expected)
    {
        Unanswered();
        var payments = await PayAsync(2);

        await ReportAsync(new StatusText().Payment(payments[0], status, expected == LineState.Refused ? "AC01" : null));

        Assert.That((await StateAsync(payments[0]), await StateAsync(payments[1])), Is.EqualTo((expected, LineState.Unknown)));
    }

    [Test]
    public async Task A_rejection_after_a_booked_debit_is_an_exception_and_no_unpaid_line()
    {
        var payments = await PayAsync(1);
        await ImportAsync(new StatementText().Debit(payments[0]));

        await ReportAsync(new StatusText().Payment(payments[0], "RJCT", "AC04"));

        var exception = (await OpenAsync()).Single()!;
        Assert.Multiple(async () =>
        {
            Assert.That(await StateAsync(payments[0]), Is.EqualTo(LineState.Sent));
            Assert.That(await ScalarAsync<long>("select count(*) from disbursement.failure"), Is.Zero);
            Assert.That(((string?)exception["reason"], (string?)exception["entry"]!["type"], exception["entry"]!["adds_to_balance"]), Is.EqualTo(("RejectedAfterDebit", "RJCT", (JsonNode?)null)));
            Assert.That((string?)exception["candidates"]![0]!["payment_reference"], Is.EqualTo(payments[0].Reference));
        });
    }

    [TestCase("RDX")]
    [TestCase("DRX")]
    [TestCase("DXR")]
    [TestCase("DX|R")]
    public async Task Rejection_debit_and_return_end_alike_in_any_order(string order)
    {
        var payment = (await PayAsync(1))[0];
        var day = 19;
        foreach (var step in order.Replace("|", "", StringComparison.Ordinal))
        {
            var on = $"2606{day++}";
            await (step switch
            {
                'R' => ReportAsync(new StatusText($"STS-{day}").Payment(payment, "RJCT", "AC04")),
                'D' => ImportAsync(new StatementText(day: on).Debit(payment)),
                _ => ImportAsync(new StatementText(day: on).Return(payment)),
            });
        }

        Assert.Multiple(async () =>
        {
            Assert.That(await StateAsync(payment), Is.EqualTo(LineState.Returned));
            Assert.That(await ProgressAsync(), Is.EqualTo(Counts(1, 1000m, 1, 1000m)));
            Assert.That((await MatchesAsync(payment)).Select(match => match.ReasonCode), Is.EqualTo(new[] { null, "AC04" }));
            Assert.That(await OpenAsync(), Is.Empty);
        });
    }

    [Test]
    public async Task A_debit_after_the_rejection_takes_back_what_would_allow_a_second_payment_and_is_shown()
    {
        var payment = (await PayAsync(1))[0];
        await ReportAsync(new StatusText().Payment(payment, "RJCT", "AC04"));
        var before = await StateAsync(payment);

        await ImportAsync(new StatementText().Debit(payment));

        Assert.Multiple(async () =>
        {
            Assert.That((before, await StateAsync(payment)), Is.EqualTo((LineState.Refused, LineState.Sent)));
            Assert.That(await ScalarAsync<long>("select count(*) from disbursement.failure"), Is.Zero);
            Assert.That((string?)(await OpenAsync()).Single()!["reason"], Is.EqualTo("RejectedAfterDebit"));
        });
    }

    [Test]
    public async Task A_debit_that_is_booked_between_a_rejection_and_its_telling_has_the_last_word()
    {
        var payment = (await PayAsync(1))[0];
        await UploadAsync(new StatusText().Payment(payment, "RJCT", "AC04").ToString(), "application/xml");
        await using var dying = await OtherHost.StartAsync(new DyingReader(ReadStep.Booked));
        Assert.That(async () => await TestHost.WorkAsync(Work.ReadStatements, dying.Services), Throws.InstanceOf<IOException>());
        await ExecuteAsync("update reconciliation.statement_file set due_at = due_at + interval '1 hour'");
        await ImportAsync(new StatementText().Debit(payment));

        Clock.Advance(TimeSpan.FromHours(2));
        await ReadAsync();

        Assert.Multiple(async () =>
        {
            Assert.That(await StateAsync(payment), Is.EqualTo(LineState.Sent));
            Assert.That(await ScalarAsync<long>("select count(*) from reconciliation.statement_file where told_at is null"), Is.Zero);
            Assert.That((string?)(await OpenAsync()).Single()!["reason"], Is.EqualTo("RejectedAfterDebit"));
        });
    }

    [Test]
    public async Task A_debit_read_before_and_booked_after_the_rejection_was_told_has_the_last_word()
    {
        var payment = (await PayAsync(1))[0];
        IdOf(await UploadAsync(new StatementText().Debit(payment)));
        await using var late = await OtherHost.StartAsync(new Meanwhile(ReadStep.AllWritten, () => ReportAsync(new StatusText().Payment(payment, "RJCT", "AC04")).GetAwaiter().GetResult()));

        await TestHost.WorkAsync(Work.ReadStatements, late.Services);

        Assert.Multiple(async () =>
        {
            Assert.That(await ScalarAsync<long>("select count(*) from disbursement.line_history where to_state = 'Refused'"), Is.EqualTo(1), "it was told in between");
            Assert.That(await StateAsync(payment), Is.EqualTo(LineState.Sent));
            Assert.That(await ScalarAsync<long>("select count(*) from disbursement.failure"), Is.Zero);
        });
    }

    [TestCase("DUPL", "HeldAsDuplicate")]
    [TestCase("AM05", "HeldAsDuplicate")]
    [TestCase("DU04", "HeldAsDuplicate")]
    public async Task A_rejection_as_a_duplicate_is_no_proof_that_nothing_was_paid(string code, string reason)
    {
        Unanswered();
        var payment = (await PayAsync(1))[0];

        await ReportAsync(new StatusText().Payment(payment, "RJCT", code));

        Assert.That((await StateAsync(payment), (string?)(await OpenAsync()).Single()!["reason"]), Is.EqualTo((LineState.Unknown, reason)));
    }

    [Test]
    public async Task What_is_odd_goes_to_the_queue_once_however_often_it_is_reported()
    {
        var payments = await PayAsync(3);
        Bank.NextPayment(order => Task.FromResult<PaymentAnswer?>(new PaymentAnswer.Accepted([new PaymentRefusal(order.Payments[0].Reference, "AC01", null)], [])));
        var refused = (await PayAsync(1, envelope: "F"))[0];
        StatusText Report(string message = "STS-1") => new StatusText(message)
            .Payment(payments[0], "BLCK").Payment(payments[1], "XYZZ").Named("NOBODY", "RJCT", "AC04").Payment(refused, "ACSC").Payment(payments[2], "ACCP").Payment(refused, "RJCT", "AC01");

        await ReportAsync(Report());
        var same = await ReportAsync(Report("STS-2"));
        var more = await ReportAsync(Report().Payment(payments[0], "ACSP"));

        Assert.Multiple(async () =>
        {
            Assert.That((await OpenAsync()).Select(item => (string?)item!["reason"]), Is.EqualTo(new[] { "BlockedByBank", "StatusUnknown", "UnknownReference", "SettledAfterRefusal" }));
            Assert.That((string?)same["statements"]![0]!["state"], Is.EqualTo("DUPLICATE"));
            Assert.That(((int)more["file"]!["repeated"]!, (int)more["file"]!["unmatched"]!), Is.EqualTo((4, 0)));
            Assert.That(await StateAsync(refused), Is.EqualTo(LineState.Refused));
        });
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task An_order_that_is_rejected_as_a_whole_is_each_of_its_payments(bool dashes)
    {
        var payments = await PayAsync(3);
        var key = Bank.Orders.Single().IdempotencyKey;

        await ReportAsync(new StatusText(order: dashes ? key : key.Replace("-", "", StringComparison.Ordinal).ToUpperInvariant()).Whole("RJCT", "AM04"));

        Assert.Multiple(async () =>
        {
            foreach (var payment in payments)
            {
                Assert.That(await StateAsync(payment), Is.EqualTo(LineState.Refused));
            }

            Assert.That(await ScalarAsync<string>("select string_agg(distinct reason_code, ' ') from disbursement.failure"), Is.EqualTo("AM04"));
            Assert.That(await OpenAsync(), Is.Empty);
        });
    }

    [Test]
    public async Task An_order_rejected_as_a_whole_that_names_some_of_its_payments_is_asked_about()
    {
        var payments = await PayAsync(3);

        await ReportAsync(new StatusText(order: Bank.Orders.Single().IdempotencyKey).Whole("RJCT", "AM04").Payment(payments[0], "RJCT", "AM04"));

        Assert.Multiple(async () =>
        {
            Assert.That((await StateAsync(payments[0]), await StateAsync(payments[1])), Is.EqualTo((LineState.Refused, LineState.Sent)));
            Assert.That((await OpenAsync()).Select(item => (string?)item!["reason"]).Distinct(), Is.EqualTo(new[] { "OrderPartlyNamed" }));
        });
    }

    [TestCase("ACTC")]
    [TestCase("PART")]
    public async Task A_word_about_an_order_that_is_no_rejection_says_nothing_about_its_payments(string status)
    {
        Unanswered();
        var payment = (await PayAsync(1))[0];

        await ReportAsync(new StatusText(order: Bank.Orders.Single().IdempotencyKey).Whole(status));

        Assert.That((await StateAsync(payment), await OpenAsync()), Is.EqualTo((LineState.Unknown, Array.Empty<JsonNode>())));
    }

    [Test]
    public async Task A_status_cannot_be_matched_as_if_it_were_a_movement()
    {
        var payment = (await PayAsync(1))[0];
        await ImportAsync(new StatementText().Debit(payment));
        await ReportAsync(new StatusText().Payment(payment, "RJCT", "AC04"));
        var id = (string)(await OpenAsync()).Single()!["id"]!;

        var match = await PostAsActorAsync($"v1/exceptions/{id}/decisions", "ana", new JsonObject { ["kind"] = "MATCH", ["payment_reference"] = payment.Reference, ["reason"] = "x" });
        var classify = await PostAsActorAsync($"v1/exceptions/{id}/decisions", "ana", new JsonObject { ["kind"] = "CLASSIFY", ["class"] = "OTHER", ["reason"] = "the bank took its report back" });

        Assert.That(((string?)match["code"], (string?)classify["state"]), Is.EqualTo(("ENTRY_UNREADABLE", "PROPOSED")));
    }

    [TestCase(ReadStep.BeforeCommit)]
    [TestCase(ReadStep.Booked)]
    [TestCase(ReadStep.Told)]
    public async Task A_host_that_dies_in_between_only_delays_a_report(ReadStep step)
    {
        var payments = await PayAsync(2);
        await UploadAsync(new StatusText().Payment(payments[0], "RJCT", "AC04").Payment(payments[1], "ACSC").ToString(), "application/xml");
        await using var dying = await OtherHost.StartAsync(new DyingReader(step));

        Assert.That(async () => await TestHost.WorkAsync(Work.ReadStatements, dying.Services), Throws.InstanceOf<IOException>());
        await ExecuteAsync("update reconciliation.statement_file set lease_until = now() - interval '1 second' where state = 'Reading'");
        Clock.Advance(TimeSpan.FromMinutes(1));
        await ReadAsync();

        Assert.Multiple(async () =>
        {
            Assert.That(await StateAsync(payments[0]), Is.EqualTo(LineState.Refused));
            Assert.That(await ScalarAsync<long>("select count(*) from disbursement.line_history where to_state = 'Refused'"), Is.EqualTo(1));
            Assert.That(await ScalarAsync<long>("select count(*) from reconciliation.statement_file where told_at is null"), Is.Zero);
        });
    }

    [Test]
    public async Task A_report_about_an_order_that_is_on_its_way_waits_for_the_banks_answer()
    {
        var states = new List<LineState>();
        Bank.NextPayment(async order =>
        {
            await ReportAsync(new StatusText().Payment(order.Payments[0], "RJCT", "AC04"));
            states.Add(await StateAsync(order.Payments[0]));
            return PaymentAnswer.Accepted.All;
        });
        var payments = await PayAsync(2);
        states.Add(await StateAsync(payments[0]));
        Clock.Advance(TimeSpan.FromMinutes(1));
        await ReadAsync();
        states.Add(await StateAsync(payments[0]));

        Assert.That(states, Is.EqualTo(new[] { LineState.Sending, LineState.Sent, LineState.Refused }));
    }

    private static void Unanswered()
    {
        Bank.NextPayment(order =>
        {
            Bank.Take(order);
            return Task.FromResult<PaymentAnswer?>(new PaymentAnswer.NotKnown("time-out"));
        });
        Bank.Capabilities = Bank.Capabilities with { CanInquire = false };
    }

    private static async Task<JsonNode> ReportAsync(StatusText report)
    {
        var id = IdOf(await UploadAsync(report.ToString(), "application/xml"));
        await ReadAsync();
        return await FileAsync(id);
    }

    private sealed class Meanwhile(ReadStep step, Action act) : IReadObserver
    {
        private int _done;

        public void Reached(ReadStep reached)
        {
            if (reached == step && Interlocked.Exchange(ref _done, 1) == 0)
            {
                act();
            }
        }
    }
}
