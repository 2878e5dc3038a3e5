using G2PBridge.Modules.Envelopes.Contracts;
using G2PBridge.Modules.Envelopes.Persistence;
using G2PBridge.Platform.Persistence;
using MediatR;

namespace G2PBridge.Modules.Envelopes.Features;

/// <summary>
/// Puts lines that share a financial address on record, held or noted. The envelope's gate is held alone meanwhile, so a line is either held before
/// its intent is written, or seen to have one and only noted.
/// </summary>
internal static partial class HoldSharedAddresses
{
    private const string Actor = "address check";

    internal sealed partial class Handler(BridgeDatabase source, LineReader lines, IMediator mediator, TimeProvider clock, ILogger<Handler> logger)
        : IRequestHandler<RecordSharedAddresses, IReadOnlyList<long>>
    {
        public async Task<IReadOnlyList<long>> Handle(RecordSharedAddresses request, CancellationToken cancellationToken)
        {
            var seqs = request.Lines.Select(line => line.Seq).ToArray();
            var quantities = (await lines.FindBySeqAsync(seqs, cancellationToken)).ToDictionary(line => line.Seq, line => line.Quantity);
            await using var connection = await source.OpenConnectionAsync(cancellationToken);
            await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
            await EnvelopeGate.CloseAsync(connection, request.EnvelopeNumber, cancellationToken);
            var sent = (await mediator.Send(new FindLinesWithInstruction(request.EnvelopeId, seqs), cancellationToken)).ToHashSet();
            var now = clock.GetUtcNow();
            foreach (var part in request.Lines.Where(line => quantities.ContainsKey(line.Seq)).GroupBy(line => request.Hold && !sent.Contains(line.Seq)))
            {
                var (state, cause) = part.Key
                    ? (HoldState.Held, "other people of the envelope have the same financial address")
                    : (HoldState.Noted, request.Hold ? "other people of the envelope have the same financial address; it was on its way already" : "other people of the envelope have the same financial address; the programme lets it pass");
                var placed = await LineHolds.PlaceAsync(
                    connection, request.EnvelopeId, HoldKind.SharedAddress, state, [.. part.Select(line => new HoldEntry(line.Seq, quantities[line.Seq], line.OtherSeq))], cause, Actor, now, cancellationToken);
                LogShared(placed.Count, request.EnvelopeId, state);
            }

            var held = await connection.QueryAsync(
                "select seq from envelopes.line_hold where seq = any($1) and kind = 'SharedAddress' and state = 'Held'", [seqs], reader => reader.GetInt64(0), cancellationToken);
            await source.CommitAsync(transaction, cancellationToken);
            return held;
        }

        [LoggerMessage(1032, LogLevel.Warning, "{Count} lines of envelope {EnvelopeId} share a destination with other people: {State}")]
        private partial void LogShared(int count, string envelopeId, HoldState state);
    }
}
