using G2PBridge.Modules.Envelopes.Contracts;
using G2PBridge.Modules.Envelopes.Domain;
using G2PBridge.Platform.Persistence;
using Npgsql;

namespace G2PBridge.Modules.Envelopes.Persistence;

/// <param name="OtherSeq">The line that it collides with.</param>
internal sealed record HoldEntry(long Seq, decimal Quantity, long? OtherSeq);

/// <summary>
/// Holds: rows exist only for lines that a rule objects to, so the usual envelope has none. Everything here goes by primary key or by the index on
/// envelope and line; reading the lines to be sent leaves the held ones out by a partial index.
/// </summary>
internal sealed class LineHolds(BridgeDatabase source)
{
    /// <summary>That a line, row <c>d</c>, must not be sent now.</summary>
    public const string Stops = "exists (select from envelopes.line_hold h where h.seq = d.seq and h.state in ('Held', 'Dropped'))";

    /// <summary>Puts holds on record with their history; a line that has one of this kind keeps it, whatever was decided about it. Gives those that are new.</summary>
    public static Task<List<long>> PlaceAsync(
        NpgsqlConnection connection, string envelopeId, HoldKind kind, HoldState state, IReadOnlyList<HoldEntry> entries, string cause, string actor, DateTimeOffset now, CancellationToken cancellationToken) => connection.QueryAsync(
        """
        with placed as (
            insert into envelopes.line_hold (seq, kind, envelope_id, quantity, state, other_seq, since)
            select seq, $4, $5, quantity, $6, other, $9 from unnest($1::bigint[], $2::numeric[], $3::bigint[]) as n(seq, quantity, other)
            on conflict (seq, kind) do nothing
            returning seq),
        logged as (
            insert into envelopes.line_hold_history (seq, kind, at, from_state, to_state, cause, actor)
            select seq, $4, $9, null, $6, $7, $8 from placed)
        select seq from placed
        """,
        [
            entries.Select(entry => entry.Seq).ToArray(), entries.Select(entry => entry.Quantity).ToArray(), entries.Select(entry => entry.OtherSeq).ToArray(),
            kind.ToString(), envelopeId, state.ToString(), cause, actor, now,
        ],
        reader => reader.GetInt64(0), cancellationToken);

    /// <summary>Cancelled lines wait for nobody.</summary>
    public static async Task DropCancelledAsync(NpgsqlConnection connection, long[] seqs, string actor, DateTimeOffset now, CancellationToken cancellationToken)
    {
        HoldTransitions.Require(HoldState.Held, HoldState.Dropped);
        await using var drop = await connection.PreparedAsync(
            """
            with dropped as (update envelopes.line_hold set state = 'Dropped' where seq = any($1) and state = 'Held' returning seq, kind)
            insert into envelopes.line_hold_history (seq, kind, at, from_state, to_state, cause, actor) select seq, kind, $2, 'Held', 'Dropped', 'cancelled by partner', $3 from dropped
            """, cancellationToken,
            seqs, now, actor);
        await drop.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Cancelled lines are left out: they are accounted for as such.</summary>
    public Task<List<HeldLine>> ListAsync(ListHolds asked, CancellationToken cancellationToken) => source.QueryAsync(
        """
        select h.seq, h.kind, h.state, h.envelope_id, h.quantity, h.other_seq, h.since, w.id, w.reason
        from envelopes.line_hold h
        left join lateral (
            select w.id, w.reason from envelopes.hold_decision_line l join envelopes.hold_decision w on w.id = l.decision_id
            where l.seq = h.seq and l.kind = h.kind order by w.state, w.proposed_at desc limit 1) w on true
        where h.envelope_id = $1 and h.seq > $2 and ($4::text is null or h.state = $4) and ($5::text is null or h.kind = $5) and (not $6 or h.state <> 'Released')
            and not exists (select from envelopes.cancellation c where c.seq = h.seq)
        order by h.seq, h.kind limit $3
        """,
        [asked.EnvelopeId, asked.After, asked.Limit, asked.State?.ToString(), asked.Kind?.ToString(), asked.Open],
        Read, cancellationToken);

    public Task<List<HoldCount>> CountAsync(IReadOnlyCollection<string> envelopeIds, CancellationToken cancellationToken) => source.QueryAsync(
        """
        select h.envelope_id, h.kind, h.state, count(*)::int, sum(h.quantity) from envelopes.line_hold h
        where h.envelope_id = any($1) and not exists (select from envelopes.cancellation c where c.seq = h.seq)
        group by 1, 2, 3 order by 1, 2, 3
        """,
        [envelopeIds.ToArray()],
        reader => new HoldCount(reader.GetString(0), Enum.Parse<HoldKind>(reader.GetString(1)), Enum.Parse<HoldState>(reader.GetString(2)), reader.GetInt32(3), reader.GetDecimal(4)),
        cancellationToken);

    public Task<List<HoldEvent>> HistoryAsync(long seq, CancellationToken cancellationToken) => source.QueryAsync(
        "select at, kind, to_state, cause, actor from envelopes.line_hold_history where seq = $1 order by id", [seq],
        reader => new HoldEvent(reader.GetFieldValue<DateTimeOffset>(0), Enum.Parse<HoldKind>(reader.GetString(1)), Enum.Parse<HoldState>(reader.GetString(2)), reader.GetString(3), reader.GetString(4)),
        cancellationToken);

    public async Task<int> UndecidedAsync(string envelopeId, CancellationToken cancellationToken) => (await source.QueryAsync(
        """
        select count(*)::int from envelopes.line_hold h
        where h.envelope_id = $1 and (h.state = 'Held' or (h.state = 'Released' and h.taken_at is null)) and not exists (select from envelopes.cancellation c where c.seq = h.seq)
        """,
        [envelopeId], reader => reader.GetInt32(0), cancellationToken))[0];

    public async Task<int> HeldOfBatchAsync(string batchId, CancellationToken cancellationToken) => (await source.QueryAsync(
        "select count(*)::int from envelopes.batch b join envelopes.line_hold h on h.seq between b.first_seq and b.last_seq where b.id = $1 and h.state = 'Held'",
        [batchId], reader => reader.GetInt32(0), cancellationToken))[0];

    public Task<List<ReleasedLine>> ReleasedAsync(int limit, CancellationToken cancellationToken) => source.QueryAsync(
        "select seq, kind from envelopes.line_hold where state = 'Released' and taken_at is null order by seq, kind limit $1", [limit],
        reader => new ReleasedLine(reader.GetInt64(0), Enum.Parse<HoldKind>(reader.GetString(1))), cancellationToken);

    public Task<int> AcknowledgeAsync(IReadOnlyCollection<ReleasedLine> lines, DateTimeOffset now, CancellationToken cancellationToken) => source.ExecuteAsync(
        "update envelopes.line_hold h set taken_at = $3 from unnest($1::bigint[], $2::text[]) as n(seq, kind) where h.seq = n.seq and h.kind = n.kind and h.taken_at is null",
        [lines.Select(line => line.Seq).ToArray(), lines.Select(line => line.Kind.ToString()).ToArray(), now], cancellationToken);

    private static HeldLine Read(NpgsqlDataReader reader) => new(
        reader.GetInt64(0), Enum.Parse<HoldKind>(reader.GetString(1)), Enum.Parse<HoldState>(reader.GetString(2)), reader.GetString(3), reader.GetDecimal(4),
        reader.IsDBNull(5) ? null : reader.GetInt64(5), reader.GetFieldValue<DateTimeOffset>(6), reader.IsDBNull(7) ? null : reader.GetGuid(7), reader.TextOrNull(8));
}
