namespace G2PBridge.PartnerApi;

/// <summary>Decides whether a well-formed request of the partner API is its sender's own, is fresh, and is here for the first time.</summary>
internal interface IPartnerGate
{
    /// <param name="signature">The header <c>Signature</c>; null when there is none.</param>
    /// <returns>Null to let it in; else the answer. Nothing about the payload is in it.</returns>
    ValueTask<Refusal?> AdmitAsync(PartnerRequest request, string? signature, CancellationToken cancellationToken);
}
