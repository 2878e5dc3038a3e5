using G2PBridge.Connectors;

namespace G2PBridge.Modules.Funds.Contracts;

/// <summary>The configured sponsor banks (section <c>SponsorBanks:Banks</c>) by their code.</summary>
internal interface IBankConnectors
{
    IReadOnlyCollection<string> Codes { get; }

    /// <summary>The connector of this sponsor bank; null when the code is not configured, which callers treat as "cannot be asked now".</summary>
    IBankConnector? Find(string sponsorBankCode);
}
