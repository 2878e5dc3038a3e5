using G2PBridge.Connectors;

namespace G2PBridge.UnitTests.Connectors;

/// <summary>What stands before every connector: time-out, repetition of reads, breaker, and the bank's own "come back later".</summary>
internal sealed class GuardedBankTests
{
    private static readonly FundsRequest Funds = new("A", "USD", 1, "k");
    private static readonly PaymentOrder Order = new("key", "A", null, null, "USD", "B", new DateOnly(2026, 6, 19), null, null, []);

    [Test]
    public async Task A_read_is_tried_again_and_whatever_moves_money_is_not()
    {
        var bank = new FailingBank();
        using var guarded = new GuardedBank(bank, new GuardSettings { FailuresBeforeBreak = 100, ReadTries = 2 }, TimeProvider.System);

        Assert.That(await guarded.CheckFundsAsync(Funds, CancellationToken.None), Is.TypeOf<FundsCheck.NotKnown>());
        Assert.That(bank.Calls, Is.EqualTo(2));
        Assert.That(await guarded.InquireAsync(["R"], CancellationToken.None), Is.Empty);
        Assert.That(bank.Calls, Is.EqualTo(4));
        Assert.That(await guarded.InitiatePaymentsAsync(Order, CancellationToken.None), Is.TypeOf<PaymentAnswer.NotKnown>());
        Assert.That(await guarded.BlockFundsAsync(Funds, CancellationToken.None), Is.TypeOf<FundsBlock.NotKnown>());
        Assert.That(await guarded.ReleaseBlockAsync("B", CancellationToken.None), Is.TypeOf<BlockRelease.NotKnown>());
        Assert.That(bank.Calls, Is.EqualTo(7));
    }

    [Test]
    public async Task A_call_that_does_not_end_is_left_behind_as_not_known_even_by_a_connector_that_does_not_mind_its_token()
    {
        using var guarded = new GuardedBank(new FailingBank { Call = () => new TaskCompletionSource().Task }, new GuardSettings { TimeoutSeconds = 1 }, TimeProvider.System);
        Assert.That(await guarded.InitiatePaymentsAsync(Order, CancellationToken.None), Is.EqualTo(new PaymentAnswer.NotKnown("time-out")));
    }

    [Test]
    public async Task A_bank_that_keeps_failing_is_left_alone()
    {
        var bank = new FailingBank();
        using var guarded = new GuardedBank(bank, new GuardSettings { FailuresBeforeBreak = 3 }, TimeProvider.System);
        for (var i = 0; i < 3; i++)
        {
            Assert.That(await guarded.InitiatePaymentsAsync(Order, CancellationToken.None), Is.TypeOf<PaymentAnswer.NotKnown>());
        }

        Assert.That(await guarded.InitiatePaymentsAsync(Order, CancellationToken.None), Is.TypeOf<PaymentAnswer.NotSent>());
        Assert.That(bank.Calls, Is.EqualTo(3));
    }

    [Test]
    public async Task A_bank_that_says_when_to_come_back_is_not_called_before_with_anything()
    {
        var bank = new FailingBank { Call = () => throw new BankUnavailableException("HTTP 429", TimeSpan.FromMinutes(1)) };
        using var guarded = new GuardedBank(bank, new GuardSettings(), TimeProvider.System);

        Assert.That(await guarded.CheckFundsAsync(Funds, CancellationToken.None), Is.TypeOf<FundsCheck.NotKnown>());
        Assert.That(bank.Calls, Is.EqualTo(1), "a minute is too long to wait within a call");
        var answer = await guarded.InitiatePaymentsAsync(Order, CancellationToken.None);
        Assert.That((answer as PaymentAnswer.NotSent)?.RetryAfter, Is.GreaterThan(TimeSpan.FromSeconds(30)));
        Assert.That(await guarded.BlockFundsAsync(Funds, CancellationToken.None), Is.TypeOf<FundsBlock.NotSent>());
        Assert.That(bank.Calls, Is.EqualTo(1));
    }

    private sealed class FailingBank : IBankConnector
    {
        private int _calls;

        public Func<Task> Call { get; init; } = () => throw new IOException();

        public int Calls => _calls;

        public BankCapabilities Capabilities { get; } = new(true, true, true, true, true, null, 100);

        public Task<FundsCheck> CheckFundsAsync(FundsRequest request, CancellationToken cancellationToken) => AnswerAsync<FundsCheck>(new FundsCheck.Sufficient());

        public Task<FundsBlock> BlockFundsAsync(FundsRequest request, CancellationToken cancellationToken) => AnswerAsync<FundsBlock>(new FundsBlock.Blocked("B", 1));

        public Task<BlockRelease> ReleaseBlockAsync(string blockReference, CancellationToken cancellationToken) => AnswerAsync<BlockRelease>(new BlockRelease.Released(1));

        public Task<PaymentAnswer> InitiatePaymentsAsync(PaymentOrder order, CancellationToken cancellationToken) => AnswerAsync<PaymentAnswer>(PaymentAnswer.Accepted.All);

        public Task<IReadOnlyList<PaymentInquiry>> InquireAsync(IReadOnlyList<string> references, CancellationToken cancellationToken) => AnswerAsync<IReadOnlyList<PaymentInquiry>>([]);

        public RecognisedEntry Recognise(StatementEntryText entry) => new(null, null, null);

        private async Task<T> AnswerAsync<T>(T answer)
        {
            Interlocked.Increment(ref _calls);
            await Call();
            return answer;
        }
    }
}
