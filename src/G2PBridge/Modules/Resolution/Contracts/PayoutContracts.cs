using G2PBridge.Connectors;

namespace G2PBridge.Modules.Resolution.Contracts;

/// <summary>
/// Knows where the money of payouts goes; implemented by whoever allocates agencies. <see cref="AddressQuestion.Reference"/> is the payout's number. What holds for a
/// mapper holds for it: reading only, and whatever it throws is a failed attempt.
/// </summary>
internal interface IPayoutDirectory : IMapperConnector;
