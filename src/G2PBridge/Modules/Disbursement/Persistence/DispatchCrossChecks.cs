using G2PBridge.Modules.Disbursement.Domain;
using G2PBridge.Modules.Envelopes.Contracts;
using G2PBridge.Modules.Funds.Contracts;
using G2PBridge.Modules.Resolution.Contracts;
using G2PBridge.Platform.Growth;
using G2PBridge.Platform.Persistence;
using G2PBridge.Platform.Protection;
using G2PBridge.Platform.Verification;
using MediatR;

namespace G2PBridge.Modules.Disbursement.Persistence;

/// <summary>
/// Compares what the paying side keeps with what the modules say from whom it has it: blocks with the bank's answers, and every payment with the line
/// and the address it was made of. Asked in sets of thousands; some ten seconds for a million lines.
/// </summary>
internal sealed class DispatchCrossChecks(BridgeDatabase source, IServiceScopeFactory scopes, ReferencePrefix prefix, DataProtector protector) : IInvariantCheck
{
    private const int EnvelopesAtOnce = 500;
    private const int ChunksAtOnce = 200;

    private sealed record SentChunk(long Id, SeqRange Lines, int Round, byte[] Hash, string Currency);

    private sealed record Blocked(string Envelope, decimal Amount, string Reference);

    public async Task<IReadOnlyList<InvariantResult>> CheckAsync(CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var mediator = scope.ServiceProvider.GetRequiredService<IMediator>();
        return [await CompareBlocksAsync(mediator, cancellationToken), await ComparePaymentsAsync(mediator, cancellationToken), await CheckPausesAsync(cancellationToken)];
    }

    private async Task<InvariantResult> CompareBlocksAsync(IMediator mediator, CancellationToken cancellationToken)
    {
        var tally = new Tally();
        for (var after = ""; ;)
        {
            var page = await source.QueryAsync(
                "select envelope_id, blocked_amount, block_reference from disbursement.envelope where envelope_id > $1 order by envelope_id limit $2", [after, EnvelopesAtOnce],
                reader => new Blocked(reader.GetString(0), reader.GetDecimal(1), reader.GetString(2)), cancellationToken);
            var funds = (await mediator.Send(new ReadFundsStatus([.. page.Select(row => row.Envelope)]), cancellationToken)).ToDictionary(row => row.EnvelopeId, StringComparer.Ordinal);
            foreach (var row in page)
            {
                tally.Add(!funds.TryGetValue(row.Envelope, out var said) || said.BlockedAmount != row.Amount || said.BlockReference != row.Reference, $"envelope {row.Envelope}");
            }

            if (page.Count < EnvelopesAtOnce)
            {
                return tally.Result("I2", "funds and disbursement", "The block that is paid from is the one that the bank granted");
            }

            after = page[^1].Envelope;
        }
    }

    private async Task<InvariantResult> ComparePaymentsAsync(IMediator mediator, CancellationToken cancellationToken)
    {
        var mark = await prefix.ReadAsync(cancellationToken);
        var tally = new Tally();
        for (var after = 0L; ;)
        {
            var page = await source.QueryAsync(
                $"""
                select c.id, c.first_seq, c.last_seq, c.round, c.payload_hash, e.currency from disbursement.chunk c join disbursement.envelope e using (envelope_id)
                where c.id > $1 and c.prepared_at is not null and not {ArchivedNumbers.IsGone(NumberSeries.Lines, "c.first_seq")} order by c.id limit $2
                """,
                [after, ChunksAtOnce],
                reader => new SentChunk(reader.GetInt64(0), new SeqRange(reader.GetInt64(1), reader.GetInt64(2)), reader.GetInt32(3), reader.GetFieldValue<byte[]>(4), reader.GetString(5)),
                cancellationToken);
            foreach (var chunk in page)
            {
                try
                {
                    await CompareAsync(chunk, mark, mediator, tally, cancellationToken);
                }
                catch (SealedTextException)
                {
                    // Which row it is stands under P1.
                    tally.Break($"chunk {chunk.Id}");
                }
            }

            if (page.Count < ChunksAtOnce)
            {
                return tally.Result("I9", DisbursementModule.Schema, "No line changed since the intent to pay it");
            }

            after = page[^1].Id;
        }
    }

    private async Task CompareAsync(SentChunk chunk, string mark, IMediator mediator, Tally tally, CancellationToken cancellationToken)
    {
        var written = await source.QueryAsync(
            "select line, generation, payload_hash, amount from disbursement.instruction where line between $1 and $2 and chunk_id = $3 order by line", [chunk.Lines.First, chunk.Lines.Last, chunk.Id],
            reader => (Line: reader.GetInt64(0), Generation: reader.GetInt16(1), Hash: reader.GetFieldValue<byte[]>(2), Amount: reader.GetDecimal(3)), cancellationToken);
        var lines = (await mediator.Send(new ReadLines(chunk.Lines), cancellationToken)).ToDictionary(line => line.Seq);
        var keyed = protector.Hash(PreparedPayment.Purpose);
        var addresses = (await mediator.Send(new ReadAddresses(chunk.Lines, chunk.Round), cancellationToken)).ToDictionary(address => address.Seq);
        var now = new List<PreparedPayment>(written.Count);
        foreach (var (line, generation, hash, amount) in written)
        {
            var payment = lines.TryGetValue(line, out var facts) && addresses.TryGetValue(line, out var address) ? PreparedPayment.Of(facts, generation, address, chunk.Currency, mark, keyed) : null;
            tally.Add(payment is null || payment.Amount != amount || !payment.Hash.AsSpan().SequenceEqual(hash), $"line {line}");
            if (payment is not null)
            {
                now.Add(payment with { Hash = hash });
            }
        }

        if (now.Count == written.Count && !PreparedPayment.HashOf(now).AsSpan().SequenceEqual(chunk.Hash))
        {
            tally.Break($"chunk {chunk.Id}");
        }
    }

    private async Task<InvariantResult> CheckPausesAsync(CancellationToken cancellationToken)
    {
        string[] moves = [nameof(PauseState.Stopping), .. from a in Enum.GetValues<PauseState>() from b in Enum.GetValues<PauseState>() where PauseTransitions.Allows(a, b) select $"{a}>{b}"];
        await using var snapshot = await InvariantSnapshot.OpenAsync(source, "pauses", cancellationToken);
        return await snapshot.CheckAsync(
            "I5", "States move along their graph", "select count(*) from disbursement.pause_history",
            """
            select 'pause ' || h.pause_id from disbursement.pause_history h where coalesce(h.from_state || '>', '') || h.to_state <> all($1)
            union
            select 'pause ' || p.id from disbursement.pause p
            where p.state is distinct from (select h.to_state from disbursement.pause_history h where h.pause_id = p.id order by h.id desc limit 1)
            """,
            cancellationToken, moves);
    }
}
