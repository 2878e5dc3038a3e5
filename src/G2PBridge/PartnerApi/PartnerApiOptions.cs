using System.ComponentModel.DataAnnotations;

namespace G2PBridge.PartnerApi;

/// <summary>Limits of the partner API.</summary>
internal sealed class PartnerApiOptions
{
    public const string Section = "PartnerApi";

    /// <summary>The longest request body in bytes; about 250,000 disbursements at the default.</summary>
    [Range(1_024, 1_073_741_824)]
    public int MaxRequestBytes { get; init; } = 64 * 1024 * 1024;

    /// <summary>The longest list in a payload: disbursements, or ids.</summary>
    [Range(1, 10_000_000)]
    public int MaxItems { get; init; } = 250_000;

    /// <summary>Bytes of all bodies that are held at once; never less than two of <see cref="MaxRequestBytes"/>.</summary>
    [Range(1_024, 1_099_511_627_776)]
    public long MaxBufferedBytes { get; init; } = 512L * 1024 * 1024;
}
