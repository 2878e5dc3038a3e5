using G2PBridge.Modules.Envelopes.Contracts;
using G2PBridge.Modules.Resolution.Persistence;
using MediatR;

namespace G2PBridge.Modules.Resolution.Features;

/// <summary>
/// Leaves out of an answer whoever was cancelled after the mapper was last asked. A further round forgets them for good, but
/// after the last round there is none, and "without an address" must not count people who are not to be paid.
/// </summary>
internal sealed class CancelledPeople(IMediator mediator, UnresolvedStore unresolved)
{
    private const int MostAtOnce = 5_000;

    /// <summary>Those of an envelope without an address who are cancelled. Usually one cheap question: nobody of this envelope is cancelled.</summary>
    public async Task<IReadOnlyList<(long Seq, decimal Quantity, string ReasonCode, bool Exhausted)>> WithoutAddressAsync(string envelopeId, CancellationToken cancellationToken)
    {
        if ((await mediator.Send(new CountCancelledLines(envelopeId), cancellationToken)).Lines == 0)
        {
            return [];
        }

        var lines = await unresolved.ReadAllAsync(envelopeId, cancellationToken);
        var cancelled = await CancelledOfAsync([.. lines.Select(line => line.Seq)], cancellationToken);
        return [.. lines.Where(line => cancelled.Contains(line.Seq))];
    }

    public async Task<HashSet<long>> CancelledOfAsync(IReadOnlyCollection<long> seqs, CancellationToken cancellationToken)
    {
        var cancelled = new HashSet<long>();
        foreach (var part in seqs.Chunk(MostAtOnce))
        {
            var found = await mediator.Send(new FindLinesBySeq(part), cancellationToken);
            cancelled.UnionWith(found.Where(line => line.CancelledAt is not null).Select(line => line.Seq));
        }

        return cancelled;
    }
}
