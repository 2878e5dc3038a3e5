using G2PBridge.Connectors;
using G2PBridge.Modules.Disbursement.Contracts;
using G2PBridge.Modules.Disbursement.Domain;
using G2PBridge.SharedKernel;

namespace G2PBridge.IntegrationTests.Disbursement;

/// <summary>A statement outweighs answers and inquiries.</summary>
internal sealed class StatementFactsTests : DisbursementTest
{
    [SetUp]
    public void TheBankCannotBeAsked() => Bank.Capabilities = Bank.Capabilities with { CanInquire = false };

    [Test]
    public async Task A_debit_settles_an_unknown_line_and_the_last_one_its_chunk()
    {
        await ReadyAsync(3);
        Bank.NextPayment(new PaymentAnswer.NotKnown("time-out"));
        await SendOneAsync();
        var references = await ReferencesAsync();

        await ConfirmAsync(references[..2]);
        IsProgress(await ProgressAsync(), sent: 2, unknown: 1);
        Assert.That(await ChunkStateAsync(), Is.EqualTo("Unknown"));
        await ConfirmAsync(references[..2]);
        IsProgress(await ProgressAsync(), sent: 2, unknown: 1);

        await ConfirmAsync(references);
        IsProgress(await ProgressAsync(), sent: 3);
        Assert.That(await ChunkStateAsync(), Is.EqualTo("Sent"));
        await WorkAsync();
        Assert.That((await ProgressAsync()).Complete);
    }

    [Test]
    public async Task A_debit_of_a_line_that_is_sent_changes_nothing()
    {
        await ReadyAsync(3);
        await SendOneAsync();
        await ConfirmAsync(await ReferencesAsync());
        IsProgress(await ProgressAsync(), sent: 3);
        Assert.That(await ScalarAsync<long>("select count(*) from disbursement.line_history"), Is.Zero);
    }

    [TestCaseSource(nameof(Answers))]
    public async Task A_debit_that_arrives_before_the_banks_answer_outweighs_it(PaymentAnswer answer, int sent, int unknown, int refused, string state)
    {
        await ReadyAsync(3);
        Bank.NextPayment(async _ =>
        {
            await ConfirmAsync((await ReferencesAsync())[..1]);
            return answer;
        });
        await SendOneAsync();
        IsProgress(await ProgressAsync(), sent: sent, unknown: unknown, refused: refused);
        Assert.That(await ChunkStateAsync(), Is.EqualTo(state));
        await ConfirmAsync(await ReferencesAsync());
        IsProgress(await ProgressAsync(), sent: 3);
    }

    [Test]
    public async Task A_debit_after_the_sender_died_is_not_lost()
    {
        await ReadyAsync(3);
        Crash.At(SendStep.CallAnswered);
        Assert.That(SendOneAsync, Throws.TypeOf<SimulatedCrashException>());
        await ConfirmAsync((await ReferencesAsync())[..2]);
        await RecoverAsync();
        IsProgress(await ProgressAsync(), sent: 2, unknown: 1);
        await ConfirmAsync((await ReferencesAsync())[2..]);
        IsProgress(await ProgressAsync(), sent: 3);
        Assert.That(await ChunkStateAsync(), Is.EqualTo("Sent"));
    }

    [Test]
    public async Task All_debits_while_the_sender_is_dead_close_the_chunk_when_it_is_found()
    {
        await ReadyAsync(3);
        Crash.At(SendStep.CallAnswered);
        Assert.That(SendOneAsync, Throws.TypeOf<SimulatedCrashException>());
        await ConfirmAsync(await ReferencesAsync());
        await RecoverAsync();
        Assert.That(await ChunkStateAsync(), Is.EqualTo("Sent"));
        IsProgress(await ProgressAsync(), sent: 3);
    }

