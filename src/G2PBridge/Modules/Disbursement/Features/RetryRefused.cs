using System.ComponentModel;
using G2PBridge.Modules.Disbursement.Contracts;
using G2PBridge.Modules.Disbursement.Domain;
using G2PBridge.Modules.Disbursement.Persistence;
using G2PBridge.Modules.Envelopes.Contracts;
using G2PBridge.Platform.Errors;
using G2PBridge.Platform.Jobs;
using MediatR;
using Microsoft.AspNetCore.Mvc;

namespace G2PBridge.Modules.Disbursement.Features;

/// <summary>
/// POST /v1/envelopes/{id}/payments/retry: pays refused lines again, each under a new reference, to the address on record and within the
/// envelope's block. A person decides it, because only a person knows whether what the bank refused it for is mended.
/// </summary>
internal static partial class RetryRefused
{
    private const int MostLines = 100_000;

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("envelopes/{id}/payments/retry", HandleAsync)
        .WithName("retry_refused_payments").WithTags("Envelopes").WithSummary("Pay refused lines again, after what they were refused for is mended")
        .Produces<Response>().ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict).ProducesProblem(StatusCodes.Status422UnprocessableEntity);

    /// <summary>Which refused lines: by the reason, by their ids, or both.</summary>
    /// <param name="ReasonCodes">As GET /v1/envelopes/{id}/exceptions shows them.</param>
    /// <param name="Reason">What was mended, in words for the audit.</param>
    internal sealed record Body(IReadOnlyList<string>? ReasonCodes, IReadOnlyList<string>? DisbursementIds, string? Reason);

    /// <param name="Lines">Lines that go out again.</param>
    /// <param name="Amount">Their sum, in the envelope's currency.</param>
    internal sealed record Response(int Lines, decimal Amount);

    internal sealed record Command(string EnvelopeId, IReadOnlyList<string>? ReasonCodes, IReadOnlyList<string>? DisbursementIds, string Reason, string Actor) : IRequest<Result<Response>>;

    private static async Task<IResult> HandleAsync(
        string id, [FromHeader(Name = Actor.Header), Description("Who is asking")] string? actor, Body body, IMediator mediator, CancellationToken cancellationToken)
    {
        var who = Actor.Read(actor);
        var why = Declarations.Explained(body.Reason);
        return (who.Refusal ?? why.Refusal) is { } refusal
            ? refusal.ToProblem()
            : (await mediator.Send(new Command(id, body.ReasonCodes, body.DisbursementIds, why.Value, who.Value), cancellationToken)).ToHttp();
    }

    internal sealed partial class Handler(IMediator mediator, RetryStore retries, WorkSignal signal, ILogger<Handler> logger) : IRequestHandler<Command, Result<Response>>
    {
        public async Task<Result<Response>> Handle(Command request, CancellationToken cancellationToken)
        {
            if (await retries.RoomAsync(request.EnvelopeId, cancellationToken) is not { } room)
            {
                return new Refusal(PartnerCodes.DisbursementEnvelopeNotFound, $"No money was ever blocked for an envelope '{request.EnvelopeId}'; GET /v1/envelopes lists them.", RefusalKind.NotFound);
            }

            if (request.ReasonCodes is not { Count: > 0 } && request.DisbursementIds is not { Count: > 0 })
            {
                return new Refusal("NOTHING_NAMED", "Name the reason_codes that were mended, or the disbursement_ids.");
            }

            var lines = request.DisbursementIds is { } ids ? (await mediator.Send(new FindLinesById([.. ids.Where(id => id is not null).Take(MostLines)]), cancellationToken)).Select(line => line.Seq).ToArray() : null;
            var candidates = await retries.CandidatesAsync(request.EnvelopeId, request.ReasonCodes is { Count: > 0 } codes ? [.. codes] : null, lines, cancellationToken);
            var debited = await mediator.Send(new FindDebitedPayments([.. candidates.Select(candidate => candidate.Payment)]), cancellationToken);
            var unpaid = candidates.Where(candidate => !debited.Contains(candidate.Payment)).ToList();
            if (unpaid.Count == 0)
            {
                return new Refusal("NOTHING_TO_RETRY", "None of these is refused and unpaid: they were paid, are on their way, wait to be paid again, or were refused for another reason.", RefusalKind.Conflict);
            }

            if (unpaid.Sum(candidate => candidate.Amount) > room)
            {
                return new Refusal(DispatchCodes.BeyondBlock, "What is left of the envelope's block does not suffice for these lines.", RefusalKind.Conflict);
            }

            if (await retries.RetryAsync(request.EnvelopeId, [.. unpaid.Select(candidate => candidate.Payment.Line)], request.Reason, request.Actor, cancellationToken) is not { } retried)
            {
                return new Refusal("ENVELOPE_COMPLETE", "The envelope is complete and the rest of its block was given back; pay these people from a new envelope.", RefusalKind.Conflict);
            }

            LogRetried(request.EnvelopeId, retried.Lines);
            await signal.RaiseAsync(Work.TakeFundedWork, CancellationToken.None);
            return new Response(retried.Lines, retried.Amount);
        }

        [LoggerMessage(3085, LogLevel.Warning, "{Lines} refused lines of envelope {EnvelopeId} are to be paid again")]
        private partial void LogRetried(string envelopeId, int lines);
    }
}
