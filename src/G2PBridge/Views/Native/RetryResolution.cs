using G2PBridge.Modules.Envelopes.Contracts;
using G2PBridge.Modules.Resolution.Contracts;
using G2PBridge.Platform.Errors;
using MediatR;

namespace G2PBridge.Views.Native;

/// <summary>POST /v1/envelopes/{id}/resolution/retry: asks the mapper again now about everyone who has no address.</summary>
internal static class RetryResolution
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("envelopes/{id}/resolution/retry", HandleAsync)
        .WithName("retry_resolution").WithTags("Envelopes").WithSummary("Ask the mapper again now about everyone without an address")
        .Produces<Response>(StatusCodes.Status202Accepted).ProducesProblem(StatusCodes.Status404NotFound);

    internal sealed record Response(string EnvelopeId, int Lines);

    private static async Task<IResult> HandleAsync(string id, IMediator mediator, CancellationToken cancellationToken)
    {
        if ((await mediator.Send(new ReadEnvelopes([id]), cancellationToken)).Count == 0)
        {
            return GetEnvelope.NotFound(id).ToProblem();
        }

        return TypedResults.Accepted((string?)null, new Response(id, await mediator.Send(new RetryUnresolved(id, "operator"), cancellationToken)));
    }
}
