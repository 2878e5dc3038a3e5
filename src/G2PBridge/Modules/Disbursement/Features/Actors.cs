using G2PBridge.Modules.Disbursement.Persistence;

namespace G2PBridge.Modules.Disbursement.Features;

/// <summary>Who is asking, and why, as people say it in a request.</summary>
internal static class Actors
{
    public static Result<string> Read(string? actor) => string.IsNullOrWhiteSpace(actor) || actor.Length > Declaration.LongestName
        ? new Refusal("ACTOR_REQUIRED", $"The header X-Actor must say who is asking, in at most {Declaration.LongestName} characters.")
        : actor.Trim();

    public static Result<string> Reason(string? reason) =>
        string.IsNullOrWhiteSpace(reason) || reason.Length > Declaration.LongestReason || reason.Contains('\0', StringComparison.Ordinal)
            ? new Refusal("REASON_REQUIRED", $"Say in at most {Declaration.LongestReason} characters why; whoever looks at it later will want to know.")
            : reason.Trim();
}
