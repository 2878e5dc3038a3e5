using G2PBridge.Connectors;
using G2PBridge.Modules.Disbursement.Contracts;
using G2PBridge.Platform.Jobs;

namespace G2PBridge.IntegrationTests.Disbursement;

/// <summary>How an unknown payment stops being unknown, and how it does not.</summary>
internal sealed class InquiryTests : DisbursementTest
{
    [Test]
    public async Task Not_found_proves_nothing_the_first_time_even_after_the_banks_settle_window()
    {
        Bank.Capabilities = Bank.Capabilities with { IdempotentPayments = false };
        await UnknownAsync(3, taken: 0);
        await PassSettleWindowAsync();
        await AskAsync();
        IsProgress(await ProgressAsync(), unknown: 3);
        await AskAsync();
        IsProgress(await ProgressAsync(), refused: 3);
        Assert.That(await ChunkStateAsync(), Is.EqualTo("Refused"));
    }

    [Test]
    public async Task An_order_that_the_bank_proves_it_never_had_goes_out_again_under_its_key_and_references()
    {
        await UnknownAsync(3, taken: 0);
        await PassSettleWindowAsync();
        await AskAsync();
        IsProgress(await ProgressAsync(), unknown: 3);
        await AskAsync();
        Assert.That(await ChunkStateAsync(), Is.EqualTo("Prepared"));
        await SendOneAsync();

        IsProgress(await ProgressAsync(), sent: 3);
        Assert.That(Bank.Orders.Select(order => order.IdempotencyKey).Distinct().Count(), Is.EqualTo(1));
        Assert.That(Bank.Books.Values.Select(entry => entry.Times), Is.EqualTo(new[] { 1, 1, 1 }));
        Assert.That(await ScalarAsync<long>("select count(*) from disbursement.instruction"), Is.EqualTo(3));
    }

