using System.ComponentModel;
using G2PBridge.Modules.Reconciliation.Domain;
using G2PBridge.Modules.Reconciliation.Persistence;
using G2PBridge.Platform.Errors;
using G2PBridge.Platform.Jobs;
using Microsoft.AspNetCore.Mvc;

namespace G2PBridge.Modules.Reconciliation.Features;

/// <summary>
/// Statements that the bank's profile holds back. POST /v1/statements/{id}/release or …/discard proposes, …/decisions/{id}/confirm by a
/// second person puts it into force. A release sends the file to the reader again, so that there is one way of booking only.
/// </summary>
internal static partial class DecideStatements
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        Propose("release", "proposeRelease", "Proposes that held statements of a file are booked; nothing is before a second person confirms.", StatementDecisionKind.Release);
        Propose("discard", "proposeDiscard", "Proposes that held statements of a file are never booked.", StatementDecisionKind.Discard);
        routes.MapPost("v1/statements/{id:guid}/decisions/{decisionId:guid}/confirm", ConfirmAsync).WithName("confirmStatementDecision").WithTags("Statements")
            .WithSummary("Confirms a release or a discard as a second person; what is released is booked in the background.")
            .Produces<View>().ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict).ProducesProblem(StatusCodes.Status422UnprocessableEntity);

        void Propose(string path, string name, string summary, StatementDecisionKind kind) => routes
            .MapPost(
                "v1/statements/{id:guid}/" + path,
                (Guid id, [FromHeader(Name = Actor.Header), Description("Who is asking")] string? actor, Request request, StatementDecisionStore store, ILoggerFactory loggers, CancellationToken cancellationToken) =>
                    ProposeAsync(kind, id, actor, request, store, loggers, cancellationToken))
            .WithName(name).WithTags("Statements").WithSummary(summary)
            .Produces<View>().ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict).ProducesProblem(StatusCodes.Status422UnprocessableEntity);
    }

    /// <param name="StatementNo">Position of the statement in the file; left out: all that are held.</param>
    /// <param name="Reason">Why, in words for whoever confirms it and for the audit.</param>
    internal sealed record Request(int? StatementNo, string? Reason);

    /// <param name="StatementNos">What it is about: positions in the file.</param>
    /// <param name="State">PROPOSED, CONFIRMED or SUPERSEDED.</param>
    internal sealed record View(
        Guid Id, StatementDecisionKind Kind, DecisionState State, IReadOnlyList<int> StatementNos, string Reason, string ProposedBy, DateTimeOffset ProposedAt, string? ConfirmedBy,
        DateTimeOffset? ConfirmedAt);

    public static View Show(StatementDecision decision) => new(
        decision.Id, decision.Kind, decision.State, decision.Statements, decision.Reason, decision.ProposedBy, decision.ProposedAt, decision.ConfirmedBy, decision.ConfirmedAt);

    private static async Task<IResult> ProposeAsync(
        StatementDecisionKind kind, Guid id, string? actor, Request request, StatementDecisionStore store, ILoggerFactory loggers, CancellationToken cancellationToken)
    {
        if (Actor.Read(actor) is { Refusal: { } refusal })
        {
            return refusal.ToProblem();
        }

        if (!Actor.IsReason(request.Reason))
        {
            return new Refusal("REASON_REQUIRED", $"A decision needs a reason of at most {Actor.LongestReason} characters.").ToProblem();
        }

        var proposed = await store.ProposeAsync(id, kind, request.StatementNo, request.Reason.Trim(), actor!.Trim(), cancellationToken);
        if (proposed.Refusal is { } unfit)
        {
            return unfit.ToProblem();
        }

        LogProposed(loggers.CreateLogger(typeof(DecideStatements)), proposed.Value.Id, kind, id);
        return TypedResults.Ok(Show(proposed.Value));
    }

    private static async Task<IResult> ConfirmAsync(
        Guid id, Guid decisionId, [FromHeader(Name = Actor.Header), Description("Who is asking")] string? actor, StatementDecisionStore store, WorkSignal signal, ILoggerFactory loggers,
        CancellationToken cancellationToken)
    {
        if (Actor.Read(actor) is { Refusal: { } refusal })
        {
            return refusal.ToProblem();
        }

        var confirmed = await store.ConfirmAsync(id, decisionId, actor!.Trim(), cancellationToken);
        if (confirmed.Refusal is { } unfit)
        {
            return unfit.ToProblem();
        }

        LogConfirmed(loggers.CreateLogger(typeof(DecideStatements)), decisionId, confirmed.Value.Kind, id);
        await signal.RaiseAsync(Work.ReadStatements, CancellationToken.None);
        return TypedResults.Ok(Show(confirmed.Value));
    }

    [LoggerMessage(4050, LogLevel.Information, "Decision {Decision} is proposed: {Kind} of held statements of file {File}")]
    private static partial void LogProposed(ILogger logger, Guid decision, StatementDecisionKind kind, Guid file);

    [LoggerMessage(4051, LogLevel.Information, "Decision {Decision} is confirmed: {Kind} of held statements of file {File}")]
    private static partial void LogConfirmed(ILogger logger, Guid decision, StatementDecisionKind kind, Guid file);
}
