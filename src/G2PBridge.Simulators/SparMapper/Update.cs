using G2PBridge.Simulators.Faults;
using G2PBridge.Simulators.Platform;
using Npgsql;

namespace G2PBridge.Simulators.SparMapper;

/// <summary>Gives persons another address, all in one statement; the last mention of a person wins.</summary>
internal static class Update
{
    private const string Operation = "update";

    private static readonly MapperCall Call = new(Operation, p => p.UpdateRequest, UpdateAsync);

    public static void Map(IEndpointRouteBuilder routes, string prefix, FaultGate gate) =>
        routes.MapPost(prefix + Operation, gate.Guard(Operation, Call.HandleAsync));

    private static async Task<List<MapperAnswer>> UpdateAsync(
        List<MapperItem> items, NpgsqlConnection connection, TimeProvider clock, CancellationToken ct)
    {
        var checkedItems = MapperChecks.WithIdAndAddress(items, mustBeDistinct: false);
        var good = checkedItems.Where(c => c.Problem is null).GroupBy(c => c.Item.Id, StringComparer.Ordinal).Select(g => g.Last()).ToList();
        var updated = (await connection.ListAsync(
            """
            with wanted as (
                select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[]) as w (id, fa, name, phone, info)),
            locked as (
                select l.id from spar_mapper.links l where l.id = any($1) order by l.id for update)
            update spar_mapper.links l
            set fa = w.fa, name = coalesce(nullif(w.name, ''), l.name), phone = coalesce(nullif(w.phone, ''), l.phone),
                additional_info = coalesce(w.info::jsonb, l.additional_info), updated_at = $6
            from locked k join wanted w on w.id = k.id where l.id = k.id
            returning l.id
            """,
            r => r.GetString(0),
            ct,
            good.Select(c => c.Item.Id).ToArray(), good.Select(c => c.Fa).ToArray(), good.Select(c => c.Item.Name).ToArray(),
            good.Select(c => c.Item.PhoneNumber).ToArray(), good.Select(c => c.Info).ToArray(), clock.GetUtcNow())).ToHashSet(StringComparer.Ordinal);
        return checkedItems.ConvertAll(c =>
            (c.Problem ?? (updated.Contains(c.Item.Id!)
                ? new MapperAnswer(c.Item, MapperAnswer.Succeeded)
                : MapperAnswer.Reject(c.Item, "rjct.reference_id.duplicate", "ID doesnt exist please link first"))) with
            { Id = c.Item.Id });
    }
}
