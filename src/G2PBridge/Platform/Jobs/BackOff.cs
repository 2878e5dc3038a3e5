namespace G2PBridge.Platform.Jobs;

/// <summary>How long to wait before the next try: doubling from the first pause up to the longest.</summary>
internal static class BackOff
{
    public static TimeSpan After(int failures, TimeSpan first, TimeSpan longest)
    {
        var doublings = Math.Clamp(failures - 1, 0, 30);
        var pause = first.Ticks > longest.Ticks >> doublings ? longest : first * (1L << doublings);
        return pause > longest ? longest : pause;
    }
}
