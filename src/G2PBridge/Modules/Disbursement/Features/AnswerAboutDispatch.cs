using G2PBridge.Modules.Disbursement.Contracts;
using G2PBridge.Modules.Disbursement.Persistence;
using G2PBridge.Modules.Envelopes.Contracts;
using MediatR;

namespace G2PBridge.Modules.Disbursement.Features;

/// <summary>The questions of other modules (Contracts), one handler each.</summary>
internal static class AnswerAboutDispatch
{
    internal sealed class Instructions(DispatchReads reads) : IRequestHandler<FindInstructions, IReadOnlyList<InstructionFacts>>
    {
        public async Task<IReadOnlyList<InstructionFacts>> Handle(FindInstructions request, CancellationToken cancellationToken) =>
            await reads.InstructionsAsync(request.References, cancellationToken);
    }

    internal sealed class InstructionsOfLines(DispatchReads reads) : IRequestHandler<FindInstructionsOfLines, IReadOnlyList<InstructionOfLine>>
    {
        public async Task<IReadOnlyList<InstructionOfLine>> Handle(FindInstructionsOfLines request, CancellationToken cancellationToken) =>
            await reads.InstructionsOfLinesAsync(request.Lines, cancellationToken);
    }

    internal sealed class NothingToPay(DispatchReads reads) : IRequestHandler<FindNothingToPay, IReadOnlyList<long>>
    {
        public async Task<IReadOnlyList<long>> Handle(FindNothingToPay request, CancellationToken cancellationToken) =>
            await reads.NothingToPayAsync(request.Lines, request.EnvelopeIds, cancellationToken);
    }

    /// <summary>Asked while the envelope's gate is held alone: every intent is either committed, and seen here, or will be written after the stop.</summary>
    internal sealed class LinesWithInstruction(DispatchReads reads) : IRequestHandler<FindLinesWithInstruction, IReadOnlyList<long>>
    {
        public async Task<IReadOnlyList<long>> Handle(FindLinesWithInstruction request, CancellationToken cancellationToken) =>
            await reads.LinesWithInstructionAsync(request.EnvelopeId, request.Lines, cancellationToken);
    }

    internal sealed class Prefix(ReferencePrefix prefix) : IRequestHandler<ReadReferencePrefix, string>
    {
        public async Task<string> Handle(ReadReferencePrefix request, CancellationToken cancellationToken) => await prefix.ReadAsync(cancellationToken);
    }

    internal sealed class Batch(DispatchReads reads) : IRequestHandler<ReadDispatchOfBatch, DispatchOfBatch?>
    {
        public Task<DispatchOfBatch?> Handle(ReadDispatchOfBatch request, CancellationToken cancellationToken) => reads.BatchAsync(request.BatchId, cancellationToken);
    }

    internal sealed class Progress(DispatchReads reads) : IRequestHandler<ReadDispatchProgress, IReadOnlyList<DispatchProgress>>
    {
        public async Task<IReadOnlyList<DispatchProgress>> Handle(ReadDispatchProgress request, CancellationToken cancellationToken) =>
            await reads.ProgressAsync(request.EnvelopeIds, cancellationToken);
    }

    internal sealed class Exceptions(DispatchReads reads) : IRequestHandler<ListExceptionalLines, IReadOnlyList<ExceptionalLine>>
    {
        public async Task<IReadOnlyList<ExceptionalLine>> Handle(ListExceptionalLines request, CancellationToken cancellationToken) =>
            await reads.ExceptionsAsync(request, cancellationToken);
    }

    internal sealed class ExceptionCounts(DispatchReads reads) : IRequestHandler<CountExceptionalLines, IReadOnlyList<ExceptionalCount>>
    {
        public async Task<IReadOnlyList<ExceptionalCount>> Handle(CountExceptionalLines request, CancellationToken cancellationToken) =>
            await reads.ExceptionCountsAsync(request.EnvelopeId, cancellationToken);
    }

    internal sealed class History(DispatchReads reads) : IRequestHandler<ReadDispatchHistory, IReadOnlyList<DispatchEvent>>
    {
        public async Task<IReadOnlyList<DispatchEvent>> Handle(ReadDispatchHistory request, CancellationToken cancellationToken) =>
            await reads.HistoryAsync(request.Line, cancellationToken);
    }
}
