using G2PBridge.Platform.Health;
using Microsoft.Extensions.Options;

namespace G2PBridge.Modules.Access;

/// <summary>Outside Development it takes a setting to believe unsigned requests; whoever asks about the host is reminded of it.</summary>
internal sealed class UnsignedRequestsNotice(IOptions<PartnerSignatureOptions> options, IHostEnvironment environment) : IHealthNotice
{
    public string? Notice => environment.IsDevelopment() || options.Value.IsRequired(environment)
        ? null
        : "Partners' requests are believed without a signature (PartnerSignatures:Required is false); something in front of the bridge must check who calls.";
}
