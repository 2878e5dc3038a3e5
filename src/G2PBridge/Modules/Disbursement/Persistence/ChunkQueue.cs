using G2PBridge.Modules.Disbursement.Domain;
using G2PBridge.Modules.Funds.Contracts;
using G2PBridge.Platform.Persistence;

namespace G2PBridge.Modules.Disbursement.Persistence;

/// <summary>A chunk that this process holds, with what its envelope says about the money.</summary>
internal sealed record ClaimedChunk(
    long Id, long Fence, string EnvelopeId, long EnvelopeNumber, string BankCode, SeqRange Lines, int Round, int Attempts, DateTimeOffset? PreparedAt, byte[]? PayloadHash,
    string IdempotencyKey, string AccountNumber, string? AccountType, string? BranchCode, string Currency, string BlockReference, string? ProgrammeMnemonic, string? CycleMnemonic)
{
    public bool IsPrepared => PreparedAt is not null;

    /// <summary>Pays lines again, over their failures.</summary>
    public bool IsRetry { get; init; }

    /// <summary>The payment date with which it was ordered last, and its sum then.</summary>
    public DateOnly? OrderedFor { get; init; }

    public decimal Amount { get; init; }
}

/// <summary>A chunk to be, cut from a resolved set.</summary>
internal sealed record NewChunk(string EnvelopeId, long EnvelopeNumber, string BatchId, long SliceId, int Round, SeqRange Lines, int ResolvedLines);

/// <summary>
/// Puts chunks on record, hands them out and takes them back. Every statement here touches chunks, of which there is one per thousands of
/// lines, through partial indexes on what is still to do; none costs more as history grows.
/// </summary>
internal sealed class ChunkQueue(BridgeDatabase source, TimeProvider clock)
{
    /// <summary>Singles out the one taker of resolved sets, so that two with different chunk sizes cannot cut one set twice.</summary>
    private const long TakeLock = 0x6732_7063_6875_6e6b;

    public Task<int> InsertEnvelopesAsync(IReadOnlyList<(FundedEnvelope Funded, string? Programme, string? Cycle)> envelopes, CancellationToken cancellationToken) => source.ExecuteAsync(
        """
        insert into disbursement.envelope (envelope_id, envelope_number, bank_code, account_number, account_type, branch_code, currency, block_reference,
            blocked_amount, programme_mnemonic, cycle_mnemonic, sent_lines, sent_amount, unknown_lines, unknown_amount, refused_lines, refused_amount,
            in_flight_lines, in_flight_amount, nothing_to_pay_lines, too_late_lines, too_late_amount, created_at, finish_due_at, released)
        select id, number, bank, account, account_type, branch, currency, block, amount, programme, cycle, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, $12, $12, false
        from unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::numeric[], $10::text[], $11::text[])
            as new(id, number, bank, account, account_type, branch, currency, block, amount, programme, cycle)
        on conflict (envelope_id) do nothing
        """,
        [
            envelopes.Select(row => row.Funded.EnvelopeId).ToArray(), envelopes.Select(row => row.Funded.EnvelopeNumber).ToArray(),
            envelopes.Select(row => row.Funded.Account.SponsorBankCode).ToArray(), envelopes.Select(row => row.Funded.Account.AccountNumber).ToArray(),
            envelopes.Select(row => row.Funded.Account.AccountType).ToArray(), envelopes.Select(row => row.Funded.Account.BranchCode).ToArray(),
            envelopes.Select(row => row.Funded.Currency).ToArray(), envelopes.Select(row => row.Funded.BlockReference).ToArray(),
            envelopes.Select(row => row.Funded.Amount).ToArray(), envelopes.Select(row => row.Programme).ToArray(), envelopes.Select(row => row.Cycle).ToArray(),
            clock.GetUtcNow(),
        ],
        cancellationToken);

