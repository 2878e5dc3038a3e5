using System.Text.Json.Nodes;
using G2PBridge.Connectors;
using G2PBridge.Modules.Disbursement.Contracts;
using G2PBridge.Modules.Disbursement.Domain;
using G2PBridge.Platform.Jobs;

namespace G2PBridge.IntegrationTests.Disbursement;

/// <summary>Claim, intent, call, settle: what the bank gets and what we know, wherever it breaks.</summary>
internal sealed class SendProtocolTests : DisbursementTest
{
    [Test]
    public async Task Lines_that_are_funded_and_resolved_are_sent_once()
    {
        await ReadyAsync(5);
        await WorkAsync();

        Assert.That(await ChunkStateAsync(), Is.EqualTo("Sent"));
        IsProgress(await ProgressAsync(), sent: 5);
        Assert.That((await ProgressAsync()).Complete);
        Assert.That(Bank.Orders.Single().Total, Is.EqualTo(5000m));
        Assert.That(Bank.Orders.Single().BlockReference, Does.StartWith("BLOCK-"));
        Assert.That((await SendAsync(new ReadDispatchOfBatch(Batch)))!.Status, Is.EqualTo("PROCESSED"));
        NobodyIsPaidTwice();
    }

    [Test]
    public async Task The_intent_is_committed_and_no_transaction_is_open_while_the_bank_is_called()
    {
        await ReadyAsync(5);
        var seen = (Stored: 0L, Open: -1L);
        Bank.NextPayment(async _ =>
        {
            seen = (await ScalarAsync<long>("select count(*) from disbursement.instruction"),
                await ScalarAsync<long>("select count(*) from pg_stat_activity where datname = current_database() and state like 'idle in transaction%'"));
            return null;
        });
        await SendOneAsync();
        Assert.That(seen, Is.EqualTo((5L, 0L)));
    }

    [Test]
    public async Task An_answer_that_never_comes_makes_lines_unknown_and_they_are_asked_about_and_not_sent_again()
    {
        await ReadyAsync(5);
        Bank.NextPayment(order =>
        {
            Bank.Take(order);
            throw new TimeoutException();
        });
        await SendOneAsync();
        Assert.That(await ChunkStateAsync(), Is.EqualTo("Unknown"));
        IsProgress(await ProgressAsync(), unknown: 5);

        await LaterAsync();

        Assert.That(await ChunkStateAsync(), Is.EqualTo("Sent"));
        IsProgress(await ProgressAsync(), sent: 5);
        Assert.That(Bank.Orders, Has.Count.EqualTo(1));
        Assert.That(await ScalarAsync<long>("select count(*) from disbursement.line_state"), Is.Zero);
        NobodyIsPaidTwice();
    }

    [Test]
    public async Task A_connector_that_never_returns_does_not_hold_its_lane_for_ever_and_counts_as_unknown()
    {
        await ReadyAsync(1);
        Bank.NextPayment(_ => Task.FromException<PaymentAnswer?>(new OperationCanceledException()));
        await SendOneAsync();
        Assert.That(await ChunkStateAsync(), Is.EqualTo("Unknown"));
    }

    [TestCaseSource(nameof(Steps))]
    public async Task A_crash_at_any_step_never_sends_twice(SendStep step)
    {
        Bank.Capabilities = Bank.Capabilities with { IdempotentPayments = false };
        await CrashAndGoOnAsync(step);

        NobodyIsPaidTwice();
        Assert.That(Bank.Orders, Has.Count.EqualTo(step is SendStep.IntentCommitted or SendStep.BeforeCall ? 0 : 1));
        IsProgress(await ProgressAsync(), sent: Bank.Books.Count, refused: 5 - Bank.Books.Count);
        Assert.That(await ScalarAsync<long>("select count(*) from disbursement.failure where reason_code = 'NOT_FOUND_AT_BANK'"), Is.EqualTo(5 - Bank.Books.Count));
        Assert.That((await ProgressAsync()).Complete);
    }

