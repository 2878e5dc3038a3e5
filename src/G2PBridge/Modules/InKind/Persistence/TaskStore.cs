using G2PBridge.Modules.Envelopes.Contracts;
using G2PBridge.Modules.InKind.Domain;
using G2PBridge.Platform.Persistence;
using Npgsql;

namespace G2PBridge.Modules.InKind.Persistence;

/// <summary>A task leased to this worker; every later statement about it carries the fence.</summary>
internal sealed record ClaimedTask(
    string BatchId, TaskKind Kind, long Fence, int FailedAttempts, short Rounds, string EnvelopeId, SeqRange Lines, bool NeedsWarehouse, bool IsCash,
    int? ProgrammeId, int? BenefitCodeId, int? CycleId, string? TargetRegistry);

/// <summary>How an attempt ended. <paramref name="Answered"/>: the outside party said something, so it counts as a round.</summary>
internal sealed record TaskOutcome(TaskState State, string Cause, DateTimeOffset DueAt, bool Answered, string? ErrorCode = null, string? Error = null);

/// <summary>
/// The tasks: one row per batch and kind. Due times are business time; leases are the database's, so that replicas with clocks of their own agree on
/// who is dead. Nothing here moves money, so a dead worker's task is simply done again; the fence lets only one of the two settle.
/// </summary>
internal sealed class TaskStore(BridgeDatabase source, TimeProvider clock)
{
    /// <summary>A second time, or a second replica, inserts nothing.</summary>
    public Task<int> TakeInAsync(IReadOnlyList<(BatchFacts Batch, EnvelopeFacts Envelope)> batches, CancellationToken cancellationToken) => source.ExecuteAsync(
        """
        with taken as (
            insert into in_kind.batch (batch_id, envelope_id, envelope_number, first_seq, last_seq, needs_warehouse, is_cash, programme_id, benefit_code_id, cycle_id, target_registry, taken_at)
            select *, $12 from unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bool[], $7::bool[], $8::int[], $9::int[], $10::int[], $11::text[])
            on conflict do nothing returning batch_id),
        begun as (
            insert into in_kind.task (batch_id, kind, state, attempts, failed_attempts, rounds, due_at, fence)
            select batch_id, 'GeoResolution', 'Pending', 0, 0, 0, $12, 0 from taken returning batch_id)
        insert into in_kind.task_history (batch_id, kind, at, from_state, to_state, cause, actor)
        select batch_id, 'GeoResolution', $12, null, 'Pending', 'taken', 'in-kind' from begun
        """,
        [
            batches.Select(pair => pair.Batch.Id).ToArray(), batches.Select(pair => pair.Batch.EnvelopeId).ToArray(), batches.Select(pair => pair.Batch.EnvelopeNumber).ToArray(),
            batches.Select(pair => pair.Batch.Lines.First).ToArray(), batches.Select(pair => pair.Batch.Lines.Last).ToArray(),
            batches.Select(pair => pair.Envelope.BenefitType != BenefitType.CashPhysical).ToArray(), batches.Select(pair => pair.Envelope.BenefitType == BenefitType.CashPhysical).ToArray(),
            batches.Select(pair => pair.Envelope.ProgrammeId).ToArray(), batches.Select(pair => pair.Envelope.BenefitCodeId).ToArray(),
            batches.Select(pair => pair.Batch.CycleId ?? pair.Envelope.CycleId).ToArray(), batches.Select(pair => pair.Envelope.TargetRegistry).ToArray(), clock.GetUtcNow(),
        ],
        cancellationToken);

    /// <summary>Frees the tasks of dead workers and leases the one of these kinds that has been due longest; null when nothing is due. Two partial indexes.</summary>
    public async Task<ClaimedTask?> ClaimAsync(IReadOnlyList<TaskKind> kinds, TimeSpan lease, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        const string Free =
            """
            with dead as (select batch_id, kind from in_kind.task where state = 'Working' and lease_until < now() for update skip locked),
            freed as (
                update in_kind.task t set state = 'Pending', lease_until = null, fence = t.fence + 1, failed_attempts = t.failed_attempts + 1, last_error_code = $2, due_at = $1
                from dead where t.batch_id = dead.batch_id and t.kind = dead.kind returning t.batch_id, t.kind)
            insert into in_kind.task_history (batch_id, kind, at, from_state, to_state, cause, actor)
            select batch_id, kind, $1, 'Working', 'Pending', $2, 'recovery' from freed
            """;
        const string Claim =
            """
            with next as (
                select batch_id, kind, state from in_kind.task
                where kind = any($1) and state in ('Pending', 'Incomplete') and due_at <= $2
                order by due_at, batch_id limit 1 for update skip locked),
            claimed as (
                update in_kind.task t set state = 'Working', attempts = t.attempts + 1, fence = t.fence + 1, lease_until = now() + $3
                from next where t.batch_id = next.batch_id and t.kind = next.kind
                returning t.*, next.state as from_state),
            logged as (
                insert into in_kind.task_history (batch_id, kind, at, from_state, to_state, cause, actor)
                select batch_id, kind, $2, from_state, 'Working', 'claimed', 'in-kind' from claimed)
            select c.batch_id, c.kind, c.fence, c.failed_attempts, c.rounds, b.envelope_id, b.first_seq, b.last_seq, b.needs_warehouse, b.is_cash,
                b.programme_id, b.benefit_code_id, b.cycle_id, b.target_registry
            from claimed c join in_kind.batch b using (batch_id)
            """;
        var claimed = await source.ChangeAsync(
            (Free, [now, ReasonCodes.LeaseEnded]), (Claim, [kinds.Select(kind => kind.ToString()).ToArray(), now, lease]),
            reader => new ClaimedTask(
                reader.GetString(0), Enum.Parse<TaskKind>(reader.GetString(1)), reader.GetInt64(2), reader.GetInt32(3), reader.GetInt16(4), reader.GetString(5),
                new SeqRange(reader.GetInt64(6), reader.GetInt64(7)), reader.GetBoolean(8), reader.GetBoolean(9), NumberOrNull(reader, 10), NumberOrNull(reader, 11),
                NumberOrNull(reader, 12), reader.TextOrNull(13)),
            cancellationToken);
        return claimed.SingleOrDefault();
    }

