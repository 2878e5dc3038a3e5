using G2PBridge.Modules.Disbursement.Contracts;
using G2PBridge.Modules.Disbursement.Domain;
using G2PBridge.Platform.Persistence;
using Npgsql;

namespace G2PBridge.Modules.Disbursement.Persistence;

/// <summary>A line as it stands, read under its chunk's lock.</summary>
/// <param name="HasNext">A next generation was written over this one's failure.</param>
internal sealed record LineSnapshot(long Line, short Generation, long ChunkId, string EnvelopeId, decimal Amount, ChunkState Chunk, LineState State, short NotFound, bool HasNext);

/// <summary>What is now known of one line, and from whom.</summary>
internal sealed record LineChange(LineSnapshot Line, LineState To, string? ReasonCode, string? Reason, string Proof)
{
    /// <summary>Some banks put words into their codes.</summary>
    public string? ReasonCode { get; } = Masked.Text(ReasonCode);

    /// <summary>Whoever gave it may have named the account in it.</summary>
    public string? Reason { get; } = Masked.Text(Reason);
}

/// <summary>
/// Writes what became of single lines: failures, exceptions, history and counts, each in one set statement. Only lines that do not
/// simply follow their chunk come here, so a chunk of thousands that went well costs nothing. Callers hold the locks of the chunks.
/// </summary>
internal static class LineChanges
{
    /// <summary>
    /// Chunks among those of these references for which a debit on a statement says anything new. For an ordinary statement this is
    /// one look per line into two primary keys (about 4 µs a line) and the answer is empty.
    /// </summary>
    public static Task<List<long>> ChunksThatLearnAsync(NpgsqlConnection connection, PaymentReference[] references, CancellationToken cancellationToken) => connection.QueryAsync(
        """
        select distinct i.chunk_id
        from unnest($1::bigint[], $2::smallint[]) as r(line, generation)
        join disbursement.instruction i using (line, generation)
        join disbursement.chunk c on c.id = i.chunk_id
        left join disbursement.line_state s on s.line = i.line and s.generation = i.generation
        where c.state in ('Claimed', 'Prepared', 'Sending', 'Unknown', 'Refused') or s.state in ('Unknown', 'Refused')
        """,
        [Lines(references), Generations(references)],
        reader => reader.GetInt64(0),
        cancellationToken);

    public static Task<List<long>> ChunksOfAsync(NpgsqlConnection connection, PaymentReference[] references, CancellationToken cancellationToken) => connection.QueryAsync(
        "select distinct i.chunk_id from unnest($1::bigint[], $2::smallint[]) as r(line, generation) join disbursement.instruction i using (line, generation)",
        [Lines(references), Generations(references)],
        reader => reader.GetInt64(0),
        cancellationToken);

    /// <summary>Locks the chunks and gives those that were thought not to be sent.</summary>
    public static async Task<HashSet<long>> LockChunksAsync(NpgsqlConnection connection, IReadOnlyList<long> chunks, CancellationToken cancellationToken)
    {
        var locked = await connection.QueryAsync(
            "select id, state in ('Claimed', 'Prepared') from disbursement.chunk where id = any($1) order by id for update", [chunks.ToArray()],
            reader => (Id: reader.GetInt64(0), IsUnsent: reader.GetBoolean(1)), cancellationToken);
        return [.. locked.Where(chunk => chunk.IsUnsent).Select(chunk => chunk.Id)];
    }

    /// <summary>How these lines stand, of those in these chunks.</summary>
    public static Task<List<LineSnapshot>> ReadAsync(NpgsqlConnection connection, PaymentReference[] references, IReadOnlyList<long> chunks, CancellationToken cancellationToken) => connection.QueryAsync(
        """
        select i.line, i.generation, i.chunk_id, c.envelope_id, i.amount, c.state, s.state, coalesce(s.not_found, 0),
            exists (select from disbursement.instruction n where n.line = i.line and n.prior_generation = i.generation)
        from unnest($1::bigint[], $2::smallint[]) as r(line, generation)
        join disbursement.instruction i using (line, generation)
        join disbursement.chunk c on c.id = i.chunk_id
        left join disbursement.line_state s on s.line = i.line and s.generation = i.generation
        where c.id = any($3)
        """,
        [Lines(references), Generations(references), chunks.ToArray()],
        Snapshot,
        cancellationToken);

