using G2PBridge.Simulators.Faults;
using G2PBridge.Simulators.Platform;

namespace G2PBridge.Simulators.ExampleBank;

internal static class Ping
{
    public static void Map(IEndpointRouteBuilder routes, FaultGate gate) =>
        routes.MapGet("ping", gate.Guard("ping", context => JsonBody.WriteAsync(context, "\"pong\""u8.ToArray())));
}
