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
    public const string SamePersonCode = "SECOND_PERSON_REQUIRED";

    /// <summary>Null when this person may confirm what that person proposed. A person is a person in whatever case the name is written.</summary>
    public static Refusal? Judge(string proposedBy, string actor) =>
        string.Equals(proposedBy.Trim(), actor.Trim(), StringComparison.OrdinalIgnoreCase)
            ? new Refusal(SamePersonCode, "Whoever proposed a declaration cannot confirm it; a second person must.", RefusalKind.Conflict)
            : null;
}
