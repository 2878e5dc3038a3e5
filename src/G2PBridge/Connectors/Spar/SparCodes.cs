namespace G2PBridge.Connectors.Spar;

/// <summary>Codes of ours, beside those that SPAR gives itself (contract, section 5.1).</summary>
internal static class SparCodes
{
    // About one person.
    public const string AddressNotReadable = "ADDRESS_NOT_READABLE";
    public const string AddressTypeNotSupported = "ADDRESS_TYPE_NOT_SUPPORTED";
    public const string AnswerForAnotherId = "ANSWER_FOR_ANOTHER_ID";
    public const string AnswerRejected = "ANSWER_REJECTED_BY_MAPPER";

    // About an attempt.
    public const string Unreachable = "MAPPER_UNREACHABLE";
    public const string TimedOut = "MAPPER_TIMED_OUT";
    public const string LeftAlone = "MAPPER_LEFT_ALONE";
    public const string Unreadable = "MAPPER_ANSWER_UNREADABLE";
    public const string HeaderError = "MAPPER_HEADER_ERROR";
    public const string HttpStatus = "MAPPER_HTTP_";
}
