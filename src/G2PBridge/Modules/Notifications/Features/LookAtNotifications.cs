using System.ComponentModel;
using G2PBridge.Modules.Envelopes.Contracts;
using G2PBridge.Modules.Notifications.Domain;
using G2PBridge.Modules.Notifications.Persistence;
using G2PBridge.PartnerApi;
using G2PBridge.Platform.Errors;
using G2PBridge.Platform.Jobs;
using G2PBridge.Platform.Persistence;
using MediatR;
using Microsoft.AspNetCore.Http.HttpResults;

namespace G2PBridge.Modules.Notifications.Features;

/// <summary>GET /v1/envelopes/{id}/notifications: the delivery log; POST …/retry sends what is unknown or undeliverable, under the same ids.</summary>
internal static class LookAtNotifications
{
    private const int MostPerPage = 1000;

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("envelopes/{id}/notifications", HandleAsync)
            .WithName("list_notifications").WithTags("Notifications").WithSummary("Who was told, who was not, and why")
            .Produces<Response>().ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status422UnprocessableEntity);
        routes.MapPost("envelopes/{id}/notifications/retry", RetryAsync)
            .WithName("retry_notifications").WithTags("Notifications").WithSummary("Send what is unknown or undeliverable, under the same ids")
            .Produces<RetryResponse>(StatusCodes.Status202Accepted).ProducesProblem(StatusCodes.Status404NotFound);
    }

    internal sealed record Group(string Kind, string State, string? Code, int Notifications);

    /// <param name="Id">The transaction id under which the channel knows it.</param>
    /// <param name="RecipientId">Id of the warehouse, agency or beneficiary.</param>
    internal sealed record Item(Guid Id, string Kind, string RecipientId, string State, int Attempts, string? Code, DateTimeOffset At);

    /// <param name="Next">Give this as <c>after</c> to get the next page; null on the last.</param>
    internal sealed record Response(string EnvelopeId, IReadOnlyList<Group> Groups, IReadOnlyList<Item> Items, Guid? Next);

    internal sealed record RetryResponse(string EnvelopeId, int Notifications);

    internal sealed record Query(string EnvelopeId, Guid? After, int Limit, NotificationState? State) : IRequest<Response?>;

    internal sealed record RetryCommand(string EnvelopeId) : IRequest<int?>;

    private static async Task<IResult> HandleAsync(
        string id, IMediator mediator, CancellationToken cancellationToken,
        [Description("PENDING, SENDING, DELIVERED, UNKNOWN, UNDELIVERABLE or SUPPRESSED")] string? state = null,
        [Description("The cursor of the page before")] Guid? after = null,
        [Description("1 to 1000")] int limit = 100)
    {
        if (limit is < 1 or > MostPerPage)
        {
            return new Refusal("INVALID_LIMIT", $"limit must be 1 to {MostPerPage}.").ToProblem();
        }

        NotificationState? wanted = null;
        if (state is not null)
        {
            if (!WireText.TryReadCapitals<NotificationState>(state.ToUpperInvariant(), out var parsed))
            {
                return new Refusal("INVALID_STATE", $"state '{Masked.Text(state)}' is not known; use PENDING, SENDING, DELIVERED, UNKNOWN, UNDELIVERABLE or SUPPRESSED.").ToProblem();
            }

            wanted = parsed;
        }

        return await mediator.Send(new Query(id, after, limit, wanted), cancellationToken) is { } found ? TypedResults.Ok(found) : NotFound(id);
    }

    private static async Task<IResult> RetryAsync(string id, IMediator mediator, CancellationToken cancellationToken) =>
        await mediator.Send(new RetryCommand(id), cancellationToken) is { } count ? TypedResults.Accepted((string?)null, new RetryResponse(id, count)) : NotFound(id);

    private static ProblemHttpResult NotFound(string id) =>
        new Refusal(PartnerCodes.DisbursementEnvelopeNotFound, $"There is no envelope '{id}'; GET /v1/envelopes lists them.", RefusalKind.NotFound).ToProblem();

    internal sealed class Handler(IMediator mediator, BridgeDatabase source, NotificationStore store, WorkSignal signal) : IRequestHandler<Query, Response?>, IRequestHandler<RetryCommand, int?>
    {
        public async Task<Response?> Handle(Query request, CancellationToken cancellationToken)
        {
            if ((await mediator.Send(new ReadEnvelopes([request.EnvelopeId]), cancellationToken)).Count == 0)
            {
                return null;
            }

            var groups = await source.QueryAsync(
                "select kind, state, last_code, count(*)::int from notifications.notification where envelope_id = $1 group by 1, 2, 3 order by 1, 2, 3", [request.EnvelopeId],
                reader => new Group(Capitals(reader.GetString(0)), Capitals(reader.GetString(1)), reader.TextOrNull(2), reader.GetInt32(3)), cancellationToken);
            var items = await source.QueryAsync(
                """
                select id, kind, recipient_id, state, attempts, last_code, coalesce(settled_at, created_at) from notifications.notification
                where envelope_id = $1 and ($2::uuid is null or id > $2) and ($3::text is null or state = $3) order by id limit $4
                """,
                [request.EnvelopeId, request.After, request.State?.ToString(), request.Limit + 1],
                reader => new Item(
                    reader.GetGuid(0), Capitals(reader.GetString(1)), reader.GetString(2), Capitals(reader.GetString(3)), reader.GetInt32(4), reader.TextOrNull(5), reader.GetFieldValue<DateTimeOffset>(6)),
                cancellationToken);
            return new Response(request.EnvelopeId, groups, [.. items.Take(request.Limit)], items.Count > request.Limit ? items[request.Limit - 1].Id : null);
        }

        public async Task<int?> Handle(RetryCommand request, CancellationToken cancellationToken)
        {
            if ((await mediator.Send(new ReadEnvelopes([request.EnvelopeId]), cancellationToken)).Count == 0)
            {
                return null;
            }

            var count = await store.SendAgainAsync(request.EnvelopeId, "operator", cancellationToken);
            await signal.RaiseAsync(Work.SendNotifications, cancellationToken);
            return count;
        }

        private static string Capitals(string word) => word.ToUpperInvariant();
    }
}
