using System.Net;
using System.Net.Sockets;

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

/// <summary>Posts to one bank, once. Time-out, rate limit and breaker are the guard's.</summary>
internal sealed class BankCall(Func<HttpClient> client, ExampleBankSettings settings, CallSecurity? security = null)
{
    // Without the final slash the last part of the path would be replaced by the endpoint's name.
    private readonly Uri _base = new(settings.BaseUrl!.AbsoluteUri.TrimEnd('/') + "/");

    public async Task<BankReply> PostAsync(string endpoint, byte[] body, string? key, bool perLine, CancellationToken cancellationToken)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(_base, endpoint)) { Content = new JsonBody(body) };
            if (key is not null)
            {
                request.Headers.TryAddWithoutValidation("Idempotency-Key", key);
            }

            if (perLine)
            {
                request.Headers.TryAddWithoutValidation("X-Per-Line-Results", "true");
            }

            using var caller = client();
            using var response = await caller.SendAsync(request, HttpCompletionOption.ResponseContentRead, cancellationToken);
            return response.StatusCode switch
            {
                HttpStatusCode.TooManyRequests => new BankReply.NotSent("HTTP 429", RetryAfter(response)),
                HttpStatusCode.ServiceUnavailable when response.Headers.RetryAfter is not null => new BankReply.NotSent("HTTP 503 with Retry-After", RetryAfter(response)),
                >= HttpStatusCode.InternalServerError => new BankReply.NotKnown($"HTTP {(int)response.StatusCode}"),
                _ => new BankReply.Answered(response.StatusCode, await response.Content.ReadAsByteArrayAsync(cancellationToken)),
            };
        }
        catch (HttpRequestException exception) when (exception.HttpRequestError is
            HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError or HttpRequestError.ProxyTunnelError)
        {
            // These arise before the first byte of the request leaves; everything later is a doubt.
            return new BankReply.NotSent(security?.Explain(exception) ?? $"no connection: {exception.HttpRequestError}", null);
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or SocketException)
        {
            // TLS 1.3 lets a request out before the bank has looked at our certificate, so a refusal at that point proves nothing.
            return new BankReply.NotKnown(security?.Explain(exception) ?? $"the connection broke: {exception.GetType().Name}");
        }
    }

    private static TimeSpan? RetryAfter(HttpResponseMessage response) => response.Headers.RetryAfter switch
    {
        { Delta: { } delta } => delta,
        // The bank's own clock is the only fair one to measure its date with.
        { Date: { } date } when response.Headers.Date is { } now && date > now => date - now,
        _ => null,
    };
}
