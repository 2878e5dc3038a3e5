using G2PBridge.Modules.Disbursement.Domain;
using G2PBridge.Platform.Persistence;
using Npgsql;

namespace G2PBridge.Modules.Disbursement.Persistence;

/// <summary>How writing an intent ended. Only Written allows the bank to be called.</summary>
internal enum IntentOutcome
{
    Written,
    LeaseLost,
    BeyondBlock,
    BeyondDayLimit,
    AlreadyInstructed,
}

/// <summary>
/// The transaction in which the intent to pay a chunk is written, opened with the envelope's gate held shared: until it ends nobody can
/// stop a line of the envelope, and whoever stopped one before is seen by whatever is read after this.
/// </summary>
internal sealed class IntentWriter : IAsyncDisposable
{
    private readonly BridgeDatabase _source;
    private readonly NpgsqlConnection _connection;
    private readonly NpgsqlTransaction _transaction;
    private readonly ClaimedChunk _chunk;
    private readonly ISendObserver _observer;
    private readonly DateTimeOffset _now;
    private bool _isDisposed;

    private IntentWriter(BridgeDatabase source, NpgsqlConnection connection, NpgsqlTransaction transaction, ClaimedChunk chunk, ISendObserver observer, DateTimeOffset now)
    {
        (_source, _connection, _transaction, _chunk, _observer, _now) = (source, connection, transaction, chunk, observer, now);
    }

