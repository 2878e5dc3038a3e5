using G2PBridge.Platform;
using G2PBridge.Platform.Identity;
using G2PBridge.Views.Beneficiary;
using G2PBridge.Views.Native;
using G2PBridge.Views.Partner;
using Microsoft.Extensions.Options;

namespace G2PBridge.Views;

/// <summary>
/// What the two APIs show of several modules at once. Views ask modules through their Contracts and own no data;
/// no module knows them (ADR 0006).
/// </summary>
internal static class ViewsRegistration
{
    public static IEndpointRouteBuilder MapViews(this IEndpointRouteBuilder routes)
    {
        GetDisbursementStatus.Map(routes);
        GetBatchControl.Map(routes);
        GetEnvelopeStatus.Map(routes);

        if (routes.ServiceProvider.GetRequiredService<IOptions<BeneficiaryPortalOptions>>().Value.Enabled)
        {
            routes.MapGet("bene-portal/ping", () => TypedResults.Text("\"pong\"", "application/json")).WithName("bene_portal_ping").WithTags("Health");
            ListOwnDisbursements.Map(routes);
            SummariseOwnDisbursements.Map(routes);
        }

        var native = routes.MapGroup("v1");
        ListEnvelopesView.Map(native);
        GetEnvelope.Map(native);
        ListExceptions.Map(native);
        ExportDisbursements.Map(native);
        CertifyEnvelope.Map(native);
        GetDisbursement.Map(native);
        RetryResolution.Map(native);
        if (routes.ServiceProvider.GetRequiredService<FeatureFlags>().InKind)
        {
            LookAgainForPlaces.Map(native);
        }

        GetHealth.Map(native);
        return routes;
    }
}
