namespace G2PBridge.Platform.Audit;

/// <summary>
/// Who is acting in this flow of calls, for the audit trail: a job's name, a partner's mnemonic, an operator's recognised name. Set where
/// the work begins, and seen by everything that is awaited from there.
/// </summary>
internal static class Acting
{
    /// <summary>Where nobody said anything: the program itself, as when it starts.</summary>
    public const string Program = "g2pbridge";

    private static readonly AsyncLocal<string?> Name = new();

    public static string Current => Name.Value ?? Program;

    /// <summary>Until the result is disposed. To be called in the method that does the work: what a called method sets, its caller does not see.</summary>
    public static IDisposable As(string name)
    {
        var before = Name.Value;
        Name.Value = name.Length > Actor.LongestName ? name[..Actor.LongestName] : name;
        return new Until(before);
    }

    private sealed class Until(string? before) : IDisposable
    {
        public void Dispose() => Name.Value = before;
    }
}
