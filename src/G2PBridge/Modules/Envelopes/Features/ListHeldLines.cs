using System.ComponentModel;
using G2PBridge.Modules.Envelopes.Contracts;
using G2PBridge.Modules.Envelopes.Persistence;
using G2PBridge.PartnerApi;
using G2PBridge.Platform.Errors;
using Microsoft.EntityFrameworkCore;

namespace G2PBridge.Modules.Envelopes.Features;

/// <summary>GET /v1/envelopes/{id}/holds: the lines that a programme's rules object to, and what was decided about them.</summary>
internal static class ListHeldLines
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("v1/envelopes/{id}/holds", HandleAsync)
        .WithName("list_holds").WithTags("Holds").WithSummary("Lines of an envelope that are held, were held or were noted, with the decisions about them")
        .Produces<Response>().ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status422UnprocessableEntity);

    /// <param name="Other">The disbursement that it collides with, and that one's envelope.</param>
    /// <param name="DecisionId">The newest decision about it.</param>
    internal sealed record Item(
        string DisbursementId, HoldKind Kind, HoldState State, decimal Quantity, Other? Other, DateTimeOffset Since, Guid? DecisionId, string? Reason);

    internal sealed record Other(string DisbursementId, string EnvelopeId);

    /// <param name="Next">Give this as <c>after</c> to get the next page; null on the last.</param>
    internal sealed record Response(string EnvelopeId, IReadOnlyList<Item> Items, IReadOnlyList<DecideHolds.DecisionView> Proposals, long? Next);

    private static async Task<IResult> HandleAsync(
        string id, LineHolds holds, HoldDecisions decisions, LineReader lines, EnvelopesDbContext db, CancellationToken cancellationToken,
        [Description("HELD, RELEASED, DROPPED or NOTED")] string? state = null,
        [Description("DUPLICATE_PAYMENT or SHARED_ADDRESS")] string? kind = null,
        [Description("The cursor of the page before")] long after = 0,
        [Description("1 to 1000")] int limit = 100)
    {
        if (limit is < 1 or > 1000)
        {
            return new Refusal("INVALID_LIMIT", "limit must be 1 to 1000.").ToProblem();
        }

        var (isState, isKind) = (WireText.TryReadCapitals<HoldState>(state?.ToUpperInvariant(), out var wanted), WireText.TryReadCapitals<HoldKind>(kind?.ToUpperInvariant(), out var rule));
        if ((state is not null && !isState) || (kind is not null && !isKind))
        {
            return new Refusal("INVALID_STATUS", "state is HELD, RELEASED, DROPPED or NOTED; kind is DUPLICATE_PAYMENT or SHARED_ADDRESS.").ToProblem();
        }

        if (!await db.Envelopes.AnyAsync(envelope => envelope.Id == id, cancellationToken))
        {
            return EnvelopeRefusals.NotFound(id).ToProblem();
        }

        // A line may have a hold of each kind; a page ends between two lines.
        var found = await holds.ListAsync(new ListHolds(id, after, limit + 2, isState ? wanted : null, isKind ? rule : null), cancellationToken);
        var page = found.Count > limit ? found.TakeWhile((hold, index) => index < limit || hold.Seq == found[limit - 1].Seq).ToList() : found;
        var known = (await lines.FindBySeqAsync([.. page.Select(hold => hold.Seq).Concat(page.Select(hold => hold.OtherLine ?? 0)).Distinct()], cancellationToken)).ToDictionary(line => line.Seq);
        var items = page.Select(hold => new Item(
            known[hold.Seq].DisbursementId, hold.Kind, hold.State, hold.Quantity,
            hold.OtherLine is { } seq && known.TryGetValue(seq, out var other) ? new Other(other.DisbursementId, other.EnvelopeId) : null, hold.Since, hold.DecisionId, hold.Reason));
        return TypedResults.Ok(new Response(id, [.. items], await decisions.ProposedAsync(id, cancellationToken), page.Count < found.Count ? page[^1].Seq : null));
    }
}
