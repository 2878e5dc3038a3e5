using G2PBridge.Modules.Envelopes.Contracts;
using G2PBridge.Modules.Envelopes.Persistence;
using MediatR;

namespace G2PBridge.Modules.Envelopes.Features;

/// <summary>Answers other modules' questions about held lines.</summary>
internal static class AnswerAboutHolds
{
    internal sealed class Handler(LineHolds holds, TimeProvider clock)
        : IRequestHandler<ListHolds, IReadOnlyList<HeldLine>>,
          IRequestHandler<CountHolds, IReadOnlyList<HoldCount>>,
          IRequestHandler<ReadHoldHistory, IReadOnlyList<HoldEvent>>,
          IRequestHandler<CountUndecidedLines, int>,
          IRequestHandler<CountHeldOfBatch, int>,
          IRequestHandler<ListReleasedLines, IReadOnlyList<ReleasedLine>>,
          IRequestHandler<AcknowledgeReleasedLines>
    {
        public async Task<IReadOnlyList<HeldLine>> Handle(ListHolds request, CancellationToken cancellationToken) => await holds.ListAsync(request, cancellationToken);

        public async Task<IReadOnlyList<HoldCount>> Handle(CountHolds request, CancellationToken cancellationToken) => await holds.CountAsync(request.EnvelopeIds, cancellationToken);

        public async Task<IReadOnlyList<HoldEvent>> Handle(ReadHoldHistory request, CancellationToken cancellationToken) => await holds.HistoryAsync(request.Seq, cancellationToken);

        public Task<int> Handle(CountUndecidedLines request, CancellationToken cancellationToken) => holds.UndecidedAsync(request.EnvelopeId, cancellationToken);

        public Task<int> Handle(CountHeldOfBatch request, CancellationToken cancellationToken) => holds.HeldOfBatchAsync(request.BatchId, cancellationToken);

        public async Task<IReadOnlyList<ReleasedLine>> Handle(ListReleasedLines request, CancellationToken cancellationToken) => await holds.ReleasedAsync(request.Limit, cancellationToken);

        public async Task<Unit> Handle(AcknowledgeReleasedLines request, CancellationToken cancellationToken)
        {
            await holds.AcknowledgeAsync(request.Lines, clock.GetUtcNow(), cancellationToken);
            return Unit.Value;
        }
    }
}
