using System.ComponentModel.DataAnnotations;
using System.Net;
using Microsoft.Extensions.Options;

namespace G2PBridge.Platform.Edges;

/// <summary>What is put up with at the edge: how much, how fast, how often, how long. Everything is generous to whoever means well.</summary>
internal sealed class EdgesOptions
{
    public const string Section = "Edges";

    /// <summary>Before anybody was recognised. Behind a gateway all come from one address unless <see cref="Proxies"/> names it.</summary>
    public RateOptions PerAddress { get; init; } = new() { PerMinute = 60_000, Burst = 5_000 };

    /// <summary>A partner after its signature, an operator or service after key or token, a beneficiary after the token.</summary>
    public RateOptions PerCaller { get; init; } = new() { PerMinute = 30_000, Burst = 2_000 };

    /// <summary>Gateways whose X-Forwarded-For and X-Forwarded-Proto are believed: addresses, or networks as 10.0.0.0/8.</summary>
    public IReadOnlyList<string> Proxies { get; init; } = [];

    [Range(10, 1_000_000)]
    public int MaxConnections { get; init; } = 5_000;

    /// <summary>The longest body where nothing else is said: partner requests and statements have their own limits.</summary>
    [Range(1_024, 1_073_741_824)]
    public int MaxBodyBytes { get; init; } = 16 * 1024 * 1024;

    /// <summary>For the request line and all headers to arrive.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan HeadersTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>For a whole body to arrive.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan BodyTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Slower senders are cut off after <see cref="Grace"/>; slower readers too.</summary>
    [Range(1, 1_000_000)]
    public int MinBytesPerSecond { get; init; } = 1_024;

    [Range(typeof(TimeSpan), "00:00:02", "00:10:00")]
    public TimeSpan Grace { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>For a whole request, its answer included; exports take as long as they are read.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromMinutes(10);
}

/// <summary>A token bucket.</summary>
internal sealed class RateOptions
{
    /// <summary>Requests that come back to the bucket every minute; 0: no limit.</summary>
    public int PerMinute { get; init; }

    /// <summary>Requests that may come at once.</summary>
    public int Burst { get; init; }
}

internal sealed class EdgesValidation : IValidateOptions<EdgesOptions>
{
    public ValidateOptionsResult Validate(string? name, EdgesOptions options)
    {
        var failures = new List<string>();
        foreach (var (rate, key) in new[] { (options.PerAddress, "PerAddress"), (options.PerCaller, "PerCaller") })
        {
            if (rate is { PerMinute: < 0 } or { PerMinute: > 0, Burst: < 1 })
            {
                failures.Add($"Edges:{key}: give PerMinute and Burst as numbers from 1, or PerMinute as 0 for no limit.");
            }
        }

        failures.AddRange(options.Proxies.Where(proxy => !IPAddress.TryParse(proxy, out _) && !IPNetwork.TryParse(proxy, out _))
            .Select(proxy => $"Edges:Proxies: '{proxy}' is neither an address nor a network such as 10.0.0.0/8."));
        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }
}
