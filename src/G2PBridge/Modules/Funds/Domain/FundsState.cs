using static G2PBridge.Modules.Funds.Domain.FundsState;

namespace G2PBridge.Modules.Funds.Domain;

/// <summary>
/// Where an envelope's money stands. BlockUnknown means that nobody here knows whether the bank set it aside; Short, that it set aside
/// too little, which is given back before anything is asked for again; Withdrawn, that the envelope was cancelled before a block.
/// </summary>
internal enum FundsState
{
    CheckPending,
    Checking,
    NotAvailable,
    CheckError,
    BlockPending,
    Blocking,
    BlockFailed,
    BlockUnknown,
    Short,
    Blocked,
    Withdrawn,
}

/// <summary>What becomes of a block that is not, or no longer, needed.</summary>
internal enum ReleaseState
{
    None,
    Requested,
    Releasing,
    Released,
    Impossible,
}

internal static class FundsTransitions
{
    public static bool Allows(FundsState from, FundsState to) => (from, to) switch
    {
        (CheckPending or NotAvailable or CheckError or BlockFailed, Checking or Withdrawn) => true,
        // Blocked at once only for an amount of zero.
        (Checking, BlockPending or NotAvailable or CheckError or CheckPending or Withdrawn or Blocked) => true,
        (BlockPending, Blocking or Withdrawn) => true,
        // Back to BlockPending or Withdrawn only when the bank was not asked; a dead lease is never proof of that.
        (Blocking, Blocked or Short or BlockFailed or BlockUnknown or BlockPending or Withdrawn) => true,
        // Only with the same key, at a bank that honours it.
        (BlockUnknown, Blocking) => true,
        (Short, BlockFailed) => true,
        _ => false,
    };

    public static bool Allows(ReleaseState from, ReleaseState to) => (from, to) switch
    {
        (ReleaseState.None, ReleaseState.Requested) => true,
        (ReleaseState.Requested, ReleaseState.Releasing) => true,
        (ReleaseState.Releasing, ReleaseState.Released or ReleaseState.Requested or ReleaseState.Impossible or ReleaseState.None) => true,
        _ => false,
    };

    public static FundsState Require(FundsState from, FundsState to) =>
        Allows(from, to) ? to : throw new InvalidOperationException($"Funds cannot go from {from} to {to}.");

    public static ReleaseState Require(ReleaseState from, ReleaseState to) =>
        Allows(from, to) ? to : throw new InvalidOperationException($"A block's release cannot go from {from} to {to}.");
}

/// <summary>The contract's words (section 1.5) for a state; both enums are closed on the wire.</summary>
internal static class FundsSpelling
{
    public static string Available(FundsState state) => state switch
    {
        CheckPending => "PENDING_CHECK",
        Checking => "CHECK_IN_PROGRESS",
        NotAvailable => "FUNDS_NOT_AVAILABLE",
        CheckError => "ERROR",
        Withdrawn => "NOT_APPLICABLE",
        _ => "FUNDS_AVAILABLE",
    };

    public static string Blocked(FundsState state, bool failedBefore) => state switch
    {
        FundsState.Blocked => "FUNDS_BLOCK_SUCCESS",
        Blocking => "CHECK_IN_PROGRESS",
        BlockUnknown => "ERROR",
        BlockFailed or Short => "FUNDS_BLOCK_FAILURE",
        Withdrawn => "NOT_APPLICABLE",
        _ => failedBefore ? "FUNDS_BLOCK_FAILURE" : "PENDING_CHECK",
    };
}

/// <summary>Codes of ours in the contract's free-text error code fields.</summary>
internal static class FundsCodes
{
    public const string CheckNotAnswered = "FUNDS_CHECK_NOT_ANSWERED";
    public const string Insufficient = "FUNDS_NOT_AVAILABLE";
    public const string BlockRefused = "FUNDS_BLOCK_REFUSED";
    public const string BlockNotSent = "FUNDS_BLOCK_NOT_SENT";
    public const string BlockShort = "FUNDS_BLOCK_SHORT";
    public const string BlockOutcomeUnknown = "BLOCK_OUTCOME_UNKNOWN";
    public const string ReleaseNotAnswered = "FUNDS_RELEASE_NOT_ANSWERED";
    public const string ReleaseRefused = "FUNDS_RELEASE_REFUSED";
    public const string ReleaseImpossible = "FUNDS_RELEASE_NOT_SUPPORTED";
}
