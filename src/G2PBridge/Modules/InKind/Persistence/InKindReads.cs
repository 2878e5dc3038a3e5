using G2PBridge.Modules.InKind.Contracts;
using G2PBridge.Platform.Persistence;
using G2PBridge.Platform.Protection;
using Npgsql;

namespace G2PBridge.Modules.InKind.Persistence;

/// <summary>
/// What other modules may know. Places are a few thousand rows an envelope, by an index on it. What was cancelled after it was placed is left out by number:
/// cancellations are few, and there is usually none.
/// </summary>
internal sealed class InKindReads(BridgeDatabase source, DataProtector protector)
{
    private const string Geos =
        """
        select g.id, g.number, g.envelope_id, g.batch_id, g.large_id, g.large_mnemonic, g.small_id, g.small_mnemonic, g.beneficiaries - coalesce(c.lines, 0), g.quantity - coalesce(c.quantity, 0),
            g.warehouse_id, g.warehouse_mnemonic, g.warehouse_name, g.warehouse_sealed, g.warehouse_benefit_description, g.warehouse_reason,
            g.agency_id, g.agency_mnemonic, g.agency_name, g.agency_sealed, g.agency_benefit_description, g.agency_reason
        from in_kind.geo g
        left join (select geo_id, count(*)::int as lines, sum(quantity) as quantity from in_kind.beneficiary where seq = any($2) group by geo_id) c on c.geo_id = g.id
        """;

    public Task<List<GeoFacts>> GeosOfBatchAsync(string batchId, IReadOnlyList<long> cancelled, CancellationToken cancellationToken) =>
        source.QueryAsync($"{Geos} where g.batch_id = $1 order by g.number", [batchId, cancelled.ToArray()], Geo, cancellationToken);

    public Task<List<GeoFacts>> GeosOfEnvelopeAsync(string envelopeId, IReadOnlyList<long> cancelled, CancellationToken cancellationToken) =>
        source.QueryAsync($"{Geos} where g.envelope_id = $1 order by g.number", [envelopeId, cancelled.ToArray()], Geo, cancellationToken);

    public Task<List<GeoFacts>> GeosByNumberAsync(IReadOnlyCollection<long> numbers, IReadOnlyList<long> cancelled, CancellationToken cancellationToken) =>
        source.QueryAsync($"{Geos} where g.number = any($1) order by g.number", [numbers.ToArray(), cancelled.ToArray()], Geo, cancellationToken);

    public Task<List<(string Kind, string State, DateTimeOffset? At, string? Code, int Attempts, int Failed)>> TasksAsync(string batchId, CancellationToken cancellationToken) => source.QueryAsync(
        "select kind, state, settled_at, last_error_code, attempts, failed_attempts from in_kind.task where batch_id = $1", [batchId],
        reader => (reader.GetString(0), reader.GetString(1), reader.TimeOrNull(2), reader.TextOrNull(3), reader.GetInt32(4), reader.GetInt32(5)), cancellationToken);

    public async Task<InKindProgress?> ProgressAsync(string envelopeId, IReadOnlyList<long> cancelled, CancellationToken cancellationToken) => (await source.QueryAsync(
        """
        with geo as (
            select g.*, g.beneficiaries - coalesce(c.lines, 0) as left_lines, g.quantity - coalesce(c.quantity, 0) as left_quantity
            from in_kind.geo g
            left join (select geo_id, count(*)::int as lines, sum(quantity) as quantity from in_kind.beneficiary where seq = any($2) group by geo_id) c on c.geo_id = g.id
            where g.envelope_id = $1),
        missing as (select count(*)::int as lines, coalesce(sum(quantity), 0) as quantity from in_kind.missing where envelope_id = $1 and seq <> all($2)),
        proof as (select count(*)::int as lines, coalesce(sum(quantity), 0) as quantity from in_kind.proof where envelope_id = $1),
        task as (select coalesce(bool_or(t.settled_at is null), false) as waiting from in_kind.batch b join in_kind.task t using (batch_id) where b.envelope_id = $1)
        select count(geo.id)::int, coalesce(sum(geo.left_lines), 0)::int, coalesce(sum(geo.left_quantity), 0), missing.lines, missing.quantity,
            coalesce(sum(geo.left_lines) filter (where geo.agency_reason is not null or geo.warehouse_reason is not null), 0)::int,
            coalesce(sum(geo.left_quantity) filter (where geo.agency_reason is not null or geo.warehouse_reason is not null), 0),
            count(distinct geo.warehouse_id)::int, count(distinct geo.agency_id)::int, proof.lines, proof.quantity, task.waiting
        from missing cross join proof cross join task left join geo on true
        group by missing.lines, missing.quantity, proof.lines, proof.quantity, task.waiting
        """,
        [envelopeId, cancelled.ToArray()],
        reader => new InKindProgress(
            envelopeId, reader.GetInt32(0), reader.GetInt32(1), reader.GetDecimal(2), reader.GetInt32(3), reader.GetDecimal(4), reader.GetInt32(5), reader.GetDecimal(6),
            reader.GetInt32(7), reader.GetInt32(8), reader.GetInt32(9), reader.GetDecimal(10), reader.GetBoolean(11)),
        cancellationToken)).SingleOrDefault();

    public Task<List<MissingLine>> MissingAsync(ListMissingLines request, IReadOnlyList<long> cancelled, CancellationToken cancellationToken) => source.QueryAsync(
        """
        select m.seq, m.reason_code, m.attempts, m.last_attempt_at, case when t.state = 'Incomplete' then t.due_at end
        from in_kind.missing m join in_kind.task t on t.batch_id = m.batch_id and t.kind = 'GeoResolution'
        where m.envelope_id = $1 and m.seq > $2 and m.seq <> all($3) and ($4::text is null or m.reason_code = $4) order by m.seq limit $5
        """,
        [request.EnvelopeId, request.After, cancelled.ToArray(), request.ReasonCode, request.Limit],
        reader => new MissingLine(reader.GetInt64(0), reader.GetString(1), reader.GetInt32(2), reader.GetFieldValue<DateTimeOffset>(3), reader.TimeOrNull(4)),
        cancellationToken);

    public Task<List<MissingCount>> MissingCountsAsync(string envelopeId, IReadOnlyList<long> cancelled, CancellationToken cancellationToken) => source.QueryAsync(
        "select reason_code, count(*)::int from in_kind.missing where envelope_id = $1 and seq <> all($2) group by 1 order by 2 desc, 1", [envelopeId, cancelled.ToArray()],
        reader => new MissingCount(reader.GetString(0), reader.GetInt32(1)), cancellationToken);

    private GeoFacts Geo(NpgsqlDataReader reader) => new(
        reader.GetString(0), reader.GetInt64(1), reader.GetString(2), reader.GetString(3), reader.GetString(4), reader.TextOrNull(5), reader.GetString(6), reader.TextOrNull(7),
        reader.GetInt32(8), reader.GetDecimal(9), InKindSeals.ReadPoint(protector, InKindSeals.Warehouse, reader, 10), reader.TextOrNull(15),
        InKindSeals.ReadPoint(protector, InKindSeals.Agency, reader, 16), reader.TextOrNull(21));
}
