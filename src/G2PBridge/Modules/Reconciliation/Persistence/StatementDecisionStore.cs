using G2PBridge.Modules.Reconciliation.Domain;
using G2PBridge.Platform.Persistence;
using Npgsql;

namespace G2PBridge.Modules.Reconciliation.Persistence;

/// <summary>A decision about held statements, as it was written.</summary>
/// <param name="Statements">Positions in the file, rising.</param>
internal sealed record StatementDecision(
    Guid Id, StatementDecisionKind Kind, DecisionState State, IReadOnlyList<int> Statements, string Reason, string ProposedBy, DateTimeOffset ProposedAt, string? ConfirmedBy,
    DateTimeOffset? ConfirmedAt);

/// <summary>
/// Decisions about the held statements of a file. They take turns behind the file's row, which a reader has to claim as well: while the
/// file waits or is being read, nothing is decided about it. A handful of rows each, by primary key.
/// </summary>
internal sealed class StatementDecisionStore(BridgeDatabase source, TimeProvider clock)
{
    private const string Columns = "id, kind, state, statements, reason, proposed_by, proposed_at, confirmed_by, confirmed_at";

    public Task<List<StatementDecision>> ListAsync(long file, CancellationToken cancellationToken) => source.QueryAsync(
        $"select {Columns} from reconciliation.statement_decision where file = $1 order by proposed_at, id", [file], Read, cancellationToken);

    /// <summary>Records the proposal; one that waits already is superseded, or given back where the same person says the same again.</summary>
    /// <param name="statement">Position in the file; null: all that are held.</param>
    public async Task<Result<StatementDecision>> ProposeAsync(
        Guid fileId, StatementDecisionKind kind, int? statement, string reason, string actor, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var locked = await LockAsync(connection, fileId, cancellationToken);
        if (locked.Refusal is { } refusal)
        {
            return refusal;
        }

        var file = locked.Value.Number;
        var held = await connection.QueryAsync(
            "select no, coalesce(content_fingerprint, '') from reconciliation.statement where file = $1 and state = 'Held' and ($2::int is null or no = $2) order by no",
            [file, statement], reader => (No: reader.GetInt32(0), Fingerprint: reader.GetString(1)), cancellationToken);
        if (held.Count == 0)
        {
            return NotHeld();
        }

        var wanted = held.ConvertAll(row => row.No);
        var waiting = await connection.QueryAsync(
            $"select {Columns} from reconciliation.statement_decision where file = $1 and state = 'Proposed'", [file], Read, cancellationToken);
        if (waiting is [var same] && same.Kind == kind && same.Reason == reason && same.ProposedBy == actor && same.Statements.SequenceEqual(wanted))
        {
            return same;
        }

        var decision = new StatementDecision(Guid.CreateVersion7(now), kind, DecisionState.Proposed, wanted, reason, actor, now, null, null);
        await using var batch = new NpgsqlBatch(connection);
        if (waiting is [var old])
        {
            batch.Add("update reconciliation.statement_decision set state = $2 where id = $1", old.Id, Decisions.Move(old.State, DecisionState.Superseded).ToString());
            DecisionStore.AddHistory(batch, old.Id, old.State, DecisionState.Superseded, $"decision {decision.Id}", actor, now);
        }

        batch.Add(
            """
            insert into reconciliation.statement_decision (id, file, kind, state, statements, fingerprints, reason, proposed_by, proposed_at)
            values ($1, $2, $3, 'Proposed', $4, $5, $6, $7, $8)
            """,
            decision.Id, file, kind.ToString(), wanted.ToArray(), held.Select(row => row.Fingerprint).ToArray(), reason, actor, now);
        DecisionStore.AddHistory(batch, decision.Id, null, DecisionState.Proposed, reason, actor, now);
        await batch.RunPreparedAsync(cancellationToken);
        await source.CommitAsync(transaction, cancellationToken);
        return decision;
    }

