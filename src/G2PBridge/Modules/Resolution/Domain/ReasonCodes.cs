namespace G2PBridge.Modules.Resolution.Domain;

/// <summary>Why a line has no address, where the reason is ours; all other codes are the mapper's own (contract, section 5.1).</summary>
internal static class ReasonCodes
{
    public const string NoAnswer = "NO_ANSWER_FROM_MAPPER";
    public const string NoReason = "NO_REASON_FROM_MAPPER";
    public const string ConflictingAnswers = "CONFLICTING_ANSWERS";
    public const string AddressIncomplete = "ADDRESS_INCOMPLETE";
    public const string AddressKindNotSupported = "ADDRESS_TYPE_NOT_SUPPORTED";
    public const string AddressNotStorable = "ADDRESS_NOT_READABLE";

    /// <summary>Of an attempt, never of a person.</summary>
    public const string NobodyToAsk = "IN_KIND_SWITCHED_OFF";
    public const string ConnectorFault = "MAPPER_CONNECTOR_FAULT";
    public const string LeaseExpired = "LEASE_EXPIRED";
}
