using System.ComponentModel.DataAnnotations;

namespace G2PBridge.PartnerApi;

/// <summary>Limits of the partner API.</summary>
internal sealed class PartnerApiOptions
{
    public const string Section = "PartnerApi";

    /// <summary>The longest request body in bytes; about 250,000 disbursements at the default.</summary>
    [Range(1_024, 1_073_741_824)]
    public int MaxRequestBytes { get; init; } = 64 * 1024 * 1024;
}
