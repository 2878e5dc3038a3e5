using G2PBridge.Simulators.Faults;
using G2PBridge.Simulators.Platform;
using Npgsql;

namespace G2PBridge.Simulators.SparMapper;

/// <summary>Links persons to addresses, all in one statement; who is linked already is refused by name.</summary>
internal static class Link
{
    public const string Operation = "link";

    private static readonly MapperCall Call = new(Operation, p => p.LinkRequest, LinkAsync);

    public static void Map(IEndpointRouteBuilder routes, string prefix, FaultGate gate) =>
        routes.MapPost(prefix + Operation, gate.Guard(Operation, Call.HandleAsync));

    private static async Task<List<MapperAnswer>> LinkAsync(
        List<MapperItem> items, NpgsqlConnection connection, TimeProvider clock, CancellationToken ct)
    {
        var checkedItems = MapperChecks.WithIdAndAddress(items, mustBeDistinct: true);
        var good = checkedItems.Where(c => c.Problem is null).OrderBy(c => c.Item.Id, StringComparer.Ordinal).ToList();
        var linked = (await connection.ListAsync(
            """
            insert into spar_mapper.links (id, fa, name, phone, additional_info, linked_at)
            select id, fa, name, phone, info::jsonb, $6 from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[]) as l (id, fa, name, phone, info)
            on conflict (id) do nothing returning id
            """,
            r => r.GetString(0),
            ct,
            good.Select(c => c.Item.Id).ToArray(), good.Select(c => c.Fa).ToArray(), good.Select(c => c.Item.Name).ToArray(),
            good.Select(c => c.Item.PhoneNumber).ToArray(), good.Select(c => c.Info).ToArray(), clock.GetUtcNow())).ToHashSet(StringComparer.Ordinal);
        return checkedItems.ConvertAll(c =>
            (c.Problem ?? (linked.Contains(c.Item.Id!)
                ? new MapperAnswer(c.Item, MapperAnswer.Succeeded)
                : MapperAnswer.Reject(c.Item, "rjct.reference_id.duplicate", "ID and FA are already mapped"))) with
            { Fa = c.Fa });
    }
}
