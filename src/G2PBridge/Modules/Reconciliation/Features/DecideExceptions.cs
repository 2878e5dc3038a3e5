using System.ComponentModel;
using G2PBridge.Modules.Disbursement.Contracts;
using G2PBridge.Modules.Reconciliation.Domain;
using G2PBridge.Modules.Reconciliation.Persistence;
using G2PBridge.Platform.Errors;
using G2PBridge.Platform.Jobs;
using MediatR;
using Microsoft.AspNetCore.Mvc;

namespace G2PBridge.Modules.Reconciliation.Features;

/// <summary>
/// POST /v1/exceptions/{id}/decisions proposes what an entry is, …/confirm by a second person books it. Who is asking is what
/// <see cref="Actor.Header"/> says.
/// </summary>
internal static partial class DecideExceptions
{
    private const int MostParts = 1000;

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("v1/exceptions/{id}/decisions", ProposeAsync).WithName("proposeDecision").WithTags("Exceptions").WithSummary("Proposes what an unmatched entry is; nothing is booked before a second person confirms.")
            .Produces<DecisionView>().ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict).ProducesProblem(StatusCodes.Status422UnprocessableEntity);
        routes.MapPost("v1/exceptions/{id}/decisions/{decisionId:guid}/confirm", ConfirmAsync).WithName("confirmDecision").WithTags("Exceptions")
            .WithSummary("Confirms a decision as a second person, and books it.")
            .Produces<DecisionView>().ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict).ProducesProblem(StatusCodes.Status422UnprocessableEntity);
    }

    /// <param name="Class">PAYMENT, FEE, INTEREST, TOP_UP, OTHER or WRITTEN_OFF.</param>
    /// <param name="PaymentReference">Of a payment: the reference under which the bank knows it.</param>
    /// <param name="Amount">Left out for a payment: what was ordered. A charge that was kept back from a return is below zero.</param>
    internal sealed record RequestedPart(PartClass Class, string? PaymentReference, decimal? Amount);

    /// <param name="Kind">MATCH, SPLIT, CLASSIFY or WRITE_OFF.</param>
    /// <param name="PaymentReference">For MATCH: the payment.</param>
    /// <param name="OrderReference">For MATCH, in place of a payment: the order whose payments were debited in one sum.</param>
    /// <param name="Class">For CLASSIFY: FEE, INTEREST, TOP_UP or OTHER.</param>
    /// <param name="Parts">For SPLIT: they add up to the entry.</param>
    /// <param name="Reason">Why, in words for whoever confirms it and for the audit.</param>
    internal sealed record Request(DecisionKind Kind, string? PaymentReference, PartClass? Class, IReadOnlyList<RequestedPart>? Parts, string Reason, string? OrderReference = null);

    internal sealed record DecisionView(Guid Id, string ExceptionId, DecisionKind Kind, DecisionState State, string Reason, string ProposedBy, string? ConfirmedBy);

    private static async Task<IResult> ProposeAsync(
        string id, [FromHeader(Name = Actor.Header), Description("Who is asking")] string? actor, Request request, DecisionStore store, EnvelopeKeys envelopes, IMediator mediator, ILoggerFactory loggers,
        CancellationToken cancellationToken)
    {
        if (Refuse(id, actor, out var exception) is { } refusal)
        {
            return refusal.ToProblem();
        }

        if (!Actor.IsReason(request.Reason))
        {
            return new Refusal("REASON_REQUIRED", $"A decision needs a reason of at most {Actor.LongestReason} characters.").ToProblem();
        }

        if (await store.FindAsync(exception, cancellationToken) is not { } facts)
        {
            return NotFound().ToProblem();
        }

        var parts = await PartsAsync(request, facts, mediator, envelopes, cancellationToken);
        if ((parts.Refusal ?? Decisions.Judge(request.Kind, [.. parts.Value.Select(part => part.Part)], facts.Amount)) is { } unfit)
        {
            return unfit.ToProblem();
        }

        var proposed = await store.ProposeAsync(exception, request.Kind, parts.Value, request.Reason.Trim(), actor!.Trim(), cancellationToken);
        if (proposed.Refusal is { } late)
        {
            return late.ToProblem();
        }

        LogProposed(loggers.CreateLogger(typeof(DecideExceptions)), proposed.Value, exception.File, exception.EntryNo);
        return TypedResults.Ok(new DecisionView(proposed.Value, exception.ToString(), request.Kind, DecisionState.Proposed, request.Reason.Trim(), actor.Trim(), null));
    }

    private static async Task<IResult> ConfirmAsync(
        string id, Guid decisionId, [FromHeader(Name = Actor.Header), Description("Who is asking")] string? actor, DecisionStore store, WorkSignal signal, ILoggerFactory loggers,
        CancellationToken cancellationToken)
    {
        if (Refuse(id, actor, out var exception) is { } refusal)
        {
            return refusal.ToProblem();
        }

        var confirmed = await store.ConfirmAsync(exception, decisionId, actor!.Trim(), cancellationToken);
        if (confirmed.Refusal is { } unfit)
        {
            return unfit.ToProblem();
        }

        LogConfirmed(loggers.CreateLogger(typeof(DecideExceptions)), decisionId, exception.File, exception.EntryNo);
        await signal.RaiseAsync(Work.ReadStatements, CancellationToken.None);
        var facts = confirmed.Value;
        return TypedResults.Ok(new DecisionView(facts.Id, exception.ToString(), facts.Kind, facts.State, facts.Reason, facts.ProposedBy, facts.ConfirmedBy));
    }

    private static Refusal? Refuse(string id, string? actor, out ExceptionId exception)
    {
        return ExceptionId.TryParse(id, out exception) ? Actor.Read(actor).Refusal : NotFound();
    }

    private static async Task<Result<IReadOnlyList<StoredPart>>> PartsAsync(
        Request request, ExceptionFacts facts, IMediator mediator, EnvelopeKeys envelopes, CancellationToken cancellationToken)
    {
        if (request.Kind is DecisionKind.Match or DecisionKind.Split && facts.Amount is null)
        {
            return Decisions.WithoutAmount;
        }

        if (request is { Kind: DecisionKind.Match, OrderReference: { } key })
        {
            return await PartsOfOrderAsync(key, facts, mediator, envelopes, cancellationToken);
        }

        IReadOnlyList<RequestedPart>? asked = request.Kind switch
        {
            DecisionKind.Match => [new(PartClass.Payment, request.PaymentReference, null)],
            DecisionKind.Split => request.Parts,
            DecisionKind.Classify => [new(request.Class ?? PartClass.Payment, null, facts.Amount ?? 0)],
            _ => [new(PartClass.WrittenOff, null, facts.Amount ?? 0)],
        };
        if (!Enum.IsDefined(request.Kind) || asked is not { Count: > 0 and <= MostParts } || asked.Any(part => part is null || !Enum.IsDefined(part.Class)) || (request.Kind == DecisionKind.Classify && request.Class is null or PartClass.Payment or PartClass.WrittenOff))
        {
            return new Refusal("INCOMPLETE_DECISION", "MATCH needs payment_reference or order_reference, SPLIT parts, CLASSIFY the class FEE, INTEREST, TOP_UP or OTHER.");
        }

        var prefix = await mediator.Send(new ReadReferencePrefix(), cancellationToken);
        var references = new Dictionary<string, PaymentReference>(StringComparer.Ordinal);
        foreach (var text in asked.Where(part => part.Class == PartClass.Payment).Select(part => part.PaymentReference ?? ""))
        {
            if (!PaymentReference.TryParse(text, prefix, out var reference))
            {
                return new Refusal("PAYMENT_NOT_FOUND", "No payment of this installation has such a reference.");
            }

            references[text] = reference;
        }

        var known = (await mediator.Send(new FindInstructions([.. references.Values.Distinct()]), cancellationToken)).ToDictionary(payment => new PaymentReference(payment.Line, payment.Generation));
        var keys = await envelopes.FindAsync(known.Values.Select(payment => payment.EnvelopeId).Distinct(StringComparer.Ordinal), cancellationToken);
        var parts = new List<StoredPart>();
        foreach (var part in asked)
        {
            if (part.Class != PartClass.Payment)
            {
                if (part.Amount is not { } amount || !IsStorable(amount) || (amount == 0 && request.Kind == DecisionKind.Split))
                {
                    return new Refusal("INVALID_AMOUNT", "A part that is no payment needs an amount other than zero, with at most four decimals.");
                }

                parts.Add(new StoredPart(new DecisionPart(part.Class, null, amount), null));
                continue;
            }

            if (!known.TryGetValue(references[part.PaymentReference!], out var payment))
            {
                return new Refusal("PAYMENT_NOT_FOUND", "No payment was ever written under this reference.");
            }

            if (payment.Currency != facts.Currency || payment.AccountNumber != facts.SponsorAccount)
            {
                return new Refusal("OTHER_ACCOUNT_OR_CURRENCY", "The payment was ordered from another account, or in another currency.");
            }

            if (part.Amount is { } said && said != payment.Amount)
            {
                return new Refusal("AMOUNT_DIFFERS", "A payment is as much as was ordered; what differs is a part of its own.");
            }

            parts.Add(new StoredPart(new DecisionPart(PartClass.Payment, references[part.PaymentReference!], payment.Amount), keys[payment.EnvelopeId]));
        }

        return parts;
    }

    /// <summary>All payments of the order, or those that the bank did not refuse: whichever add up to the entry.</summary>
    private static async Task<Result<IReadOnlyList<StoredPart>>> PartsOfOrderAsync(
        string key, ExceptionFacts facts, IMediator mediator, EnvelopeKeys envelopes, CancellationToken cancellationToken)
    {
        if (OrderKey.FindWithin(key) is not { } known || (await mediator.Send(new FindOrders([known]), cancellationToken)) is not [var order])
        {
            return new Refusal("ORDER_NOT_FOUND", "No order of this installation has such a reference.");
        }

        if (order.Currency != facts.Currency || order.AccountNumber != facts.SponsorAccount)
        {
            return new Refusal("OTHER_ACCOUNT_OR_CURRENCY", "The order was given for another account, or in another currency.");
        }

        if (!facts.IsDebit)
        {
            return new Refusal("NOT_A_DEBIT", "Only a debit can be a whole order; split a return into its payments.");
        }

        var payments = await mediator.Send(new ReadPaymentsOfOrder(order.ChunkId), cancellationToken);
        var taken = payments.Where(payment => payment.State != LineState.Refused).ToList();
        var envelope = (await envelopes.FindAsync([order.EnvelopeId], cancellationToken))[order.EnvelopeId];
        return (taken.Sum(payment => payment.Amount) == facts.Amount ? taken : payments)
            .Select(payment => new StoredPart(new DecisionPart(PartClass.Payment, new PaymentReference(payment.Line, payment.Generation), payment.Amount), envelope)).ToList();
    }

    private static bool IsStorable(decimal amount) => decimal.Abs(amount) < CurrencyUnits.AmountLimit && CurrencyUnits.DecimalsIn(amount) <= CurrencyUnits.StoredDecimals;

    private static Refusal NotFound() => new("EXCEPTION_NOT_FOUND", "No exception has this id.", RefusalKind.NotFound);

    [LoggerMessage(4030, LogLevel.Information, "Decision {Decision} is proposed about entry {Entry} of file {File}")]
    private static partial void LogProposed(ILogger logger, Guid decision, long file, int entry);

    [LoggerMessage(4031, LogLevel.Information, "Decision {Decision} about entry {Entry} of file {File} is confirmed and booked")]
    private static partial void LogConfirmed(ILogger logger, Guid decision, long file, int entry);
}
