using System.ComponentModel;
using G2PBridge.Modules.Disbursement.Contracts;
using G2PBridge.Modules.Envelopes.Contracts;
using G2PBridge.Modules.InKind.Contracts;
using G2PBridge.Modules.Reconciliation.Contracts;
using G2PBridge.Modules.Resolution.Contracts;
using G2PBridge.PartnerApi;
using G2PBridge.Platform;
using G2PBridge.Platform.Errors;
using G2PBridge.Platform.Exports;
using MediatR;

namespace G2PBridge.Views.Native;

/// <summary>
/// GET /v1/envelopes/{id}/exceptions: every line that is not simply on its way or paid, grouped by reason and listed page by page in line order.
/// Several modules know exceptions; each gives its next lines after the cursor, and the page is their merge. A place that nobody serves stands there under its own number.
/// </summary>
internal static class ListExceptions
{
    private const string Unresolved = "UNRESOLVED";
    private const string Returned = "RETURNED";
    private const string NotPlaced = "NOT_PLACED";
    private const string NotServed = "NOT_SERVED";

    private const int LargestPage = 1000;

    private static readonly string[] Columns = ["disbursement_id", "beneficiary_id", "amount", "unit", "kind", "reason_code", "reason", "since", "attempts", "next_attempt_at"];

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("envelopes/{id}/exceptions", HandleAsync)
            .WithName("list_exceptions").WithTags("Envelopes").WithSummary("Lines of an envelope that need attention, grouped by reason")
            .Produces<Response>().ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status422UnprocessableEntity);
        routes.MapGet("envelopes/{id}/exceptions.csv", ExportAsync)
            .WithName("export_exceptions").WithTags("Envelopes").WithSummary("Lines of an envelope that need attention, as a file")
            .GivesCsv().ProducesProblem(StatusCodes.Status404NotFound);
    }

    /// <param name="Kind">UNRESOLVED, UNKNOWN, REFUSED, RETURNED, TOO_LATE; HELD, DROPPED or NOTED with the rule as its reason; where in-kind programmes are switched on, NOT_PLACED and NOT_SERVED.</param>
    /// <param name="Lines">Lines; of NOT_SERVED, places.</param>
    internal sealed record Group(string Kind, string? ReasonCode, int Lines);

    /// <param name="DisbursementId">Of NOT_SERVED, the place's disbursement_batch_control_geo_id.</param>
    /// <param name="BeneficiaryId">Of NOT_SERVED, the place itself.</param>
    internal sealed record Item(string DisbursementId, string BeneficiaryId, decimal Amount, string Kind, string? ReasonCode, string? Reason, DateTimeOffset? Since, int? Attempts, DateTimeOffset? NextAttemptAt);

    /// <param name="Next">Give this as <c>after</c> to get the next page; null on the last.</param>
    internal sealed record Response(string EnvelopeId, IReadOnlyList<Group> Groups, IReadOnlyList<Item> Items, long? Next);

    private sealed record Found(long Line, string Kind, string? ReasonCode, string? Reason, DateTimeOffset? Since, int? Attempts, DateTimeOffset? NextAttemptAt, GeoFacts? Place = null);

    private static async Task<IResult> HandleAsync(
        string id, IMediator mediator, FeatureFlags flags, CancellationToken cancellationToken,
        [Description("UNRESOLVED, UNKNOWN, REFUSED, RETURNED, TOO_LATE, HELD, DROPPED, NOTED, NOT_PLACED or NOT_SERVED")] string? kind = null,
        string? reason = null,
        [Description("The cursor of the page before")] long after = 0,
        [Description("1 to 1000")] int limit = 100)
    {
        if (limit is < 1 or > LargestPage)
        {
            return new Refusal("INVALID_LIMIT", "limit must be 1 to 1000.").ToProblem();
        }

        if (await mediator.Send(new ReadEnvelopes([id]), cancellationToken) is not [var envelope])
        {
            return GetEnvelope.NotFound(id).ToProblem();
        }

        var isPlaced = flags.InKind && envelope.BenefitType != BenefitType.CashDigital;
        var unserved = isPlaced ? await UnservedAsync(envelope, mediator, cancellationToken) : [];
        var groups = await GroupAsync(id, isPlaced, unserved, mediator, cancellationToken);
        var (items, next) = await PageAsync(id, kind?.ToUpperInvariant(), reason, after, limit, isPlaced, unserved, mediator, cancellationToken);
        return TypedResults.Ok(new Response(id, groups, items, next));
    }

    private static async Task ExportAsync(string id, HttpContext http, IMediator mediator, FeatureFlags flags, string? kind = null, string? reason = null)
    {
        if (await mediator.Send(new ReadEnvelopes([id]), http.RequestAborted) is not [var envelope])
        {
            await GetEnvelope.NotFound(id).ToProblem().ExecuteAsync(http);
            return;
        }

        var isPlaced = flags.InKind && envelope.BenefitType != BenefitType.CashDigital;
        var unserved = isPlaced ? await UnservedAsync(envelope, mediator, http.RequestAborted) : [];
        var after = 0L;
        await CsvFile.WriteAsync(http, $"{id}-exceptions", Columns, async (csv, cancellationToken) =>
        {
            var (items, next) = await PageAsync(id, kind?.ToUpperInvariant(), reason, after, LargestPage, isPlaced, unserved, mediator, cancellationToken);
            foreach (var item in items)
            {
                csv.Text(item.DisbursementId).Text(item.BeneficiaryId).Number(item.Amount).Text(envelope.Unit).Text(item.Kind).Text(item.ReasonCode).Text(item.Reason)
                    .Time(item.Since).Number(item.Attempts).Time(item.NextAttemptAt).End();
            }

            after = next ?? after;
            return next is not null;
        });
    }

    private static async Task<(IReadOnlyList<Item> Items, long? Next)> PageAsync(
        string id, string? kind, string? reason, long after, int limit, bool isPlaced, IReadOnlyList<GeoFacts> unserved, IMediator mediator, CancellationToken cancellationToken)
    {
        var found = (await FindAsync(id, kind, reason, after, limit + 1, isPlaced, unserved, mediator, cancellationToken)).OrderBy(item => item.Line).ToList();

        // A line may be there twice, returned and noted; a page ends between two lines.
        var page = found.TakeWhile((item, index) => index < limit || item.Line == found[limit - 1].Line).ToList();
        var lines = (await mediator.Send(new FindLinesBySeq([.. page.Select(item => item.Line).Distinct()]), cancellationToken)).ToDictionary(line => line.Seq);
        var items = page.Where(item => item.Place is not null || lines.ContainsKey(item.Line)).Select(item => item.Place is { } place
            ? new Item(place.Id, place.SmallZoneMnemonic ?? place.SmallZoneId, place.Quantity, item.Kind, item.ReasonCode, item.Reason, item.Since, item.Attempts, item.NextAttemptAt)
            : new Item(
                lines[item.Line].DisbursementId, lines[item.Line].BeneficiaryId, lines[item.Line].Quantity, item.Kind, item.ReasonCode, item.Reason, item.Since, item.Attempts, item.NextAttemptAt));
        return ([.. items], found.Count > page.Count ? page[^1].Line : null);
    }

    /// <summary>Once its payouts are there, a place of cash by hand without an agency or account is an unresolved payment, and named as that.</summary>
    private static async Task<IReadOnlyList<GeoFacts>> UnservedAsync(EnvelopeFacts envelope, IMediator mediator, CancellationToken cancellationToken) =>
        envelope is { BenefitType: BenefitType.CashPhysical, Status: EnvelopeStatus.Sealed }
            ? []
            : [.. (await mediator.Send(new ReadGeosOfEnvelope(envelope.Id), cancellationToken)).Where(geo => (geo.WarehouseReason ?? geo.AgencyReason) is not null)];

    private static async Task<List<Group>> GroupAsync(string id, bool isPlaced, IReadOnlyList<GeoFacts> unserved, IMediator mediator, CancellationToken cancellationToken)
    {
        var groups = new List<Group>();
        if (isPlaced)
        {
            groups.AddRange((await mediator.Send(new CountMissingLines(id), cancellationToken)).Select(count => new Group(NotPlaced, count.ReasonCode, count.Lines)));
            groups.AddRange(unserved.CountBy(geo => geo.WarehouseReason ?? geo.AgencyReason!).Select(count => new Group(NotServed, count.Key, count.Value)));
        }

        groups.AddRange((await mediator.Send(new CountUnresolvedByReason(id), cancellationToken)).Select(count => new Group(Unresolved, count.ReasonCode, count.Lines)));

        // A return is on record twice, as the bank's entry and as the line's state; the entry carries the reason.
        groups.AddRange((await mediator.Send(new CountExceptionalLines(id), cancellationToken))
            .Where(count => count.State is not (LineState.Returned or LineState.NothingToPay))
            .Select(count => new Group(WireText.Capitals(count.State), count.ReasonCode, count.Lines)));
        groups.AddRange((await mediator.Send(new CountHolds([id]), cancellationToken))
            .Where(count => count.State != HoldState.Released)
            .Select(count => new Group(WireText.Capitals(count.State), WireText.Capitals(count.Kind), count.Lines)));
        groups.AddRange((await mediator.Send(new CountReturnsByReason(id), cancellationToken)).Select(count => new Group(Returned, count.ReasonCode, count.Lines)));
        return groups;
    }

    private static async Task<List<Found>> FindAsync(
        string id, string? kind, string? reason, long after, int limit, bool isPlaced, IReadOnlyList<GeoFacts> unserved, IMediator mediator, CancellationToken cancellationToken)
    {
        var found = new List<Found>();
        if (isPlaced && (kind is null or NotPlaced))
        {
            found.AddRange((await mediator.Send(new ListMissingLines(id, after, limit, reason), cancellationToken))
                .Select(line => new Found(line.Seq, NotPlaced, line.ReasonCode, null, line.LastAttemptAt, line.Attempts, line.NextAttemptAt)));
        }

        if (kind is null or NotServed)
        {
            found.AddRange(unserved.Where(geo => geo.Number > after && (reason is null || reason == (geo.WarehouseReason ?? geo.AgencyReason))).Take(limit)
                .Select(geo => new Found(geo.Number, NotServed, geo.WarehouseReason ?? geo.AgencyReason, null, null, null, null, geo)));
        }

        if (kind is null or Unresolved)
        {
            found.AddRange((await mediator.Send(new ListUnresolved(id, after, limit, reason), cancellationToken))
                .Select(line => new Found(line.Seq, Unresolved, line.ReasonCode, line.Reason, line.LastAttemptAt, line.Attempts, line.NextAttemptAt)));
        }

        if (kind is null or "UNKNOWN" or "REFUSED" or "TOO_LATE")
        {
            LineState? state = WireText.TryReadCapitals<LineState>(kind, out var named) ? named : null;
            found.AddRange((await mediator.Send(new ListExceptionalLines(id, after, limit, state, reason), cancellationToken))
                .Where(line => line.State is not (LineState.Returned or LineState.NothingToPay))
                .Select(line => new Found(line.Line, WireText.Capitals(line.State), line.ReasonCode, line.Reason, line.Since, null, null)));
        }

        found.AddRange(await HoldsAsync(id, kind, reason, after, limit, mediator, cancellationToken));
        if (kind is null or Returned)
        {
            found.AddRange((await mediator.Send(new ListReturned(id, after, limit, reason), cancellationToken))
                .Select(entry => new Found(entry.Line, Returned, entry.ReasonCode, Masked.Text(entry.Reason), null, null, null)));
        }

        return found;
    }

    private static async Task<IEnumerable<Found>> HoldsAsync(string id, string? kind, string? reason, long after, int limit, IMediator mediator, CancellationToken cancellationToken)
    {
        HoldState? state = WireText.TryReadCapitals<HoldState>(kind, out var named) ? named : null;
        HoldKind? rule = WireText.TryReadCapitals<HoldKind>(reason, out var spelled) ? spelled : null;
        if ((kind is not null && state is null) || (reason is not null && rule is null))
        {
            return [];
        }

        // What was released is no exception any more.
        return from hold in await mediator.Send(new ListHolds(id, after, limit, state, rule, Open: true), cancellationToken)
               select new Found(hold.Seq, WireText.Capitals(hold.State), WireText.Capitals(hold.Kind), hold.Reason, hold.Since, null, null);
    }
}
