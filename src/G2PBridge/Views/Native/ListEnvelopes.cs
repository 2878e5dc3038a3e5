using System.ComponentModel;
using G2PBridge.Modules.Envelopes.Contracts;
using G2PBridge.PartnerApi;
using G2PBridge.Platform.Errors;
using MediatR;

namespace G2PBridge.Views.Native;

/// <summary>GET /v1/envelopes: newest first, filtered, paged by a cursor that stays right while envelopes arrive.</summary>
internal static class ListEnvelopesView
{
    public const int MostPerPage = 200;

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("envelopes", HandleAsync)
        .WithName("list_envelopes").WithTags("Envelopes").WithSummary("Envelopes, newest first")
        .Produces<Response>().ProducesProblem(StatusCodes.Status422UnprocessableEntity);

    /// <param name="Next">Give this as <c>before</c> to get the next page; null on the last.</param>
    internal sealed record Response(IReadOnlyList<EnvelopeView> Envelopes, long? Next);

    private static async Task<IResult> HandleAsync(
        IMediator mediator, CancellationToken cancellationToken,
        [Description("The cursor of the page before")] long? before = null,
        [Description("1 to 200")] int limit = 50,
        string? programme = null, string? cycle = null,
        [Description("OPEN, SEALED or CANCELLED")] string? status = null,
        [Description("First schedule date")] DateOnly? from = null,
        [Description("Last schedule date")] DateOnly? to = null)
    {
        if (limit is < 1 or > MostPerPage)
        {
            return new Refusal("INVALID_LIMIT", $"limit must be 1 to {MostPerPage}.").ToProblem();
        }

        EnvelopeStatus? wanted = null;
        if (status is not null)
        {
            if (!WireText.TryReadCapitals<EnvelopeStatus>(status.ToUpperInvariant(), out var parsed))
            {
                return new Refusal("INVALID_STATUS", $"status '{Masked.Text(status)}' is not known; use OPEN, SEALED or CANCELLED.").ToProblem();
            }

            wanted = parsed;
        }

        var found = await mediator.Send(new ListEnvelopes(before, limit + 1, programme, cycle, wanted, from, to), cancellationToken);
        var page = await mediator.Send(new ViewEnvelopes([.. found.Take(limit)]), cancellationToken);
        return TypedResults.Ok(new Response(page, found.Count > limit ? page[^1].Number : null));
    }
}
