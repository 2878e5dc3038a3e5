using System.Text.Json;
using Microsoft.Extensions.Options;
using Polly;
using Polly.CircuitBreaker;
using Polly.Retry;
using Polly.Timeout;

namespace G2PBridge.Connectors.Spar;

/// <summary>
/// How SPAR is called: three tries with jitter, each with its own time-out, and a breaker that leaves a failing mapper alone.
/// Repeating is harmless because resolving only reads. One for all calls, since the breaker has to remember them.
/// </summary>
internal sealed class SparPipeline
{
    private const int Repetitions = 2;

    private readonly ResiliencePipeline _pipeline;

    public SparPipeline(IOptions<SparOptions> options)
    {
        var transient = new PredicateBuilder().Handle<HttpRequestException>(IsTransient).Handle<IOException>().Handle<TimeoutRejectedException>().Handle<JsonException>();
        _pipeline = new ResiliencePipelineBuilder()
            .AddRetry(new RetryStrategyOptions
            {
                ShouldHandle = transient,
                MaxRetryAttempts = Repetitions,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                Delay = options.Value.RetryDelay,
            })
            .AddCircuitBreaker(new CircuitBreakerStrategyOptions
            {
                ShouldHandle = transient,
                FailureRatio = 0.8,
                MinimumThroughput = 10,
                SamplingDuration = TimeSpan.FromMinutes(2),
                BreakDuration = options.Value.BreakDuration,
            })
            .AddTimeout(options.Value.Timeout)
            .Build();
    }

    public async Task<T> ExecuteAsync<T>(Func<CancellationToken, Task<T>> call, CancellationToken cancellationToken) =>
        await _pipeline.ExecuteAsync(async token => await call(token), cancellationToken);

    private static bool IsTransient(HttpRequestException exception) => exception.StatusCode is not { } status || (int)status is 408 or 429 or >= 500;
}
