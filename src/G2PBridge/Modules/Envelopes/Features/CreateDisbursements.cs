using System.Globalization;
using G2PBridge.Modules.Envelopes.Contracts;
using G2PBridge.Modules.Envelopes.Domain;
using G2PBridge.Modules.Envelopes.Persistence;
using G2PBridge.PartnerApi;
using G2PBridge.Platform.Jobs;
using MediatR;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Npgsql;

namespace G2PBridge.Modules.Envelopes.Features;

/// <summary>
/// create_disbursements: all lines of a call or none, any number of calls for one envelope at once, in any order
/// (contract, section 1.4.2). The path every disbursement takes, so it works in sets.
/// </summary>
internal static partial class CreateDisbursements
{
    public const string Path = "create_disbursements";

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPartner(Path, HandleAsync).WithName(Path);

    internal sealed record Command(RequestIdentity Request, string? BatchId, IReadOnlyList<DisbursementPayload> Lines, bool FollowsFirstRules) : IRequest<Result<DateTimeOffset>>;

    private static async Task<PartnerAnswer> HandleAsync(PartnerRequest request, WireErrors errors, IServiceProvider services, CancellationToken cancellationToken)
    {
        var isFirst = request.Generation == WireGeneration.First;
        var lines = DisbursementPayload.ReadAll(request, errors, requireId: !isFirst);
        if (errors.Any)
        {
            return PartnerAnswer.Success(PartnerAnswer.EmptyList);
        }

        // The contract names the batch beside the payload; its 2.0 development form names it in each line.
        var batchId = request.BatchControlId ?? lines.FirstOrDefault()?.BatchControlId;
        var command = new Command(RequestIdentity.Of(request, Path), batchId, lines, isFirst && lines.Any(line => line.DisbursementId is null));
        var result = await services.GetRequiredService<IMediator>().Send(command, cancellationToken);
        var answer = DisbursementPayload.Answer(lines, request.Generation);
        return (result.Refusal is { } refusal ? PartnerAnswer.Error(refusal, answer) : PartnerAnswer.Success(answer, result.Value)).WithBatchControlField();
    }

