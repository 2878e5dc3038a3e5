using G2PBridge.Platform.Health;
using Microsoft.Extensions.Options;

namespace G2PBridge.Modules.Access;

/// <summary>Outside Development it takes a setting to let anybody use the native API; whoever asks about the host is reminded of it.</summary>
internal sealed class UnknownCallersNotice(IOptions<OperatorAccessOptions> options, IHostEnvironment environment) : IHealthNotice
{
    public string? Notice => environment.IsDevelopment() || options.Value.IsRequired(environment)
        ? null
        : "Anybody who reaches /v1 may use it, and X-Actor is believed (OperatorAccess:Required is false); something in front of the bridge must check who calls.";
}
