using System.ComponentModel;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using G2PBridge.Modules.Envelopes.Contracts;
using G2PBridge.Modules.Envelopes.Domain;
using G2PBridge.Modules.Envelopes.Persistence;
using G2PBridge.Platform.Errors;
using G2PBridge.Platform.Jobs;
using G2PBridge.Platform.Persistence;
using MediatR;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Npgsql;

namespace G2PBridge.Modules.Envelopes.Features;

/// <summary>
/// POST /v1/envelopes/{id}/follow-up: a new envelope of the lines that are proved unpaid. The envelope's gate is held alone, so no line can
/// be sent meanwhile and of two calls the second sees what the first took; a repetition that finds nothing more gives the same envelope again.
/// </summary>
internal static partial class FollowUpEnvelope
{
    private const int MostNamed = 10_000;

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("v1/envelopes/{id}/follow-up", HandleAsync)
        .WithName("follow_up_envelope").WithTags("Envelopes").WithSummary("Make a new envelope of the lines of this one that are proved unpaid")
        .Produces<Response>().Produces<Response>(StatusCodes.Status201Created)
        .ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict).ProducesProblem(StatusCodes.Status422UnprocessableEntity);

    /// <param name="Reason">Why, for the history of both envelopes.</param>
    /// <param name="ScheduleDate">When it is to be paid; left out: today.</param>
    /// <param name="DisbursementIds">Only these; left out: every unpaid line whose reason can be mended.</param>
    internal sealed record Body(string? Reason, DateOnly? ScheduleDate, IReadOnlyList<string>? DisbursementIds);

    internal sealed record Command(string EnvelopeId, Body Body, string Actor, string? Key) : IRequest<Result<Response>>;

    /// <param name="EnvelopeId">The follow-up.</param>
    /// <param name="Created">False: it was made by an earlier call, and nothing has been unpaid since.</param>
    /// <param name="LeftOut">Unpaid lines that did not go, by why not: an action of the reason catalogue, PAID_ELSEWHERE, or FOLLOWED_UP_BEFORE.</param>
    internal sealed record Response(string EnvelopeId, string FollowUpOf, bool Created, int Lines, decimal Amount, IReadOnlyList<LeftOut> LeftOut);

    internal sealed record LeftOut(string Why, int Lines);

    private static async Task<IResult> HandleAsync(
        string id, [FromHeader(Name = Actor.Header), Description("Who is asking")] string? actor,
        [FromHeader(Name = "Idempotency-Key"), Description("Repeating a call with its key gives its answer, whatever happened since")] string? key,
        Body body, IMediator mediator, CancellationToken cancellationToken)
    {
        if (Actor.Read(actor) is { Refusal: { } nobody })
        {
            return nobody.ToProblem();
        }

        if (key is { Length: 0 or > EnvelopesDbContext.IdLength })
        {
            return new Refusal("INVALID_IDEMPOTENCY_KEY", $"Idempotency-Key must have 1 to {EnvelopesDbContext.IdLength} characters.").ToProblem();
        }

        var result = await mediator.Send(new Command(id, body, actor!.Trim(), key), cancellationToken);
        return result.IsRefused || !result.Value.Created ? result.ToHttp() : TypedResults.Created($"/v1/envelopes/{result.Value.EnvelopeId}", result.Value);
    }

    internal sealed partial class Handler(
        EnvelopesDbContext db, LineReader reader, DisbursementWriter writer, FollowUps followUps, IMediator mediator, IOptions<ProgrammesOptions> programmes, TimeProvider clock, WorkSignal signal,
        ILogger<Handler> logger) : IRequestHandler<Command, Result<Response>>
    {
        public async Task<Result<Response>> Handle(Command request, CancellationToken cancellationToken)
        {
            if (await db.Envelopes.AsNoTracking().SingleOrDefaultAsync(e => e.Id == request.EnvelopeId, cancellationToken) is not { } old)
            {
                return EnvelopeRefusals.NotFound(request.EnvelopeId);
            }

            if (old.BenefitType != BenefitType.CashDigital)
            {
                return new Refusal("NOTHING_TO_FOLLOW_UP", "Only digital cash is followed up; what is handed out at a place is looked for again by /v1/envelopes/{id}/places/retry.", RefusalKind.Conflict);
            }

            var today = programmes.Value.Of(old.ProgrammeMnemonic).Today(clock);
            if (DecideHolds.Explained(request.Body.Reason) is { } unexplained)
            {
                return unexplained;
            }

            if (request.Body.ScheduleDate < today || request.Body.DisbursementIds is { Count: 0 or > MostNamed })
            {
                return new Refusal("INVALID_FOLLOW_UP", $"schedule_date must be today or later; disbursement_ids names 1 to {MostNamed} disbursements, or is left out.");
            }

            await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
            var connection = (NpgsqlConnection)db.Database.GetDbConnection();
            await EnvelopeGate.CloseAsync(connection, old.Number, cancellationToken);
            var identity = new RequestIdentity(
                $"follow-up by {request.Actor}", request.Key ?? "", $"follow-up {old.Id}", SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(request.Body)), request.Key is not null);
            if (await identity.FindAsync(db, cancellationToken) is { } earlier)
            {
                return identity.IsSameAs(earlier)
                    ? await SameAsync(old.Id, earlier.GivenIds![0], [], cancellationToken)
                    : new Refusal(PartnerCodes.RequestIdReused, "This Idempotency-Key was used before for another call; give every call a key of its own.", RefusalKind.Conflict);
            }

            // Asked again behind the gate, which whoever cancels holds too.
            if (await db.Envelopes.Where(e => e.Id == old.Id).Select(e => e.Status).SingleAsync(cancellationToken) == EnvelopeStatus.Cancelled)
            {
                return EnvelopeRefusals.AlreadyCancelled(old.Id);
            }

            var leftOut = new Dictionary<string, int>(StringComparer.Ordinal);
            var chosen = await ChooseAsync(connection, old, request.Body.DisbursementIds, leftOut, cancellationToken);
            if (chosen.IsRefused)
            {
                return chosen.Refusal!;
            }

            if (chosen.Value.Count == 0)
            {
                return (await followUps.OfEnvelopesAsync([old.Id], cancellationToken)) is [.., var last]
                    ? await SameAsync(old.Id, last.EnvelopeId, leftOut, cancellationToken)
                    : new Refusal("NOTHING_TO_FOLLOW_UP", "No line of the envelope that is proved unpaid can go into a follow-up" + (leftOut.Count == 0 ? "." : $"; left out: {string.Join(", ", leftOut.Select(why => $"{why.Key} {why.Value}"))}."), RefusalKind.Conflict);
            }

            var made = await WriteAsync(connection, old, chosen.Value, request, today, identity, cancellationToken);
            await transaction.CommitAsync(cancellationToken);
            LogMade(made.Id, old.Id, made.NumberOfDisbursements);
            await signal.RaiseAsync(Work.TakeBatches, CancellationToken.None);
            await signal.RaiseAsync(Work.TakeEnvelopesDue, CancellationToken.None);
            return new Response(made.Id, old.Id, true, made.NumberOfDisbursements, made.TotalQuantity, Shown(leftOut));
        }

        /// <summary>The unpaid lines that may go, each with its person and amount, by what is proved of them now.</summary>
        private async Task<Result<IReadOnlyList<(UnpaidLine Line, FoundLine Facts)>>> ChooseAsync(
            NpgsqlConnection connection, Envelope old, IReadOnlyList<string>? named, Dictionary<string, int> leftOut, CancellationToken cancellationToken)
        {
            var unpaid = await mediator.Send(new ListUnpaidLines(old.Id), cancellationToken);
            if (named is not null)
            {
                var wanted = (await reader.FindByIdAsync(named, cancellationToken)).Where(line => line.EnvelopeId == old.Id).Select(line => line.Seq).ToHashSet();
                unpaid = [.. unpaid.Where(line => wanted.Contains(line.Seq))];
                if (unpaid.Count < named.Distinct(StringComparer.Ordinal).Count())
                {
                    return new Refusal("NOT_PROVED_UNPAID", "Some of disbursement_ids are no disbursements of this envelope, or are not proved unpaid; what is open or unknown cannot be paid again.", RefusalKind.Conflict);
                }
            }

            var taken = await FollowUps.TakenAsync(connection, [.. unpaid.Select(line => line.Seq)], cancellationToken);
            var fit = new List<UnpaidLine>(unpaid.Count);
            foreach (var line in unpaid)
            {
                if ((taken.Contains(line.Seq) ? FollowUpChoice.FollowedUpBefore : FollowUpChoice.WhyNot(line, named is not null)) is { } why)
                {
                    leftOut[why] = leftOut.GetValueOrDefault(why) + 1;
                }
                else
                {
                    fit.Add(line);
                }
            }

            var facts = (await reader.FindBySeqAsync([.. fit.Select(line => line.Seq)], cancellationToken)).ToDictionary(line => line.Seq);
            var elsewhere = programmes.Value.Of(old.ProgrammeMnemonic).DuplicatePayment == DuplicatePaymentPolicy.Allow ? [] : await PaidElsewhereAsync(connection, old, fit, facts, cancellationToken);
            if (elsewhere.Count > 0)
            {
                leftOut[FollowUpChoice.PaidElsewhere] = elsewhere.Count;
            }

            return fit.Where(line => !elsewhere.Contains(line.Seq) && facts[line.Seq].Quantity > 0).OrderBy(line => line.Seq).Select(line => (line, facts[line.Seq])).ToList();
        }

        /// <summary>Whose place another envelope has taken since, with a line that was not proved unpaid in its turn. The places stay locked until the end.</summary>
        private async Task<HashSet<long>> PaidElsewhereAsync(
            NpgsqlConnection connection, Envelope old, List<UnpaidLine> lines, Dictionary<long, FoundLine> facts, CancellationToken cancellationToken)
        {
            var scope = Entitlements.ScopeOf(old);
            var (keys, seqs) = (lines.Select(line => Entitlements.KeyOf(scope, facts[line.Seq].BeneficiaryId)).ToArray(), lines.Select(line => line.Seq).ToArray());
            Array.Sort(keys, seqs);
            var others = (await Entitlements.FindOwnersAsync(connection, keys, seqs, cancellationToken)).Where(owner => owner.OwnerEnvelopeId != old.Id && !owner.OwnerIsStopped).ToList();
            if (others.Count == 0)
            {
                return [];
            }

            var unpaid = (await mediator.Send(new FindLinesProvedUnpaid([.. others.Select(owner => new LineOfEnvelope(owner.OwnerEnvelopeId, owner.OwnerSeq))]), cancellationToken)).ToHashSet();
            return [.. others.Where(owner => !unpaid.Contains(owner.OwnerSeq)).Select(owner => owner.Seq)];
        }

        private async Task<Envelope> WriteAsync(
            NpgsqlConnection connection, Envelope old, IReadOnlyList<(UnpaidLine Line, FoundLine Facts)> chosen, Command request, DateOnly today, RequestIdentity identity, CancellationToken cancellationToken)
        {
            var at = clock.GetUtcNow();
            var total = chosen.Sum(pair => pair.Facts.Quantity);
            var numbers = await writer.TakeNumbersAsync(chosen.Count, cancellationToken);
            var people = chosen.Select(pair => pair.Facts.BeneficiaryId).Distinct(StringComparer.Ordinal).Count();
            var next = FollowUpOf(old, chosen.Count, people, total, request.Body.ScheduleDate ?? today, at);
            db.Envelopes.Add(next);
            var cause = string.Create(CultureInfo.InvariantCulture, $"{chosen.Count} unpaid disbursements over {total}: {request.Body.Reason!.Trim()}");
            db.Events.Add(Event(next.Id, "", next.Status, $"follow-up of {old.Id}, {cause}", request.Actor, at));
            db.Events.Add(Event(old.Id, old.Status.ToString(), old.Status, $"followed up by {next.Id}, {cause}", request.Actor, at));
            identity.Remember(db, at, [next.Id]);
            await db.SaveChangesAsync(cancellationToken);
            await DisbursementWriter.InsertBatchAsync(connection, Guid.CreateVersion7().ToString(), next.Id, old.CycleId, numbers, total, at, cancellationToken);
            await FollowUps.WriteLinesAsync(connection, old.Id, next.Id, [.. chosen.Select(pair => pair.Line)], numbers.First, cancellationToken);

            var scope = Entitlements.ScopeOf(next);
            var places = chosen.Select((pair, index) => (Key: Entitlements.KeyOf(scope, pair.Facts.BeneficiaryId), Seq: numbers.First + index)).DistinctBy(place => place.Key).OrderBy(place => place.Key).ToArray();
            var (keys, seqs) = (Array.ConvertAll(places, place => place.Key), Array.ConvertAll(places, place => place.Seq));
            var left = await Entitlements.TakeFreeAsync(connection, keys, seqs, cancellationToken);
            places = [.. places.Where(place => left.Contains(place.Seq))];
            await Entitlements.HandOverAsync(connection, Array.ConvertAll(places, place => place.Key), Array.ConvertAll(places, place => place.Seq), cancellationToken);
            return next;
        }

        private async Task<Response> SameAsync(string old, string next, Dictionary<string, int> leftOut, CancellationToken cancellationToken)
        {
            var made = await db.Envelopes.AsNoTracking().SingleAsync(envelope => envelope.Id == next, cancellationToken);
            return new Response(next, old, false, made.NumberOfDisbursements, made.TotalQuantity, Shown(leftOut));
        }

        private static IReadOnlyList<LeftOut> Shown(Dictionary<string, int> leftOut) => [.. leftOut.OrderBy(why => why.Key, StringComparer.Ordinal).Select(why => new LeftOut(why.Key, why.Value))];

        private static EnvelopeEvent Event(string envelopeId, string from, EnvelopeStatus to, string cause, string actor, DateTimeOffset at) =>
            new() { EnvelopeId = envelopeId, At = at, FromStatus = from, ToStatus = to.ToString(), Cause = cause, Actor = actor };

        private static Envelope FollowUpOf(Envelope old, int lines, int people, decimal total, DateOnly day, DateTimeOffset at) => new()
        {
            Id = Guid.CreateVersion7().ToString(),
            ProgrammeId = old.ProgrammeId,
            ProgrammeMnemonic = old.ProgrammeMnemonic,
            ProgrammeDescription = old.ProgrammeDescription,
            TargetRegistry = old.TargetRegistry,
            BenefitCodeId = old.BenefitCodeId,
            BenefitCodeMnemonic = old.BenefitCodeMnemonic,
            BenefitCodeDescription = old.BenefitCodeDescription,
            BenefitType = old.BenefitType,
            CycleId = old.CycleId,
            CycleMnemonic = old.CycleMnemonic,
            Frequency = old.Frequency,
            Unit = old.Unit,
            NumberOfBeneficiaries = people,
            NumberOfDisbursements = lines,
            TotalQuantity = total,
            DisbursementsReceived = lines,
            QuantityReceived = total,
            ScheduleDate = day,
            ReceivedAt = at,
            Sender = old.Sender,
            FollowUpOf = old.Id,
        };

        [LoggerMessage(1040, LogLevel.Information, "Envelope {Next} follows up {Lines} unpaid lines of envelope {EnvelopeId}")]
        private partial void LogMade(string next, string envelopeId, int lines);
    }
}
