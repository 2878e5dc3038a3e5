using G2PBridge.Modules.Reconciliation.Contracts;
using G2PBridge.Modules.Reconciliation.Persistence;
using MediatR;
using Microsoft.EntityFrameworkCore;

namespace G2PBridge.Modules.Reconciliation.Features;

/// <summary>The questions of other modules (Contracts), one handler each.</summary>
internal static class AnswerAboutMatches
{
    internal sealed class Matches(MatchReads reads) : IRequestHandler<FindMatches, IReadOnlyList<MatchedEntry>>
    {
        public async Task<IReadOnlyList<MatchedEntry>> Handle(FindMatches request, CancellationToken cancellationToken) => await reads.MatchesAsync(request.Lines, cancellationToken);
    }

    internal sealed class Unmatched(MatchReads reads) : IRequestHandler<FindUnmatched, IReadOnlyList<UnmatchedEntry>>
    {
        public async Task<IReadOnlyList<UnmatchedEntry>> Handle(FindUnmatched request, CancellationToken cancellationToken) =>
            await reads.UnmatchedAsync(request.Lines, request.References, cancellationToken);
    }

    internal sealed class Progress(ReconciliationDbContext db) : IRequestHandler<ReadReconciliationProgress, IReadOnlyList<ReconciliationProgress>>
    {
        public async Task<IReadOnlyList<ReconciliationProgress>> Handle(ReadReconciliationProgress request, CancellationToken cancellationToken) =>
            await db.Envelopes.AsNoTracking()
                .Where(row => request.EnvelopeIds.Contains(row.EnvelopeId))
                .Select(row => new ReconciliationProgress(row.EnvelopeId, row.Reconciled, row.ReconciledAmount, row.Returned, row.ReturnedAmount))
                .ToListAsync(cancellationToken);
    }

    internal sealed class Statements(MatchReads reads) : IRequestHandler<ListStatementsOfLines, IReadOnlyList<StatementOfLines>>
    {
        public async Task<IReadOnlyList<StatementOfLines>> Handle(ListStatementsOfLines request, CancellationToken cancellationToken) => await reads.StatementsAsync(request.Runs, cancellationToken);
    }

    internal sealed class ReturnCounts(MatchReads reads) : IRequestHandler<CountReturnsByReason, IReadOnlyList<ReturnCount>>
    {
        public async Task<IReadOnlyList<ReturnCount>> Handle(CountReturnsByReason request, CancellationToken cancellationToken) =>
            await reads.ReturnCountsAsync(request.EnvelopeId, cancellationToken);
    }

    internal sealed class Returned(MatchReads reads) : IRequestHandler<ListReturned, IReadOnlyList<MatchedEntry>>
    {
        public async Task<IReadOnlyList<MatchedEntry>> Handle(ListReturned request, CancellationToken cancellationToken) => await reads.ReturnedAsync(request, cancellationToken);
    }
}
