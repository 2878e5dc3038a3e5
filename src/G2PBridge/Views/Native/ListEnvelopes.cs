using System.ComponentModel;
using G2PBridge.Modules.Envelopes.Contracts;
using G2PBridge.Modules.Funds.Contracts;
using G2PBridge.PartnerApi;
using G2PBridge.Platform.Errors;
using G2PBridge.Platform.Identity;
using MediatR;

namespace G2PBridge.Views.Native;

/// <summary>GET /v1/envelopes: newest first, filtered, paged by a cursor that stays right while envelopes arrive.</summary>
internal static class ListEnvelopesView
{
    public const int MostPerPage = 200;

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("envelopes", HandleAsync)
        .WithName("list_envelopes").WithTags("Envelopes").WithSummary("Envelopes, newest first")
        .HonoursScope("envelopes of the caller's programmes and banks").Produces<Response>().ProducesProblem(StatusCodes.Status422UnprocessableEntity);

    /// <param name="Next">Give this as <c>before</c> to get the next page; null on the last.</param>
    internal sealed record Response(IReadOnlyList<EnvelopeView> Envelopes, long? Next);

    private static async Task<IResult> HandleAsync(
        HttpContext http, IMediator mediator, CancellationToken cancellationToken,
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

        var scope = http.Scope();
        var found = await mediator.Send(new ListEnvelopes(before, limit + 1, programme, cycle, wanted, from, to, scope.Programmes), cancellationToken);
        var next = found.Count > limit ? found[limit - 1].Number : (long?)null;
        var page = await mediator.Send(new ViewEnvelopes([.. await OfBanksAsync([.. found.Take(limit)], scope, mediator, cancellationToken)]), cancellationToken);
        return TypedResults.Ok(new Response(page, next));
    }

    /// <summary>Which bank pays is a matter of the settings, so that a page of somebody who is limited to banks may be shorter than asked for.</summary>
    private static async Task<IEnumerable<EnvelopeFacts>> OfBanksAsync(IReadOnlyList<EnvelopeFacts> page, AccessScope scope, IMediator mediator, CancellationToken cancellationToken)
    {
        if (scope.Banks is null)
        {
            return page;
        }

        var own = (await mediator.Send(new FindEnvelopeScopes([.. page.Select(envelope => envelope.Id)]), cancellationToken))
            .Where(envelope => scope.AllowsBank(envelope.SponsorBankCode)).Select(envelope => envelope.EnvelopeId).ToHashSet(StringComparer.Ordinal);
        return page.Where(envelope => own.Contains(envelope.Id));
    }
}
