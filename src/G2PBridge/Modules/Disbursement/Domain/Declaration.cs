namespace G2PBridge.Modules.Disbursement.Domain;

/// <summary>What two people say of payments whose outcome nobody knows.</summary>
internal enum DeclaredOutcome
{
    /// <summary>The bank has paid them.</summary>
    Paid,

    /// <summary>The bank has not paid them and will not: they may be paid again.</summary>
    NotPaid,
}

internal static class Declarations
{
    /// <summary>Why somebody declares or repeats something, as it is kept.</summary>
    public static Result<string> Explained(string? reason) => Actor.IsReason(reason)
        ? reason.Trim()
        : new Refusal("REASON_REQUIRED", $"Say in at most {Actor.LongestReason} characters why; whoever looks at it later will want to know.");
}