    public static async Task<IntentWriter> OpenAsync(BridgeDatabase source, ClaimedChunk chunk, ISendObserver observer, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var connection = await source.OpenConnectionAsync(cancellationToken);
        try
        {
            var writer = new IntentWriter(source, connection, await connection.BeginTransactionAsync(cancellationToken), chunk, observer, now);
            await EnvelopeGate.ShareAsync(connection, chunk.EnvelopeNumber, cancellationToken);
            observer.Reached(SendStep.GateTaken, chunk.Id);
            return writer;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>The limit that the order would have passed, where that is the outcome.</summary>
    public DayLimit? PassedLimit { get; private set; }

    /// <summary>From here to the end of the transaction a pause that is not seen waits for it.</summary>
    public Task<bool> IsPausedAsync(CancellationToken cancellationToken) => Pauses.HoldAsync(_connection, _chunk.Id, cancellationToken);

    /// <summary>
    /// One instruction per line by COPY (some 8 µs a line with its two constraints), then chunk and envelope. The envelope's row comes last
    /// because the other chunks of the envelope wait for it until the commit.
    /// </summary>
    public async Task<IntentOutcome> WriteAsync(
        IReadOnlyList<PreparedPayment> payments, IReadOnlyList<long> nothingToPay, IReadOnlyList<DayLimit> limits, DateOnly day, TimeSpan lease, CancellationToken cancellationToken)
    {
        ChunkTransitions.Require(ChunkState.Claimed, ChunkState.Sending);
        try
        {
            await CopyAsync(payments, cancellationToken);
        }
        catch (PostgresException exception) when (exception.SqlState is PostgresErrorCodes.UniqueViolation or PostgresErrorCodes.ForeignKeyViolation)
        {
            return IntentOutcome.AlreadyInstructed;
        }

        _observer.Reached(SendStep.InstructionsCopied, _chunk.Id);
        var total = payments.Sum(payment => payment.Amount);
        await using var chunk = await _connection.PreparedAsync(
            """
            update disbursement.chunk set state = 'Sending', lines = $3, amount = $4, payload_hash = $5, prepared_at = $6,
                lease_until = clock_timestamp() + $7, ordered_for = $8
            where id = $1 and fence = $2 and state = 'Claimed'
            """, cancellationToken,
            _chunk.Id, _chunk.Fence, payments.Count, total, PreparedPayment.HashOf(payments), _now, lease, day);
        if (await chunk.ExecuteNonQueryAsync(cancellationToken) == 0)
        {
            return IntentOutcome.LeaseLost;
        }

        await MarkNothingToPayAsync(nothingToPay, cancellationToken);
        await LogAsync("Sending", "intent written", cancellationToken);
        await using var envelope = await _connection.PreparedAsync(
            """
            update disbursement.envelope set in_flight_lines = in_flight_lines + $2, in_flight_amount = in_flight_amount + $3, nothing_to_pay_lines = nothing_to_pay_lines + $4,
                refused_lines = refused_lines - $5, refused_amount = refused_amount - $6
            where envelope_id = $1 and complete_at is null and sent_amount + unknown_amount + in_flight_amount + $3 <= blocked_amount
            """, cancellationToken,
            _chunk.EnvelopeId, payments.Count, total, nothingToPay.Count, _chunk.IsRetry ? payments.Count : 0, _chunk.IsRetry ? total : 0m);
        if (await envelope.ExecuteNonQueryAsync(cancellationToken) == 0)
        {
            return IntentOutcome.BeyondBlock;
        }

        return await CountAsync(limits, day, total, cancellationToken) ? await CommitAsync() : IntentOutcome.BeyondDayLimit;
    }

    /// <summary>Takes up an intent that is on record already and provably never reached the bank: same references, same key.</summary>
    public async Task<IntentOutcome> ResumeAsync(IReadOnlyList<DayLimit> limits, DateOnly day, TimeSpan lease, CancellationToken cancellationToken)
    {
        ChunkTransitions.Require(ChunkState.Claimed, ChunkState.Sending);
        await using var chunk = await _connection.PreparedAsync(
            "update disbursement.chunk set state = 'Sending', lease_until = clock_timestamp() + $3, ordered_for = $4 where id = $1 and fence = $2 and state = 'Claimed' and prepared_at is not null", cancellationToken,
            _chunk.Id, _chunk.Fence, lease, day);
        if (await chunk.ExecuteNonQueryAsync(cancellationToken) == 0)
        {
            return IntentOutcome.LeaseLost;
        }

        await LogAsync("Sending", "intent taken up again", cancellationToken);
        // It goes out with another payment date now, and counts for that day.
        return _chunk.OrderedFor == day || await CountAsync(limits, day, _chunk.Amount, cancellationToken) ? await CommitAsync() : IntentOutcome.BeyondDayLimit;
    }

    /// <summary>Ends a chunk in which nothing has to be paid.</summary>
    public async Task<IntentOutcome> EndEmptyAsync(IReadOnlyList<long> nothingToPay, string cause, CancellationToken cancellationToken)
    {
        ChunkTransitions.Require(ChunkState.Claimed, ChunkState.Empty);
        await using var chunk = await _connection.PreparedAsync(
            "update disbursement.chunk set state = 'Empty', lease_until = null, settled_at = $3, last_error_code = null, last_error = null where id = $1 and fence = $2 and state = 'Claimed' and prepared_at is null", cancellationToken,
            _chunk.Id, _chunk.Fence, _now);
        if (await chunk.ExecuteNonQueryAsync(cancellationToken) == 0)
        {
            return IntentOutcome.LeaseLost;
        }

        await MarkNothingToPayAsync(nothingToPay, cancellationToken);
        await LogAsync("Empty", cause, cancellationToken);
        await using var envelope = await _connection.PreparedAsync(
            "update disbursement.envelope set nothing_to_pay_lines = nothing_to_pay_lines + $2, finish_due_at = $3 where envelope_id = $1", cancellationToken,
            _chunk.EnvelopeId, nothingToPay.Count, _now);
        await envelope.ExecuteNonQueryAsync(cancellationToken);
        return await CommitAsync();
    }

    /// <summary>The lines that this chunk pays again, each with its generation to be, whose last payment is still proved failed.</summary>
    public async Task<Dictionary<long, short>> ReadRetriesAsync(CancellationToken cancellationToken) => (await _connection.QueryAsync(
        """
        select r.line, r.generation from disbursement.retry_line r join disbursement.failure f on f.line = r.line and f.generation = r.generation - 1
        where r.chunk_id = $1 and not exists (select from disbursement.instruction i where i.line = r.line and i.generation >= r.generation)
        """,
        [_chunk.Id],
        reader => (Line: reader.GetInt64(0), Generation: reader.GetInt16(1)),
        cancellationToken)).ToDictionary(retry => retry.Line, retry => retry.Generation);

    public Task<List<(long Line, short Generation, byte[] Hash)>> ReadInstructionsAsync(CancellationToken cancellationToken) => _connection.QueryAsync(
        "select line, generation, payload_hash from disbursement.instruction where line between $1 and $2 and chunk_id = $3 order by line",
        [_chunk.Lines.First, _chunk.Lines.Last, _chunk.Id],
        reader => (reader.GetInt64(0), reader.GetInt16(1), reader.GetFieldValue<byte[]>(2)),
        cancellationToken);

    /// <summary>Once: the driver uses a transaction's object again, and a second end would be that of somebody else's.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        await _transaction.DisposeAsync();
        await _connection.DisposeAsync();
    }

    private async Task CopyAsync(IReadOnlyList<PreparedPayment> payments, CancellationToken cancellationToken)
    {
        await using var copy = await BinaryCopy.BeginAsync(
            _connection, "copy disbursement.instruction (line, generation, prior_generation, chunk_id, amount, payload_hash) from stdin (format binary)", cancellationToken);
        foreach (var payment in payments)
        {
            await copy.StartRowAsync(6, cancellationToken);
            copy.Write(payment.Line);
            copy.Write(payment.Generation);
            copy.Write(payment.Generation == 1 ? null : (short?)(payment.Generation - 1));
            copy.Write(_chunk.Id);
            copy.Write(payment.Amount);
            copy.Write(payment.Hash);
        }

        await copy.CompleteAsync(cancellationToken);
    }

    private async Task MarkNothingToPayAsync(IReadOnlyList<long> lines, CancellationToken cancellationToken)
    {
        if (lines.Count == 0)
        {
            return;
        }

        await using var batch = new NpgsqlBatch(_connection);
        batch.Add(
            """
            insert into disbursement.line_state (line, generation, chunk_id, envelope_id, state, not_found, since)
            select line, 0, $2, $3, 'NothingToPay', 0, $4 from unnest($1::bigint[]) as n(line) on conflict (line, generation) do nothing
            """,
            lines.ToArray(), _chunk.Id, _chunk.EnvelopeId, _now);
        batch.Add(
            """
            insert into disbursement.line_history (line, generation, at, from_state, to_state, cause, actor)
            select line, 0, $2, null, 'NothingToPay', 'quantity is zero', 'disbursement' from unnest($1::bigint[]) as n(line)
            """,
            lines.ToArray(), _now);
        await batch.RunPreparedAsync(cancellationToken);
    }

    /// <summary>Last of all, because everybody who orders on that day waits for these rows until the commit.</summary>
    private async Task<bool> CountAsync(IReadOnlyList<DayLimit> limits, DateOnly day, decimal total, CancellationToken cancellationToken)
    {
        PassedLimit = await LimitBook.CountOrderAsync(_connection, limits, day, _chunk.Currency, total, _chunk.Id, cancellationToken);
        return PassedLimit is null;
    }

    private async Task LogAsync(string to, string cause, CancellationToken cancellationToken)
    {
        await using var log = await _connection.PreparedAsync(
            "insert into disbursement.chunk_history (chunk_id, at, from_state, to_state, fence, cause, actor) values ($1, $2, 'Claimed', $3, $4, $5, 'disbursement')", cancellationToken,
            _chunk.Id, _now, to, _chunk.Fence, cause);
        await log.ExecuteNonQueryAsync(cancellationToken);
    }

    private async Task<IntentOutcome> CommitAsync()
    {
        _observer.Reached(SendStep.BeforeIntentCommit, _chunk.Id);
        // Not ended by a shutdown: a commit that is broken off may have happened, and its lines would be unknown for nothing.
        await _source.CommitAsync(_transaction, CancellationToken.None);
        return IntentOutcome.Written;
    }
}
