using System.Data;
using G2PBridge.Modules.Disbursement.Contracts;
using G2PBridge.Modules.Disbursement.Domain;
using G2PBridge.Platform.Growth;
using G2PBridge.Platform.Persistence;

namespace G2PBridge.Modules.Disbursement.Persistence;

/// <summary>
/// What other modules may know. Every statement starts from a primary key or an envelope's or batch's few chunks. A chunk's payments are its run of
/// numbers, here and elsewhere by <c>lateral (… offset 0)</c>: an ordinary join may be planned as a scan of every partition.
/// </summary>
internal sealed class DispatchReads(BridgeDatabase source, StatusDatabase status, ReferencePrefix prefix)
{
    /// <summary>
    /// A set of thousands lies in a handful of chunks, so what the lines of a chunk share is read once, not once a line: two look-ups by
    /// primary key remain for each line. The chunks come second, from the same snapshot.
    /// </summary>
    public async Task<List<InstructionFacts>> InstructionsAsync(IReadOnlyCollection<PaymentReference> references, CancellationToken cancellationToken)
    {
        // In the order of the index, neighbours share its pages.
        PaymentReference[] sorted = [.. references.OrderBy(reference => reference.Line)];
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await using var snapshot = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken);
        var lines = await connection.QueryAsync(
            """
            select i.line, i.generation, i.chunk_id, i.amount, s.state
            from unnest($1::bigint[], $2::smallint[]) as r(line, generation)
            join disbursement.instruction i using (line, generation)
            left join disbursement.line_state s on s.line = i.line and s.generation = i.generation
            """,
            [Array.ConvertAll(sorted, reference => reference.Line), Array.ConvertAll(sorted, reference => (short)reference.Generation)],
            reader => (Line: reader.GetInt64(0), Generation: reader.GetInt16(1), Chunk: reader.GetInt64(2), Amount: reader.GetDecimal(3), Own: reader.TextOrNull(4)),
            cancellationToken);
        var chunks = (await connection.QueryAsync(
            """
            select c.id, c.envelope_id, c.batch_id, c.state, e.bank_code, e.account_number, e.currency
            from disbursement.chunk c join disbursement.envelope e on e.envelope_id = c.envelope_id
            where c.id = any($1)
            """,
            [lines.Select(line => line.Chunk).Distinct().ToArray()],
            reader => (Id: reader.GetInt64(0), Envelope: reader.GetString(1), Batch: reader.GetString(2), State: reader.GetString(3), Bank: reader.GetString(4), Account: reader.GetString(5), Currency: reader.GetString(6)),
            cancellationToken)).ToDictionary(chunk => chunk.Id);
        await snapshot.CommitAsync(cancellationToken);
        return lines.ConvertAll(line =>
        {
            var chunk = chunks[line.Chunk];
            return new InstructionFacts(
                line.Line, line.Generation, line.Chunk, chunk.Envelope, chunk.Batch, chunk.Bank, chunk.Account, line.Amount, chunk.Currency, StateOf(chunk.State, line.Own));
        });
    }

    public async Task<List<InstructionOfLine>> InstructionsOfLinesAsync(IReadOnlyCollection<long> lines, CancellationToken cancellationToken)
    {
        var mark = await prefix.ReadAsync(cancellationToken);
        long[] asked = [.. lines];
        var instructed = await source.QueryAsync(
            """
            select distinct on (i.line) i.line, i.generation, i.chunk_id, c.state, s.state, coalesce(s.reason_code, f.reason_code, c.last_error_code),
                coalesce(s.reason, f.reason, c.last_error), coalesce(s.since, c.settled_at, c.unknown_at, c.prepared_at)
            from unnest($1::bigint[]) as r(line)
            join disbursement.instruction i using (line)
            join disbursement.chunk c on c.id = i.chunk_id
            left join disbursement.line_state s on s.line = i.line and s.generation = i.generation
            left join disbursement.failure f on f.line = i.line and f.generation = i.generation
            order by i.line, i.generation desc
            """,
            [asked],
            reader =>
            {
                var (line, generation) = (reader.GetInt64(0), reader.GetInt16(1));
                return new InstructionOfLine(
                    line, generation, reader.GetInt64(2), StateOf(reader.GetString(3), reader.TextOrNull(4)), reader.TextOrNull(5), reader.TextOrNull(6),
                    reader.GetFieldValue<DateTimeOffset>(7), new PaymentReference(line, generation).Format(mark));
            },
            cancellationToken);
        var nothing = await source.QueryAsync(
            "select line, chunk_id, since, state, reason_code from disbursement.line_state where line = any($1) and state in ('NothingToPay', 'TooLate')", [asked],
            reader => new InstructionOfLine(reader.GetInt64(0), 0, reader.GetInt64(1), Enum.Parse<LineState>(reader.GetString(3)), reader.TextOrNull(4), null, reader.GetFieldValue<DateTimeOffset>(2), ""),
            cancellationToken);
        return [.. instructed, .. nothing];
    }

    /// <summary>The envelope counts them in the transaction that notes them, so where it counts none the condition is false for all rows and none is touched.</summary>
    public Task<List<long>> NothingToPayAsync(IReadOnlyCollection<long> lines, IReadOnlyCollection<string> envelopeIds, CancellationToken cancellationToken) => status.QueryAsync(
        """
        select line from disbursement.line_state
        where exists (select from disbursement.envelope where envelope_id = any($2) and nothing_to_pay_lines > 0) and line = any($1) and state = 'NothingToPay'
        """,
        [lines.ToArray(), envelopeIds.ToArray()], reader => reader.GetInt64(0), cancellationToken);

    public Task<List<long>> LinesWithInstructionAsync(string envelopeId, IReadOnlyCollection<long>? lines, CancellationToken cancellationToken) => lines is null
        ? source.QueryAsync(
            $"""
            select c.first_seq from disbursement.chunk c
            where c.envelope_id = $1 and c.prepared_at is not null
                and ({ArchivedNumbers.IsClosed(NumberSeries.Lines, "c.first_seq")} or exists (select from disbursement.instruction i where i.line between c.first_seq and c.last_seq and i.chunk_id = c.id))
            limit 1
            """,
            [envelopeId], reader => reader.GetInt64(0), cancellationToken)
        : source.QueryAsync(
            "select distinct i.line from unnest($1::bigint[]) as k(line) cross join lateral (select line from disbursement.instruction where line = k.line limit 1) i", [lines.ToArray()], reader => reader.GetInt64(0), cancellationToken);

    public async Task<DispatchOfBatch?> BatchAsync(string batchId, CancellationToken cancellationToken)
    {
        var chunks = await source.QueryAsync(
            """
            select case when c.state = 'Refused' and not exists (
                    select from disbursement.instruction i where i.line between c.first_seq and c.last_seq and i.chunk_id = c.id
                        and not exists (select from disbursement.instruction n where n.line = i.line and n.prior_generation = i.generation)) then 'Empty' else c.state end,
                c.attempts, c.last_error_code, coalesce(c.settled_at, c.unknown_at, c.prepared_at), c.unknown_lines
            from disbursement.chunk c where c.batch_id = $1 order by c.id
            """,
            [batchId],
            reader => (State: Enum.Parse<ChunkState>(reader.GetString(0)), Attempts: reader.GetInt32(1), Code: reader.TextOrNull(2), At: reader.TimeOrNull(3), Unknown: reader.GetInt32(4)),
            cancellationToken);
        if (chunks.Count == 0)
        {
            return null;
        }

        var code = chunks.Select(chunk => chunk.Unknown > 0 ? DispatchCodes.OutcomeUnknown : chunk.Code).LastOrDefault(code => code is not null);
        return new DispatchOfBatch(batchId, StatusOf(chunks.Select(chunk => chunk.State).ToArray()), chunks.Max(chunk => chunk.At), code, chunks.Max(chunk => chunk.Attempts));
    }

    public Task<List<DispatchProgress>> ProgressAsync(IReadOnlyCollection<string> envelopeIds, CancellationToken cancellationToken) => source.QueryAsync(
        """
        select envelope_id, sent_lines, sent_amount, unknown_lines, unknown_amount, refused_lines, refused_amount, in_flight_lines, in_flight_amount,
            nothing_to_pay_lines, complete_at is not null, bank_code, too_late_lines, too_late_amount
        from disbursement.envelope where envelope_id = any($1)
        """,
        [envelopeIds.ToArray()],
        reader => new DispatchProgress(
            reader.GetString(0), reader.GetInt32(1), reader.GetDecimal(2), reader.GetInt32(3), reader.GetDecimal(4), reader.GetInt32(5), reader.GetDecimal(6),
            reader.GetInt32(7), reader.GetDecimal(8), reader.GetInt32(9), reader.GetBoolean(10), reader.GetString(11), reader.GetInt32(12), reader.GetDecimal(13)),
        cancellationToken);

    public Task<List<ExceptionalLine>> ExceptionsAsync(ListExceptionalLines request, CancellationToken cancellationToken) => source.QueryAsync(
        $"""
        select line, generation, state, reason_code, reason, since from ({Exceptions}) x
        where line > $2 and ($4::text is null or state = $4) and ($5::text is null or reason_code = $5)
        order by line limit $3
        """,
        [request.EnvelopeId, request.After, request.Limit, request.State?.ToString(), request.ReasonCode],
        reader => new ExceptionalLine(
            reader.GetInt64(0), reader.GetInt16(1), Enum.Parse<LineState>(reader.GetString(2)), reader.TextOrNull(3), reader.TextOrNull(4), reader.GetFieldValue<DateTimeOffset>(5)),
        cancellationToken);

    public Task<List<ExceptionalCount>> ExceptionCountsAsync(string envelopeId, CancellationToken cancellationToken) => source.QueryAsync(
        $"select state, reason_code, count(*)::int from ({Exceptions}) x group by state, reason_code order by state, reason_code",
        [envelopeId],
        reader => new ExceptionalCount(Enum.Parse<LineState>(reader.GetString(0)), reader.TextOrNull(1), reader.GetInt32(2)),
        cancellationToken);

    /// <summary>Chunks of at most 100,000 line numbers (the option's limit) can hold the line, which bounds the look into the index.</summary>
    public Task<List<DispatchEvent>> HistoryAsync(long line, CancellationToken cancellationToken) => source.QueryAsync(
        """
        with held as (
            select c.id from disbursement.chunk c
            where c.first_seq between $1 - 100000 and $1 and c.last_seq >= $1
                and (case when c.is_retry then exists (select from disbursement.retry_line r where r.line = $1 and r.chunk_id = c.id) else c.prepared_at is null end or exists (select from disbursement.instruction i where i.line = $1 and i.chunk_id = c.id)))
        select at, what, from_state, to_state, cause, actor from (
            select h.id, 0 as kind, h.at, 'chunk ' || h.chunk_id as what, h.from_state, h.to_state, h.cause, h.actor
            from disbursement.chunk_history h join held on held.id = h.chunk_id
            union all
            select id, 1, at, 'payment, generation ' || generation, from_state, to_state, cause, actor from disbursement.line_history where line = $1) events
        order by at, kind, id
        """,
        [line],
        reader => new DispatchEvent(
            reader.GetFieldValue<DateTimeOffset>(0), reader.GetString(1), reader.TextOrNull(2), reader.GetString(3), reader.GetString(4), reader.GetString(5)),
        cancellationToken);

    /// <summary>
    /// Lines of an envelope that are not simply sent: those with a state of their own, and those of chunks that went wrong as a whole.
    /// </summary>
    private const string Exceptions =
        """
        select s.line, s.generation, s.state, s.reason_code, s.reason, s.since from disbursement.line_state s
        where s.envelope_id = $1 and s.state <> 'Sent' and not exists (select from disbursement.instruction n where n.line = s.line and n.prior_generation = s.generation)
        union all
        select i.line, i.generation, c.state, coalesce(f.reason_code, c.last_error_code), coalesce(f.reason, c.last_error), coalesce(c.settled_at, c.unknown_at)
        from disbursement.chunk c
        cross join lateral (select * from disbursement.instruction r where r.line between c.first_seq and c.last_seq and r.chunk_id = c.id offset 0) i
        left join disbursement.failure f on f.line = i.line and f.generation = i.generation
        where c.envelope_id = $1 and c.state in ('Unknown', 'Refused')
            and not exists (select from disbursement.line_state s where s.line = i.line and s.generation = i.generation)
            and not exists (select from disbursement.instruction n where n.line = i.line and n.prior_generation = i.generation)
        """;

    public static LineState StateOf(string chunk, string? own) =>
        own is null ? LineTransitions.ImpliedBy(Enum.Parse<ChunkState>(chunk)) : Enum.Parse<LineState>(own);

    /// <summary>The contract's closed list. Unknown is work in progress there: it will be settled, and nothing has to be sent again.</summary>
    private static string StatusOf(ChunkState[] chunks) =>
        Array.TrueForAll(chunks, state => state is ChunkState.Sent or ChunkState.Empty) ? "PROCESSED"
        : Array.TrueForAll(chunks, state => state is ChunkState.Waiting or ChunkState.Pending) ? "PENDING"
        : Array.TrueForAll(chunks, state => state is ChunkState.Sent or ChunkState.Empty or ChunkState.Refused) ? "ERROR"
        : "PROCESSING";
}
