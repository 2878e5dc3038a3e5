namespace G2PBridge.Simulators.SparMapper;

/// <summary>What linking and updating demand of an item, with the mapper's own codes and words.</summary>
internal static class MapperChecks
{
    internal sealed record Checked(MapperItem Item, string? Fa, string? Info, MapperAnswer? Problem);

    public static List<Checked> WithIdAndAddress(List<MapperItem> items, bool mustBeDistinct)
    {
        var seen = new HashSet<string>(items.Count, StringComparer.Ordinal);
        return items.ConvertAll(item =>
        {
            var address = FinancialAddress.Construct(item);
            var problem = string.IsNullOrEmpty(item.Id) ? MapperAnswer.Reject(item, "rjct.id.invalid", "ID is null")
                : address is null ? MapperAnswer.Reject(item, "rjct.fa.invalid", "FA is null")
                : mustBeDistinct && !seen.Add(item.Id) ? MapperAnswer.Reject(item, "rjct.reference_id.duplicate", "ID and FA are already mapped")
                : null;
            return new Checked(item, address?.Fa, address?.AdditionalInfo, problem);
        });
    }
}
