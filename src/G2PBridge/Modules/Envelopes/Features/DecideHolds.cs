using System.ComponentModel;
using G2PBridge.Modules.Envelopes.Contracts;
using G2PBridge.Modules.Envelopes.Domain;
using G2PBridge.Modules.Envelopes.Persistence;
using G2PBridge.Platform.Errors;
using G2PBridge.Platform.Jobs;
using MediatR;
using Microsoft.AspNetCore.Mvc;

namespace G2PBridge.Modules.Envelopes.Features;

/// <summary>
/// POST /v1/envelopes/{id}/holds/decisions proposes to release or to drop held lines, …/confirm by a second person does it. Who is asking is
/// what <see cref="Actor.Header"/> says.
/// </summary>
internal static partial class DecideHolds
{
    private const int MostNamed = 10_000;

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("v1/envelopes/{id}/holds/decisions", ProposeAsync).WithName("propose_hold_decision").WithTags("Holds")
            .WithSummary("Propose to release or to drop held lines; nothing happens before a second person confirms")
            .Produces<DecisionView>().ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict).ProducesProblem(StatusCodes.Status422UnprocessableEntity);
        routes.MapPost("v1/envelopes/{id}/holds/decisions/{decisionId:guid}/confirm", ConfirmAsync).WithName("confirm_hold_decision").WithTags("Holds")
            .WithSummary("Confirm a decision about held lines as a second person")
            .Produces<DecisionView>().ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict).ProducesProblem(StatusCodes.Status422UnprocessableEntity);
    }

    /// <param name="Action">RELEASE sends the lines as any others, DROP never sends them.</param>
    /// <param name="DisbursementIds">Which; left out: every line of the envelope that is held now.</param>
    /// <param name="Kind">Only holds of this kind: DUPLICATE_PAYMENT or SHARED_ADDRESS.</param>
    /// <param name="Reason">Why, in words for whoever confirms it and for the audit.</param>
    internal sealed record Body(HoldAction Action, IReadOnlyList<string>? DisbursementIds, HoldKind? Kind, string? Reason);

    /// <param name="Lines">How many lines it is about; once confirmed, how many were still held.</param>
    internal sealed record DecisionView(Guid Id, string EnvelopeId, HoldAction Action, HoldDecisionState State, int Lines, string Reason, string ProposedBy, string? ConfirmedBy);

    internal sealed record Propose(string EnvelopeId, Body Body, string Actor) : IRequest<Result<DecisionView>>;

    internal sealed record Confirm(string EnvelopeId, Guid DecisionId, string Actor) : IRequest<Result<DecisionView>>;

    private static async Task<IResult> ProposeAsync(
        string id, [FromHeader(Name = Actor.Header), Description("Who is asking")] string? actor, Body body, IMediator mediator, CancellationToken cancellationToken) =>
        Actor.Read(actor) is { Refusal: { } refusal } ? refusal.ToProblem() : (await mediator.Send(new Propose(id, body, actor!.Trim()), cancellationToken)).ToHttp();

    private static async Task<IResult> ConfirmAsync(
        string id, Guid decisionId, [FromHeader(Name = Actor.Header), Description("Who is asking")] string? actor, IMediator mediator, CancellationToken cancellationToken) =>
        Actor.Read(actor) is { Refusal: { } refusal } ? refusal.ToProblem() : (await mediator.Send(new Confirm(id, decisionId, actor!.Trim()), cancellationToken)).ToHttp();

    public static Refusal? Explained(string? reason) => Actor.IsReason(reason)
        ? null
        : new Refusal("REASON_REQUIRED", $"reason must say why, in at most {Actor.LongestReason} characters.");

    internal sealed partial class Handler(HoldDecisions decisions, LineReader lines, WorkSignal signal, TimeProvider clock, ILogger<Handler> logger)
        : IRequestHandler<Propose, Result<DecisionView>>, IRequestHandler<Confirm, Result<DecisionView>>
    {
        public async Task<Result<DecisionView>> Handle(Propose request, CancellationToken cancellationToken)
        {
            var body = request.Body;
            if (Explained(body.Reason) is { } unexplained)
            {
                return unexplained;
            }

            if (!Enum.IsDefined(body.Action) || body.DisbursementIds is { Count: 0 or > MostNamed } || body.DisbursementIds?.Any(id => id is null) == true)
            {
                return new Refusal("INCOMPLETE_DECISION", $"action is RELEASE or DROP; disbursement_ids names 1 to {MostNamed} disbursements, or is left out for all that are held.");
            }

            long[]? seqs = null;
            if (body.DisbursementIds is { } named)
            {
                var found = await lines.FindByIdAsync(named, cancellationToken);
                if (found.Count < named.Distinct(StringComparer.Ordinal).Count() || found.Any(line => line.EnvelopeId != request.EnvelopeId))
                {
                    return new Refusal(PartnerCodes.InvalidDisbursementId, "Some of disbursement_ids are no disbursements of this envelope; GET …/holds lists those that are held.", RefusalKind.NotFound);
                }

                seqs = [.. found.Select(line => line.Seq)];
            }

            var decision = new HoldDecision
            {
                Id = Guid.CreateVersion7(),
                EnvelopeId = request.EnvelopeId,
                Action = body.Action,
                State = HoldDecisionState.Proposed,
                Reason = body.Reason!.Trim(),
                ProposedBy = request.Actor,
                ProposedAt = clock.GetUtcNow(),
            };
            var count = await decisions.ProposeAsync(decision, seqs, body.Kind, cancellationToken);
            if (count == 0)
            {
                return new Refusal("HOLD_NOT_OPEN", "No such line of this envelope is held; GET …/holds shows what was decided.", RefusalKind.Conflict);
            }

            LogProposed(decision.Id, decision.Action, count, request.EnvelopeId);
            return View(decision, count, null);
        }

        public async Task<Result<DecisionView>> Handle(Confirm request, CancellationToken cancellationToken)
        {
            var confirmed = await decisions.ConfirmAsync(request.EnvelopeId, request.DecisionId, request.Actor, clock.GetUtcNow(), cancellationToken);
            if (confirmed.Refusal is { } refusal)
            {
                return refusal;
            }

            LogConfirmed(confirmed.Value.Id, confirmed.Value.Action, confirmed.Value.Lines, request.EnvelopeId);
            await signal.RaiseAsync(Work.TakeReleasedLines, CancellationToken.None);
            await signal.RaiseAsync(Work.FinishEnvelopes, CancellationToken.None);
            return confirmed.Value;
        }

        private static DecisionView View(HoldDecision decision, int lines, string? confirmedBy) =>
            new(decision.Id, decision.EnvelopeId, decision.Action, decision.State, lines, decision.Reason, decision.ProposedBy, confirmedBy);

        [LoggerMessage(1030, LogLevel.Information, "Decision {Decision}: {Action} of {Lines} held lines of envelope {EnvelopeId} is proposed")]
        private partial void LogProposed(Guid decision, HoldAction action, int lines, string envelopeId);

        [LoggerMessage(1031, LogLevel.Warning, "Decision {Decision}: {Action} of {Lines} held lines of envelope {EnvelopeId} is confirmed and done")]
        private partial void LogConfirmed(Guid decision, HoldAction action, int lines, string envelopeId);
    }
}
