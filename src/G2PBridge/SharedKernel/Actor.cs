using System.Diagnostics.CodeAnalysis;

namespace G2PBridge.SharedKernel;

/// <summary>
/// Who asks for a change by hand, and why. The header is written by whatever recognised the caller (ADR 0023); without that, a gateway
/// that knows its users sets it.
/// </summary>
internal static class Actor
{
    public const string Header = "X-Actor";

    /// <summary>Characters of a name, as the histories keep it.</summary>
    public const int LongestName = 100;

    /// <summary>Characters of a reason, as the histories keep it.</summary>
    public const int LongestReason = 500;

    /// <param name="header">The value of <see cref="Header"/>; null when there is none.</param>
    public static Result<string> Read(string? header) => string.IsNullOrWhiteSpace(header) || header.Length > LongestName || header.Contains('\0', StringComparison.Ordinal)
        ? new Refusal("ACTOR_REQUIRED", $"The header {Header} must say who is asking, in at most {LongestName} characters.")
        : header.Trim();

    /// <summary>Whether a reason can be kept for whoever looks at it later.</summary>
    public static bool IsReason([NotNullWhen(true)] string? reason) => !string.IsNullOrWhiteSpace(reason) && reason.Length <= LongestReason && !reason.Contains('\0', StringComparison.Ordinal);

    /// <summary>The one place that says that two persons are needed. Null when this person may confirm; a person is a person in whatever case the name is written.</summary>
    /// <param name="what">What was proposed, for the sentence: "decision", "declaration".</param>
    public static Refusal? MayConfirm(string proposedBy, string actor, string what) => string.Equals(proposedBy.Trim(), actor.Trim(), StringComparison.OrdinalIgnoreCase)
        ? new Refusal("SECOND_PERSON_REQUIRED", $"Whoever proposed a {what} cannot confirm it; a second person must.", RefusalKind.Conflict)
        : null;
}