    [Test]
    public async Task A_debit_of_what_was_thought_not_sent_stops_the_next_try()
    {
        await ReadyAsync(3);
        Bank.NextPayment(new PaymentAnswer.NotSent("no connection", null));
        await SendOneAsync();
        await ConfirmAsync((await ReferencesAsync())[..1]);
        Assert.That(await ChunkStateAsync(), Is.EqualTo("Unknown"));
        IsProgress(await ProgressAsync(), sent: 1, unknown: 2);
        await LaterAsync();
        Assert.That(Bank.Orders, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task A_debit_of_a_refused_line_takes_away_what_would_allow_a_second_payment()
    {
        await ReadyAsync(3);
        Bank.NextPayment(order => Task.FromResult<PaymentAnswer?>(new PaymentAnswer.Accepted([new PaymentRefusal(order.Payments[0].Reference, "BUSY", null)], [])));
        await SendOneAsync();
        IsProgress(await ProgressAsync(), sent: 2, refused: 1);
        await ConfirmAsync(await ReferencesAsync());
        IsProgress(await ProgressAsync(), sent: 3);
        Assert.That(await ScalarAsync<long>("select count(*) from disbursement.failure"), Is.Zero);
        Assert.That(TestLog.Lines.Any(line => line.Contains("although the bank had called it unpaid", StringComparison.Ordinal)));
    }

    [Test]
    public async Task A_return_is_a_failure_and_leaves_the_counts_of_what_was_sent()
    {
        await ReadyAsync(3);
        await SendOneAsync();
        var reference = (await ReferencesAsync())[1];
        for (var i = 0; i < 2; i++)
        {
            await SendAsync(new RecordReturned([new ReturnedPayment(reference, "ACCOUNT_CLOSED", "statement 2, entry 7")]));
        }

        IsProgress(await ProgressAsync(), sent: 3);
        Assert.That(await ScalarAsync<string>("select proof from disbursement.failure"), Is.EqualTo("statement 2, entry 7"));
        Assert.That(await SendAsync(new CountExceptionalLines(Envelope)), Is.EqualTo(new[] { new ExceptionalCount(LineState.Returned, "ACCOUNT_CLOSED", 1) }));
        Assert.That(await ScalarAsync<long>("select count(*) from disbursement.line_history"), Is.EqualTo(1));
        Assert.That((await SendAsync(new FindInstructionsOfLines([reference.Line]))).Single().State, Is.EqualTo(LineState.Returned));
        Assert.That((await SendAsync(new ReadDispatchHistory(reference.Line)))[^1].To, Is.EqualTo("Returned"));
    }

    [Test]
    public async Task Returns_of_several_envelopes_may_stand_together_on_one_statement()
    {
        await Journey.ReceiveAsync(Envelope, 2, 1000m);
        await Journey.ReceiveAsync("F", 2, 1000m);
        await MakeReadyAsync();
        await WorkAsync();
        var prefix = await SendAsync(new ReadReferencePrefix());
        PaymentReference[] firsts =
        [
            .. Bank.Orders.Select(order => PaymentReference.TryParse(order.Payments[0].Reference, prefix, out var reference) ? reference : throw new InvalidOperationException()),
        ];
        Assert.That(firsts, Has.Length.EqualTo(2));

        await SendAsync(new RecordReturned([.. firsts.Select(reference => new ReturnedPayment(reference, "ACCOUNT_CLOSED", "statement 3"))]));

        Assert.That((await SendAsync(new FindInstructions(firsts))).Select(line => line.State), Is.All.EqualTo(LineState.Returned));
    }

    [Test]
    public async Task A_return_of_an_unknown_line_proves_that_the_bank_had_it()
    {
        await ReadyAsync(2);
        Bank.NextPayment(new PaymentAnswer.NotKnown("time-out"));
        await SendOneAsync();
        var references = await ReferencesAsync();
        await SendAsync(new RecordReturned([new ReturnedPayment(references[0], "ACCOUNT_CLOSED", "s")]));
        IsProgress(await ProgressAsync(), sent: 1, unknown: 1);
        await ConfirmAsync(references);
        IsProgress(await ProgressAsync(), sent: 2);
        Assert.That(await LineStatesAsync(references), Is.EquivalentTo(new Dictionary<LineState, int> { [LineState.Sent] = 1, [LineState.Returned] = 1 }));
    }

    [Test]
    public async Task A_return_that_arrives_before_the_banks_answer_is_kept()
    {
        await ReadyAsync(2);
        Bank.NextPayment(async _ =>
        {
            await SendAsync(new RecordReturned([new ReturnedPayment((await ReferencesAsync())[0], "ACCOUNT_CLOSED", "s")]));
            return null;
        });
        await SendOneAsync();
        IsProgress(await ProgressAsync(), sent: 2);
        Assert.That(await LineStatesAsync(await ReferencesAsync()), Is.EquivalentTo(new Dictionary<LineState, int> { [LineState.Sent] = 1, [LineState.Returned] = 1 }));
    }

    [Test]
    public async Task References_that_were_never_written_are_nobodys()
    {
        await SendAsync(new ConfirmSent([new PaymentReference(4711, 1)], "s"));
        await SendAsync(new RecordReturned([new ReturnedPayment(new PaymentReference(4711, 1), "X", "s")]));
        Assert.That(await SendAsync(new FindInstructions([new PaymentReference(4711, 1)])), Is.Empty);
    }

    private static async Task ConfirmAsync(PaymentReference[] references) => await SendAsync(new ConfirmSent(references, "statement 1"));

    private static TestCaseData[] Answers() =>
    [
        new(PaymentAnswer.Accepted.All, 3, 0, 0, "Sent"),
        new(new PaymentAnswer.NotKnown("time-out"), 1, 2, 0, "Unknown"),
        new(new PaymentAnswer.NotSent("no connection", null), 1, 2, 0, "Unknown"),
        new(new PaymentAnswer.Refused("BUSY", "busy"), 1, 0, 2, "Refused"),
    ];
}