    internal sealed partial class Handler(
        EnvelopesDbContext db, DisbursementWriter writer, Intake intake, IOptions<ProgrammesOptions> programmes, TimeProvider clock, WorkSignal signal, ILogger<Handler> logger)
        : IRequestHandler<Command, Result<DateTimeOffset>>
    {
        public async Task<Result<DateTimeOffset>> Handle(Command request, CancellationToken cancellationToken)
        {
            if (await request.Request.FindAsync(db, cancellationToken) is { } earlier)
            {
                return Replay(request, earlier);
            }

            var result = await ReceiveAsync(request, cancellationToken);

            // A refusal may be the work of the same request, which a second connection has just carried out.
            return result.IsRefused && await request.Request.FindAsync(db, cancellationToken) is { } winner ? Replay(request, winner) : result;
        }

        private async Task<Result<DateTimeOffset>> ReceiveAsync(Command request, CancellationToken cancellationToken)
        {
            var lines = request.Lines;
            if (lines.Count == 0)
            {
                return new Refusal(PartnerCodes.EmptyRequestPayload, "request_payload holds no disbursement; send at least one.");
            }

            if (lines.Any(line => line.EnvelopeId != lines[0].EnvelopeId))
            {
                return new Refusal(PartnerCodes.MultipleEnvelopesFound, "The disbursements of one call must all name the same disbursement_envelope_id.");
            }

            var envelopeId = lines[0].EnvelopeId;
            var envelope = envelopeId is null ? null : await db.Envelopes.AsNoTracking().SingleOrDefaultAsync(e => e.Id == envelopeId, cancellationToken);
            if ((envelope is null ? EnvelopeRefusals.NotFound(envelopeId) : request.Request.RefuseProgramme(envelope.ProgrammeMnemonic) ?? Check(envelope, request)) is { } refusal)
            {
                return refusal;
            }

            var rules = programmes.Value.Of(envelope!.ProgrammeMnemonic);
            MarkRepetitions(lines, rules.DuplicateBeneficiary);
            if (lines.Any(line => line.Errors is not null))
            {
                return InvalidPayload;
            }

            return await StoreAsync(request, envelope, rules, cancellationToken);
        }

        private static readonly Refusal InvalidPayload = new(
            PartnerCodes.InvalidDisbursementPayload, "Nothing was stored: see response_error_codes of the disbursements, correct them and send the call again.");

        private static Refusal? Check(Envelope envelope, Command request)
        {
            if (envelope.Status == EnvelopeStatus.Cancelled)
            {
                return EnvelopeRefusals.AlreadyCancelled(envelope.Id);
            }

            if (request.BatchId is { Length: 0 or > EnvelopesDbContext.IdLength })
            {
                return new(PartnerCodes.InvalidDisbursementBatchControlId, $"disbursement_batch_control_id must have 1 to {EnvelopesDbContext.IdLength} characters.");
            }

            var total = 0m;
            foreach (var line in request.Lines)
            {
                total += line.Quantity is { } quantity && quantity < CurrencyUnits.AmountLimit ? quantity : 0;
            }

            if (CheckLimits(envelope, request, total) is { } exceeded)
            {
                return exceeded;
            }

            var decimals = envelope.IsCash ? CurrencyUnits.DecimalsOf(envelope.Unit) : CurrencyUnits.StoredDecimals;
            foreach (var line in request.Lines)
            {
                CheckLine(line, decimals, request.FollowsFirstRules);
            }

            return null;
        }

        private static Refusal? CheckLimits(Envelope envelope, Command request, decimal total)
        {
            if (envelope.DisbursementsReceived + request.Lines.Count > envelope.NumberOfDisbursements)
            {
                return new(PartnerCodes.NoOfDisbursementsExceedsDeclared,
                    $"The envelope declares {envelope.NumberOfDisbursements} disbursements, {envelope.DisbursementsReceived} have arrived and this call brings {request.Lines.Count}.", RefusalKind.Conflict);
            }

            return envelope.QuantityReceived + total > envelope.TotalQuantity
                ? new(request.FollowsFirstRules ? PartnerCodes.TotalDisbursementAmountExceedsDeclared : PartnerCodes.TotalDisbursementQuantityExceedsDeclared,
                    string.Create(CultureInfo.InvariantCulture, $"The envelope declares {envelope.TotalQuantity} {envelope.Unit}, {envelope.QuantityReceived} have arrived and this call brings {total}."), RefusalKind.Conflict)
                : null;
        }

        private static void CheckLine(DisbursementPayload line, int decimals, bool followsFirstRules)
        {
            if (string.IsNullOrEmpty(line.EnvelopeId))
            {
                line.Refuse(PartnerCodes.InvalidDisbursementEnvelopeId);
            }

            if ((line.DisbursementId is { Length: 0 or > EnvelopesDbContext.IdLength }) || (line.DisbursementId is null && !followsFirstRules))
            {
                line.Refuse(PartnerCodes.InvalidDisbursementId);
            }

            if (line.Quantity is not { } quantity || quantity < 0 || (followsFirstRules && quantity == 0)
                || quantity >= CurrencyUnits.AmountLimit || CurrencyUnits.DecimalsIn(quantity) > decimals)
            {
                line.Refuse(followsFirstRules ? PartnerCodes.InvalidDisbursementAmount : PartnerCodes.InvalidDisbursementQuantity);
            }

            if (line.BeneficiaryId is null or { Length: 0 or > 256 })
            {
                line.Refuse(PartnerCodes.InvalidBeneficiaryId);
            }

            if (followsFirstRules && string.IsNullOrEmpty(line.BeneficiaryName))
            {
                line.Refuse(PartnerCodes.InvalidBeneficiaryName);
            }

            if (string.IsNullOrEmpty(line.Narrative))
            {
                line.Refuse(PartnerCodes.InvalidNarrative);
            }
        }

        private static void MarkRepetitions(IReadOnlyList<DisbursementPayload> lines, DuplicateBeneficiaryPolicy policy)
        {
            var ids = new HashSet<string>(lines.Count, StringComparer.Ordinal);
            var people = new HashSet<string>(lines.Count, StringComparer.Ordinal);
            foreach (var line in lines)
            {
                if (line.DisbursementId is { } id && !ids.Add(id))
                {
                    line.Refuse(PartnerCodes.DuplicateDisbursement);
                }

                if (policy == DuplicateBeneficiaryPolicy.Reject && line.BeneficiaryId is { } person && !people.Add(person))
                {
                    line.Refuse(PartnerCodes.DuplicateBeneficiaryInEnvelope);
                }
            }
        }

        private async Task<Result<DateTimeOffset>> StoreAsync(Command request, Envelope envelope, ProgrammeOptions rules, CancellationToken cancellationToken)
        {
            var lines = request.Lines;
            var range = await writer.TakeNumbersAsync(lines.Count, cancellationToken);
            string[]? givenIds = null;
            if (request.FollowsFirstRules)
            {
                givenIds = new string[lines.Count];
                for (var i = 0; i < lines.Count; i++)
                {
                    // Version 1.0 gives 16 digits; ours are the line's number, which cannot collide.
                    givenIds[i] = lines[i].DisbursementId ??= (range.First + i).ToString("D16", CultureInfo.InvariantCulture);
                }
            }

            var at = clock.GetUtcNow();
            var quantity = lines.Sum(line => line.Quantity!.Value);
            IntakeOutcome outcome;
            try
            {
                outcome = await intake.StoreAsync(
                    new IntakeCall(request.Request, givenIds, envelope, request.BatchId ?? Guid.CreateVersion7().ToString(), lines, range, quantity, rules, at), cancellationToken);
            }
            catch (PostgresException conflict) when (conflict.SqlState == PostgresErrorCodes.UniqueViolation)
            {
                return await NameTheConflictAsync(request, conflict.ConstraintName, cancellationToken);
            }

            if (outcome is not IntakeOutcome.Stored stored)
            {
                return outcome is IntakeOutcome.PeopleRefused ? InvalidPayload : await NameTheLimitAsync(request, envelope.Id, quantity, cancellationToken);
            }

            LogReceived(lines.Count, envelope.Id);
            if (stored.Held > 0)
            {
                LogHeld(stored.Held, envelope.Id);
            }

            await signal.RaiseAsync(envelope.BenefitType == BenefitType.CashDigital ? Work.TakeBatches : Work.TakePlacedBatches, cancellationToken);
            if (stored.IsComplete)
            {
                await signal.RaiseAsync(Work.TakeEnvelopesDue, cancellationToken);
            }

            return at;
        }

        /// <summary>The index refused; now, off the fast path, say which lines were the reason.</summary>
        private async Task<Result<DateTimeOffset>> NameTheConflictAsync(Command request, string? constraint, CancellationToken cancellationToken)
        {
            switch (constraint)
            {
                case RequestIdentity.Constraint:
                    return RequestIdentity.Reused;
                case DisbursementWriter.BatchConstraint:
                    return new Refusal(PartnerCodes.DisbursementBatchAlreadyExists,
                        $"Batch '{request.BatchId}' exists already; give every call a disbursement_batch_control_id of its own.", RefusalKind.Conflict);
                case DisbursementKeys.Constraint:
                    var ids = DisbursementKeys.Of([.. request.Lines.Select(line => line.DisbursementId!)]);
                    var known = await db.DisbursementKeys.Where(row => ids.Contains(row.Key)).Select(row => row.Key).ToHashSetAsync(cancellationToken);
                    foreach (var line in request.Lines.Where(line => known.Contains(DisbursementKeys.Of(line.DisbursementId!))))
                    {
                        line.Refuse(PartnerCodes.DuplicateDisbursement);
                    }

                    return InvalidPayload;
                default:
                    throw new InvalidOperationException($"Unexpected conflict on {constraint}.");
            }
        }

        /// <summary>Between the first look and the update the envelope was cancelled, sealed or filled by a parallel call.</summary>
        private async Task<Result<DateTimeOffset>> NameTheLimitAsync(Command request, string envelopeId, decimal quantity, CancellationToken cancellationToken)
        {
            var envelope = await db.Envelopes.AsNoTracking().SingleAsync(e => e.Id == envelopeId, cancellationToken);
            if (envelope.Status == EnvelopeStatus.Cancelled)
            {
                return EnvelopeRefusals.AlreadyCancelled(envelopeId);
            }

            return CheckLimits(envelope, request, quantity)
                ?? new Refusal(PartnerCodes.EnvelopeFundsAlreadyBlocked, "The money of this envelope has been asked for, so it takes no more disbursements.", RefusalKind.Conflict);
        }

        private static Result<DateTimeOffset> Replay(Command request, AnsweredRequest earlier)
        {
            if (!request.Request.IsSameAs(earlier))
            {
                return RequestIdentity.Reused;
            }

            foreach (var line in request.Lines)
            {
                line.ForgetErrors();
            }

            for (var i = 0; i < Math.Min(request.Lines.Count, earlier.GivenIds?.Length ?? 0); i++)
            {
                request.Lines[i].DisbursementId ??= earlier.GivenIds![i];
            }

            return earlier.AnsweredAt;
        }

        [LoggerMessage(1020, LogLevel.Information, "{Count} disbursements received for envelope {EnvelopeId}")]
        private partial void LogReceived(int count, string envelopeId);

        [LoggerMessage(1022, LogLevel.Warning, "{Count} disbursements of envelope {EnvelopeId} are held: the same people have one of the same programme, cycle and benefit code in another envelope")]
        private partial void LogHeld(int count, string envelopeId);
    }
}
