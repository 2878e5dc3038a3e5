using System.Text.Json;
using G2PBridge.Simulators.Faults;
using G2PBridge.Simulators.Platform;
using Npgsql;

namespace G2PBridge.Simulators.SparMapper;

/// <summary>
/// Finds addresses, all in one query. As upstream: items that fail validation come first, and a person nobody linked is
/// answered with success, without id and without address.
/// </summary>
internal static class Resolve
{
    public const string Operation = "resolve";

    private static readonly MapperCall Call = new(Operation, p => p.ResolveRequest, ResolveAsync);

    public static void Map(IEndpointRouteBuilder routes, string prefix, FaultGate gate) =>
        routes.MapPost(prefix + Operation, gate.Guard(Operation, Call.HandleAsync));

    private static async Task<List<MapperAnswer>> ResolveAsync(
        List<MapperItem> items, NpgsqlConnection connection, TimeProvider clock, CancellationToken ct)
    {
        var answers = new List<MapperAnswer>(items.Count);
        var asked = new List<MapperItem>(items.Count);
        foreach (var item in items)
        {
            if (string.IsNullOrEmpty(item.Id) && !HasAddress(item))
                answers.Add(MapperAnswer.Reject(item, "rjct.reference_id.invalid", "ID is required"));
            else
                asked.Add(item);
        }

        var links = (await connection.ListAsync(
                "select id, fa, additional_info::text from spar_mapper.links where id = any($1)",
                r => (Id: r.GetString(0), Fa: r.GetString(1), Info: r.TextOrNull(2)),
                ct,
                [asked.Select(i => i.Id ?? "").Distinct(StringComparer.Ordinal).ToArray()]))
            .ToDictionary(l => l.Id, StringComparer.Ordinal);
        foreach (var item in asked)
        {
            if (!links.TryGetValue(item.Id ?? "", out var link))
                answers.Add(new MapperAnswer(item, MapperAnswer.Succeeded, "succ.fa.not_linked_to_id", "ID doesn't exist, please link first"));
            else if (item.Scope == "details")
                answers.Add(new MapperAnswer(item, MapperAnswer.Succeeded, "succ.id.active") { Id = link.Id, Fa = link.Fa, AdditionalInfo = link.Info });
            else
                answers.Add(new MapperAnswer(item, MapperAnswer.Succeeded, "succ.id.active") { Id = item.Id, AdditionalInfo = item.AdditionalInfo?.GetRawText() });
        }

        return answers;
    }

    private static bool HasAddress(MapperItem item) =>
        item.Fa is { ValueKind: JsonValueKind.Object } || (item.Fa is { ValueKind: JsonValueKind.String } text && text.GetString()!.Length > 0);
}