    [TestCaseSource(nameof(Steps))]
    public async Task A_crash_at_any_step_pays_everybody_once_at_a_bank_that_honours_the_key(SendStep step)
    {
        await CrashAndGoOnAsync(step);

        NobodyIsPaidTwice();
        Assert.That(Bank.Books, Has.Count.EqualTo(5));
        Assert.That(Bank.Orders, Has.Count.EqualTo(1));
        IsProgress(await ProgressAsync(), sent: 5);
        Assert.That((await ProgressAsync()).Complete);
    }

    private static async Task CrashAndGoOnAsync(SendStep step)
    {
        await ReadyAsync(5);
        Crash.At(step);
        Assert.That(SendOneAsync, Throws.TypeOf<SimulatedCrashException>());
        await LaterAsync();
        await PassSettleWindowAsync();
        await LaterAsync();
    }

    [Test]
    public async Task A_dead_lease_while_sending_becomes_unknown_and_never_pending()
    {
        await ReadyAsync(5);
        Crash.At(SendStep.CallAnswered);
        Assert.That(SendOneAsync, Throws.TypeOf<SimulatedCrashException>());
        Assert.That(await ChunkStateAsync(), Is.EqualTo("Sending"));
        IsProgress(await ProgressAsync(), inFlight: 5);
        await RecoverAsync();
        Assert.That(await ChunkStateAsync(), Is.EqualTo("Unknown"));
        IsProgress(await ProgressAsync(), unknown: 5);
    }

    [Test]
    public async Task A_living_lease_is_left_alone()
    {
        await ReadyAsync(5);
        Crash.At(SendStep.CallAnswered);
        Assert.That(SendOneAsync, Throws.TypeOf<SimulatedCrashException>());
        await WorkAsync();
        Assert.That(await ChunkStateAsync(), Is.EqualTo("Sending"));
    }

    [Test]
    public async Task A_late_writer_changes_nothing_after_its_lease_was_taken()
    {
        await ReadyAsync(5);
        Bank.NextPayment(async order =>
        {
            Bank.Take(order);
            await RecoverAsync();
            return PaymentAnswer.Accepted.All;
        });
        await SendOneAsync();
        Assert.That(await ChunkStateAsync(), Is.EqualTo("Unknown"));
        IsProgress(await ProgressAsync(), unknown: 5);

        await LaterAsync();
        IsProgress(await ProgressAsync(), sent: 5);
        Assert.That(Bank.Orders, Has.Count.EqualTo(1));
    }

    [TestCase(SendStep.AddressesRead)]
    [TestCase(SendStep.GateTaken)]
    [TestCase(SendStep.LinesRead)]
    public async Task A_worker_that_was_stopped_before_its_intent_finds_that_another_took_over(SendStep step)
    {
        await ReadyAsync(5);
        Crash.At(step, () => Task.Run(async () =>
        {
            await RecoverAsync();
            await SendOneAsync();
        }).GetAwaiter().GetResult());
        await SendOneAsync();
        Assert.That(Bank.Orders, Has.Count.EqualTo(1));
        Assert.That(await ChunkStateAsync(), Is.EqualTo("Sent"));
        IsProgress(await ProgressAsync(), sent: 5);
    }

    [TestCase(SendStep.AddressesRead)]
    [TestCase(SendStep.LinesRead)]
    public async Task A_worker_that_was_stopped_before_it_took_an_unsent_order_up_again_does_not_send_it(SendStep step)
    {
        await ReadyAsync(5);
        Bank.NextPayment(new PaymentAnswer.NotSent("no connection", null));
        await SendOneAsync();
        Clock.Advance(PastEveryPause);
        Crash.At(step, () => Task.Run(async () =>
        {
            await RecoverAsync();
            await SendOneAsync();
        }).GetAwaiter().GetResult());
        await SendOneAsync();
        Assert.That(Bank.Orders, Has.Count.EqualTo(2));
        NobodyIsPaidTwice();
        IsProgress(await ProgressAsync(), sent: 5);
    }

