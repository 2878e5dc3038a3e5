namespace G2PBridge.Simulators.Platform;

/// <summary>
/// A hash that never changes between runs, machines or .NET versions (FNV-1a, then the finisher of SplitMix64),
/// because every seeded decision of the simulators must be repeatable.
/// </summary>
internal static class StableHash
{
    public static ulong Of(ReadOnlySpan<char> text, long seed)
    {
        var hash = 14695981039346656037UL ^ (ulong)seed;
        foreach (var c in text)
            hash = unchecked((hash ^ c) * 1099511628211UL);
        hash = unchecked((hash ^ (hash >> 30)) * 0xbf58476d1ce4e5b9UL);
        hash = unchecked((hash ^ (hash >> 27)) * 0x94d049bb133111ebUL);
        return hash ^ (hash >> 31);
    }

    /// <summary>A number in [0, 1) for a share to be compared with.</summary>
    public static double Fraction(ReadOnlySpan<char> text, long seed) => (Of(text, seed) >> 11) * (1.0 / (1UL << 53));
}
