using G2PBridge.Modules.Disbursement.Contracts;
using G2PBridge.Modules.Disbursement.Domain;
using G2PBridge.Modules.Disbursement.Persistence;
using G2PBridge.Platform.Identity;
using MediatR;

namespace G2PBridge.Modules.Disbursement.Features;

/// <summary>One pause as it is shown.</summary>
/// <param name="Value">Code of the bank, mnemonic of the programme or id of the envelope; nothing for ALL.</param>
/// <param name="State">STOPPING while something of the scope is on its way, then PAUSED; LIFTED when it is over.</param>
/// <param name="Acknowledged">Nothing of the scope is on its way, and nothing will be until the pause is lifted.</param>
internal sealed record PauseView(
    long Id, PauseScope Scope, string? Value, string Reason, string Actor, PauseState State, bool Acknowledged, DateTimeOffset Since, DateTimeOffset? AcknowledgedAt, DateTimeOffset? LiftedAt)
{
    private const string Operator = "operator";
    private const int LongestActor = 128;

    /// <summary>Stopping must never fail because somebody forgot to say who he is.</summary>
    public static string ActorOf(string? header) => header?.Trim() is { Length: > 0 and <= LongestActor } actor ? actor : Operator;

    public static PauseView Of(PauseRow pause) => new(
        pause.Id, pause.Scope, pause.Value.Length == 0 ? null : pause.Value, pause.Reason, pause.Actor, pause.State, pause.State == PauseState.Paused, pause.Since, pause.AcknowledgedAt, pause.LiftedAt);
}

/// <summary>GET /v1/pauses: every pause that holds, oldest first.</summary>
internal static class ListPauses
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("pauses", HandleAsync)
        .WithName("list_pauses").WithTags("Pauses").WithSummary("Every pause that holds")
        .HonoursScope("the caller's, and those of everything").Produces<Response>();

    internal sealed record Response(IReadOnlyList<PauseView> Items);

    private static async Task<IResult> HandleAsync(HttpContext http, Pauses pauses, IMediator mediator, CancellationToken cancellationToken)
    {
        var shown = new List<PauseView>();
        foreach (var pause in await pauses.ActiveAsync(cancellationToken))
        {
            // A pause of everything stops everybody's payments, and everybody may know.
            if (pause.Scope == PauseScope.All || await http.Scope().AllowsPauseAsync(pause.Scope, pause.Value, mediator, cancellationToken))
            {
                shown.Add(PauseView.Of(pause));
            }
        }

        return TypedResults.Ok(new Response(shown));
    }

    internal sealed class Handler(Pauses pauses) : IRequestHandler<ListActivePauses, IReadOnlyList<ActivePause>>
    {
        public async Task<IReadOnlyList<ActivePause>> Handle(ListActivePauses request, CancellationToken cancellationToken) =>
        [
            .. (await pauses.ActiveAsync(cancellationToken))
                .Select(pause => new ActivePause(pause.Id, pause.Scope, pause.Value, pause.Reason, pause.Actor, pause.Since, pause.State == PauseState.Paused)),
        ];
    }
}
