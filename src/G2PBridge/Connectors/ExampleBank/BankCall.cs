using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Threading.RateLimiting;
using Polly;
using Polly.CircuitBreaker;
using Polly.Retry;

namespace G2PBridge.Connectors.ExampleBank;

/// <summary>What became of one HTTP call: an answer, proof that nothing was sent, or neither.</summary>
internal abstract record BankReply
{
    private BankReply() { }

    internal sealed record Answered(HttpStatusCode Status, byte[] Body) : BankReply
    {
        public bool IsSuccess => (int)Status is >= 200 and < 300;
    }

    internal sealed record NotSent(string Why, TimeSpan? RetryAfter) : BankReply;

    internal sealed record NotKnown(string Why) : BankReply;
}

/// <summary>
/// Calls one bank: rate limit, circuit breaker and time-out are its own, so that a bank in trouble harms no other. Reads are tried
/// again; whatever moves money is sent once.
/// </summary>
internal sealed class BankCall : IDisposable
{
    private static readonly MediaTypeHeaderValue Json = new("application/json");

    private readonly Func<HttpClient> _client;
    private readonly Uri _base;
    private readonly TimeSpan _timeout;
    private readonly TokenBucketRateLimiter? _rate;
    private readonly ResiliencePipeline<BankReply> _once;
    private readonly ResiliencePipeline<BankReply> _reading;

    public BankCall(Func<HttpClient> client, ExampleBankSettings settings, TimeProvider clock)
    {
        _client = client;
        // Without the final slash the last part of the path would be replaced by the endpoint's name.
        _base = new Uri(settings.BaseUrl!.AbsoluteUri.TrimEnd('/') + "/");
        _timeout = TimeSpan.FromSeconds(settings.TimeoutSeconds);
        _rate = settings.CallsPerSecond == 0 ? null : new TokenBucketRateLimiter(new TokenBucketRateLimiterOptions
        {
            TokenLimit = settings.CallsPerSecond,
            TokensPerPeriod = Math.Max(1, settings.CallsPerSecond / 10),
            ReplenishmentPeriod = TimeSpan.FromMilliseconds(settings.CallsPerSecond >= 10 ? 100 : 1000.0 / settings.CallsPerSecond),
            QueueLimit = int.MaxValue,
        });
        var breaker = new ResiliencePipelineBuilder<BankReply> { TimeProvider = clock }
            .AddCircuitBreaker(new CircuitBreakerStrategyOptions<BankReply>
            {
                ShouldHandle = new PredicateBuilder<BankReply>().HandleResult(IsFailure),
                FailureRatio = 0.9,
                MinimumThroughput = settings.FailuresBeforeBreak,
                SamplingDuration = _timeout * 2 + TimeSpan.FromSeconds(30),
                BreakDuration = TimeSpan.FromSeconds(settings.BreakSeconds),
            })
            .Build();
        _once = breaker;
        _reading = settings.ReadTries == 1 ? breaker : new ResiliencePipelineBuilder<BankReply> { TimeProvider = clock }
            .AddRetry(new RetryStrategyOptions<BankReply>
            {
                ShouldHandle = new PredicateBuilder<BankReply>().HandleResult(IsFailure),
                MaxRetryAttempts = settings.ReadTries - 1,
                BackoffType = DelayBackoffType.Exponential,
                Delay = TimeSpan.FromMilliseconds(200),
            })
            .AddPipeline(breaker)
            .Build();
    }

    public Task<BankReply> ReadAsync(string endpoint, byte[] body, CancellationToken cancellationToken) => SendAsync(_reading, endpoint, body, null, false, cancellationToken);

    public Task<BankReply> WriteAsync(string endpoint, byte[] body, string? key, bool perLine, CancellationToken cancellationToken) =>
        SendAsync(_once, endpoint, body, key, perLine, cancellationToken);

    public void Dispose() => _rate?.Dispose();

    private async Task<BankReply> SendAsync(ResiliencePipeline<BankReply> pipeline, string endpoint, byte[] body, string? key, bool perLine, CancellationToken cancellationToken)
    {
        try
        {
            return await pipeline.ExecuteAsync(async token => await PostAsync(endpoint, body, key, perLine, token), cancellationToken);
        }
        catch (BrokenCircuitException open)
        {
            return new BankReply.NotSent("the bank failed several times in a row and is being left alone", open.RetryAfter);
        }
    }

    private async Task<BankReply> PostAsync(string endpoint, byte[] body, string? key, bool perLine, CancellationToken cancellationToken)
    {
        if (_rate is not null)
        {
            using var lease = await _rate.AcquireAsync(1, cancellationToken);
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(_timeout);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(_base, endpoint)) { Content = new ByteArrayContent(body) };
            request.Content.Headers.ContentType = Json;
            if (key is not null)
            {
                request.Headers.TryAddWithoutValidation("Idempotency-Key", key);
            }

            if (perLine)
            {
                request.Headers.TryAddWithoutValidation("X-Per-Line-Results", "true");
            }

            using var client = _client();
            using var response = await client.SendAsync(request, HttpCompletionOption.ResponseContentRead, limit.Token);
            return response.StatusCode switch
            {
                HttpStatusCode.TooManyRequests => new BankReply.NotSent("HTTP 429", RetryAfter(response)),
                HttpStatusCode.ServiceUnavailable when response.Headers.RetryAfter is not null => new BankReply.NotSent("HTTP 503 with Retry-After", RetryAfter(response)),
                >= HttpStatusCode.InternalServerError => new BankReply.NotKnown($"HTTP {(int)response.StatusCode}"),
                _ => new BankReply.Answered(response.StatusCode, await response.Content.ReadAsByteArrayAsync(limit.Token)),
            };
        }
        catch (HttpRequestException exception) when (exception.HttpRequestError is
            HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError or HttpRequestError.ProxyTunnelError)
        {
            // These arise before the first byte of the request leaves; everything later is a doubt.
            return new BankReply.NotSent($"no connection: {exception.HttpRequestError}", null);
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or SocketException)
        {
            return new BankReply.NotKnown($"the connection broke: {exception.GetType().Name}");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new BankReply.NotKnown("time-out");
        }
    }

    private static bool IsFailure(BankReply reply) => reply is not BankReply.Answered;

    private static TimeSpan? RetryAfter(HttpResponseMessage response) => response.Headers.RetryAfter switch
    {
        { Delta: { } delta } => delta,
        // The bank's own clock is the only fair one to measure its date with.
        { Date: { } date } when response.Headers.Date is { } now && date > now => date - now,
        _ => null,
    };
}
