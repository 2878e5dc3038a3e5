using G2PBridge.Modules.Envelopes.Contracts;
using G2PBridge.Modules.Envelopes.Domain;
using G2PBridge.Modules.Envelopes.Persistence;
using G2PBridge.Platform.Jobs;
using G2PBridge.Platform.Persistence;
using MediatR;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace G2PBridge.Modules.Envelopes.Features;

/// <summary>
/// Takes in the payments to agencies that stand for lines of cash by hand. The envelope's row is locked meanwhile, so two at once cannot together
/// pay more than was received, and a line that is being cancelled is either counted or makes the payouts outdated.
/// </summary>
internal static partial class TakePayouts
{
    internal sealed partial class Handler(EnvelopesDbContext db, DisbursementWriter writer, WorkSignal signal, TimeProvider clock, ILogger<Handler> logger)
        : IRequestHandler<TakeLineNumbers, SeqRange>, IRequestHandler<AddPayouts, Result<bool>>, IRequestHandler<ClosePayouts>,
          IRequestHandler<ReadPayoutFacts, IReadOnlyList<PayoutFacts>>, IRequestHandler<ListCancelledLines, IReadOnlyList<long>>
    {
        public Task<SeqRange> Handle(TakeLineNumbers request, CancellationToken cancellationToken) => writer.TakeNumbersAsync(request.Count, cancellationToken);

        public async Task<Result<bool>> Handle(AddPayouts request, CancellationToken cancellationToken)
        {
            await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
            var envelope = await db.Envelopes.FromSql($"select * from envelopes.envelope where id = {request.EnvelopeId} for update").AsNoTracking().SingleOrDefaultAsync(cancellationToken);
            if (envelope is null)
            {
                return EnvelopeRefusals.NotFound(request.EnvelopeId);
            }

            var sets = await db.Set<PayoutSet>().AsNoTracking().Where(set => set.EnvelopeId == envelope.Id).ToListAsync(cancellationToken);
            if (sets.Exists(set => set.FirstSeq == request.Lines.First))
            {
                return true;
            }

            if (envelope is not { Status: EnvelopeStatus.Sealed, BenefitType: BenefitType.CashPhysical })
            {
                return new Refusal("ENVELOPE_NOT_SEALED", $"Envelope '{envelope.Id}' is not cash by hand that is complete and due.", RefusalKind.Conflict);
            }

            if (await db.Cancellations.CountAsync(line => line.EnvelopeId == envelope.Id, cancellationToken) != request.CancelledLines)
            {
                return new Refusal("PAYOUTS_OUTDATED", $"A line of envelope '{envelope.Id}' was cancelled meanwhile; count again.", RefusalKind.Conflict);
            }

            var quantity = request.Payouts.Sum(payout => payout.Quantity);
            if (sets.Sum(set => set.Quantity) + quantity > envelope.QuantityReceived)
            {
                return new Refusal("PAYOUTS_EXCEED_ENVELOPE", $"The payouts of envelope '{envelope.Id}' would exceed what was received.", RefusalKind.Conflict);
            }

            await InsertAsync(request, quantity, cancellationToken);
            await transaction.CommitAsync(cancellationToken);
            LogAdded(request.Payouts.Count, envelope.Id);
            await signal.RaiseAsync(Work.TakeBatches, cancellationToken);
            return true;
        }

        public async Task<Unit> Handle(ClosePayouts request, CancellationToken cancellationToken)
        {
            var at = clock.GetUtcNow();
            await db.InTransactionAsync(() => db.Batches.Where(batch => batch.Id == request.BatchId && batch.PayoutsClosedAt == null)
                .ExecuteUpdateAsync(set => set.SetProperty(batch => batch.PayoutsClosedAt, at), cancellationToken), cancellationToken);
            return Unit.Value;
        }

        public async Task<IReadOnlyList<PayoutFacts>> Handle(ReadPayoutFacts request, CancellationToken cancellationToken) =>
            await db.Envelopes.Where(envelope => request.EnvelopeIds.Contains(envelope.Id) && envelope.BenefitType == BenefitType.CashPhysical)
                .Select(envelope => new PayoutFacts(
                    envelope.Id,
                    db.Batches.Count(batch => batch.EnvelopeId == envelope.Id && batch.PayoutsClosedAt == null),
                    db.Set<PayoutSet>().Where(set => set.EnvelopeId == envelope.Id).Sum(set => (int)(set.LastSeq - set.FirstSeq + 1)),
                    db.Set<PayoutSet>().Where(set => set.EnvelopeId == envelope.Id).Sum(set => set.Quantity)))
                .ToListAsync(cancellationToken);

        public async Task<IReadOnlyList<long>> Handle(ListCancelledLines request, CancellationToken cancellationToken) =>
            await db.Cancellations.Where(line => line.EnvelopeId == request.EnvelopeId).Select(line => line.Seq).ToListAsync(cancellationToken);

        private async Task InsertAsync(AddPayouts request, decimal quantity, CancellationToken cancellationToken)
        {
            await using var batch = new NpgsqlBatch((NpgsqlConnection)db.Database.GetDbConnection());
            batch.Add(
                "insert into envelopes.payout_set (first_seq, last_seq, envelope_id, batch_id, quantity, created_at) values ($1, $2, $3, $4, $5, $6)",
                request.Lines.First, request.Lines.Last, request.EnvelopeId, request.BatchId, quantity, clock.GetUtcNow());
            batch.Add(
                """
                insert into envelopes.payout (seq, id, envelope_id, batch_id, payee, quantity)
                select seq, id, $1, $2, payee, quantity from unnest($3::bigint[], $4::text[], $5::text[], $6::numeric[]) as new(seq, id, payee, quantity)
                """,
                request.EnvelopeId, request.BatchId, request.Payouts.Select(payout => payout.Seq).ToArray(), request.Payouts.Select(payout => payout.Id).ToArray(),
                request.Payouts.Select(payout => payout.Payee).ToArray(), request.Payouts.Select(payout => payout.Quantity).ToArray());
            await batch.RunPreparedAsync(cancellationToken);
        }

        [LoggerMessage(1090, LogLevel.Information, "{Count} payouts of cash by hand added to envelope {EnvelopeId}")]
        private partial void LogAdded(int count, string envelopeId);
    }
}
