namespace G2PBridge.SharedKernel;

/// <summary>
/// Who is acting in this flow of calls, for the audit trail. Set where the work begins, and seen by everything that is awaited from there.
/// What comes before the name says who vouches for it, so that a partner cannot call itself a person.
/// </summary>
internal static class Acting
{
    private static readonly AsyncLocal<string?> Name = new();

    /// <summary>Where nobody said anything it is the program itself, as when it starts.</summary>
    public static string Current => Name.Value ?? "g2pbridge";

    public static IDisposable AsJob(string name) => As($"job {name}");

    /// <summary>The mnemonic that the request's signature was checked for.</summary>
    public static IDisposable AsPartner(string mnemonic) => As($"partner {mnemonic}".TrimEnd());

    /// <summary>The name under which an API key or a token was recognised, or that a gateway vouches for.</summary>
    public static IDisposable AsCaller(string name) => As($"caller {name}");

    /// <summary>A bank whose own signature was checked.</summary>
    public static IDisposable AsBank(string code) => As($"bank {code}");

    /// <summary>A command of the program, in the name of whoever is logged in on the machine where it runs.</summary>
    public static IDisposable AsCommand(string command) => As($"command {command} by {Environment.UserName}");

    /// <summary>Until the result is disposed. To be called in the method that does the work: what a called method sets, its caller does not see.</summary>
    private static Until As(string name)
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
