using G2PBridge.Modules.Envelopes.Contracts;
using G2PBridge.Modules.Envelopes.Domain;
using G2PBridge.Modules.Envelopes.Features;
using G2PBridge.Platform.Persistence;
using Npgsql;

namespace G2PBridge.Modules.Envelopes.Persistence;

/// <summary>
/// Decisions of persons about held lines. A decision is about the lines that were held when it was proposed; of two decisions about one line the
/// one that is confirmed first is carried out. Set statements, however many lines; the decision's row is what two confirmations take turns at.
/// </summary>
internal sealed class HoldDecisions(BridgeDatabase source)
{
    /// <param name="seqs">Only these lines; null: all of the envelope.</param>
    /// <returns>How many held lines it is about; nothing is stored for none.</returns>
    public async Task<int> ProposeAsync(HoldDecision decision, long[]? seqs, HoldKind? kind, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using (var insert = await connection.PreparedAsync(
            "insert into envelopes.hold_decision (id, envelope_id, action, state, reason, proposed_by, proposed_at) values ($1, $2, $3, 'Proposed', $4, $5, $6)", cancellationToken,
            decision.Id, decision.EnvelopeId, decision.Action.ToString(), decision.Reason, decision.ProposedBy, decision.ProposedAt))
        {
            await insert.ExecuteNonQueryAsync(cancellationToken);
        }

        await using var lines = await connection.PreparedAsync(
            """
            insert into envelopes.hold_decision_line (decision_id, seq, kind)
            select $1, h.seq, h.kind from envelopes.line_hold h
            where h.envelope_id = $2 and h.state = 'Held' and ($3::bigint[] is null or h.seq = any($3)) and ($4::text is null or h.kind = $4)
                and not exists (select from envelopes.cancellation c where c.seq = h.seq)
            """, cancellationToken,
            decision.Id, decision.EnvelopeId, seqs, kind?.ToString());
        var count = await lines.ExecuteNonQueryAsync(cancellationToken);
        if (count > 0)
        {
            await source.CommitAsync(transaction, cancellationToken);
        }

        return count;
    }

    public async Task<Result<DecideHolds.DecisionView>> ConfirmAsync(string envelopeId, Guid id, string actor, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var rows = await connection.QueryAsync(
            $"select {Columns} from envelopes.hold_decision w where w.id = $1 and w.envelope_id = $2 for update", [id, envelopeId], Read, cancellationToken);
        if (rows is not [var decision])
        {
            return new Refusal("DECISION_NOT_FOUND", "The envelope has no decision of this id; GET …/holds lists those that wait.", RefusalKind.NotFound);
        }

        if (Actor.MayConfirm(decision.ProposedBy, actor, "decision") is { } refusal)
        {
            return refusal;
        }

        if (decision.State == HoldDecisionState.Confirmed)
        {
            return decision;
        }

        var to = HoldTransitions.Require(HoldState.Held, decision.Action == HoldAction.Release ? HoldState.Released : HoldState.Dropped);
        var moved = await connection.QueryAsync(
            """
            with moved as (
                update envelopes.line_hold h set state = $2 from envelopes.hold_decision_line l
                where l.decision_id = $1 and h.seq = l.seq and h.kind = l.kind and h.state = 'Held' returning h.seq, h.kind),
            logged as (
                insert into envelopes.line_hold_history (seq, kind, at, from_state, to_state, cause, actor) select seq, kind, $3, 'Held', $2, $4, $5 from moved)
            select seq, kind from moved
            """,
            [id, to.ToString(), now, decision.Reason, $"{decision.ProposedBy}, confirmed by {actor}"],
            reader => (Seq: reader.GetInt64(0), Kind: Enum.Parse<HoldKind>(reader.GetString(1))), cancellationToken);
        if (moved.Count == 0)
        {
            return new Refusal("HOLD_NOT_OPEN", "None of the lines is held any more; GET …/holds shows what was decided.", RefusalKind.Conflict);
        }

        await using (var batch = new NpgsqlBatch(connection))
        {
            batch.Add("update envelopes.hold_decision set state = 'Confirmed', confirmed_by = $2, confirmed_at = $3 where id = $1", id, actor, now);
            if (to == HoldState.Released)
            {
                // From here on the person's place is the released line's, so that whatever comes later is measured against that.
                batch.Add(
                    $"""
                    insert into envelopes.entitlement (key, seq)
                    select distinct on (1) {Entitlements.KeyInSql}, d.seq from unnest($1::bigint[]) as k(seq)
                    cross join lateral (select l.seq, l.beneficiary_id from envelopes.disbursement l where l.seq = k.seq offset 0) d
                    join envelopes.envelope e on e.id = $2 order by 1, 2
                    on conflict (key) do update set seq = excluded.seq
                    """,
                    moved.Where(line => line.Kind == HoldKind.DuplicatePayment).Select(line => line.Seq).ToArray(), envelopeId);
            }

            await batch.RunPreparedAsync(cancellationToken);
        }

        await source.CommitAsync(transaction, cancellationToken);
        return decision with { State = HoldDecisionState.Confirmed, Lines = moved.Count, ConfirmedBy = actor };
    }

    /// <summary>Those of an envelope that wait for a second person, newest first.</summary>
    public async Task<IReadOnlyList<DecideHolds.DecisionView>> ProposedAsync(string envelopeId, CancellationToken cancellationToken) => await source.QueryAsync(
        $"select {Columns} from envelopes.hold_decision w where w.envelope_id = $1 and w.state = 'Proposed' order by w.proposed_at desc limit 50", [envelopeId], Read, cancellationToken);

    private const string Columns =
        "w.id, w.envelope_id, w.action, w.state, (select count(*)::int from envelopes.hold_decision_line l where l.decision_id = w.id), w.reason, w.proposed_by, w.confirmed_by";

    private static DecideHolds.DecisionView Read(NpgsqlDataReader reader) => new(
        reader.GetGuid(0), reader.GetString(1), Enum.Parse<HoldAction>(reader.GetString(2)), Enum.Parse<HoldDecisionState>(reader.GetString(3)), reader.GetInt32(4),
        reader.GetString(5), reader.GetString(6), reader.TextOrNull(7));
}
