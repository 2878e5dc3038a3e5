using MediatR;

namespace G2PBridge.Modules.Funds.Contracts;

/// <summary>The account that a programme's money comes from (contract, section 3, sponsor bank configuration).</summary>
internal sealed record SponsorAccount(string SponsorBankCode, string AccountNumber, string? AccountType, string? BranchCode);

/// <summary>The account configured for a programme and benefit code, else the default one; null when there is neither.</summary>
internal sealed record FindSponsorAccount(int? ProgrammeId, int? BenefitCodeId) : IRequest<SponsorAccount?>;

/// <summary>Which sponsor bank keeps this account; null when no programme pays from it.</summary>
internal sealed record FindSponsorAccountByNumber(string AccountNumber) : IRequest<SponsorAccount?>;

/// <summary>Numbers of the accounts that these banks keep, those that envelopes were paid from before the configuration changed included.</summary>
internal sealed record ListSponsorAccounts(IReadOnlyCollection<string> SponsorBankCodes) : IRequest<IReadOnlyList<string>>;

/// <summary>Whose an envelope is: its programme, and the bank that pays it or is to pay it. Envelopes that do not exist are left out.</summary>
internal sealed record FindEnvelopeScopes(IReadOnlyCollection<string> EnvelopeIds) : IRequest<IReadOnlyList<EnvelopeScope>>;

/// <param name="SponsorBankCode">Null when no account is configured for it.</param>
internal sealed record EnvelopeScope(string EnvelopeId, string? ProgrammeMnemonic, string? SponsorBankCode);

/// <summary>An envelope whose money the bank has blocked.</summary>
/// <param name="Amount">What is blocked, in <paramref name="Currency"/>.</param>
internal sealed record FundedEnvelope(string EnvelopeId, long EnvelopeNumber, SponsorAccount Account, string Currency, decimal Amount, string BlockReference);

/// <summary>Funded envelopes that nobody has taken charge of yet; given again until acknowledged.</summary>
internal sealed record ListNewFundedEnvelopes(int Limit) : IRequest<IReadOnlyList<FundedEnvelope>>;

internal sealed record AcknowledgeFundedEnvelopes(IReadOnlyCollection<string> EnvelopeIds) : IRequest;

/// <summary>
/// Says that nothing more of this envelope will be sent, so that what is blocked beyond <paramref name="Used"/> is given back
/// where the bank can. Repeating it changes nothing.
/// </summary>
internal sealed record ReleaseUnusedFunds(string EnvelopeId, decimal Used) : IRequest;

/// <summary>The two tasks in the contract's spellings (FundsAvailableWithBankEnum, FundsBlockedWithBankEnum).</summary>
internal sealed record FundsStatus(
    string EnvelopeId,
    string Available, DateTimeOffset? AvailableAt, string? AvailableErrorCode, int AvailableAttempts,
    string Blocked, DateTimeOffset? BlockedAt, string? BlockedErrorCode, int BlockedAttempts, string? BlockReference,
    decimal BlockedAmount, decimal ReleasedAmount, bool Overdue);

internal sealed record ReadFundsStatus(IReadOnlyCollection<string> EnvelopeIds) : IRequest<IReadOnlyList<FundsStatus>>;
