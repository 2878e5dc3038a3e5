using System.Collections.Frozen;
using G2PBridge.Modules.Envelopes.Contracts;
using G2PBridge.Modules.Envelopes.Domain;
using G2PBridge.Modules.Envelopes.Persistence;
using G2PBridge.PartnerApi;
using G2PBridge.Platform;
using MediatR;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Npgsql;

namespace G2PBridge.Modules.Envelopes.Features;

/// <summary>create_disbursement_envelopes, and version 1.0's create_disbursement_envelope (contract, sections 1.4.1 and 1.8).</summary>
internal static class CreateEnvelopes
{
    public const string Path = "create_disbursement_envelopes";
    public const string FirstPath = "create_disbursement_envelope";

    private static readonly FrozenSet<string> Frequencies =
        new[] { "Daily", "Weekly", "Fortnightly", "Monthly", "BiMonthly", "Quarterly", "SemiAnnually", "Annually", "OnDemand" }.ToFrozenSet(StringComparer.Ordinal);

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPartner(Path, HandleAsync).WithName(Path);
        routes.MapPartner(FirstPath, HandleAsync).WithName(FirstPath);
    }

    internal sealed record Command(RequestIdentity Request, IReadOnlyList<EnvelopePayload> Envelopes) : IRequest<Result<Response>>;

    /// <param name="Ids">One per envelope, in order; those that the partner left out are ours.</param>
    internal sealed record Response(IReadOnlyList<string> Ids, DateTimeOffset At);

    private static async Task<PartnerAnswer> HandleAsync(PartnerRequest request, WireErrors errors, IServiceProvider services, CancellationToken cancellationToken)
    {
        var envelopes = EnvelopePayload.ReadAll(request, errors);
        if (errors.Any)
        {
            return PartnerAnswer.Success(PartnerAnswer.EmptyList);
        }

        var result = await services.GetRequiredService<IMediator>().Send(new Command(RequestIdentity.Of(request, Path), envelopes), cancellationToken);
        if (result.Refusal is { } refusal)
        {
            return PartnerAnswer.Error(refusal, request.Generation == WireGeneration.First ? null : PartnerAnswer.EmptyList);
        }

        for (var i = 0; i < envelopes.Count; i++)
        {
            envelopes[i].Id = result.Value.Ids[i];
        }

        return PartnerAnswer.Success(EnvelopePayload.Answer(request, envelopes), result.Value.At);
    }

    /// <summary>The contract's checks in the contract's order; the first failure refuses the whole call.</summary>
    private static Refusal? Check(EnvelopePayload envelope, string at, ProgrammesOptions programmes, FeatureFlags flags, TimeProvider clock)
    {
        var first = envelope.FollowsFirstRules;
        if (!first && envelope.ProgrammeId is null)
        {
            return new(PartnerCodes.InvalidProgramId, $"{at}.benefit_program_id is missing; give the programme's number.");
        }

        if (first && string.IsNullOrEmpty(envelope.ProgrammeMnemonic))
        {
            return new(PartnerCodes.InvalidProgramMnemonic, $"{at}.benefit_program_mnemonic is missing; give the programme's short name.");
        }

        if (envelope.Frequency is null || !Frequencies.Contains(envelope.Frequency))
        {
            return new(PartnerCodes.InvalidDisbursementFrequency, $"{at}.disbursement_frequency '{Masked.Text(envelope.Frequency)}' is not one of {string.Join(", ", Frequencies)}.");
        }

        if (string.IsNullOrEmpty(envelope.CycleMnemonic))
        {
            return new(PartnerCodes.InvalidCycleCodeMnemonic, $"{at}.cycle_code_mnemonic is missing; name the cycle, for example 2026-06.");
        }

        if (envelope.NumberOfBeneficiaries is null or < 1)
        {
            return new(PartnerCodes.InvalidNoOfBeneficiaries, $"{at}.number_of_beneficiaries must be at least 1.");
        }

        if (envelope.NumberOfDisbursements is null or < 1)
        {
            return new(PartnerCodes.InvalidNoOfDisbursements, $"{at}.number_of_disbursements must be at least 1.");
        }

        var quantityCode = first ? PartnerCodes.InvalidTotalDisbursementAmount : PartnerCodes.InvalidDisbursementQuantity;
        if (envelope.TotalQuantity is null or < 0)
        {
            return new(quantityCode, $"{at}: the total quantity must be zero or more.");
        }

        if (!first && envelope.BenefitCodeId is null)
        {
            return new(PartnerCodes.InvalidBenefitCodeId, $"{at}.benefit_code_id is missing; give the benefit code's number.");
        }

        if (!first && string.IsNullOrEmpty(envelope.TargetRegistry))
        {
            return new(PartnerCodes.InvalidTargetRegistry, $"{at}.target_registry is missing; name the registry, for example FARMER.");
        }

        return CheckOurs(envelope, at, quantityCode, programmes, flags, clock);
    }

    /// <summary>What the contract promises and its own server never checked (contract, section 1.4.1, "not validated").</summary>
    private static Refusal? CheckOurs(EnvelopePayload envelope, string at, string quantityCode, ProgrammesOptions programmes, FeatureFlags flags, TimeProvider clock)
    {
        if (envelope.BenefitType is not { } type)
        {
            return new(PartnerCodes.InvalidBenefitType, $"{at}.benefit_type is missing; use CASH_DIGITAL, CASH_PHYSICAL, COMMODITY, SERVICE or COMBINATION.");
        }

        if (type != BenefitType.CashDigital && !flags.InKind)
        {
            return new(PartnerCodes.BenefitTypeNotEnabled,
                $"{at}.benefit_type {WireText.Capitals(type)} is switched off here; only CASH_DIGITAL is paid until an administrator sets Features:InKind to true.");
        }

        var isCash = type is BenefitType.CashDigital or BenefitType.CashPhysical;
        if (string.IsNullOrEmpty(envelope.Unit) || envelope.Unit.Length > 64 || (isCash && !CurrencyUnits.IsCurrencyCode(envelope.Unit)))
        {
            return new(envelope.FollowsFirstRules ? PartnerCodes.InvalidDisbursementCurrencyCode : PartnerCodes.InvalidMeasurementUnit,
                $"{at}: the unit '{Masked.Text(envelope.Unit)}' is not usable; for cash give a three-letter currency code such as USD.");
        }

        var decimals = isCash ? CurrencyUnits.DecimalsOf(envelope.Unit) : CurrencyUnits.StoredDecimals;
        if (CurrencyUnits.DecimalsIn(envelope.TotalQuantity!.Value) > decimals || envelope.TotalQuantity >= CurrencyUnits.AmountLimit)
        {
            return new(quantityCode, $"{at}: the total quantity has more than {decimals} decimals or 15 digits; {envelope.Unit} has no smaller unit.");
        }

        if (!programmes.Knows(envelope.ProgrammeMnemonic))
        {
            return new(PartnerCodes.InvalidProgramMnemonic,
                $"{at}.benefit_program_mnemonic '{Masked.Text(envelope.ProgrammeMnemonic)}' is not a programme of this installation; an administrator adds it under Programmes:Known.");
        }

        if (envelope.ScheduleDate is not { } date || date < programmes.Of(envelope.ProgrammeMnemonic).Today(clock))
        {
            return new(PartnerCodes.InvalidDisbursementScheduleDate, $"{at}.disbursement_schedule_date is missing or in the past; give today or a later day.");
        }

        return new[]
        {
            envelope.Id, envelope.ProgrammeMnemonic, envelope.ProgrammeDescription, envelope.TargetRegistry, envelope.BenefitCodeMnemonic,
            envelope.BenefitCodeDescription, envelope.CycleMnemonic,
        }.Any(text => text?.Length > EnvelopesDbContext.IdLength)
            ? new(PartnerCodes.RequestValidationError, $"{at}: no text of an envelope may be longer than {EnvelopesDbContext.IdLength} characters.")
            : null;
    }

    internal sealed class Handler(EnvelopesDbContext db, IOptions<ProgrammesOptions> programmes, FeatureFlags flags, TimeProvider clock)
        : IRequestHandler<Command, Result<Response>>
    {
        public async Task<Result<Response>> Handle(Command request, CancellationToken cancellationToken)
        {
            if (request.Envelopes.Select(envelope => request.Request.RefuseProgramme(envelope.ProgrammeMnemonic)).FirstOrDefault(refusal => refusal is not null) is { } foreign)
            {
                return foreign;
            }

            var earlier = await request.Request.FindAsync(db, cancellationToken);
            if (earlier is not null)
            {
                return Replay(request, earlier);
            }

            if (request.Envelopes.Count == 0)
            {
                return new Refusal(PartnerCodes.EmptyRequestPayload, "request_payload holds no envelope; send at least one.");
            }

            for (var i = 0; i < request.Envelopes.Count; i++)
            {
                if (Check(request.Envelopes[i], $"request_payload[{i}]", programmes.Value, flags, clock) is { } refusal)
                {
                    return refusal;
                }
            }

            var at = clock.GetUtcNow();
            var ids = request.Envelopes.Select(envelope => string.IsNullOrEmpty(envelope.Id) ? Guid.CreateVersion7().ToString() : envelope.Id).ToArray();
            if (ids.Distinct(StringComparer.Ordinal).Count() < ids.Length)
            {
                return new Refusal(PartnerCodes.DisbursementEnvelopeAlreadyExists, "Two envelopes of this request have the same id.", RefusalKind.Conflict);
            }

            request.Request.Remember(db, at, ids);
            for (var i = 0; i < ids.Length; i++)
            {
                db.Envelopes.Add(ToEnvelope(request.Envelopes[i], ids[i], request.Request.Sender, at));
                db.Events.Add(new EnvelopeEvent { EnvelopeId = ids[i], At = at, FromStatus = "", ToStatus = nameof(EnvelopeStatus.Open), Cause = "received", Actor = request.Request.Sender });
            }

            try
            {
                await db.SaveChangesAsync(cancellationToken);
                return new Response(ids, at);
            }
            catch (DbUpdateException exception) when (exception.InnerException is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation } conflict)
            {
                db.ChangeTracker.Clear();
                if (conflict.ConstraintName == RequestIdentity.Constraint && await request.Request.FindAsync(db, cancellationToken) is { } winner)
                {
                    return Replay(request, winner);
                }

                return new Refusal(PartnerCodes.DisbursementEnvelopeAlreadyExists,
                    "An envelope with one of these ids exists already; leave id out to be given a new one.", RefusalKind.Conflict);
            }
        }

        private static Result<Response> Replay(Command request, AnsweredRequest earlier) =>
            request.Request.IsSameAs(earlier) ? new Response(earlier.GivenIds ?? [], earlier.AnsweredAt) : RequestIdentity.Reused;

        private static Envelope ToEnvelope(EnvelopePayload payload, string id, string sender, DateTimeOffset at) => new()
        {
            Id = id,
            ProgrammeId = payload.ProgrammeId,
            ProgrammeMnemonic = payload.ProgrammeMnemonic,
            ProgrammeDescription = payload.ProgrammeDescription,
            TargetRegistry = payload.TargetRegistry,
            BenefitCodeId = payload.BenefitCodeId,
            BenefitCodeMnemonic = payload.BenefitCodeMnemonic,
            BenefitCodeDescription = payload.BenefitCodeDescription,
            BenefitType = payload.BenefitType!.Value,
            CycleId = payload.CycleId,
            CycleMnemonic = payload.CycleMnemonic,
            Frequency = payload.Frequency,
            Unit = payload.Unit!,
            NumberOfBeneficiaries = payload.NumberOfBeneficiaries!.Value,
            NumberOfDisbursements = payload.NumberOfDisbursements!.Value,
            TotalQuantity = payload.TotalQuantity!.Value,
            ScheduleDate = payload.ScheduleDate!.Value,
            ReceivedAt = at,
            Sender = sender,
        };
    }
}
