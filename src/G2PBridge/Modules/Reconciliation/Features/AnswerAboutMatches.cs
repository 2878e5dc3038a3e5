using G2PBridge.Modules.Reconciliation.Contracts;
using G2PBridge.Modules.Reconciliation.Persistence;
using MediatR;

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

    internal sealed class Entries(MatchReads reads) : IRequestHandler<FindEntriesOfLines, EntriesOfLines>
    {
        public Task<EntriesOfLines> Handle(FindEntriesOfLines request, CancellationToken cancellationToken) =>
            reads.EntriesAsync(request.Lines, request.EnvelopeIds, request.References, cancellationToken);
    }

    internal sealed class Progress(MatchReads reads) : IRequestHandler<ReadReconciliationProgress, IReadOnlyList<ReconciliationProgress>>
    {
        public async Task<IReadOnlyList<ReconciliationProgress>> Handle(ReadReconciliationProgress request, CancellationToken cancellationToken) =>
            await reads.ProgressAsync(request.EnvelopeIds, cancellationToken);
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
