namespace G2PBridge.Modules.Disbursement.Persistence;

/// <summary>One nightly check of every invariant; its row is also the claim.</summary>
internal sealed class Verification
{
    public DateOnly Night { get; init; }
    public DateTimeOffset StartedAt { get; init; }
    public DateTimeOffset? EndedAt { get; init; }
    public bool? Holds { get; init; }
    public string? Results { get; init; }
}