    /// <summary>
    /// Puts the decision into force. What is released goes back to the queue with its file and is booked by the reader, as if it had never
    /// been held; what is discarded stays as it is for good. Confirming again changes nothing.
    /// </summary>
    public async Task<Result<StatementDecision>> ConfirmAsync(Guid fileId, Guid id, string actor, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var locked = await LockAsync(connection, fileId, cancellationToken);
        var found = await connection.QueryAsync(
            $"select {Columns} from reconciliation.statement_decision where id = $1 and file = (select number from reconciliation.statement_file where id = $2)",
            [id, fileId], Read, cancellationToken);
        if (found is not [var decision])
        {
            return locked.Refusal is { Kind: RefusalKind.NotFound } noFile ? noFile : new Refusal("DECISION_NOT_FOUND", "The file has no decision with this id.", RefusalKind.NotFound);
        }

        if (Decisions.Judge(decision.State, decision.ProposedBy, actor) is { } unfit)
        {
            return unfit;
        }

        if (decision.State == DecisionState.Confirmed)
        {
            return decision;
        }

        if (locked.Refusal is { } refusal)
        {
            return refusal;
        }

        var (file, state) = locked.Value;
        var held = await connection.QueryAsync(
            """
            select s.no from reconciliation.statement_decision d cross join unnest(d.statements, d.fingerprints) as n(no, fingerprint)
            join reconciliation.statement s on s.file = d.file and s.no = n.no and s.state = 'Held' and coalesce(s.content_fingerprint, '') = n.fingerprint
            where d.id = $1
            """,
            [id], reader => reader.GetInt32(0), cancellationToken);
        if (held.Count != decision.Statements.Count)
        {
            return NotHeld();
        }

        await using var batch = new NpgsqlBatch(connection);
        batch.Add(
            "update reconciliation.statement_decision set state = $2, confirmed_by = $3, confirmed_at = $4 where id = $1",
            id, Decisions.Move(decision.State, DecisionState.Confirmed).ToString(), actor, now);
        DecisionStore.AddHistory(batch, id, decision.State, DecisionState.Confirmed, "confirmed by a second person", actor, now);
        if (decision.Kind == StatementDecisionKind.Release)
        {
            var to = FileTransitions.Move(state, FileState.Received);
            batch.Add(
                "update reconciliation.statement_file set state = $2, attempts = 0, due_at = $3, error_code = null, error_text = null where number = $1", file, to.ToString(), now);
            AddFileHistory(batch, fileId, state, to, $"released: decision {id}", actor, now);
        }
        else
        {
            batch.Add("update reconciliation.statement set state = 'Discarded' where file = $1 and no = any($2)", file, held.ToArray());
            AddFileHistory(batch, fileId, state, state, $"discarded: decision {id}", actor, now);
        }

        await batch.RunPreparedAsync(cancellationToken);
        await source.CommitAsync(transaction, cancellationToken);
        return decision with { State = DecisionState.Confirmed, ConfirmedBy = actor, ConfirmedAt = now };
    }

    private static async Task<Result<(long Number, FileState State)>> LockAsync(NpgsqlConnection connection, Guid fileId, CancellationToken cancellationToken)
    {
        var rows = await connection.QueryAsync(
            "select number, state, duplicate_of from reconciliation.statement_file where id = $1 for update", [fileId],
            reader => (Number: reader.GetInt64(0), State: Enum.Parse<FileState>(reader.GetString(1)), DuplicateOf: reader.IsDBNull(2) ? (Guid?)null : reader.GetGuid(2)), cancellationToken);
        return rows switch
        {
            [] => new Refusal("STATEMENT_NOT_FOUND", "No statement file has this id.", RefusalKind.NotFound),
            [{ DuplicateOf: { } first }] => new Refusal("STATEMENT_NOT_HELD", $"The file holds the same bytes as {first}; decide about that one.", RefusalKind.Conflict),
            [{ State: FileState.Processed or FileState.Error } row] => (row.Number, row.State),
            _ => new Refusal("FILE_NOT_READ", "The file is still being read; decide when it is PROCESSED or ERROR.", RefusalKind.Conflict),
        };
    }

    private static Refusal NotHeld() => new("STATEMENT_NOT_HELD", "The file has no such statement that is held; GET /v1/statements/{id} shows the state of each.", RefusalKind.Conflict);

    private static void AddFileHistory(NpgsqlBatch batch, Guid fileId, FileState from, FileState to, string cause, string actor, DateTimeOffset now) => batch.Add(
        "insert into reconciliation.statement_file_history (file_id, at, from_state, to_state, cause, actor) values ($1, $2, $3, $4, $5, $6)",
        fileId, now, from.ToString(), to.ToString(), cause, actor);

    private static StatementDecision Read(NpgsqlDataReader reader) => new(
        reader.GetGuid(0), Enum.Parse<StatementDecisionKind>(reader.GetString(1)), Enum.Parse<DecisionState>(reader.GetString(2)), reader.GetFieldValue<int[]>(3), reader.GetString(4),
        reader.GetString(5), reader.GetFieldValue<DateTimeOffset>(6), reader.TextOrNull(7), reader.TimeOrNull(8));
}
