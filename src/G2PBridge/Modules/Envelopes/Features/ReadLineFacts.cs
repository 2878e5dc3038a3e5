using G2PBridge.Modules.Envelopes.Contracts;
using G2PBridge.Modules.Envelopes.Persistence;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace G2PBridge.Modules.Envelopes.Features;

/// <summary>Answers other modules' questions about lines.</summary>
internal static class ReadLineFacts
{
    internal sealed class Handler(LineReader reader)
        : IRequestHandler<ReadLines, IReadOnlyList<LineFacts>>,
          IRequestHandler<FindLinesBySeq, IReadOnlyList<FoundLine>>,
          IRequestHandler<FindLinesById, IReadOnlyList<FoundLine>>,
          IRequestHandler<FindArchivedLines, IReadOnlyList<ArchivedLine>>,
          IRequestHandler<LocateLines, IReadOnlyList<LineLocation>>
    {
        public Task<IReadOnlyList<LineFacts>> Handle(ReadLines request, CancellationToken cancellationToken) =>
            reader.ReadAsync(request.Lines, cancellationToken);

        public Task<IReadOnlyList<FoundLine>> Handle(FindLinesBySeq request, CancellationToken cancellationToken) =>
            reader.FindBySeqAsync(request.Seqs, cancellationToken);

        public Task<IReadOnlyList<FoundLine>> Handle(FindLinesById request, CancellationToken cancellationToken) =>
            reader.FindByIdAsync(request.DisbursementIds, cancellationToken);

        public Task<IReadOnlyList<ArchivedLine>> Handle(FindArchivedLines request, CancellationToken cancellationToken) =>
            reader.FindArchivedAsync(request.DisbursementIds, cancellationToken);

        public Task<IReadOnlyList<LineLocation>> Handle(LocateLines request, CancellationToken cancellationToken) =>
            reader.LocateAsync(request.DisbursementIds, cancellationToken);
    }

    /// <summary>Apart from the others, which would pay for a context that they do not use.</summary>
    internal sealed class Counts(EnvelopesDbContext db) : IRequestHandler<CountCancelledLines, LineCount>
    {
        public async Task<LineCount> Handle(CountCancelledLines request, CancellationToken cancellationToken)
        {
            var cancelled = await db.Cancellations.Where(c => c.EnvelopeId == request.EnvelopeId)
                .GroupBy(c => c.EnvelopeId)
                .Select(group => new { Lines = group.Count(), Quantity = group.Sum(c => c.Quantity) })
                .SingleOrDefaultAsync(cancellationToken);
            return cancelled is null ? default : new LineCount(cancelled.Lines, cancelled.Quantity);
        }
    }
}
