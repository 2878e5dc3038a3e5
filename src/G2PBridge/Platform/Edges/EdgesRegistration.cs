using System.Net;
using System.Threading.RateLimiting;
using G2PBridge.PartnerApi;
using G2PBridge.Platform.Errors;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;

namespace G2PBridge.Platform.Edges;

/// <summary>Puts the edge together; what each piece stands against is in docs/security.md.</summary>
internal static class EdgesRegistration
{
    public static void AddEdges(this IServiceCollection services)
    {
        services.AddOptions<EdgesOptions>().BindConfiguration(EdgesOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<IValidateOptions<EdgesOptions>, EdgesValidation>();
        services.AddOptions<KestrelServerOptions>().Configure<IOptions<EdgesOptions>>((kestrel, options) => Limit(kestrel, options.Value));
        services.AddOptions<ForwardedHeadersOptions>().Configure<IOptions<EdgesOptions>>((headers, options) => Believe(headers, options.Value));
        services.AddRequestTimeouts();
        services.AddOptions<RequestTimeoutOptions>().Configure<IOptions<EdgesOptions>>((timeouts, options) => timeouts.DefaultPolicy = new RequestTimeoutPolicy
        {
            Timeout = options.Value.RequestTimeout,
            WriteTimeoutResponse = http => ErrorAnswer.WriteAsync(http, StatusCodes.Status503ServiceUnavailable, "TIMED_OUT", "This took too long and was given up; ask for less, or try again later."),
        });
        services.AddRateLimiter(_ => { });
        services.AddOptions<RateLimiterOptions>().Configure<IOptions<EdgesOptions>>((limiter, options) =>
        {
            limiter.GlobalLimiter = CallRates.ByAddress(options.Value.PerAddress);
            limiter.OnRejected = (context, _) => new ValueTask(CallRates.RefuseAsync(
                context.HttpContext, context.Lease.TryGetMetadata(MetadataName.RetryAfter, out var wait) ? wait : TimeSpan.FromSeconds(1)));
        });
        services.AddSingleton<CallRates>();
        services.AddSingleton<IPartnerAllowance>(provider => provider.GetRequiredService<CallRates>());
    }

    /// <summary>Before everything else.</summary>
    public static void UseEdges(this WebApplication web)
    {
        web.UseSecurityHeaders();
        if (web.Services.GetRequiredService<IOptions<EdgesOptions>>().Value.Proxies.Count > 0)
        {
            web.UseForwardedHeaders();
        }
    }

    /// <summary>Where errors are answered already, and before anybody is recognised.</summary>
    public static void UseLimits(this WebApplication web)
    {
        web.UseRateLimiter();
        web.UseRequestTimeouts();
        // The server refuses a NUL in a path; in a query it would be some database's to refuse.
        web.Use((http, next) => http.Request.QueryString.Value?.Contains("%00", StringComparison.Ordinal) == true
            ? ErrorAnswer.WriteAsync(http, StatusCodes.Status400BadRequest, PartnerEndpoint.MalformedCode, "Invalid Input. The address holds a NUL; leave it out.")
            : next(http));
        web.UseMiddleware<BodyDeadline>();
    }

    /// <summary>Once callers are recognised.</summary>
    public static void UseCallerLimits(this WebApplication web)
    {
        var rates = web.Services.GetRequiredService<CallRates>();
        web.Use(next => http => rates.LimitAsync(http, next));
    }

    private static void Limit(KestrelServerOptions kestrel, EdgesOptions options)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxConcurrentConnections = options.MaxConnections;
        kestrel.Limits.MaxRequestBodySize = options.MaxBodyBytes;
        kestrel.Limits.RequestHeadersTimeout = options.HeadersTimeout;
        kestrel.Limits.MinRequestBodyDataRate = new MinDataRate(options.MinBytesPerSecond, options.Grace);
        kestrel.Limits.MinResponseDataRate = new MinDataRate(options.MinBytesPerSecond, options.Grace);
    }

    private static void Believe(ForwardedHeadersOptions headers, EdgesOptions options)
    {
        headers.ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto;
        headers.ForwardLimit = null;
        headers.KnownProxies.Clear();
        headers.KnownIPNetworks.Clear();
        foreach (var proxy in options.Proxies)
        {
            if (IPAddress.TryParse(proxy, out var address))
            {
                headers.KnownProxies.Add(address);
            }
            else
            {
                headers.KnownIPNetworks.Add(System.Net.IPNetwork.Parse(proxy));
            }
        }
    }
}
