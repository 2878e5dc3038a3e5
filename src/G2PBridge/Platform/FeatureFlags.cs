namespace G2PBridge.Platform;

/// <summary>Switches read once while the host is composed; changing one takes a restart.</summary>
internal sealed class FeatureFlags
{
    public const string Section = "Features";

    /// <summary>In-kind and cash-by-hand programmes: geography, warehouses, agencies. Off for a ministry that only pays digital cash.</summary>
    public bool InKind { get; init; }
}
