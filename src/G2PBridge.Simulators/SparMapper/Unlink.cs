using G2PBridge.Simulators.Faults;
using G2PBridge.Simulators.Platform;
using Npgsql;

namespace G2PBridge.Simulators.SparMapper;

/// <summary>Forgets the addresses of persons, all in one statement.</summary>
internal static class Unlink
{
    private const string Operation = "unlink";

    private static readonly MapperCall Call = new(Operation, p => p.UnlinkRequest, UnlinkAsync);

    public static void Map(IEndpointRouteBuilder routes, string prefix, FaultGate gate) =>
        routes.MapPost(prefix + Operation, gate.Guard(Operation, Call.HandleAsync));

    private static async Task<List<MapperAnswer>> UnlinkAsync(
        List<MapperItem> items, NpgsqlConnection connection, TimeProvider clock, CancellationToken ct)
    {
        var gone = (await connection.ListAsync(
            """
            with locked as (select id from spar_mapper.links where id = any($1) order by id for update)
            delete from spar_mapper.links l using locked k where l.id = k.id returning l.id
            """,
            r => r.GetString(0),
            ct,
            [items.Select(i => i.Id).OfType<string>().Distinct(StringComparer.Ordinal).ToArray()])).ToHashSet(StringComparer.Ordinal);
        // The second mention of a person finds nobody any more.
        return items.ConvertAll(item =>
            (string.IsNullOrEmpty(item.Id) ? MapperAnswer.Reject(item, "rjct.id.invalid", "ID is null")
            : gone.Remove(item.Id) ? new MapperAnswer(item, MapperAnswer.Succeeded)
            : MapperAnswer.Reject(item, "rjct.id.invalid", "ID doesnt exist please link first")) with
            { Id = item.Id });
    }
}
