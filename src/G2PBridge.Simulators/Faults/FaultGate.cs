using System.Globalization;
using System.Text;
using G2PBridge.Simulators.Platform;

namespace G2PBridge.Simulators.Faults;

/// <summary>Stands before a handler and lets it, or its answer, go wrong by the rules of the book.</summary>
internal sealed class FaultGate(FaultBook book, TimeProvider clock)
{
    private const int DripPieces = 20;

    private static readonly byte[] Garbage = "<html><body>Gateway says: OK{\"status\": suc"u8.ToArray();
    private static readonly byte[] BadGateway = "<html><head><title>502 Bad Gateway</title></head><body>upstream prematurely closed</body></html>"u8.ToArray();

    public RequestDelegate Guard(string endpoint, RequestDelegate handler) => async context =>
    {
        var text = book.NeedsBody(endpoint) ? await RewindableTextAsync(context) : "";
        if (book.HitCall(endpoint, () => text) is { } rule)
            await MisbehaveAsync(rule, handler, context);
        else
            await handler(context);
    };

    private async Task MisbehaveAsync(FaultRule rule, RequestDelegate handler, HttpContext context)
    {
        switch (rule.Kind)
        {
            case FaultKind.TimeoutBefore:
                await HoldAsync(rule, context);
                context.Abort();
                break;
            case FaultKind.TimeoutAfterAccepting:
                var held = await PerformAsync(handler, context);
                await HoldAsync(rule, context);
                await context.Response.Body.WriteAsync(held, context.RequestAborted);
                break;
            case FaultKind.Slow:
                await HoldAsync(rule, context);
                await handler(context);
                break;
            case FaultKind.ResetMidAnswer:
                var whole = await PerformAsync(handler, context);
                await context.Response.Body.WriteAsync(whole.AsMemory(0, whole.Length / 2), context.RequestAborted);
                await context.Response.Body.FlushAsync(context.RequestAborted);
                context.Abort();
                break;
            case FaultKind.SlowDrip:
                await DripAsync(await PerformAsync(handler, context), rule, context);
                break;
            case FaultKind.Http5xx:
                if (rule.Perform ?? false)
                    await PerformAsync(handler, context);
                await AnswerAsync(context, rule.Status ?? StatusCodes.Status502BadGateway, "text/html", BadGateway);
                break;
            case FaultKind.Garbage200:
                if (rule.Perform ?? true)
                    await PerformAsync(handler, context);
                await AnswerAsync(context, StatusCodes.Status200OK, "application/json", Garbage);
                break;
            case FaultKind.TooManyRequests:
                await RetryLaterAsync(context, rule, rule.Status ?? StatusCodes.Status429TooManyRequests, "Too many requests");
                break;
            case FaultKind.Maintenance:
                await RetryLaterAsync(context, rule, StatusCodes.Status503ServiceUnavailable, "Maintenance");
                break;
            default:
                throw new InvalidOperationException($"{rule.Kind} is not a fault of calls.");
        }
    }

    /// <summary>The work is done as if nothing were wrong; only its answer is kept back.</summary>
    private static async Task<byte[]> PerformAsync(RequestDelegate handler, HttpContext context)
    {
        var wire = context.Response.Body;
        using var kept = new MemoryStream();
        context.Response.Body = kept;
        try
        {
            await handler(context);
        }
        finally
        {
            context.Response.Body = wire;
        }

        return kept.ToArray();
    }

    /// <summary>Until the time is up, the caller has gone or the host stops: a held answer must not hold up a shutdown.</summary>
    private async Task HoldAsync(FaultRule rule, HttpContext context)
    {
        var stopping = context.RequestServices.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
        using var end = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stopping);
        await Task.Delay(TimeSpan.FromMilliseconds(rule.DelayMs), clock, end.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task DripAsync(byte[] answer, FaultRule rule, HttpContext context)
    {
        var piece = Math.Max(1, answer.Length / DripPieces);
        for (var at = 0; at < answer.Length && !context.RequestAborted.IsCancellationRequested; at += piece)
        {
            await context.Response.Body.WriteAsync(answer.AsMemory(at, Math.Min(piece, answer.Length - at)), context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
            await Task.Delay(TimeSpan.FromMilliseconds((double)rule.DelayMs / DripPieces), clock, context.RequestAborted)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static Task RetryLaterAsync(HttpContext context, FaultRule rule, int status, string text)
    {
        context.Response.Headers.RetryAfter = rule.RetryAfterSeconds.ToString(CultureInfo.InvariantCulture);
        return AnswerAsync(context, status, "text/plain", Encoding.UTF8.GetBytes(text));
    }

    private static Task AnswerAsync(HttpContext context, int status, string contentType, byte[] body)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = contentType;
        context.Response.ContentLength = body.Length;
        return context.Response.Body.WriteAsync(body, context.RequestAborted).AsTask();
    }

    private static async Task<string> RewindableTextAsync(HttpContext context)
    {
        var body = await JsonBody.ReadAsync(context);
        context.Request.Body = new MemoryStream(body.ToArray(), writable: false);
        return Encoding.UTF8.GetString(body.Span);
    }
}
