using System.Threading.RateLimiting;
using Polly;
using Polly.CircuitBreaker;
using Polly.Retry;

namespace G2PBridge.Connectors;

/// <summary>
/// Stands before a bank's connector, one for each bank: rate limit, circuit breaker and time-out are the bank's own, so that one in trouble
/// harms no other. Reads are tried again; whatever moves money is called once. A bank that said when to come back is not called before.
/// </summary>
internal sealed class GuardedBank : IBankConnector, IDisposable
{
    private const string LeftAlone = "the bank failed several times in a row and is being left alone";

    /// <summary>A bank that wants to be left alone for longer than this is not waited for within a call.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(5);

    private readonly IBankConnector _bank;
    private readonly TimeProvider _clock;
    private readonly TimeSpan _timeout;
    private readonly TokenBucketRateLimiter? _rate;
    private readonly ResiliencePipeline<Attempt> _once;
    private readonly ResiliencePipeline<Attempt> _reading;
    private long _closedUntil;

    public GuardedBank(IBankConnector bank, GuardSettings settings, TimeProvider clock)
    {
        _bank = bank;
        _clock = clock;
        _timeout = TimeSpan.FromSeconds(settings.TimeoutSeconds);
        _rate = settings.CallsPerSecond == 0 ? null : new TokenBucketRateLimiter(new TokenBucketRateLimiterOptions
        {
            TokenLimit = settings.CallsPerSecond,
            TokensPerPeriod = Math.Max(1, settings.CallsPerSecond / 10),
            ReplenishmentPeriod = TimeSpan.FromMilliseconds(settings.CallsPerSecond >= 10 ? 100 : 1000.0 / settings.CallsPerSecond),
            QueueLimit = int.MaxValue,
        });
        var failed = new PredicateBuilder<Attempt>().HandleResult(attempt => attempt.Failure is not null);
        var breaker = new ResiliencePipelineBuilder<Attempt> { TimeProvider = clock }
            .AddCircuitBreaker(new CircuitBreakerStrategyOptions<Attempt>
            {
                ShouldHandle = failed,
                FailureRatio = 0.9,
                MinimumThroughput = settings.FailuresBeforeBreak,
                SamplingDuration = _timeout * 2 + TimeSpan.FromSeconds(30),
                BreakDuration = TimeSpan.FromSeconds(settings.BreakSeconds),
            })
            .Build();
        _once = breaker;
        _reading = settings.ReadTries == 1 ? breaker : new ResiliencePipelineBuilder<Attempt> { TimeProvider = clock }
            .AddRetry(new RetryStrategyOptions<Attempt>
            {
                ShouldHandle = new PredicateBuilder<Attempt>().HandleResult(attempt => attempt.Failure is { } failure && !(failure.RetryAfter > LongestWait)),
                MaxRetryAttempts = settings.ReadTries - 1,
                BackoffType = DelayBackoffType.Exponential,
                Delay = TimeSpan.FromMilliseconds(200),
                DelayGenerator = arguments => ValueTask.FromResult(arguments.Outcome.Result.Failure?.RetryAfter),
            })
            .AddPipeline(breaker)
            .Build();
    }

    public BankCapabilities Capabilities => _bank.Capabilities;

    public async Task<FundsCheck> CheckFundsAsync(FundsRequest request, CancellationToken cancellationToken)
    {
        var attempt = await CallAsync(
            _reading, async token => await _bank.CheckFundsAsync(request, token) is var answer && answer is FundsCheck.NotKnown no ? new Attempt(answer, Failure.Doubt(no.Why)) : new Attempt(answer), cancellationToken);
        return attempt.Value as FundsCheck ?? new FundsCheck.NotKnown(attempt.Failure!.Why);
    }

    public async Task<FundsBlock> BlockFundsAsync(FundsRequest request, CancellationToken cancellationToken)
    {
        var attempt = await CallAsync(_once, async token => await _bank.BlockFundsAsync(request, token) switch
        {
            FundsBlock.NotSent no => new Attempt(no, Failure.NotSent(no.Why, null)),
            FundsBlock.NotKnown no => new Attempt(no, Failure.Doubt(no.Why)),
            var answer => new Attempt(answer),
        }, cancellationToken);
        return attempt.Value as FundsBlock ?? (attempt.Failure!.WasNotSent ? new FundsBlock.NotSent(attempt.Failure.Why) : new FundsBlock.NotKnown(attempt.Failure.Why));
    }

