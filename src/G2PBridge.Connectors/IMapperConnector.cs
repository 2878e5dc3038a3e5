namespace G2PBridge.Connectors;

/// <summary>
/// The directory that knows where a person's money goes. Reading only, so it may be asked again at any time.
/// </summary>
public interface IMapperConnector
{
    /// <summary>
    /// Resolves people to financial addresses. Answers are matched to questions by <see cref="AddressQuestion.Reference"/>, which is ours and
    /// unique in the call, so that one person asked about twice is answered twice. A question without an answer counts as not known.
    /// </summary>
    /// <returns>One answer per question the mapper answered, or the reason why the whole attempt failed.</returns>
    Task<MapperAnswer> ResolveAsync(IReadOnlyList<AddressQuestion> questions, CancellationToken cancellationToken);
}

/// <summary>Where does this person's money go?</summary>
public sealed record AddressQuestion(string Reference, string BeneficiaryId);

/// <summary>The answer to a resolution attempt.</summary>
public abstract record MapperAnswer
{
    private MapperAnswer() { }

    public sealed record Answered(IReadOnlyList<AddressAnswer> Answers) : MapperAnswer;

    /// <summary>The attempt failed as a whole (outage, an error in the header, an unreadable body): nothing is said about any person.</summary>
    public sealed record Failed(string Code, string Why) : MapperAnswer;
}

/// <summary>One person's answer: an address, or the mapper's reason why there is none.</summary>
public sealed record AddressAnswer(string Reference, ResolvedAddress? Address, string? ReasonCode, string? Reason);

/// <summary>A financial address taken apart.</summary>
/// <param name="Kind"><c>BANK_ACCOUNT</c>, <c>MOBILE_WALLET</c> or <c>EMAIL_WALLET</c>.</param>
public sealed record ResolvedAddress(
    string Kind, string? AccountNumber, string? BankCode, string? BranchCode, string? MobileNumber, string? MobileWalletProvider,
    string? EmailAddress, string? EmailWalletProvider, string? Name);