    /// <summary>False when the lease was lost.</summary>
    public async Task<bool> RenewAsync(ClaimedTask task, TimeSpan lease, CancellationToken cancellationToken) => await source.ExecuteAsync(
        "update in_kind.task set lease_until = now() + $4 where batch_id = $1 and kind = $2 and fence = $3 and state = 'Working'",
        [task.BatchId, task.Kind.ToString(), task.Fence, lease], cancellationToken) == 1;

    /// <summary>
    /// Writes what an attempt brought and how the task stands, all or nothing; false when the lease was lost, then nothing is written.
    /// <paramref name="write"/> may say that more came meanwhile, which makes the task due again at once.
    /// </summary>
    public async Task<bool> SettleAsync(ClaimedTask task, TaskOutcome outcome, Func<NpgsqlConnection, Task<bool>> write, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using (var hold = await connection.PreparedAsync(
            "select 1 from in_kind.task where batch_id = $1 and kind = $2 and fence = $3 and state = 'Working' for update", cancellationToken, task.BatchId, task.Kind.ToString(), task.Fence))
        {
            if (await hold.ExecuteScalarAsync(cancellationToken) is null)
            {
                return false;
            }
        }

        var now = clock.GetUtcNow();
        var more = await write(connection);
        var to = TaskTransitions.Require(TaskState.Working, more ? TaskState.Pending : outcome.State);
        await using var batch = new NpgsqlBatch(connection);
        batch.Add(
            """
            update in_kind.task set state = $4, lease_until = null, due_at = $5, rounds = rounds + $6, failed_attempts = $7, last_error_code = $8::text, last_error = $9::text, settled_at = $10
            where batch_id = $1 and kind = $2 and fence = $3
            """,
            task.BatchId, task.Kind.ToString(), task.Fence, to.ToString(), more ? now : outcome.DueAt, (short)(outcome.Answered ? 1 : 0),
            outcome.ErrorCode is null ? 0 : task.FailedAttempts + 1, Short(outcome.ErrorCode, 64), Short(Masked.Text(outcome.Error), 500), now);
        batch.Add(
            "insert into in_kind.task_history (batch_id, kind, at, from_state, to_state, cause, actor) values ($1, $2, $3, 'Working', $4, $5, 'in-kind')",
            task.BatchId, task.Kind.ToString(), now, to.ToString(), Short(outcome.Cause, 200)!);
        await batch.RunPreparedAsync(cancellationToken);
        await source.CommitAsync(transaction, cancellationToken);
        return true;
    }

    /// <summary>
    /// Makes a task of a batch due, in the caller's transaction. One that is being worked on is left alone: its settlement waits for this transaction,
    /// and looks then whether more has come.
    /// </summary>
    public async Task WakeAsync(NpgsqlConnection connection, string batchId, TaskKind kind, CancellationToken cancellationToken)
    {
        await using var command = await connection.PreparedAsync(
            """
            with woken as (
                insert into in_kind.task (batch_id, kind, state, attempts, failed_attempts, rounds, due_at, fence) values ($1, $2, 'Pending', 0, 0, 0, $3, 0)
                on conflict (batch_id, kind) do update set state = case when task.state = 'Working' then 'Working' else 'Pending' end, due_at = least(task.due_at, $3)
                returning state)
            insert into in_kind.task_history (batch_id, kind, at, from_state, to_state, cause, actor)
            select $1, $2, $3, null, state, 'the task before brought something', 'in-kind' from woken where state = 'Pending'
            """, cancellationToken,
            batchId, kind.ToString(), clock.GetUtcNow());
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Everything of an envelope that left somebody out becomes due now; gives the number of tasks.</summary>
    public Task<int> WakeLeftOutAsync(string envelopeId, string actor, CancellationToken cancellationToken) => source.ExecuteAsync(
        """
        with chosen as (
            select t.batch_id, t.kind, t.state from in_kind.task t join in_kind.batch b using (batch_id)
            where b.envelope_id = $1 and t.state in ('Incomplete', 'Exhausted', 'Pending') order by 1, 2 for update of t),
        woken as (
            update in_kind.task t set state = 'Pending', due_at = least(t.due_at, $2)
            from chosen c where t.batch_id = c.batch_id and t.kind = c.kind returning t.batch_id, t.kind, c.state)
        insert into in_kind.task_history (batch_id, kind, at, from_state, to_state, cause, actor)
        select batch_id, kind, $2, state, 'Pending', 'asked again', $3 from woken
        """,
        [envelopeId, clock.GetUtcNow(), Short(actor, 200)], cancellationToken);

    private static string? Short(string? text, int length) => text is null || text.Length <= length ? text : text[..length];

    private static int? NumberOrNull(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetInt32(column);
}