    /// <summary>All chunks of a set or, when the set has chunks already, none: however it would be cut today.</summary>
    public async Task<int> InsertChunksAsync(IReadOnlyList<NewChunk> chunks, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using (var guard = await connection.PreparedAsync("select pg_advisory_xact_lock($1)", cancellationToken, TakeLock))
        {
            await guard.ExecuteNonQueryAsync(cancellationToken);
        }

        await using var insert = await connection.PreparedAsync(
            """
            with added as (
                insert into disbursement.chunk (envelope_id, envelope_number, batch_id, slice_id, round, first_seq, last_seq, resolved_lines,
                    lines, amount, unknown_lines, state, attempts, inquiries, fence, created_at)
                select new.envelope, new.number, new.batch, new.slice, new.round, new.first, new.last, new.resolved, 0, 0, 0, 'Waiting', 0, 0, 0, $9
                from unnest($1::text[], $2::bigint[], $3::text[], $4::bigint[], $5::int[], $6::bigint[], $7::bigint[], $8::int[])
                    as new(envelope, number, batch, slice, round, first, last, resolved)
                where not exists (select from disbursement.chunk c where c.slice_id = new.slice and c.round = new.round)
                order by new.first
                returning id)
            insert into disbursement.chunk_history (chunk_id, at, from_state, to_state, fence, cause, actor)
            select id, $9, null, 'Waiting', 0, 'lines resolved', 'disbursement' from added
            """, cancellationToken,
            chunks.Select(chunk => chunk.EnvelopeId).ToArray(), chunks.Select(chunk => chunk.EnvelopeNumber).ToArray(), chunks.Select(chunk => chunk.BatchId).ToArray(),
            chunks.Select(chunk => chunk.SliceId).ToArray(), chunks.Select(chunk => chunk.Round).ToArray(), chunks.Select(chunk => chunk.Lines.First).ToArray(),
            chunks.Select(chunk => chunk.Lines.Last).ToArray(), chunks.Select(chunk => chunk.ResolvedLines).ToArray(), clock.GetUtcNow());
        var added = await insert.ExecuteNonQueryAsync(cancellationToken);
        await source.CommitAsync(transaction, cancellationToken);
        return added;
    }

    /// <summary>
    /// Lets the chunks of funded envelopes go. Run after the taker's own commits, so of two that bring the envelope and the chunk
    /// at the same moment the later one sees both.
    /// </summary>
    public Task<int> PromoteWaitingAsync(CancellationToken cancellationToken) => source.ExecuteAsync(
        """
        with ready as (
            select c.id, e.bank_code from disbursement.chunk c join disbursement.envelope e using (envelope_id)
            where c.state = 'Waiting' order by c.id for update of c skip locked),
        moved as (
            update disbursement.chunk c set state = 'Pending', bank_code = ready.bank_code from ready where c.id = ready.id returning c.id, c.fence)
        insert into disbursement.chunk_history (chunk_id, at, from_state, to_state, fence, cause, actor)
        select id, $1, 'Waiting', 'Pending', fence, 'envelope funded', 'disbursement' from moved
        """,
        [clock.GetUtcNow()],
        cancellationToken);

    /// <summary>
    /// The oldest chunk of this bank that is due and not paused, unless the bank could not be reached and is being left alone, by every replica.
    /// Two callers get two chunks. The order's key is given with the first claim and stays for
    /// ever: it is what makes a repetition of an order that was not received harmless even if it was.
    /// </summary>
    public async Task<ClaimedChunk?> ClaimAsync(string bankCode, TimeSpan lease, CancellationToken cancellationToken)
    {
        var claimed = await source.ChangeAsync(
            $"""
            with next as (
                select c.id, c.state from disbursement.chunk c
                where c.bank_code = $1 and c.state in ('Pending', 'Prepared') and (c.due_at is null or c.due_at <= $2)
                    and not exists (select from disbursement.chunk r where r.bank_code = $1 and r.state = 'Prepared' and r.due_at > $2 and r.last_error_code = $5)
                    and not {Pauses.Held}
                order by c.id limit 1 for update of c skip locked),
            claimed as (
                update disbursement.chunk c set state = 'Claimed', fence = c.fence + 1, attempts = c.attempts + 1, lease_until = now() + $3, due_at = null,
                    idempotency_key = coalesce(c.idempotency_key, $4)
                from next where c.id = next.id
                returning c.*, next.state as from_state),
            logged as (
                insert into disbursement.chunk_history (chunk_id, at, from_state, to_state, fence, cause, actor)
                select id, $2, from_state, 'Claimed', fence, 'claimed', 'disbursement' from claimed)
            select c.id, c.fence, c.envelope_id, c.envelope_number, c.bank_code, c.first_seq, c.last_seq, c.round, c.attempts, c.prepared_at, c.payload_hash,
                c.idempotency_key, e.account_number, e.account_type, e.branch_code, e.currency, e.block_reference, e.programme_mnemonic, e.cycle_mnemonic,
                c.is_retry, c.ordered_for, c.amount
            from claimed c join disbursement.envelope e using (envelope_id)
            """,
            [bankCode, clock.GetUtcNow(), lease, Guid.CreateVersion7().ToString(), DispatchCodes.NotSent],
            reader => new ClaimedChunk(
                reader.GetInt64(0), reader.GetInt64(1), reader.GetString(2), reader.GetInt64(3), reader.GetString(4), new SeqRange(reader.GetInt64(5), reader.GetInt64(6)),
                reader.GetInt32(7), reader.GetInt32(8), reader.TimeOrNull(9), reader.IsDBNull(10) ? null : reader.GetFieldValue<byte[]>(10), reader.GetString(11),
                reader.GetString(12), reader.TextOrNull(13), reader.TextOrNull(14), reader.GetString(15), reader.GetString(16), reader.TextOrNull(17), reader.TextOrNull(18))
            {
                IsRetry = reader.GetBoolean(19),
                OrderedFor = reader.IsDBNull(20) ? null : reader.GetFieldValue<DateOnly>(20),
                Amount = reader.GetDecimal(21),
            },
            cancellationToken);
        return claimed.SingleOrDefault();
    }

