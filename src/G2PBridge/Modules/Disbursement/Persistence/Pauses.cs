using G2PBridge.Modules.Disbursement.Contracts;
using G2PBridge.Modules.Disbursement.Domain;
using G2PBridge.Platform.Persistence;
using Npgsql;

namespace G2PBridge.Modules.Disbursement.Persistence;

/// <summary>A pause as it is on record.</summary>
internal sealed record PauseRow(
    long Id, PauseScope Scope, string Value, string Reason, string Actor, PauseState State, DateTimeOffset Since, DateTimeOffset? AcknowledgedAt, DateTimeOffset? LiftedAt);

/// <summary>
/// Puts pauses on record and tells whether one holds a chunk. Senders hold a gate shared while they look for a pause and write their
/// intent; whoever pauses holds it alone. So when a pause is on record every intent that did not see it is committed, and can be counted.
/// Pauses that hold are a handful, found by a partial index; the gate is one advisory lock of each transaction.
/// </summary>
internal sealed class Pauses(BridgeDatabase source, TimeProvider clock)
{
    private const int LockClass = 0x6734;

    private const string Columns = "id, scope, value, reason, actor, state, since, acknowledged_at, lifted_at";

    /// <summary>That pause p is about chunk c.</summary>
    public const string Concerns =
        """
        (p.scope = 'All' or (p.scope = 'Bank' and p.value = c.bank_code) or (p.scope = 'Envelope' and p.value = c.envelope_id)
            or (p.scope = 'Programme' and p.value = (select e.programme_mnemonic from disbursement.envelope e where e.envelope_id = c.envelope_id)))
        """;

    /// <summary>That some pause holds chunk c.</summary>
    public const string Held = $"exists (select from disbursement.pause p where p.state <> 'Lifted' and {Concerns})";

    /// <summary>Asked in the transaction that writes the intent. Two statements, so that the second sees what was committed while the first waited.</summary>
    public static async Task<bool> HoldAsync(NpgsqlConnection connection, long chunkId, CancellationToken cancellationToken)
    {
        await using (var gate = await connection.PreparedAsync("select pg_advisory_xact_lock_shared($1, 0)", cancellationToken, LockClass))
        {
            await gate.ExecuteNonQueryAsync(cancellationToken);
        }

        await using var held = await connection.PreparedAsync($"select {Held} from disbursement.chunk c where c.id = $1", cancellationToken, chunkId);
        return await held.ExecuteScalarAsync(cancellationToken) is true;
    }

    /// <summary>The pause of this scope: a new one, or the one that holds it already.</summary>
    public async Task<PauseRow> PauseAsync(PauseScope scope, string value, string reason, string actor, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await CloseGateAsync(connection, cancellationToken);
        await AddAsync(connection, scope, value, reason, actor, clock.GetUtcNow(), cancellationToken);
        await AcknowledgeAsync(connection, cancellationToken);
        var rows = await connection.QueryAsync(
            $"select {Columns} from disbursement.pause where scope = $1 and value = $2 and state <> 'Lifted'", [scope.ToString(), value], Read, cancellationToken);
        await source.CommitAsync(transaction, cancellationToken);
        return rows.Single();
    }

    /// <summary>
    /// Puts a pause on record in a transaction of the caller's that does not hold the gate: whoever acknowledges it takes the gate first, so
    /// an intent that did not see it is still counted. False when one of this scope holds already.
    /// </summary>
    public static async Task<bool> AddAsync(NpgsqlConnection connection, PauseScope scope, string value, string reason, string actor, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var insert = await connection.PreparedAsync(
            """
            with added as (
                insert into disbursement.pause (scope, value, reason, actor, state, since) values ($1, $2, $3, $4, 'Stopping', $5)
                on conflict (scope, value) where state <> 'Lifted' do nothing returning id)
            insert into disbursement.pause_history (pause_id, at, from_state, to_state, cause, actor)
            select id, $5, null, 'Stopping', $3, $4 from added
            """, cancellationToken,
            scope.ToString(), value, reason, actor, now);
        return await insert.ExecuteNonQueryAsync(cancellationToken) > 0;
    }

