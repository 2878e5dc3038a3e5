using System.Globalization;
using G2PBridge.Simulators.ExampleBank.Statements;

namespace G2PBridge.Simulators.ExampleBank;

/// <summary>A statement as it was or will be delivered.</summary>
internal static class GetStatement
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("statements/{id:long}", HandleAsync);

    private static async Task HandleAsync(HttpContext context)
    {
        var id = long.Parse((string)context.Request.RouteValues["id"]!, CultureInfo.InvariantCulture);
        context.Response.ContentType = "text/plain; charset=utf-8";
        if (!await context.RequestServices.GetRequiredService<StatementWriter>().WriteAsync(id, context.Response.Body, context.RequestAborted))
            context.Response.StatusCode = StatusCodes.Status404NotFound;
    }
}
