using G2PBridge.Modules.Envelopes.Features;
using G2PBridge.Modules.Envelopes.Persistence;
using G2PBridge.Platform.Audit;
using G2PBridge.Platform.Growth;
using G2PBridge.Platform.Identity;
using G2PBridge.Platform.Persistence;
using G2PBridge.Platform.Verification;
using Microsoft.Extensions.Options;

namespace G2PBridge.Modules.Envelopes;

/// <summary>What programme systems hand over: envelopes, batches and lines, and what may still be changed about them.</summary>
internal static class EnvelopesModule
{
    public const string Schema = "envelopes";

    public static IServiceCollection AddEnvelopes(this IServiceCollection services)
    {
        services.AddOptions<ProgrammesOptions>().BindConfiguration(ProgrammesOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddModuleDbContext<EnvelopesDbContext>(Schema);
        services.AddAudited($"{Schema}.envelope").AddAudited($"{Schema}.batch").AddAudited($"{Schema}.payout_set").AddAudited($"{Schema}.hold_decision").AddAudited($"{Schema}.request");
        services.AddAuditedSets($"{Schema}.disbursement", "seq").AddAuditedSets($"{Schema}.disbursement_key", "seq").AddAuditedSets($"{Schema}.entitlement", "seq").AddAuditedSets($"{Schema}.payout", "seq").AddAuditedSets($"{Schema}.cancellation", "seq");
        services.AddAuditedSets($"{Schema}.line_hold", "seq", "kind").AddAuditedSets($"{Schema}.hold_decision_line", "seq", "decision_id", "kind").AddAuditedSets($"{Schema}.follow_up_line", "seq");
        services.AddAuditedSets($"{Schema}.envelope_history", "id").AddAuditedSets($"{Schema}.line_hold_history", "id");
        services.AddSingleton(new NumberSeries(
            NumberSeries.Lines, NumberSeries.LinesOfPartition, "select last_value from envelopes.line_number", "select envelopes.begin_numbers($1)"));
        services.AddPartitioned($"{Schema}.disbursement", "seq", NumberSeries.Lines);
        services.AddSingleton<ArchiveRules>().AddSingleton<IArchiveRule>(provider => provider.GetRequiredService<ArchiveRules>()).AddSingleton<IEnvelopesOfLines>(provider => provider.GetRequiredService<ArchiveRules>());
        services.AddSingleton<DisbursementWriter>();
        services.AddSingleton<EnvelopeReads>();
        services.AddSingleton<LineReader>();
        services.AddSingleton<LineHolds>();
        services.AddSingleton<HoldDecisions>();
        services.AddSingleton<FollowUps>();
        services.AddScoped<Intake>();
        services.AddSingleton(provider => FindLinesOfPerson.Index(provider.GetRequiredService<IOptions<BeneficiaryPortalOptions>>().Value.Enabled));
        services.AddSingleton<IInvariantCheck, EnvelopeInvariants>();
        return services;
    }

    public static IEndpointRouteBuilder MapEnvelopes(this IEndpointRouteBuilder routes)
    {
        CreateEnvelopes.Map(routes);
        CancelEnvelope.Map(routes);
        AmendEnvelope.Map(routes);
        CreateDisbursements.Map(routes);
        CancelDisbursements.Map(routes);
        ListHeldLines.Map(routes);
        DecideHolds.Map(routes);
        FollowUpEnvelope.Map(routes);
        return routes;
    }
}