    /// <summary>Ends a pause; one that is over stays as it is. Null when there is none of this id.</summary>
    public async Task<PauseRow?> LiftAsync(long id, string actor, CancellationToken cancellationToken)
    {
        await source.ExecuteAsync(
            """
            with held as (select id, state from disbursement.pause where id = $1 and state <> 'Lifted' for update),
            moved as (
                update disbursement.pause p set state = 'Lifted', lifted_at = $2, lifted_after = (select coalesce(max(h.id), 0) from disbursement.chunk_history h),
                    outcomes_seen = (select max(o.id) from disbursement.bank_outcome o where p.scope = 'Bank' and o.bank_code = p.value)
                from held where p.id = held.id returning p.id, held.state as from_state)
            insert into disbursement.pause_history (pause_id, at, from_state, to_state, cause, actor)
            select id, $2, from_state, 'Lifted', 'resumed', $3 from moved
            """,
            [id, clock.GetUtcNow(), actor],
            cancellationToken);
        var rows = await source.QueryAsync($"select {Columns} from disbursement.pause where id = $1", [id], Read, cancellationToken);
        return rows.SingleOrDefault();
    }

    /// <summary>The pauses that hold, each acknowledged as soon as nothing of its scope is on its way.</summary>
    public async Task<List<PauseRow>> ActiveAsync(CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        var active = await HoldingAsync(connection, cancellationToken);
        if (!active.Exists(pause => pause.State == PauseState.Stopping))
        {
            return active;
        }

        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await CloseGateAsync(connection, cancellationToken);
        await AcknowledgeAsync(connection, cancellationToken);
        active = await HoldingAsync(connection, cancellationToken);
        await source.CommitAsync(transaction, cancellationToken);
        return active;
    }

    private static Task<List<PauseRow>> HoldingAsync(NpgsqlConnection connection, CancellationToken cancellationToken) =>
        connection.QueryAsync($"select {Columns} from disbursement.pause where state <> 'Lifted' order by id", [], Read, cancellationToken);

    /// <summary>Every intent that did not see what is on record by now is committed when this returns, and none is written until the transaction ends.</summary>
    private static async Task CloseGateAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var gate = await connection.PreparedAsync("select pg_advisory_xact_lock($1, 0)", cancellationToken, LockClass);
        await gate.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>An order whose holder is dead is with the bank or it is not; it becomes unknown, and nothing of it is sent any more.</summary>
    private async Task AcknowledgeAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        PauseTransitions.Require(PauseState.Stopping, PauseState.Paused);
        await using var acknowledge = await connection.PreparedAsync(
            $"""
            with moved as (
                update disbursement.pause p set state = 'Paused', acknowledged_at = $1, acknowledged_after = (select coalesce(max(h.id), 0) from disbursement.chunk_history h)
                where p.state = 'Stopping'
                    and not exists (select from disbursement.chunk c where c.state = 'Sending' and c.lease_until > now() and {Concerns})
                returning p.id)
            insert into disbursement.pause_history (pause_id, at, from_state, to_state, cause, actor)
            select id, $1, 'Stopping', 'Paused', 'nothing is on its way', 'disbursement' from moved
            """, cancellationToken,
            clock.GetUtcNow());
        await acknowledge.ExecuteNonQueryAsync(cancellationToken);
    }

    private static PauseRow Read(NpgsqlDataReader reader) => new(
        reader.GetInt64(0), Enum.Parse<PauseScope>(reader.GetString(1)), reader.GetString(2), reader.GetString(3), reader.GetString(4), Enum.Parse<PauseState>(reader.GetString(5)),
        reader.GetFieldValue<DateTimeOffset>(6), reader.TimeOrNull(7), reader.TimeOrNull(8));
}
