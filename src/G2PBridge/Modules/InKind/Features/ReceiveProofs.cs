using G2PBridge.Modules.Envelopes.Contracts;
using G2PBridge.Modules.InKind.Persistence;
using G2PBridge.Platform.Errors;
using G2PBridge.Platform.Identity;
using MediatR;

namespace G2PBridge.Modules.InKind.Features;

/// <summary>
/// POST /v1/proofs-of-delivery: who received what, when and from whom, line by line; all of a call or nothing. The same proof sent again changes nothing; another proof
/// for the same disbursement is refused. GET reads those of some disbursements.
/// </summary>
internal static partial class ReceiveProofs
{
    private const int MostProofs = 5_000;
    private const int MostAsked = 200;
    private static readonly TimeSpan ClockSkew = TimeSpan.FromMinutes(5);

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("proofs-of-delivery", HandleAsync)
            .WithName("receive_proofs_of_delivery").WithTags("Proofs of delivery").WithSummary("Say who received what, when and from whom")
            .HonoursScope("lines of the caller's programmes; none to whoever is limited to banks")
            .Produces<Response>().ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict).ProducesProblem(StatusCodes.Status422UnprocessableEntity);
        routes.MapGet("proofs-of-delivery", ReadAsync)
            .WithName("list_proofs_of_delivery").WithTags("Proofs of delivery").WithSummary("The proofs of delivery of some disbursements")
            .HonoursScope("lines of the caller's programmes; none to whoever is limited to banks")
            .Produces<ProofList>().ProducesProblem(StatusCodes.Status422UnprocessableEntity);
    }

    /// <summary>One delivery to one beneficiary.</summary>
    /// <param name="ProofId">The sender's own id of the proof; sending it again with the same content changes nothing.</param>
    /// <param name="DisbursementId">The programme system's id of the disbursement.</param>
    /// <param name="Quantity">What was handed out, in the envelope's unit; left out: all of it.</param>
    /// <param name="DeliveredAt">When it was handed out.</param>
    /// <param name="DeliveredBy">Who handed it out: the agency or its agent.</param>
    /// <param name="ReceivedBy">Who received it, if not the beneficiary himself.</param>
    /// <param name="Evidence">What proves it, such as the number of a signed list; at most 2000 characters.</param>
    internal sealed record Proof(string? ProofId, string? DisbursementId, decimal? Quantity, DateTimeOffset? DeliveredAt, string? DeliveredBy, string? ReceivedBy, string? Evidence);

    internal sealed record Body(IReadOnlyList<Proof>? Proofs);

    /// <param name="Recorded">Proofs that are new.</param>
    /// <param name="Repeated">Proofs that were on record already.</param>
    internal sealed record Response(int Recorded, int Repeated);

    internal sealed record ProofList(IReadOnlyList<StoredProof> Proofs);

    internal sealed record Command(IReadOnlyList<Proof> Proofs, AccessScope Caller) : IRequest<Result<Response>>;

    internal sealed record Query(IReadOnlyList<string> DisbursementIds, AccessScope Caller) : IRequest<ProofList>;

    private static async Task<IResult> HandleAsync(Body body, HttpContext http, IMediator mediator, CancellationToken cancellationToken) =>
        (await mediator.Send(new Command(body.Proofs ?? [], http.Scope()), cancellationToken)).ToHttp();

    private static async Task<IResult> ReadAsync(string[] disbursement_id, HttpContext http, IMediator mediator, CancellationToken cancellationToken) => disbursement_id.Length is 0 or > MostAsked
        ? new Refusal("INVALID_DISBURSEMENT_ID", $"Name 1 to {MostAsked} disbursements, as disbursement_id=… once for each.").ToProblem()
        : TypedResults.Ok(Shown(await mediator.Send(new Query(disbursement_id, http.Scope()), cancellationToken), http.NeedsNumbers()));

    /// <summary>Who was there is what a proof is for; numbers in it are for those who work with it.</summary>
    private static ProofList Shown(ProofList list, bool inFull) => inFull
        ? list
        : new ProofList([.. list.Proofs.Select(proof => proof with { DeliveredBy = Masked.Text(proof.DeliveredBy), ReceivedBy = Masked.Text(proof.ReceivedBy), Evidence = Masked.Text(proof.Evidence) })]);

    internal sealed partial class Handler(IMediator mediator, ProofStore store, TimeProvider clock, ILogger<Handler> logger)
        : IRequestHandler<Command, Result<Response>>, IRequestHandler<Query, ProofList>
    {
        public async Task<ProofList> Handle(Query request, CancellationToken cancellationToken)
        {
            var ids = request.DisbursementIds;
            if (request.Caller.IsLimited)
            {
                var lines = await mediator.Send(new FindLinesById(ids), cancellationToken);
                var own = await OwnAsync(lines, request.Caller, cancellationToken);
                ids = [.. lines.Where(line => own.Contains(line.EnvelopeId)).Select(line => line.DisbursementId)];
            }

            return new(await store.ReadAsync(ids, cancellationToken));
        }

        /// <summary>The envelopes that are of the caller's programmes. What is handed out is paid for by no bank, so that whoever is limited to banks has none.</summary>
        private async Task<HashSet<string>> OwnAsync(IEnumerable<FoundLine> lines, AccessScope caller, CancellationToken cancellationToken) => caller.Banks is not null ? [] :
        [
            .. (await mediator.Send(new ReadEnvelopes([.. lines.Select(line => line.EnvelopeId).Distinct(StringComparer.Ordinal)]), cancellationToken))
                .Where(envelope => caller.AllowsProgramme(envelope.ProgrammeMnemonic)).Select(envelope => envelope.Id),
        ];

        public async Task<Result<Response>> Handle(Command request, CancellationToken cancellationToken)
        {
            if (request.Proofs.Count is 0 or > MostProofs)
            {
                return new Refusal("INVALID_PROOFS", $"proofs must hold 1 to {MostProofs} proofs.");
            }

            for (var i = 0; i < request.Proofs.Count; i++)
            {
                if (Check(request.Proofs[i], $"proofs[{i}]") is { } refusal)
                {
                    return refusal;
                }
            }

            if (request.Proofs.Select(proof => proof.DisbursementId).Distinct(StringComparer.Ordinal).Count() < request.Proofs.Count
                || request.Proofs.Select(proof => proof.ProofId).Distinct(StringComparer.Ordinal).Count() < request.Proofs.Count)
            {
                return new Refusal("INVALID_PROOFS", "A proof_id or a disbursement_id stands in the call twice; send each once.");
            }

            var placed = await PlaceAsync(request.Proofs, request.Caller, cancellationToken);
            if (placed.Refusal is { } unplaced)
            {
                return unplaced;
            }

            var (recorded, conflict) = await store.RecordAsync(placed.Value, clock.GetUtcNow(), cancellationToken);
            if (conflict is not null)
            {
                return new Refusal("PROOF_CONFLICT",
                    $"Disbursement '{conflict}' or the proof_id sent for it is on record with another content; nothing of the call was stored. GET /v1/proofs-of-delivery?disbursement_id={conflict} shows it.", RefusalKind.Conflict);
            }

            LogRecorded(recorded, placed.Value.Count - recorded);
            return new Response(recorded, placed.Value.Count - recorded);
        }

        /// <summary>Which line each proof is about; only what is handed out at a place has one.</summary>
        private async Task<Result<IReadOnlyList<NewProof>>> PlaceAsync(IReadOnlyList<Proof> proofs, AccessScope caller, CancellationToken cancellationToken)
        {
            var lines = (await mediator.Send(new FindLinesById([.. proofs.Select(proof => proof.DisbursementId!)]), cancellationToken))
                .Where(line => !line.IsPayout).ToDictionary(line => line.DisbursementId, StringComparer.Ordinal);
            if (caller.IsLimited)
            {
                var own = await OwnAsync(lines.Values, caller, cancellationToken);
                lines = lines.Where(line => own.Contains(line.Value.EnvelopeId)).ToDictionary(StringComparer.Ordinal);
            }

            var digital = (await mediator.Send(new ReadEnvelopes([.. lines.Values.Select(line => line.EnvelopeId).Distinct(StringComparer.Ordinal)]), cancellationToken))
                .Where(envelope => envelope.BenefitType == BenefitType.CashDigital).Select(envelope => envelope.Id).ToHashSet(StringComparer.Ordinal);
            var placed = new List<NewProof>(proofs.Count);
            foreach (var proof in proofs)
            {
                if (!lines.TryGetValue(proof.DisbursementId!, out var line))
                {
                    return new Refusal(PartnerCodes.InvalidDisbursementId, $"There is no disbursement '{proof.DisbursementId}'; use the id that the programme system gave it.", RefusalKind.NotFound);
                }

                if (line.CancelledAt is not null)
                {
                    return new Refusal(PartnerCodes.DisbursementAlreadyCanceled, $"Disbursement '{line.DisbursementId}' is cancelled; nothing of it can be delivered.", RefusalKind.Conflict);
                }

                if (digital.Contains(line.EnvelopeId))
                {
                    return new Refusal("NOT_HANDED_OUT", $"Disbursement '{line.DisbursementId}' is digital cash, which a bank statement proves.", RefusalKind.Conflict);
                }

                if (proof.Quantity > line.Quantity)
                {
                    return new Refusal(PartnerCodes.InvalidDisbursementQuantity, $"Disbursement '{line.DisbursementId}': more was delivered than the {line.Quantity} that is due; correct quantity.");
                }

                placed.Add(new NewProof(
                    line.Seq, proof.ProofId!, line.EnvelopeId, line.DisbursementId, proof.Quantity ?? line.Quantity, proof.DeliveredAt!.Value.ToUniversalTime(), proof.DeliveredBy!, proof.ReceivedBy, proof.Evidence));
            }

            return placed;
        }

        private Refusal? Check(Proof? proof, string at)
        {
            if (proof is null)
            {
                return new("INVALID_PROOFS", $"{at} is null; leave it out.");
            }

            if (proof.ProofId is not { Length: > 0 and <= 128 })
            {
                return new("INVALID_PROOF_ID", $"{at}.proof_id is missing or longer than 128 characters; give every proof an id of your own.");
            }

            if (proof.DisbursementId is not { Length: > 0 })
            {
                return new(PartnerCodes.InvalidDisbursementId, $"{at}.disbursement_id is missing; name the disbursement that was delivered.");
            }

            if (proof.Quantity is <= 0 || (proof.Quantity is { } quantity && CurrencyUnits.DecimalsIn(quantity) > CurrencyUnits.StoredDecimals))
            {
                return new(PartnerCodes.InvalidDisbursementQuantity, $"{at}.quantity must be more than zero, with at most {CurrencyUnits.StoredDecimals} decimals; leave it out when all was delivered.");
            }

            if (proof.DeliveredAt is not { } time || time > clock.GetUtcNow() + ClockSkew)
            {
                return new("INVALID_DELIVERED_AT", $"{at}.delivered_at is missing or in the future; give the time of delivery, for example 2026-06-19T10:15:00Z.");
            }

            return proof.DeliveredBy is not { Length: > 0 and <= 256 } || proof.ReceivedBy?.Length > 256 || proof.Evidence?.Length > 2000
                ? new("INVALID_PROOF_TEXT", $"{at}: delivered_by is needed, with at most 256 characters as received_by; evidence may have 2000.")
                : null;
        }

        [LoggerMessage(5040, LogLevel.Information, "{Recorded} proofs of delivery recorded, {Repeated} were on record already")]
        private partial void LogRecorded(int recorded, int repeated);
    }
}
