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
/// amend_disbursement_envelope: changes counts, total and schedule date as long as no money was asked for, and never to less
/// than has arrived already (contract, section 1.4.1; its own server checks neither).
/// </summary>
internal static partial class AmendEnvelope
{
    public const string Path = "amend_disbursement_envelope";

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPartner(Path, HandleAsync).WithName(Path);

    internal sealed record Command(RequestIdentity Request, EnvelopePayload Change) : IRequest<Result<DateTimeOffset>>;

    private static async Task<PartnerAnswer> HandleAsync(PartnerRequest request, WireErrors errors, IServiceProvider services, CancellationToken cancellationToken)
    {
        var envelopes = EnvelopePayload.ReadAll(request, errors);
        if (errors.Any)
        {
            return PartnerAnswer.Success(PartnerAnswer.EmptyList);
        }

        Action<System.Text.Json.Utf8JsonWriter>? nothing = request.Generation == WireGeneration.First ? null : PartnerAnswer.EmptyList;
        if (envelopes.Count == 0)
        {
            return PartnerAnswer.Error(PartnerCodes.EmptyRequestPayload, "request_payload names no envelope; send its id and the new figures.", nothing);
        }

        var result = await services.GetRequiredService<IMediator>().Send(new Command(RequestIdentity.Of(request, Path), envelopes[0]), cancellationToken);
        return result.Refusal is { } refusal
            ? PartnerAnswer.Error(refusal, nothing)
            : PartnerAnswer.Success(EnvelopePayload.Answer(request, envelopes[..1]), result.Value);
    }

    private static Refusal? CheckRequest(EnvelopePayload change)
    {
        if (string.IsNullOrEmpty(change.Id))
        {
            return new(PartnerCodes.InvalidDisbursementEnvelopeId, "id is missing; name the envelope to amend.");
        }

        if (!change.FollowsFirstRules && change.ProgrammeId is null)
        {
            return new(PartnerCodes.InvalidProgramId, "benefit_program_id is missing; give the programme's number.");
        }

        if (string.IsNullOrEmpty(change.ProgrammeMnemonic))
        {
            return new(PartnerCodes.InvalidProgramMnemonic, "benefit_program_mnemonic is missing; give the programme's short name.");
        }

        if (change.NumberOfBeneficiaries is null or < 1)
        {
            return new(PartnerCodes.InvalidNoOfBeneficiaries, "number_of_beneficiaries must be at least 1.");
        }

        if (change.NumberOfDisbursements is null or < 1)
        {
            return new(PartnerCodes.InvalidNoOfDisbursements, "number_of_disbursements must be at least 1.");
        }

        return change.TotalQuantity is null or < 0
            ? new(change.FollowsFirstRules ? PartnerCodes.InvalidTotalDisbursementAmount : PartnerCodes.InvalidDisbursementQuantity, "The total quantity must be zero or more.")
            : null;
    }