    [Test]
    public async Task An_order_of_which_the_bank_has_a_part_is_not_sent_again()
    {
        await UnknownAsync(3, taken: 1);
        await PassSettleWindowAsync();
        await AskAsync();
        await AskAsync();

        Assert.That(await ChunkStateAsync(), Is.EqualTo("Sent"));
        IsProgress(await ProgressAsync(), sent: 1, refused: 2);
        Assert.That(Bank.Orders, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task Not_found_proves_nothing_within_the_banks_settle_window_however_often_it_is_heard()
    {
        await UnknownAsync(3, taken: 0);
        for (var i = 0; i < 5; i++)
        {
            await AskAsync();
        }

        IsProgress(await ProgressAsync(), unknown: 3);
    }

    [Test]
    public async Task Not_found_proves_nothing_ever_at_a_bank_that_says_so()
    {
        Bank.Capabilities = Bank.Capabilities with { NotFoundIsFinalAfter = null };
        await UnknownAsync(3, taken: 0);
        await PassSettleWindowAsync();
        for (var i = 0; i < 5; i++)
        {
            await AskAsync();
        }

        IsProgress(await ProgressAsync(), unknown: 3);
    }

    [Test]
    public async Task A_bank_that_first_denies_and_then_knows_a_payment_is_believed()
    {
        await UnknownAsync(3, taken: 3);
        Bank.Inquiry = reference => new PaymentInquiry(reference, PaymentKnowledge.NotFound, null, null);
        await AskAsync();
        IsProgress(await ProgressAsync(), unknown: 3);
        Bank.Inquiry = null;
        await AskAsync();
        IsProgress(await ProgressAsync(), sent: 3);
        Assert.That(await ScalarAsync<long>("select count(*) from disbursement.line_state"), Is.Zero);
    }

    [Test]
    public async Task Lines_of_one_order_are_settled_one_by_one()
    {
        await UnknownAsync(4, taken: 2);
        var references = await ReferencesAsync();
        Bank.Inquiry = reference => reference == Bank.Orders.Single().Payments[3].Reference ? new PaymentInquiry(reference, PaymentKnowledge.Refused, "ACCOUNT_CLOSED", null)
            : reference == Bank.Orders.Single().Payments[2].Reference ? new PaymentInquiry("", PaymentKnowledge.NotFound, null, null)
            : null;
        await AskAsync();
        IsProgress(await ProgressAsync(), sent: 2, unknown: 1, refused: 1);
        Assert.That(await ChunkStateAsync(), Is.EqualTo("Unknown"));
        Assert.That(await LineStatesAsync(references), Is.EquivalentTo(new Dictionary<LineState, int> { [LineState.Sent] = 2, [LineState.Unknown] = 1, [LineState.Refused] = 1 }));
        Assert.That(Bank.Inquiries.Last(), Has.Count.EqualTo(4));

        Bank.Inquiry = reference => new PaymentInquiry(reference, PaymentKnowledge.Accepted, null, null);
        await AskAsync();
        Assert.That(Bank.Inquiries.Last(), Has.Count.EqualTo(1));
        IsProgress(await ProgressAsync(), sent: 3, refused: 1);
        Assert.That(await ChunkStateAsync(), Is.EqualTo("Sent"));
        Assert.That(await ScalarAsync<string>("select string_agg(state, ',') from disbursement.line_state"), Is.EqualTo("Refused"));
    }

    [Test]
    public async Task A_bank_that_cannot_inquire_is_not_asked_and_the_lines_wait()
    {
        Bank.Capabilities = Bank.Capabilities with { CanInquire = false };
        await UnknownAsync(3, taken: 3);
        await LaterAsync();
        Assert.That(Bank.Inquiries, Is.Empty);
        IsProgress(await ProgressAsync(), unknown: 3);
        Assert.That((await ProgressAsync()).Complete, Is.False);
    }

    [Test]
    public async Task An_inquiry_that_fails_is_repeated_with_growing_pauses()
    {
        await UnknownAsync(3, taken: 3);
        Bank.Inquiry = _ => throw new TimeoutException();
        Clock.Advance(TimeSpan.FromSeconds(6));
        Assert.That(await WorkAsync(Work.InquireUnknown), Is.EqualTo(1));
        Clock.Advance(TimeSpan.FromSeconds(6));
        Assert.That(await WorkAsync(Work.InquireUnknown), Is.Zero);
        Clock.Advance(TimeSpan.FromSeconds(6));
        Assert.That(await WorkAsync(Work.InquireUnknown), Is.EqualTo(1));
        IsProgress(await ProgressAsync(), unknown: 3);
    }

    [Test]
    public async Task A_statement_that_arrives_during_an_inquiry_knows_better()
    {
        await UnknownAsync(1, taken: 1);
        await PassSettleWindowAsync();
        Bank.Inquiry = reference => new PaymentInquiry(reference, PaymentKnowledge.NotFound, null, null);
        await AskAsync();
        var references = await ReferencesAsync();
        Bank.Inquiry = reference =>
        {
            SendAsync(new ConfirmSent(references, "statement 1")).GetAwaiter().GetResult();
            return new PaymentInquiry(reference, PaymentKnowledge.NotFound, null, null);
        };
        await AskAsync();
        IsProgress(await ProgressAsync(), sent: 1);
        Assert.That(await ScalarAsync<long>("select count(*) from disbursement.failure"), Is.Zero);
    }

    private static async Task UnknownAsync(int lines, int taken)
    {
        await ReadyAsync(lines);
        Bank.NextPayment(order =>
        {
            Bank.Take(order with { Payments = [.. order.Payments.Take(taken)] });
            return Task.FromResult<PaymentAnswer?>(new PaymentAnswer.NotKnown("time-out"));
        });
        await SendOneAsync();
        IsProgress(await ProgressAsync(), unknown: lines);
    }

    private static async Task AskAsync()
    {
        Clock.Advance(PastEveryPause);
        await InquireAsync();
    }
}
