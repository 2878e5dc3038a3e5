using G2PBridge.Modules.Envelopes.Contracts;
using G2PBridge.Modules.Envelopes.Domain;
using G2PBridge.Modules.Envelopes.Persistence;
using G2PBridge.Platform;
using MediatR;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace G2PBridge.Modules.Envelopes.Features;

/// <summary>
/// Gives complete, due envelopes to whoever asks the bank for their money. Due is "on or before today": a day that was missed
/// is paid late, not lost. List, seal, acknowledge: dying between any two of them repeats the step before.
/// </summary>
internal static partial class HandOverDueEnvelopes
{
    internal sealed partial class Handler(EnvelopesDbContext db, IOptions<ProgrammesOptions> programmes, FeatureFlags flags, TimeProvider clock, ILogger<Handler> logger)
        : IRequestHandler<ListEnvelopesDue, IReadOnlyList<EnvelopeFacts>>,
          IRequestHandler<SealEnvelope, Result<EnvelopeFacts>>,
          IRequestHandler<AcknowledgeFunding>
    {
        public async Task<IReadOnlyList<EnvelopeFacts>> Handle(ListEnvelopesDue request, CancellationToken cancellationToken)
        {
            // The latest "today" there is on earth narrows the rows; the programme's own zone decides below.
            var latestToday = DateOnly.FromDateTime(clock.GetUtcNow().UtcDateTime.AddHours(14));
            var candidates = await db.Envelopes.AsNoTracking()
                .Where(envelope => envelope.FundingTakenAt == null && envelope.Status != EnvelopeStatus.Cancelled && envelope.ScheduleDate <= latestToday)
                // Cash by hand is paid to agencies; where nobody allocates them, no money is asked for.
                .Where(envelope => envelope.BenefitType == BenefitType.CashDigital || (flags.InKind && envelope.BenefitType == BenefitType.CashPhysical))
                .Where(envelope => envelope.DisbursementsReceived == envelope.NumberOfDisbursements && envelope.QuantityReceived == envelope.TotalQuantity)
                .OrderBy(envelope => envelope.ScheduleDate).ThenBy(envelope => envelope.Number)
                .Take(request.Limit)
                .ToListAsync(cancellationToken);
            return
            [
                .. candidates.Where(envelope => envelope.ScheduleDate <= programmes.Value.Of(envelope.ProgrammeMnemonic).Today(clock)).Select(envelope => envelope.ToFacts()),
            ];
        }

        public async Task<Result<EnvelopeFacts>> Handle(SealEnvelope request, CancellationToken cancellationToken)
        {
            await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
            var envelope = await db.Envelopes.FromSql($"select * from envelopes.envelope where id = {request.EnvelopeId} for update").SingleOrDefaultAsync(cancellationToken);
            if (envelope is null)
            {
                return EnvelopeRefusals.NotFound(request.EnvelopeId);
            }

            switch (envelope.Status)
            {
                case EnvelopeStatus.Cancelled:
                    return EnvelopeRefusals.AlreadyCancelled(envelope.Id);
                case EnvelopeStatus.Sealed:
                    return envelope.ToFacts();
                default:
                    if (!envelope.IsComplete)
                    {
                        return new Refusal(PartnerCodes.InvalidDisbursementEnvelopeId, $"Envelope '{envelope.Id}' is no longer complete.", RefusalKind.Conflict);
                    }

                    var at = clock.GetUtcNow();
                    envelope.MoveTo(EnvelopeStatus.Sealed, at);
                    db.Events.Add(new EnvelopeEvent { EnvelopeId = envelope.Id, At = at, FromStatus = nameof(EnvelopeStatus.Open), ToStatus = nameof(EnvelopeStatus.Sealed), Cause = "due", Actor = "bridge" });
                    await db.SaveChangesAsync(cancellationToken);
                    await transaction.CommitAsync(cancellationToken);
                    LogSealed(envelope.Id);
                    return envelope.ToFacts();
            }
        }

        public async Task<Unit> Handle(AcknowledgeFunding request, CancellationToken cancellationToken)
        {
            var at = clock.GetUtcNow();
            await db.InTransactionAsync(() => db.Envelopes.Where(envelope => request.EnvelopeIds.Contains(envelope.Id) && envelope.FundingTakenAt == null)
                .ExecuteUpdateAsync(set => set.SetProperty(envelope => envelope.FundingTakenAt, at), cancellationToken), cancellationToken);
            return Unit.Value;
        }

        [LoggerMessage(1012, LogLevel.Information, "Envelope {EnvelopeId} is complete and due")]
        private partial void LogSealed(string envelopeId);
    }
}