    /// <summary>The lines of one chunk of which nobody knows whether the bank has them.</summary>
    public static Task<List<LineSnapshot>> UnknownOfChunkAsync(NpgsqlConnection connection, long chunkId, CancellationToken cancellationToken) => connection.QueryAsync(
        """
        select i.line, i.generation, i.chunk_id, c.envelope_id, i.amount, c.state, s.state, coalesce(s.not_found, 0),
            exists (select from disbursement.instruction n where n.line = i.line and n.prior_generation = i.generation)
        from disbursement.chunk c
        cross join lateral (select * from disbursement.instruction r where r.line between c.first_seq and c.last_seq and r.chunk_id = c.id offset 0) i
        left join disbursement.line_state s on s.line = i.line and s.generation = i.generation
        where c.id = $1 and (s.state = 'Unknown' or (s.state is null and c.state = 'Unknown'))
        order by i.line
        """,
        [chunkId],
        Snapshot,
        cancellationToken);

    /// <summary>Moves lines. A line that then again follows its chunk loses its row; its history keeps it.</summary>
    public static async Task ApplyAsync(NpgsqlConnection connection, IReadOnlyList<LineChange> changes, DateTimeOffset now, string actor, CancellationToken cancellationToken)
    {
        if (changes.Count == 0)
        {
            return;
        }

        foreach (var change in changes)
        {
            LineTransitions.Require(change.Line.State, change.To);
        }

        await using (var batch = new NpgsqlBatch(connection))
        {
            AddFailures(batch, changes, now);
            AddExceptions(batch, changes, now);
            AddHistory(batch, changes, now, actor);
            AddChunkCounts(batch, changes);
            await batch.RunPreparedAsync(cancellationToken);
        }

        await CountsOf(changes).ApplyAsync(connection, now, cancellationToken);
        await CloseKnownAsync(connection, [.. changes.Select(change => change.Line.ChunkId).Distinct()], now, actor, cancellationToken);
    }

    /// <summary>An unknown chunk without an unknown line is known: sent if the bank has any of it, refused if it has none.</summary>
    public static async Task CloseKnownAsync(NpgsqlConnection connection, IReadOnlyList<long> chunks, DateTimeOffset now, string actor, CancellationToken cancellationToken)
    {
        if (chunks.Count == 0)
        {
            return;
        }

        var ids = chunks.ToArray();
        await using var batch = new NpgsqlBatch(connection);
        batch.Add(
            """
            with closed as (
                update disbursement.chunk c set
                    state = case when exists (select from disbursement.line_state s where s.chunk_id = c.id and s.state in ('Sent', 'Returned')) then 'Sent' else 'Refused' end,
                    settled_at = $2, due_at = null, last_error_code = null, last_error = null
                where c.id = any($1) and c.state = 'Unknown' and c.unknown_lines = 0
                returning c.id, c.state, c.fence)
            insert into disbursement.chunk_history (chunk_id, at, from_state, to_state, fence, cause, actor)
            select id, $2, 'Unknown', state, fence, 'every line known', $3 from closed
            """,
            ids, now, actor);
        batch.Add(
            """
            delete from disbursement.line_state s using disbursement.chunk c
            where c.id = any($1) and s.chunk_id = c.id and c.state = 'Sent' and s.state = 'Sent'
            """,
            ids);
        await batch.RunPreparedAsync(cancellationToken);
    }

    /// <summary>
    /// Chunks that were thought not sent, of which a statement shows a line: nobody knows any more what the bank has of them. Their
    /// fence moves on, so that whoever is about to send one cannot.
    /// </summary>
    public static async Task DoubtUnsentAsync(NpgsqlConnection connection, IReadOnlyList<long> chunks, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var doubted = await connection.QueryAsync(
            """
            with unsent as (select id, state from disbursement.chunk where id = any($1) and state in ('Claimed', 'Prepared') and prepared_at is not null),
            moved as (
                update disbursement.chunk c set state = 'Unknown', fence = c.fence + 1, lease_until = null, unknown_lines = c.lines, unknown_at = now(), due_at = $2,
                    last_error_code = $3
                from unsent where c.id = unsent.id
                returning c.id, c.envelope_id, c.fence, c.lines, c.amount, unsent.state as from_state),
            logged as (
                insert into disbursement.chunk_history (chunk_id, at, from_state, to_state, fence, cause, actor)
                select id, $2, from_state, 'Unknown', fence, 'a statement shows a line of it', 'statement' from moved)
            select envelope_id, lines, amount from moved
            """,
            [chunks.ToArray(), now, DispatchCodes.OutcomeUnknown],
            reader => (Envelope: reader.GetString(0), Lines: reader.GetInt32(1), Amount: reader.GetDecimal(2)),
            cancellationToken);
        var counts = new EnvelopeCounts();
        foreach (var chunk in doubted)
        {
            counts.InFlight(chunk.Envelope, -chunk.Lines, -chunk.Amount);
            counts.Unknown(chunk.Envelope, chunk.Lines, chunk.Amount);
        }

        await counts.ApplyAsync(connection, now, cancellationToken);
    }

