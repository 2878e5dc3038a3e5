namespace G2PBridge.Modules.Disbursement.Domain;

/// <summary>Codes of ours for what holds a chunk or a line up; they appear in the contract's free-text error code fields.</summary>
internal static class DispatchCodes
{
    public const string NotSent = "BANK_NOT_REACHED";
    public const string OutcomeUnknown = "OUTCOME_UNKNOWN";
    public const string LeaseEnded = "SENDER_STOPPED";
    public const string BeyondBlock = "BEYOND_BLOCKED_FUNDS";
    public const string ResolvedTooLate = "RESOLVED_TOO_LATE";
    public const string OrderTooLarge = "ORDER_TOO_LARGE_FOR_BANK";
    public const string AlreadyInstructed = "LINE_ALREADY_INSTRUCTED";
    public const string PayloadChanged = "PAYMENT_CHANGED_SINCE_PREPARED";
    public const string NotFoundAtBank = "NOT_FOUND_AT_BANK";
    public const string AddressNotReadable = "ADDRESS_NOT_READABLE";
    public const string Paused = "PAUSED";
    public const string DayLimit = "AMOUNT_PER_DAY_REACHED";
    public const string BankNotConfigured = PartnerCodes.SponsorBankNotConfigured;
}
