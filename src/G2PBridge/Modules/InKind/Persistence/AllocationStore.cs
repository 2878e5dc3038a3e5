using G2PBridge.Connectors;
using G2PBridge.Modules.InKind.Domain;
using G2PBridge.Platform.Persistence;
using G2PBridge.Platform.Protection;
using Npgsql;

namespace G2PBridge.Modules.InKind.Persistence;

/// <summary>
/// Reads the places of a batch that still need a warehouse or an agency and writes who serves them, all of a batch in one statement: some microseconds
/// a place. The column names are ours, made from the kind of task.
/// </summary>
internal sealed class AllocationStore(BridgeDatabase source, DataProtector protector)
{
    /// <summary>Goods come from a warehouse first, so a place without one is not looked at for an agency.</summary>
    public Task<List<OpenPlace>> ReadOpenAsync(ClaimedTask task, CancellationToken cancellationToken) => source.QueryAsync(
        $"select id, batch_id, {Zone(task.Kind)}, beneficiaries from in_kind.geo where batch_id = $1 and {Open(task)} order by number",
        [task.BatchId],
        reader => new OpenPlace(reader.GetString(0), reader.GetString(1), reader.GetString(2), reader.GetInt32(3)),
        cancellationToken);

    /// <summary>One pass over the places of the programme and benefit; the load counts this cycle only.</summary>
    public async Task<AllocationHistory> ReadHistoryAsync(ClaimedTask task, IReadOnlyList<OpenPlace> places, CancellationToken cancellationToken)
    {
        const string Programme = "b.programme_id is not distinct from $1 and b.benefit_code_id is not distinct from $2";
        var (point, zone) = (Point(task.Kind), Zone(task.Kind));
        var load = await source.QueryAsync(
            $"""
            select g.{point}_id, sum(g.beneficiaries)::bigint from in_kind.batch b join in_kind.geo g using (batch_id)
            where {Programme} and b.cycle_id is not distinct from $3 and g.{point}_id is not null group by 1
            """,
            [task.ProgrammeId, task.BenefitCodeId, task.CycleId], reader => KeyValuePair.Create(reader.GetString(0), reader.GetInt64(1)), cancellationToken);
        var last = await source.QueryAsync(
            $"""
            select distinct on (g.{zone}) g.{zone}, g.{point}_id from in_kind.batch b join in_kind.geo g using (batch_id)
            where {Programme} and g.{point}_id is not null and g.{zone} = any($3) order by g.{zone}, g.{point}_at desc, g.number desc
            """,
            [task.ProgrammeId, task.BenefitCodeId, places.Select(place => place.ZoneId).Distinct(StringComparer.Ordinal).ToArray()],
            reader => KeyValuePair.Create(reader.GetString(0), reader.GetString(1)), cancellationToken);
        return new AllocationHistory(new Dictionary<string, long>(load, StringComparer.Ordinal), new Dictionary<string, string>(last, StringComparer.Ordinal));
    }

    public async Task WriteAsync(
        NpgsqlConnection connection, ClaimedTask task, IReadOnlyList<OpenPlace> places, IReadOnlyDictionary<string, ServicePoint> chosen, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var point = Point(task.Kind);
        var reason = task.Kind == TaskKind.WarehouseAllocation ? ReasonCodes.NoWarehouse : ReasonCodes.NoAgency;
        var of = places.Select(place => chosen.GetValueOrDefault(place.GeoId)).ToList();
        var sealer = await protector.BeginAsync(connection, cancellationToken);
        var column = task.Kind == TaskKind.WarehouseAllocation ? InKindSeals.Warehouse : InKindSeals.Agency;
        await using var update = await connection.PreparedAsync(
            $"""
            update in_kind.geo g set {point}_id = new.id, {point}_mnemonic = new.mnemonic, {point}_name = new.name, {point}_sealed = new.sealed, {point}_benefit_description = new.benefit, {point}_reason = new.reason,
                {point}_at = case when new.id is null then null else $1::timestamptz end
            from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::bytea[], $7::text[], $8::text[]) as new(geo, id, mnemonic, name, sealed, benefit, reason)
            where g.id = new.geo and g.{point}_id is null
            """, cancellationToken,
            now, places.Select(place => place.GeoId).ToArray(), of.Select(p => p?.Id).ToArray(), of.Select(p => p?.Mnemonic).ToArray(), of.Select(p => p?.Name).ToArray(),
            places.Zip(of, (place, p) => p is null ? null : InKindSeals.OfPoint(sealer, column, place.GeoId, p.AdditionalInfo, p.AdminName, p.AdminEmail, p.AdminPhone)).ToArray(),
            of.Select(p => p?.BenefitDescription).ToArray(), of.Select(p => ReasonOf(p)).ToArray());
        await update.ExecuteNonQueryAsync(cancellationToken);

        string? ReasonOf(ServicePoint? p) => p is null ? reason
            : task is { Kind: TaskKind.AgencyAllocation, IsCash: true } && AgencyAccount.Parse(p.AdditionalInfo) is null ? ReasonCodes.AgencyWithoutAccount : null;
    }

    /// <summary>Places that came while this task was working and that it has not looked at.</summary>
    public static async Task<bool> HasUntouchedAsync(NpgsqlConnection connection, ClaimedTask task, CancellationToken cancellationToken)
    {
        await using var command = await connection.PreparedAsync($"select exists (select from in_kind.geo where batch_id = $1 and {Open(task)} and {Point(task.Kind)}_reason is null)", cancellationToken, task.BatchId);
        return (bool)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    private static string Point(TaskKind kind) => kind == TaskKind.WarehouseAllocation ? "warehouse" : "agency";

    private static string Zone(TaskKind kind) => kind == TaskKind.WarehouseAllocation ? "large_id" : "small_id";

    private static string Open(ClaimedTask task) => (task.Kind, task.NeedsWarehouse) switch
    {
        (TaskKind.WarehouseAllocation, _) => "warehouse_id is null",
        (_, true) => "agency_id is null and warehouse_id is not null",
        _ => "agency_id is null",
    };
}
