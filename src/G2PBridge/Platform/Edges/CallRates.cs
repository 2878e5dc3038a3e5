using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Threading.RateLimiting;
using G2PBridge.PartnerApi;
using G2PBridge.Platform.Errors;
using G2PBridge.Platform.Identity;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;

namespace G2PBridge.Platform.Edges;

/// <summary>
/// How often somebody may call: by address before anybody was recognised, by name afterwards. A bucket that nobody draws from is forgotten,
/// so invented names do not fill the memory. Each host counts by itself.
/// </summary>
internal sealed class CallRates : IPartnerAllowance, IDisposable
{
    private const string Operator = "o:";
    private const string Partner = "p:";
    private const string Beneficiary = "b:";

    private readonly PartitionedRateLimiter<string> _callers;

    public CallRates(IOptions<EdgesOptions> options)
    {
        var rate = options.Value.PerCaller;
        _callers = PartitionedRateLimiter.Create<string, string>(name => Bucket(name, rate), StringComparer.Ordinal);
    }

    public static PartitionedRateLimiter<HttpContext> ByAddress(RateOptions rate) =>
        PartitionedRateLimiter.Create<HttpContext, string>(http => Bucket(AddressOf(http.Connection.RemoteIpAddress), rate), StringComparer.Ordinal);

    public TimeSpan? WaitOf(string partner) => WaitFor(Partner + partner.ToUpperInvariant());

    /// <summary>Stands behind whatever recognises callers; partners are counted once their signature was checked.</summary>
    public async Task LimitAsync(HttpContext http, RequestDelegate next)
    {
        var wait = http.GetEndpoint()?.Metadata.GetMetadata<SpeaksForBeneficiary>() is not null
            ? WaitFor(Beneficiary + http.RequestServices.GetRequiredService<CurrentBeneficiary>().Id)
            : http.Features.Get<RecognisedCaller>() is { } caller ? WaitFor(Operator + caller.Actor) : null;
        if (wait is { } time)
        {
            await RefuseAsync(http, time);
            return;
        }

        await next(http);
    }

    public static Task RefuseAsync(HttpContext http, TimeSpan wait)
    {
        var seconds = Math.Max(1, (int)Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        http.Response.Headers[HeaderNames.RetryAfter] = seconds;
        return ErrorAnswer.WriteAsync(http, StatusCodes.Status429TooManyRequests, PartnerEndpoint.TooManyCode, $"Too many requests; go on in {seconds} seconds.");
    }

    public void Dispose() => _callers.Dispose();

    private TimeSpan? WaitFor(string name)
    {
        using var lease = _callers.AttemptAcquire(name);
        return lease.IsAcquired ? null : lease.TryGetMetadata(MetadataName.RetryAfter, out var wait) ? wait : TimeSpan.FromSeconds(1);
    }

    private static RateLimitPartition<string> Bucket(string key, RateOptions rate) => rate.PerMinute == 0
        ? RateLimitPartition.GetNoLimiter("")
        : RateLimitPartition.GetTokenBucketLimiter(key, _ => new TokenBucketRateLimiterOptions
        {
            TokenLimit = rate.Burst,
            TokensPerPeriod = Math.Max(1, rate.PerMinute / 60),
            ReplenishmentPeriod = rate.PerMinute >= 60 ? TimeSpan.FromSeconds(1) : TimeSpan.FromMinutes(1) / rate.PerMinute,
            QueueLimit = 0,
        });

    /// <summary>Of IPv6 the network: whoever has one address there has all of a /64.</summary>
    private static string AddressOf(IPAddress? address)
    {
        if (address is null)
        {
            return "";
        }

        if (address.IsIPv4MappedToIPv6)
        {
            address = address.MapToIPv4();
        }

        return address.AddressFamily == AddressFamily.InterNetworkV6 ? Convert.ToHexString(address.GetAddressBytes()[..8]) : address.ToString();
    }
}
