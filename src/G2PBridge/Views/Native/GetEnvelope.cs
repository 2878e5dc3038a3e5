using G2PBridge.Modules.Envelopes.Contracts;
using G2PBridge.Platform.Errors;
using MediatR;

namespace G2PBridge.Views.Native;

/// <summary>GET /v1/envelopes/{id}: one envelope with its funnel.</summary>
internal static class GetEnvelope
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("envelopes/{id}", HandleAsync)
        .WithName("get_envelope").WithTags("Envelopes").WithSummary("One envelope with its funnel")
        .Produces<EnvelopeView>().ProducesProblem(StatusCodes.Status404NotFound);

    public static Refusal NotFound(string id) => new(PartnerCodes.DisbursementEnvelopeNotFound, $"There is no envelope '{id}'; GET /v1/envelopes lists them.", RefusalKind.NotFound);

    private static async Task<IResult> HandleAsync(string id, IMediator mediator, CancellationToken cancellationToken)
    {
        var found = await mediator.Send(new ReadEnvelopes([id]), cancellationToken);
        return found.Count == 0 ? NotFound(id).ToProblem() : TypedResults.Ok((await mediator.Send(new ViewEnvelopes(found), cancellationToken))[0]);
    }
}