    [TestCase(SendStep.IntentCommitted)]
    [TestCase(SendStep.CallAnswered)]
    [TestCase(SendStep.BeforeCall)]
    public async Task A_worker_that_was_stopped_after_its_intent_has_no_say_any_more(SendStep step)
    {
        await ReadyAsync(5);
        Crash.At(step, () => Task.Run(RecoverAsync).GetAwaiter().GetResult());
        await SendOneAsync();
        Assert.That(await ChunkStateAsync(), Is.EqualTo("Unknown"));
        await LaterAsync();
        Assert.That(Bank.Orders, Has.Count.EqualTo(1));
        IsProgress(await ProgressAsync(), sent: 5);
        NobodyIsPaidTwice();
    }

    [Test]
    public async Task Many_workers_on_one_chunk_make_one_call()
    {
        await ReadyAsync(5);
        var did = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(SendOneAsync)));
        Assert.That(did.Count(done => done), Is.EqualTo(1));
        Assert.That(Bank.Orders, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task What_did_not_reach_the_bank_is_sent_again_as_it_was()
    {
        await ReadyAsync(5);
        Bank.NextPayment(new PaymentAnswer.NotSent("no connection", TimeSpan.FromSeconds(30)));
        await WorkAsync();
        Assert.That(await ChunkStateAsync(), Is.EqualTo("Prepared"));
        Assert.That(await ChunkErrorAsync(), Is.EqualTo("BANK_NOT_REACHED"));
        IsProgress(await ProgressAsync(), inFlight: 5);

        Clock.Advance(TimeSpan.FromSeconds(29));
        await WorkAsync(Work.SendChunks);
        Assert.That(Bank.Orders, Has.Count.EqualTo(1));
        Clock.Advance(TimeSpan.FromSeconds(2));
        await WorkAsync();

        Assert.That(await ChunkStateAsync(), Is.EqualTo("Sent"));
        IsProgress(await ProgressAsync(), sent: 5);
        Assert.That(Bank.Orders.Select(order => order.IdempotencyKey).Distinct().Count(), Is.EqualTo(1));
        Assert.That(Bank.Orders.Select(order => string.Join(',', order.Payments.Select(payment => payment.Reference))).Distinct().Count(), Is.EqualTo(1));
        NobodyIsPaidTwice();
    }

    [Test]
    public async Task A_crash_while_an_unsent_order_is_made_ready_again_leaves_it_prepared()
    {
        await ReadyAsync(5);
        Bank.NextPayment(new PaymentAnswer.NotSent("no connection", null));
        await SendOneAsync();
        Clock.Advance(PastEveryPause);
        Crash.At(SendStep.LinesRead);
        Assert.That(SendOneAsync, Throws.TypeOf<SimulatedCrashException>());
        await RecoverAsync();
        Assert.That(await ChunkStateAsync(), Is.EqualTo("Prepared"));
        await LaterAsync();
        IsProgress(await ProgressAsync(), sent: 5);
    }

    [Test]
    public async Task An_order_that_the_bank_refuses_proves_every_line_unpaid()
    {
        await ReadyAsync(5);
        Bank.NextPayment(new PaymentAnswer.Refused("INVALID_FUND_BLOCK", "no such block"));
        await WorkAsync();
        Assert.That(await ChunkStateAsync(), Is.EqualTo("Refused"));
        IsProgress(await ProgressAsync(), refused: 5);
        Assert.That(await ScalarAsync<long>("select count(*) from disbursement.failure where reason_code = 'INVALID_FUND_BLOCK'"), Is.EqualTo(5));
        Assert.That(await SendAsync(new CountExceptionalLines(Envelope)), Is.EqualTo(new[] { new ExceptionalCount(LineState.Refused, "INVALID_FUND_BLOCK", 5) }));
        Assert.That((await SendAsync(new ReadDispatchOfBatch(Batch)))!.Status, Is.EqualTo("ERROR"));
        await LaterAsync();
        Assert.That(Bank.Orders, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task Each_line_gets_its_own_truth()
    {
        await ReadyAsync(5);
        Bank.NextPayment(order =>
        {
            Bank.Take(order with { Payments = [.. order.Payments.Where((_, i) => i != 1)] });
            return Task.FromResult<PaymentAnswer?>(new PaymentAnswer.Accepted([new PaymentRefusal(order.Payments[1].Reference, "ACCOUNT_CLOSED", "closed")], [order.Payments[3].Reference]));
        });
        await SendOneAsync();
        Assert.That(await ChunkStateAsync(), Is.EqualTo("Sent"));
        IsProgress(await ProgressAsync(), sent: 3, unknown: 1, refused: 1);
        Assert.That((await SendAsync(new ListExceptionalLines(Envelope, 0, 10, null, null))).Select(line => (line.State, line.ReasonCode)),
            Is.EqualTo(new (LineState, string?)[] { (LineState.Refused, "ACCOUNT_CLOSED"), (LineState.Unknown, "OUTCOME_UNKNOWN") }));

        await LaterAsync();
        IsProgress(await ProgressAsync(), sent: 4, refused: 1);
        Assert.That(await LineStatesAsync(await ReferencesAsync()), Is.EquivalentTo(new Dictionary<LineState, int> { [LineState.Sent] = 4, [LineState.Refused] = 1 }));
        Assert.That((await ProgressAsync()).Complete);
    }

    [Test]
    public async Task Nothing_is_sent_beyond_what_the_bank_blocked()
    {
        await ReadyAsync(5);
        await ExecuteAsync("update disbursement.envelope set blocked_amount = 4999.99");
        await SendOneAsync();
        Assert.That(Bank.Orders, Is.Empty);
        Assert.That((await ChunkStateAsync(), await ChunkErrorAsync()), Is.EqualTo(("Pending", "BEYOND_BLOCKED_FUNDS")));
        Assert.That(await ScalarAsync<long>("select count(*) from disbursement.instruction"), Is.Zero);
    }

    [Test]
    public async Task An_order_is_no_larger_than_the_bank_takes_and_every_line_is_in_one()
    {
        Bank.Capabilities = Bank.Capabilities with { MostPaymentsPerOrder = 3 };
        await ReadyAsync(8);
        await WorkAsync();
        Assert.That(Bank.Orders.Select(order => order.Payments.Count), Is.EqualTo(new[] { 3, 3, 2 }));
        IsProgress(await ProgressAsync(), sent: 8);
        Assert.That((await ProgressAsync()).Complete);
        NobodyIsPaidTwice();
    }

    [Test]
    public async Task A_set_that_is_handed_over_twice_becomes_chunks_once()
    {
        await ReadyAsync(5);
        await ExecuteAsync("update resolution.resolved_set set handed_over_at = null");
        Bank.Capabilities = Bank.Capabilities with { MostPaymentsPerOrder = 2 };
        await WorkAsync(Work.TakeFundedWork);
        Assert.That(await ScalarAsync<long>("select count(*) from disbursement.chunk"), Is.EqualTo(1));
    }

    [Test]
    public async Task People_found_later_are_paid_later_and_the_envelope_waits_for_them()
    {
        Mapper.Unlinked["B2"] = "succ.fa.not_linked_to_id";
        await ReadyAsync(3);
        await WorkAsync();
        IsProgress(await ProgressAsync(), sent: 2);
        Assert.That((await ProgressAsync()).Complete, Is.False);

        Mapper.Unlinked.Clear();
        await LaterAsync();
        IsProgress(await ProgressAsync(), sent: 3);
        Assert.That((await ProgressAsync()).Complete);
        NobodyIsPaidTwice();
    }

    [Test]
    public async Task A_line_without_quantity_is_not_sent_and_says_so()
    {
        await PostAsync("create_disbursement_envelopes", Wire.Request(new JsonArray(Wire.Envelope(Envelope, 2, 1000m))));
        await PostAsync("create_disbursements", Wire.Request(new JsonArray(Wire.Line(Envelope, "E-D1", "B1", 1000m), Wire.Line(Envelope, "E-D2", "B2", 0m)), Batch));
        await MakeReadyAsync();
        await WorkAsync();
        IsProgress(await ProgressAsync(), sent: 1);
        Assert.That((await ProgressAsync()).NothingToPay, Is.EqualTo(1));
        Assert.That(Bank.Orders.Single().Payments, Has.Count.EqualTo(1));
        Assert.That((await ProgressAsync()).Complete);
    }

    private static SendStep[] Steps() => Enum.GetValues<SendStep>();
}
