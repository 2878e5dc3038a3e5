using G2PBridge.Modules.Disbursement.Persistence;
using G2PBridge.Modules.Envelopes.Contracts;
using G2PBridge.Modules.Funds.Contracts;
using G2PBridge.Modules.Resolution.Contracts;
using G2PBridge.Platform.Jobs;
using MediatR;
using Microsoft.Extensions.Options;

namespace G2PBridge.Modules.Disbursement.Features;

/// <summary>
/// Takes charge of funded envelopes and of resolved lines, whichever comes first. Our rows, then the acknowledgement: dying in between
/// repeats the rows, which changes nothing.
/// </summary>
internal static partial class TakeFundedWork
{
    private const int MostEnvelopes = 100;
    private const int MostSets = 500;

    internal sealed record Command : IRequest<bool>;

    internal sealed partial class Handler(IMediator mediator, ChunkQueue queue, IBankConnectors banks, IOptions<DisbursementOptions> options, WorkSignal signal, ILogger<Handler> logger)
        : IRequestHandler<Command, bool>
    {
        public async Task<bool> Handle(Command request, CancellationToken cancellationToken)
        {
            var funded = await TakeEnvelopesAsync(cancellationToken);
            var sets = await TakeSetsAsync(cancellationToken);
            if (await queue.PromoteWaitingAsync(cancellationToken) > 0)
            {
                await signal.RaiseAsync(Work.SendChunks, cancellationToken);
            }

            return funded > 0 || sets > 0;
        }

        private async Task<int> TakeEnvelopesAsync(CancellationToken cancellationToken)
        {
            var funded = await mediator.Send(new ListNewFundedEnvelopes(MostEnvelopes), cancellationToken);
            if (funded.Count == 0)
            {
                return 0;
            }

            string[] ids = [.. funded.Select(envelope => envelope.EnvelopeId)];
            var facts = (await mediator.Send(new ReadEnvelopes(ids), cancellationToken)).ToDictionary(envelope => envelope.Id, StringComparer.Ordinal);
            await queue.InsertEnvelopesAsync(
                [.. funded.Select(envelope => (envelope, facts[envelope.EnvelopeId].ProgrammeMnemonic, facts[envelope.EnvelopeId].CycleMnemonic))], cancellationToken);
            await mediator.Send(new AcknowledgeFundedEnvelopes(ids), cancellationToken);
            LogFunded(funded.Count);
            return funded.Count;
        }

        private async Task<int> TakeSetsAsync(CancellationToken cancellationToken)
        {
            var sets = await mediator.Send(new ListNewResolvedSets(MostSets), cancellationToken);
            if (sets.Count == 0)
            {
                return 0;
            }

            var numbers = (await mediator.Send(new ReadEnvelopes([.. sets.Select(set => set.EnvelopeId).Distinct(StringComparer.Ordinal)]), cancellationToken))
                .ToDictionary(envelope => envelope.Id, envelope => envelope.Number, StringComparer.Ordinal);
            var size = banks.Codes.Select(code => banks.Find(code)!.Capabilities.MostPaymentsPerOrder).Append(options.Value.ChunkSize).Min();
            var chunks = await queue.InsertChunksAsync([.. sets.SelectMany(set => Cut(set, numbers[set.EnvelopeId], size))], cancellationToken);
            await mediator.Send(new AcknowledgeResolvedSets(sets), cancellationToken);
            LogTaken(sets.Count, chunks);
            return sets.Count;
        }

        /// <summary>By line numbers, not by counting: the pieces are then the same whatever was cancelled meanwhile.</summary>
        private static IEnumerable<NewChunk> Cut(ResolvedSet set, long envelopeNumber, int size)
        {
            for (var first = set.Lines.First; first <= set.Lines.Last; first += size)
            {
                yield return new NewChunk(
                    set.EnvelopeId, envelopeNumber, set.BatchId, set.SliceId, set.Round, new SeqRange(first, Math.Min(first + size - 1, set.Lines.Last)),
                    first == set.Lines.First ? set.Count : 0);
            }
        }

        [LoggerMessage(3000, LogLevel.Information, "{Count} envelopes are funded and may be sent")]
        private partial void LogFunded(int count);

        [LoggerMessage(3001, LogLevel.Information, "{Sets} resolved sets became {Chunks} chunks")]
        private partial void LogTaken(int sets, int chunks);
    }
}
