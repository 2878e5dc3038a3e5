using G2PBridge.Platform.Health;

namespace G2PBridge.Views.Native;

/// <summary>GET /v1/health: can this host work, and what must not be forgotten about it.</summary>
internal static class GetHealth
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("health", HandleAsync)
        .WithName("get_health").WithTags("Health").WithSummary("Whether this host can work")
        .Produces<Response>().Produces<Response>(StatusCodes.Status503ServiceUnavailable)
        .AllowAnonymous();

    /// <param name="Status">OK, or DATABASE_UNREACHABLE.</param>
    /// <param name="Notices">What an administrator must not forget, one sentence each.</param>
    internal sealed record Response(string Status, IReadOnlyList<string> Notices);

    private static async Task<IResult> HandleAsync(DatabaseReach database, IEnumerable<IHealthNotice> notices, CancellationToken cancellationToken)
    {
        string[] told = [.. notices.Select(notice => notice.Notice).OfType<string>()];
        return await database.IsReachedAsync(cancellationToken)
            ? TypedResults.Ok(new Response("OK", told))
            : TypedResults.Json(new Response("DATABASE_UNREACHABLE", told), statusCode: StatusCodes.Status503ServiceUnavailable);
    }
}
