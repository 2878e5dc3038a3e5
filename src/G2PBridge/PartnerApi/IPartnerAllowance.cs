namespace G2PBridge.PartnerApi;

/// <summary>How often a partner may call.</summary>
internal interface IPartnerAllowance
{
    /// <summary>Counts one call of a sender.</summary>
    /// <returns>Null when it may go on; else after which time it may come again.</returns>
    TimeSpan? WaitOf(string partner);
}