    /// <summary>The bank's "I do not know this reference", counted: it proves nothing the first time.</summary>
    public static async Task CountNotFoundAsync(NpgsqlConnection connection, IReadOnlyList<LineSnapshot> lines, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (lines.Count == 0)
        {
            return;
        }

        await using var command = await connection.PreparedAsync(
            """
            insert into disbursement.line_state (line, generation, chunk_id, envelope_id, state, reason_code, not_found, since)
            select line, generation, chunk, envelope, 'Unknown', $6, 1, $5
            from unnest($1::bigint[], $2::smallint[], $3::bigint[], $4::text[]) as n(line, generation, chunk, envelope)
            on conflict (line, generation) do update set not_found = line_state.not_found + 1 where line_state.state = 'Unknown'
            """, cancellationToken,
            lines.Select(line => line.Line).ToArray(), lines.Select(line => line.Generation).ToArray(), lines.Select(line => line.ChunkId).ToArray(),
            lines.Select(line => line.EnvelopeId).ToArray(), now, DispatchCodes.OutcomeUnknown);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static void AddFailures(NpgsqlBatch batch, IReadOnlyList<LineChange> changes, DateTimeOffset now)
    {
        var failed = changes.Where(change => change.To is LineState.Refused or LineState.Returned).ToArray();
        if (failed.Length > 0)
        {
            batch.Add(
                """
                insert into disbursement.failure (line, generation, reason_code, reason, proof, at)
                select line, generation, code, reason, proof, $6
                from unnest($1::bigint[], $2::smallint[], $3::text[], $4::text[], $5::text[]) as f(line, generation, code, reason, proof)
                on conflict (line, generation) do nothing
                """,
                failed.Select(change => change.Line.Line).ToArray(), failed.Select(change => change.Line.Generation).ToArray(),
                failed.Select(change => change.ReasonCode ?? "UNSPECIFIED").ToArray(), failed.Select(change => change.Reason).ToArray(),
                failed.Select(change => change.Proof).ToArray(), now);
        }

        // The proof was wrong: as long as nothing stands on it, it must not allow a second payment. The history keeps it.
        var paid = changes.Where(change => change is { To: LineState.Sent, Line.State: LineState.Refused }).ToArray();
        if (paid.Length > 0)
        {
            batch.Add(
                """
                delete from disbursement.failure f using unnest($1::bigint[], $2::smallint[]) as p(line, generation)
                where f.line = p.line and f.generation = p.generation
                    and not exists (select from disbursement.instruction i where i.line = f.line and i.prior_generation = f.generation)
                """,
                paid.Select(change => change.Line.Line).ToArray(), paid.Select(change => change.Line.Generation).ToArray());
        }
    }

    private static void AddExceptions(NpgsqlBatch batch, IReadOnlyList<LineChange> changes, DateTimeOffset now)
    {
        var differing = changes.Where(change => change.To != LineTransitions.ImpliedBy(change.Line.Chunk)).ToArray();
        if (differing.Length > 0)
        {
            batch.Add(
                """
                insert into disbursement.line_state (line, generation, chunk_id, envelope_id, state, reason_code, reason, not_found, since)
                select line, generation, chunk, envelope, state, code, reason, 0, $8
                from unnest($1::bigint[], $2::smallint[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[]) as n(line, generation, chunk, envelope, state, code, reason)
                on conflict (line, generation) do update set
                    chunk_id = excluded.chunk_id, state = excluded.state, reason_code = excluded.reason_code, reason = excluded.reason, not_found = 0, since = excluded.since
                """,
                differing.Select(change => change.Line.Line).ToArray(), differing.Select(change => change.Line.Generation).ToArray(),
                differing.Select(change => change.Line.ChunkId).ToArray(), differing.Select(change => change.Line.EnvelopeId).ToArray(),
                differing.Select(change => change.To.ToString()).ToArray(), differing.Select(change => change.ReasonCode).ToArray(),
                differing.Select(change => change.Reason).ToArray(), now);
        }

        var following = changes.Where(change => change.To == LineTransitions.ImpliedBy(change.Line.Chunk)).ToArray();
        if (following.Length > 0)
        {
            batch.Add(
                """
                delete from disbursement.line_state s using unnest($1::bigint[], $2::smallint[]) as n(line, generation)
                where s.line = n.line and s.generation = n.generation
                """,
                following.Select(change => change.Line.Line).ToArray(), following.Select(change => change.Line.Generation).ToArray());
        }
    }

    private static void AddHistory(NpgsqlBatch batch, IReadOnlyList<LineChange> changes, DateTimeOffset now, string actor) => batch.Add(
        """
        insert into disbursement.line_history (line, generation, at, from_state, to_state, cause, actor)
        select line, generation, $6, from_state, to_state, cause, $7
        from unnest($1::bigint[], $2::smallint[], $3::text[], $4::text[], $5::text[]) as n(line, generation, from_state, to_state, cause)
        """,
        changes.Select(change => change.Line.Line).ToArray(), changes.Select(change => change.Line.Generation).ToArray(), changes.Select(change => change.Line.State.ToString()).ToArray(),
        changes.Select(change => change.To.ToString()).ToArray(), changes.Select(change => change.ReasonCode is null ? change.Proof : $"{change.ReasonCode}: {change.Proof}").ToArray(), now, actor);

    private static void AddChunkCounts(NpgsqlBatch batch, IReadOnlyList<LineChange> changes)
    {
        var counted = changes.Where(change => IsSettled(change.Line.Chunk)).GroupBy(change => change.Line.ChunkId)
            .Select(group => (Id: group.Key, Lines: group.Count(change => change.To == LineState.Unknown) - group.Count(change => change.Line.State == LineState.Unknown)))
            .Where(chunk => chunk.Lines != 0).ToArray();
        if (counted.Length > 0)
        {
            batch.Add(
                "update disbursement.chunk c set unknown_lines = c.unknown_lines + d.lines from unnest($1::bigint[], $2::int[]) as d(id, lines) where c.id = d.id",
                counted.Select(chunk => chunk.Id).ToArray(), counted.Select(chunk => chunk.Lines).ToArray());
        }
    }

    /// <summary>While a chunk is on its way its lines count as in flight, whatever is known of one of them; settling the chunk counts them.</summary>
    private static EnvelopeCounts CountsOf(IReadOnlyList<LineChange> changes)
    {
        var counts = new EnvelopeCounts();
        foreach (var change in changes.Where(change => IsSettled(change.Line.Chunk)))
        {
            Count(counts, change.Line, change.Line.State, -1);
            Count(counts, change.Line, change.To, 1);
        }

        return counts;
    }

    private static void Count(EnvelopeCounts counts, LineSnapshot line, LineState state, int sign)
    {
        switch (state)
        {
            case LineState.Sent or LineState.Returned:
                counts.Sent(line.EnvelopeId, sign, sign * line.Amount);
                break;
            case LineState.Unknown:
                counts.Unknown(line.EnvelopeId, sign, sign * line.Amount);
                break;
            case LineState.Refused:
                counts.Refused(line.EnvelopeId, sign, sign * line.Amount);
                break;
            case LineState.Prepared or LineState.Sending or LineState.NothingToPay or LineState.TooLate:
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(state), state, null);
        }
    }

    private static bool IsSettled(ChunkState chunk) => chunk is ChunkState.Sent or ChunkState.Unknown or ChunkState.Refused;

    private static LineSnapshot Snapshot(NpgsqlDataReader reader)
    {
        var chunk = Enum.Parse<ChunkState>(reader.GetString(5));
        var state = reader.TextOrNull(6) is { } own ? Enum.Parse<LineState>(own) : LineTransitions.ImpliedBy(chunk);
        return new LineSnapshot(reader.GetInt64(0), reader.GetInt16(1), reader.GetInt64(2), reader.GetString(3), reader.GetDecimal(4), chunk, state, reader.GetInt16(7), reader.GetBoolean(8));
    }

    private static long[] Lines(PaymentReference[] references) => Array.ConvertAll(references, reference => reference.Line);

    private static short[] Generations(PaymentReference[] references) => Array.ConvertAll(references, reference => (short)reference.Generation);
}
