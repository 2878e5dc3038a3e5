using System.Globalization;
using System.Text;
using G2PBridge.Simulators.Faults;
using G2PBridge.Simulators.Platform;

namespace G2PBridge.Simulators.SparMapper;

/// <summary>The SPAR mapper as one thing to register and to mount: the newest paths, and those of the 1.0 generation.</summary>
internal static class SparMapperMount
{
    public const string PartyKey = "spar";

    private static readonly string[] Prefixes = ["", "mapper/", "sync/", "mapper/sync/"];

    public static IServiceCollection AddSparMapper(this IServiceCollection services) => services.AddKeyedSingleton<FaultBook>(PartyKey);

    public static void MapSparMapper(this IEndpointRouteBuilder routes)
    {
        var book = routes.ServiceProvider.GetRequiredKeyedService<FaultBook>(PartyKey);
        var gate = new FaultGate(book, routes.ServiceProvider.GetRequiredService<TimeProvider>());
        foreach (var prefix in Prefixes)
        {
            Resolve.Map(routes, prefix, gate);
            Link.Map(routes, prefix, gate);
            Update.Map(routes, prefix, gate);
            Unlink.Map(routes, prefix, gate);
        }

        routes.MapGet("ping", gate.Guard("ping", context => JsonBody.WriteAsync(context, "\"pong\""u8.ToArray())));
        routes.MapFaults(book);
        routes.MapGet("", CountAsync);
    }

    private static async Task CountAsync(HttpContext context)
    {
        await using var connection = await context.RequestServices.GetRequiredService<SimulatorsDatabase>().OpenAsync(context.RequestAborted);
        var links = await connection.ScalarAsync<long>("select count(*) from spar_mapper.links", context.RequestAborted);
        context.Response.ContentType = "text/plain; charset=utf-8";
        await context.Response.Body.WriteAsync(
            Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"SPAR mapper (simulator): {links} persons are linked to a financial address.\n")),
            context.RequestAborted);
    }
}
