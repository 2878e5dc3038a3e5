using System.Linq.Expressions;
using G2PBridge.Modules.Envelopes.Contracts;
using G2PBridge.Modules.Envelopes.Domain;
using G2PBridge.Modules.Envelopes.Persistence;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace G2PBridge.Modules.Envelopes.Features;

/// <summary>Answers other modules' questions about batches, and hands new ones over.</summary>
internal static class ReadBatchFacts
{
    internal sealed class Handler(EnvelopesDbContext db, TimeProvider clock)
        : IRequestHandler<ListNewBatches, IReadOnlyList<BatchFacts>>,
          IRequestHandler<ListNewPlacedBatches, IReadOnlyList<BatchFacts>>,
          IRequestHandler<AcknowledgeBatches>,
          IRequestHandler<ReadBatches, IReadOnlyList<BatchFacts>>,
          IRequestHandler<ListBatchesOfEnvelope, IReadOnlyList<BatchFacts>>, IRequestHandler<ListRunsOfEnvelope, IReadOnlyList<SeqRange>>
    {
        public async Task<IReadOnlyList<BatchFacts>> Handle(ListNewBatches request, CancellationToken cancellationToken)
        {
            var digital = await ListAsync(
                batch => batch.TakenAt == null && db.Envelopes.Any(envelope => envelope.Id == batch.EnvelopeId && envelope.BenefitType == BenefitType.CashDigital), request.Limit, cancellationToken);
            var payouts = await db.Set<PayoutSet>().Where(set => set.TakenAt == null).OrderBy(set => set.FirstSeq).Take(request.Limit - digital.Count)
                .Join(db.Envelopes, set => set.EnvelopeId, envelope => envelope.Id, (set, envelope) => new { set, envelope.Number, envelope.CycleId })
                .Join(db.Batches, row => row.set.BatchId, batch => batch.Id, (row, batch) => new { row.set, row.Number, row.CycleId, Batch = batch.Number })
                .OrderBy(row => row.set.FirstSeq)
                .Select(row => new BatchFacts(
                    row.set.BatchId, row.Batch, row.set.EnvelopeId, row.Number, row.CycleId, new SeqRange(row.set.FirstSeq, row.set.LastSeq), row.set.Quantity, row.set.CreatedAt)
                { HoldsPayouts = true })
                .ToListAsync(cancellationToken);
            return [.. digital, .. payouts];
        }

        public Task<IReadOnlyList<BatchFacts>> Handle(ListNewPlacedBatches request, CancellationToken cancellationToken) => ListAsync(
            batch => batch.TakenAt == null && db.Envelopes.Any(envelope => envelope.Id == batch.EnvelopeId && envelope.BenefitType != BenefitType.CashDigital), request.Limit, cancellationToken);

        public async Task<Unit> Handle(AcknowledgeBatches request, CancellationToken cancellationToken)
        {
            var at = clock.GetUtcNow();
            string[] ids = [.. request.Batches.Where(batch => !batch.HoldsPayouts).Select(batch => batch.Id)];
            if (ids.Length > 0)
            {
                await db.InTransactionAsync(() => db.Batches.Where(batch => ids.Contains(batch.Id) && batch.TakenAt == null)
                    .ExecuteUpdateAsync(set => set.SetProperty(batch => batch.TakenAt, at), cancellationToken), cancellationToken);
            }

            // A batch may have several sets of payouts, so each is known by its first number.
            long[] firsts = [.. request.Batches.Where(batch => batch.HoldsPayouts).Select(batch => batch.Lines.First)];
            if (firsts.Length > 0)
            {
                await db.InTransactionAsync(() => db.Set<PayoutSet>().Where(payouts => firsts.Contains(payouts.FirstSeq) && payouts.TakenAt == null)
                    .ExecuteUpdateAsync(set => set.SetProperty(payouts => payouts.TakenAt, at), cancellationToken), cancellationToken);
            }

            return Unit.Value;
        }

        public Task<IReadOnlyList<BatchFacts>> Handle(ReadBatches request, CancellationToken cancellationToken) =>
            ListAsync(batch => request.Ids.Contains(batch.Id), int.MaxValue, cancellationToken);

        public Task<IReadOnlyList<BatchFacts>> Handle(ListBatchesOfEnvelope request, CancellationToken cancellationToken) =>
            ListAsync(batch => batch.EnvelopeId == request.EnvelopeId, int.MaxValue, cancellationToken);

        public async Task<IReadOnlyList<SeqRange>> Handle(ListRunsOfEnvelope request, CancellationToken cancellationToken)
        {
            var batches = await db.Batches.Where(batch => batch.EnvelopeId == request.EnvelopeId).Select(batch => new SeqRange(batch.FirstSeq, batch.LastSeq)).ToListAsync(cancellationToken);
            var payouts = await db.Set<PayoutSet>().Where(set => set.EnvelopeId == request.EnvelopeId).Select(set => new SeqRange(set.FirstSeq, set.LastSeq)).ToListAsync(cancellationToken);
            return [.. batches, .. payouts];
        }

        private async Task<IReadOnlyList<BatchFacts>> ListAsync(Expression<Func<Batch, bool>> which, int limit, CancellationToken cancellationToken) =>
            await db.Batches.Where(which).OrderBy(batch => batch.Number).Take(limit)
                .Join(db.Envelopes, batch => batch.EnvelopeId, envelope => envelope.Id, (batch, envelope) => new { batch, envelope.Number })
                .OrderBy(row => row.batch.Number)
                .Select(row => new BatchFacts(
                    row.batch.Id, row.batch.Number, row.batch.EnvelopeId, row.Number, row.batch.CycleId,
                    new SeqRange(row.batch.FirstSeq, row.batch.LastSeq), row.batch.Quantity, row.batch.ReceivedAt))
                .ToListAsync(cancellationToken);
    }
}
