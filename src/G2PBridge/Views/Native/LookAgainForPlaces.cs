using G2PBridge.Modules.Envelopes.Contracts;
using G2PBridge.Modules.InKind.Contracts;
using G2PBridge.Platform.Errors;
using MediatR;

namespace G2PBridge.Views.Native;

/// <summary>POST /v1/envelopes/{id}/places/retry: asks registry and directories again now for whoever has no place and for every place that nobody serves.</summary>
internal static class LookAgainForPlaces
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("envelopes/{id}/places/retry", HandleAsync)
        .WithName("retry_places").WithTags("Envelopes").WithSummary("Ask again now for whoever has no place, and for every place that nobody serves")
        .Produces<Response>(StatusCodes.Status202Accepted).ProducesProblem(StatusCodes.Status404NotFound);

    /// <param name="Tasks">Tasks of batches that are due for it.</param>
    internal sealed record Response(string EnvelopeId, int Tasks);

    private static async Task<IResult> HandleAsync(string id, IMediator mediator, CancellationToken cancellationToken)
    {
        if ((await mediator.Send(new ReadEnvelopes([id]), cancellationToken)).Count == 0)
        {
            return GetEnvelope.NotFound(id).ToProblem();
        }

        return TypedResults.Accepted((string?)null, new Response(id, await mediator.Send(new LookAgain(id, "operator"), cancellationToken)));
    }
}
