namespace G2PBridge.Modules.Envelopes.Features;

/// <summary>Refusals that several slices share.</summary>
internal static class EnvelopeRefusals
{
    public static Refusal NotFound(string? id) => new(
        PartnerCodes.DisbursementEnvelopeNotFound, $"There is no envelope '{id}'; use the id that create_disbursement_envelopes answered with.", RefusalKind.NotFound);

    public static Refusal AlreadyCancelled(string id) => new(
        PartnerCodes.DisbursementEnvelopeAlreadyCanceled, $"Envelope '{id}' is cancelled; create a new one.", RefusalKind.Conflict);
}