    internal sealed partial class Handler(EnvelopesDbContext db, IOptions<ProgrammesOptions> programmes, TimeProvider clock, WorkSignal signal, ILogger<Handler> logger)
        : IRequestHandler<Command, Result<DateTimeOffset>>
    {
        public async Task<Result<DateTimeOffset>> Handle(Command request, CancellationToken cancellationToken)
        {
            var change = request.Change;
            if (CheckRequest(change) is { } refusal)
            {
                return refusal;
            }

            await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
            var envelope = await db.Envelopes.FromSql($"select * from envelopes.envelope where id = {change.Id} for update").SingleOrDefaultAsync(cancellationToken);
            if (envelope is null)
            {
                return EnvelopeRefusals.NotFound(change.Id);
            }

            if (request.Request.RefuseProgramme(envelope.ProgrammeMnemonic) is { } foreign)
            {
                return foreign;
            }

            // Looked up behind the lock, so that of two simultaneous repetitions the second finds the first.
            if (await request.Request.FindAsync(db, cancellationToken) is { } earlier)
            {
                return request.Request.IsSameAs(earlier) ? earlier.AnsweredAt : RequestIdentity.Reused;
            }

            if (CheckState(envelope, change) is { } conflict)
            {
                return conflict;
            }

            var at = clock.GetUtcNow();
            db.Events.Add(new EnvelopeEvent
            {
                EnvelopeId = envelope.Id,
                At = at,
                FromStatus = envelope.Status.ToString(),
                ToStatus = envelope.Status.ToString(),
                Cause = string.Create(CultureInfo.InvariantCulture,
                    $"amended: disbursements {envelope.NumberOfDisbursements} to {change.NumberOfDisbursements}, total {envelope.TotalQuantity} to {change.TotalQuantity}, date {WireText.Date(envelope.ScheduleDate)} to {WireText.Date(change.ScheduleDate ?? envelope.ScheduleDate)}"),
                Actor = request.Request.Sender,
            });
            envelope.NumberOfBeneficiaries = change.NumberOfBeneficiaries!.Value;
            envelope.NumberOfDisbursements = change.NumberOfDisbursements!.Value;
            envelope.TotalQuantity = change.TotalQuantity!.Value;
            envelope.ScheduleDate = change.ScheduleDate ?? envelope.ScheduleDate;
            request.Request.Remember(db, at);
            try
            {
                await db.SaveChangesAsync(cancellationToken);
                await transaction.CommitAsync(cancellationToken);
            }
            catch (DbUpdateException exception) when (exception.InnerException is PostgresException { ConstraintName: RequestIdentity.Constraint })
            {
                return RequestIdentity.Reused;
            }

            LogAmended(envelope.Id);
            await signal.RaiseAsync(Work.TakeEnvelopesDue, cancellationToken);
            return at;
        }

        private Refusal? CheckState(Envelope envelope, EnvelopePayload change)
        {
            var today = programmes.Value.Of(envelope.ProgrammeMnemonic).Today(clock);
            if (envelope.Status == EnvelopeStatus.Cancelled)
            {
                return EnvelopeRefusals.AlreadyCancelled(envelope.Id);
            }

            if (envelope.Status == EnvelopeStatus.Sealed)
            {
                return new(PartnerCodes.EnvelopeFundsAlreadyBlocked, "The money of this envelope has been asked for, so its figures are fixed.", RefusalKind.Conflict);
            }

            if (envelope.ScheduleDate <= today)
            {
                return new(PartnerCodes.DisbursementEnvelopeDatePassed,
                    $"The envelope was due on {WireText.Date(envelope.ScheduleDate)}; it can be amended until the day before.", RefusalKind.Conflict);
            }

            if (change.ScheduleDate < today)
            {
                return new(PartnerCodes.InvalidDisbursementScheduleDate, "disbursement_schedule_date is in the past; give today or a later day.");
            }

            if (change.NumberOfDisbursements < envelope.DisbursementsReceived || change.TotalQuantity < envelope.QuantityReceived)
            {
                return new(PartnerCodes.AmendBelowReceived, string.Create(CultureInfo.InvariantCulture,
                    $"{envelope.DisbursementsReceived} disbursements over {envelope.QuantityReceived} {envelope.Unit} have arrived already; amend to at least that, or cancel disbursements first."), RefusalKind.Conflict);
            }

            var decimals = envelope.IsCash ? CurrencyUnits.DecimalsOf(envelope.Unit) : CurrencyUnits.StoredDecimals;
            return CurrencyUnits.DecimalsIn(change.TotalQuantity!.Value) > decimals || change.TotalQuantity >= CurrencyUnits.AmountLimit
                ? new(PartnerCodes.InvalidDisbursementQuantity, $"The total quantity has more than {decimals} decimals or 15 digits; {envelope.Unit} has no smaller unit.")
                : null;
        }

        [LoggerMessage(1011, LogLevel.Information, "Envelope {EnvelopeId} amended")]
        private partial void LogAmended(string envelopeId);
    }
}