    public async Task<BlockRelease> ReleaseBlockAsync(string blockReference, CancellationToken cancellationToken)
    {
        var attempt = await CallAsync(
            _once, async token => await _bank.ReleaseBlockAsync(blockReference, token) is var answer && answer is BlockRelease.NotKnown no ? new Attempt(answer, Failure.Doubt(no.Why)) : new Attempt(answer), cancellationToken);
        return attempt.Value as BlockRelease ?? new BlockRelease.NotKnown(attempt.Failure!.Why);
    }

    public async Task<PaymentAnswer> InitiatePaymentsAsync(PaymentOrder order, CancellationToken cancellationToken)
    {
        var attempt = await CallAsync(_once, async token => await _bank.InitiatePaymentsAsync(order, token) switch
        {
            PaymentAnswer.NotSent no => new Attempt(no, Failure.NotSent(no.Why, no.RetryAfter)),
            PaymentAnswer.NotKnown no => new Attempt(no, Failure.Doubt(no.Why)),
            var answer => new Attempt(answer),
        }, cancellationToken);
        return attempt.Value as PaymentAnswer
            ?? (attempt.Failure!.WasNotSent ? new PaymentAnswer.NotSent(attempt.Failure.Why, attempt.Failure.RetryAfter) : new PaymentAnswer.NotKnown(attempt.Failure.Why));
    }

    /// <summary>An answer about nobody is none: the references count as not known, and the bank is asked again.</summary>
    public async Task<IReadOnlyList<PaymentInquiry>> InquireAsync(IReadOnlyList<string> references, CancellationToken cancellationToken)
    {
        var attempt = await CallAsync(
            _reading,
            async token => await _bank.InquireAsync(references, token) is { } answer && (answer.Count > 0 || references.Count == 0) ? new Attempt(answer) : new Attempt(null, Failure.Doubt("no usable answer")),
            cancellationToken);
        return attempt.Value as IReadOnlyList<PaymentInquiry> ?? [];
    }

    public RecognisedEntry Recognise(StatementEntryText entry) => _bank.Recognise(entry);

    public void Dispose()
    {
        _rate?.Dispose();
        (_bank as IDisposable)?.Dispose();
    }

    private async Task<Attempt> CallAsync(ResiliencePipeline<Attempt> pipeline, Func<CancellationToken, Task<Attempt>> call, CancellationToken cancellationToken)
    {
        try
        {
            return await pipeline.ExecuteAsync(async token => await TryAsync(call, token), cancellationToken);
        }
        catch (BrokenCircuitException open)
        {
            return new Attempt(null, Failure.NotSent(LeftAlone, open.RetryAfter));
        }
    }

    private async Task<Attempt> TryAsync(Func<CancellationToken, Task<Attempt>> call, CancellationToken cancellationToken)
    {
        if (new DateTimeOffset(Interlocked.Read(ref _closedUntil), TimeSpan.Zero) - _clock.GetUtcNow() is { Ticks: > 0 } left)
        {
            return new Attempt(null, Failure.NotSent("the bank asked to be left alone", left));
        }

        if (_rate is not null)
        {
            using var lease = await _rate.AcquireAsync(1, cancellationToken);
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(_timeout);
        var attempt = await AnswerAsync(call, limit.Token, cancellationToken);
        if (attempt.Failure?.RetryAfter is { } wish)
        {
            Interlocked.Exchange(ref _closedUntil, (_clock.GetUtcNow() + wish).UtcTicks);
        }

        return attempt;
    }

    private async Task<Attempt> AnswerAsync(Func<CancellationToken, Task<Attempt>> call, CancellationToken limit, CancellationToken cancellationToken)
    {
        try
        {
            // A connector that does not mind its token is left behind.
            return await call(limit).WaitAsync(_timeout, cancellationToken);
        }
        catch (BankUnavailableException exception)
        {
            return new Attempt(null, Failure.NotSent(exception.Message, exception.RetryAfter));
        }
        catch (Exception exception) when (exception is TimeoutException || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return new Attempt(null, Failure.Doubt("time-out"));
        }
#pragma warning disable CA1031 // The connector contract: whatever it throws means "not known".
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
#pragma warning restore CA1031
        {
            return new Attempt(null, Failure.Doubt(exception.GetType().Name));
        }
    }

    /// <summary>One call: the connector's answer where it gave one, and what was wrong with it.</summary>
    private readonly record struct Attempt(object? Value, Failure? Failure = null);

    private sealed record Failure(string Why, bool WasNotSent, TimeSpan? RetryAfter)
    {
        public static Failure NotSent(string why, TimeSpan? retryAfter) => new(why, true, retryAfter);

        public static Failure Doubt(string why) => new(why, false, null);
    }
}
