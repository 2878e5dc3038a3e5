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
          IRequestHandler<AcknowledgeBatches>,
          IRequestHandler<ReadBatches, IReadOnlyList<BatchFacts>>,
          IRequestHandler<ListBatchesOfEnvelope, IReadOnlyList<BatchFacts>>
    {
        public Task<IReadOnlyList<BatchFacts>> Handle(ListNewBatches request, CancellationToken cancellationToken) =>
            // Only digital cash has addresses to find; what is handed out by hand is taken by geography.
            ListAsync(batch => batch.TakenAt == null && db.Envelopes.Any(envelope => envelope.Id == batch.EnvelopeId && envelope.BenefitType == BenefitType.CashDigital), request.Limit, cancellationToken);

        public async Task<Unit> Handle(AcknowledgeBatches request, CancellationToken cancellationToken)
        {
            var at = clock.GetUtcNow();
            await db.Batches.Where(batch => request.BatchIds.Contains(batch.Id) && batch.TakenAt == null)
                .ExecuteUpdateAsync(set => set.SetProperty(batch => batch.TakenAt, at), cancellationToken);
            return Unit.Value;
        }

        public Task<IReadOnlyList<BatchFacts>> Handle(ReadBatches request, CancellationToken cancellationToken) =>
            ListAsync(batch => request.Ids.Contains(batch.Id), int.MaxValue, cancellationToken);

        public Task<IReadOnlyList<BatchFacts>> Handle(ListBatchesOfEnvelope request, CancellationToken cancellationToken) =>
            ListAsync(batch => batch.EnvelopeId == request.EnvelopeId, int.MaxValue, cancellationToken);

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
