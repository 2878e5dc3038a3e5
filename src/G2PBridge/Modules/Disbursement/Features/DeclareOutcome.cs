using System.ComponentModel;
using G2PBridge.Modules.Disbursement.Contracts;
using G2PBridge.Modules.Disbursement.Domain;
using G2PBridge.Modules.Disbursement.Persistence;
using G2PBridge.Modules.Envelopes.Contracts;
using G2PBridge.PartnerApi;
using G2PBridge.Platform.Errors;
using G2PBridge.Platform.Identity;
using G2PBridge.Platform.Jobs;
using MediatR;
using Microsoft.AspNetCore.Mvc;

namespace G2PBridge.Modules.Disbursement.Features;

/// <summary>
/// POST /v1/declarations proposes what became of payments that nobody knows of, …/confirm by a second person settles them. Who is asking is
/// what <see cref="Actor.Header"/> says.
/// </summary>
internal static partial class DeclareOutcome
{
    private const int MostLines = 10_000;
    private const int PageSize = 200;

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("declarations", ProposeAsync).WithName("propose_declaration").WithTags("Declarations").WithSummary("Propose what became of unknown payments; nothing changes before a second person confirms")
            .HonoursScope("only for an envelope of the caller's")
            .Produces<DeclarationView>().ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict).ProducesProblem(StatusCodes.Status422UnprocessableEntity);
        routes.MapPost("declarations/{id:guid}/confirm", ConfirmAsync).WithName("confirm_declaration").WithTags("Declarations").WithSummary("Confirm a declaration as a second person, and settle its payments")
            .Produces<DeclarationView>().ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict).ProducesProblem(StatusCodes.Status422UnprocessableEntity);
        routes.MapGet("declarations", ListAsync).WithName("list_declarations").WithTags("Declarations").WithSummary("The declarations about an envelope, newest first").Produces<Response>()
            .HonoursScope("only for an envelope of the caller's");
    }

    /// <param name="EnvelopeId">The envelope that the payments belong to.</param>
    /// <param name="DisbursementIds">Which of its unknown payments; left out: all of them.</param>
    /// <param name="Outcome">PAID or NOT_PAID. What is declared not paid may be paid again.</param>
    /// <param name="Reason">How it was found out, for whoever confirms it and for the audit.</param>
    internal sealed record Body(string? EnvelopeId, IReadOnlyList<string>? DisbursementIds, string? Outcome, string? Reason);

    /// <param name="Lines">Payments that it is about.</param>
    /// <param name="Settled">Payments that were still unknown when it was confirmed.</param>
    internal sealed record DeclarationView(
        Guid Id, string EnvelopeId, DeclaredOutcome Outcome, string Reason, string ProposedBy, DateTimeOffset ProposedAt, string? ConfirmedBy, DateTimeOffset? ConfirmedAt, int Lines, int? Settled);

    internal sealed record Response(IReadOnlyList<DeclarationView> Items);

    private static async Task<IResult> ProposeAsync(
        [FromHeader(Name = Actor.Header), Description("Who is asking")] string? actor, Body body, HttpContext http, DeclarationStore store, IMediator mediator, ILoggerFactory loggers, CancellationToken cancellationToken)
    {
        var read = Actor.Read(actor);
        if (read.Refusal is { } nobody)
        {
            return nobody.ToProblem();
        }

        if (!WireText.TryReadCapitals<DeclaredOutcome>(body.Outcome?.Trim().ToUpperInvariant(), out var outcome))
        {
            return new Refusal("INVALID_OUTCOME", "The outcome is PAID or NOT_PAID.").ToProblem();
        }

        if (Declarations.Explained(body.Reason) is { Refusal: { } silent })
        {
            return silent.ToProblem();
        }

        if (body.EnvelopeId is { } named && !await http.Scope().AllowsEnvelopeAsync(named, mediator, cancellationToken))
        {
            return NoEnvelope(named).ToProblem();
        }

        var lines = await LinesAsync(body, mediator, cancellationToken);
        if (lines.Refusal is { } unfit)
        {
            return unfit.ToProblem();
        }

        var envelopeId = body.EnvelopeId!;
        var unknown = await store.UnknownAsync(envelopeId, lines.Value, cancellationToken);
        if (unknown.Count == 0 || unknown.Count < lines.Value?.Length)
        {
            return new Refusal("PAYMENT_NOT_UNKNOWN", $"{(lines.Value?.Length ?? 1) - unknown.Count} of these payments are not unknown; only of an unknown one can be declared what became of it.", RefusalKind.Conflict).ToProblem();
        }

        var proposed = await store.ProposeAsync(envelopeId, outcome, body.Reason!.Trim(), read.Value, unknown, cancellationToken);
        LogProposed(loggers.CreateLogger(typeof(DeclareOutcome)), proposed.Id, proposed.Outcome, proposed.Lines, envelopeId);
        return TypedResults.Ok(View(proposed));
    }

    private static async Task<IResult> ConfirmAsync(
        Guid id, [FromHeader(Name = Actor.Header), Description("Who is asking")] string? actor, DeclarationStore store, IMediator mediator, WorkSignal signal, ILoggerFactory loggers,
        CancellationToken cancellationToken)
    {
        var read = Actor.Read(actor);
        if (read.Refusal is { } nobody)
        {
            return nobody.ToProblem();
        }

        if (await store.FindAsync(id, cancellationToken) is not { } declaration)
        {
            return new Refusal("DECLARATION_NOT_FOUND", "No declaration has this id.", RefusalKind.NotFound).ToProblem();
        }

        if (Actor.MayConfirm(declaration.ProposedBy, read.Value, "declaration") is { } same)
        {
            return same.ToProblem();
        }

        if (declaration.ConfirmedBy is not null)
        {
            return TypedResults.Ok(View(declaration));
        }

        var payments = await store.PaymentsAsync(id, cancellationToken);
        if (declaration.Outcome == DeclaredOutcome.NotPaid && (await mediator.Send(new FindDebitedPayments(payments), cancellationToken)).Count is > 0 and var debited)
        {
            return new Refusal("PAYMENT_DEBITED", $"A statement shows {debited} of these payments as debited; propose it without them.", RefusalKind.Conflict).ToProblem();
        }

        if (await store.ConfirmAsync(declaration, payments, read.Value, cancellationToken) is not { } settled)
        {
            return await store.FindAsync(id, cancellationToken) is { ConfirmedBy: not null } meanwhile
                ? TypedResults.Ok(View(meanwhile))
                : new Refusal("NOTHING_UNKNOWN", "None of these payments is unknown any more.", RefusalKind.Conflict).ToProblem();
        }

        LogConfirmed(loggers.CreateLogger(typeof(DeclareOutcome)), id, settled);
        await signal.RaiseAsync(Work.FinishEnvelopes, CancellationToken.None);
        return TypedResults.Ok(View((await store.FindAsync(id, cancellationToken))!));
    }

    private static async Task<IResult> ListAsync([FromQuery(Name = "envelope_id")] string envelopeId, HttpContext http, DeclarationStore store, IMediator mediator, CancellationToken cancellationToken) =>
        await http.Scope().AllowsEnvelopeAsync(envelopeId, mediator, cancellationToken)
            ? TypedResults.Ok(new Response([.. (await store.OfEnvelopeAsync(envelopeId, PageSize, cancellationToken)).Select(View)]))
            : NoEnvelope(envelopeId).ToProblem();

    private static Refusal NoEnvelope(string? id) => new(PartnerCodes.DisbursementEnvelopeNotFound, $"There is no envelope '{id}'; GET /v1/envelopes lists them.", RefusalKind.NotFound);

    internal sealed class EnvelopeOf(DeclarationStore store) : IRequestHandler<FindDeclaredEnvelope, string?>
    {
        public async Task<string?> Handle(FindDeclaredEnvelope request, CancellationToken cancellationToken) => (await store.FindAsync(request.DeclarationId, cancellationToken))?.EnvelopeId;
    }

    /// <summary>Null: all of the envelope's.</summary>
    private static async Task<Result<long[]?>> LinesAsync(Body body, IMediator mediator, CancellationToken cancellationToken)
    {
        if (string.IsNullOrWhiteSpace(body.EnvelopeId) || (await mediator.Send(new ReadEnvelopes([body.EnvelopeId]), cancellationToken)).Count == 0)
        {
            return NoEnvelope(body.EnvelopeId);
        }

        if (body.DisbursementIds is not { } ids)
        {
            return (long[]?)null;
        }

        string[] asked = [.. ids.Where(id => id is not null).Distinct(StringComparer.Ordinal)];
        if (asked.Length is 0 or > MostLines)
        {
            return new Refusal("INVALID_DISBURSEMENT_IDS", $"Name between one and {MostLines} disbursements, or leave disbursement_ids out for all unknown ones of the envelope.");
        }

        var found = (await mediator.Send(new FindLinesById(asked), cancellationToken)).Where(line => line.EnvelopeId == body.EnvelopeId).ToList();
        return found.Count < asked.Length
            ? new Refusal(PartnerCodes.InvalidDisbursementId, $"The envelope has no disbursement '{asked.Except(found.Select(line => line.DisbursementId), StringComparer.Ordinal).First()}'.", RefusalKind.NotFound)
            : found.Select(line => line.Seq).ToArray();
    }

    private static DeclarationView View(DeclarationRow row) =>
        new(row.Id, row.EnvelopeId, row.Outcome, row.Reason, row.ProposedBy, row.ProposedAt, row.ConfirmedBy, row.ConfirmedAt, row.Lines, row.Settled);

    [LoggerMessage(3080, LogLevel.Warning, "Declaration {Declaration} is proposed: {Outcome} of {Lines} unknown payments of envelope {EnvelopeId}")]
    private static partial void LogProposed(ILogger logger, Guid declaration, DeclaredOutcome outcome, int lines, string envelopeId);

    [LoggerMessage(3081, LogLevel.Warning, "Declaration {Declaration} is confirmed; {Settled} payments are unknown no more")]
    private static partial void LogConfirmed(ILogger logger, Guid declaration, int settled);
}