    /// <summary>Gives a chunk back with nothing sent, to be tried again later; false when the lease was lost.</summary>
    public async Task<bool> GiveBackAsync(ClaimedChunk chunk, TimeSpan pause, string code, string why, CancellationToken cancellationToken)
    {
        var to = ChunkTransitions.Require(ChunkState.Claimed, chunk.IsPrepared ? ChunkState.Prepared : ChunkState.Pending);
        return await source.ExecuteAsync(
            """
            with moved as (
                update disbursement.chunk set state = $3, lease_until = null, due_at = $4, last_error_code = $5, last_error = $6
                where id = $1 and fence = $2 and state = 'Claimed' returning id, fence)
            insert into disbursement.chunk_history (chunk_id, at, from_state, to_state, fence, cause, actor)
            select id, $7, 'Claimed', $3, fence, $5, 'disbursement' from moved
            """,
            [chunk.Id, chunk.Fence, to.ToString(), clock.GetUtcNow() + pause, code, why, clock.GetUtcNow()],
            cancellationToken) == 1;
    }

    /// <summary>
    /// Takes back what dead processes held. What was being sent is unknown, never pending; what had no intent yet is as it was before.
    /// The fence moves on, so that a process which only seemed dead can no longer write.
    /// </summary>
    public async Task<int> RecoverAsync(TimeSpan firstInquiry, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var recovered = await connection.QueryAsync(
            """
            with dead as (
                select id, state from disbursement.chunk
                where state in ('Claimed', 'Sending') and lease_until < now()
                order by id for update skip locked),
            known as (
                select l.chunk_id, count(*)::int as lines, sum(i.amount) as amount
                from dead join disbursement.line_state l on l.chunk_id = dead.id join disbursement.instruction i using (line, generation)
                where dead.state = 'Sending' and l.state in ('Sent', 'Returned') group by l.chunk_id),
            moved as (
                update disbursement.chunk c set
                    state = case when dead.state = 'Sending' then 'Unknown' when c.prepared_at is null then 'Pending' else 'Prepared' end,
                    fence = c.fence + 1, lease_until = null,
                    unknown_lines = case when dead.state = 'Sending' then c.lines - coalesce(known.lines, 0) else 0 end,
                    unknown_at = case when dead.state = 'Sending' then now() end,
                    due_at = case when dead.state = 'Sending' then $2 else $1 end,
                    last_error_code = $3
                from dead left join known on known.chunk_id = dead.id where c.id = dead.id
                returning c.id, c.envelope_id, c.fence, dead.state as from_state, c.state as to_state, c.lines, c.amount,
                    coalesce(known.lines, 0) as known_lines, coalesce(known.amount, 0) as known_amount),
            logged as (
                insert into disbursement.chunk_history (chunk_id, at, from_state, to_state, fence, cause, actor)
                select id, $1, from_state, to_state, fence, 'lease ended', 'recovery' from moved)
            select id, envelope_id, to_state, lines, amount, known_lines, known_amount from moved
            """,
            [clock.GetUtcNow(), clock.GetUtcNow() + firstInquiry, DispatchCodes.LeaseEnded],
            reader => (Id: reader.GetInt64(0), Envelope: reader.GetString(1), To: reader.GetString(2), Lines: reader.GetInt32(3), Amount: reader.GetDecimal(4),
                Known: reader.GetInt32(5), KnownAmount: reader.GetDecimal(6)),
            cancellationToken);
        var counts = new EnvelopeCounts();
        foreach (var chunk in recovered.Where(chunk => chunk.To == nameof(ChunkState.Unknown)))
        {
            counts.InFlight(chunk.Envelope, -chunk.Lines, -chunk.Amount);
            counts.Unknown(chunk.Envelope, chunk.Lines - chunk.Known, chunk.Amount - chunk.KnownAmount);
            counts.Sent(chunk.Envelope, chunk.Known, chunk.KnownAmount);
        }

        await counts.ApplyAsync(connection, clock.GetUtcNow(), cancellationToken);
        await LineChanges.CloseKnownAsync(connection, [.. recovered.Select(chunk => chunk.Id)], clock.GetUtcNow(), "recovery", cancellationToken);
        await source.CommitAsync(transaction, cancellationToken);
        return recovered.Count;
    }
}
