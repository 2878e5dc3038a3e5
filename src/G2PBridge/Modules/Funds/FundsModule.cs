using G2PBridge.Modules.Funds.Contracts;
using G2PBridge.Modules.Funds.Features;
using G2PBridge.Modules.Funds.Persistence;
using G2PBridge.Platform.Audit;
using G2PBridge.Platform.Jobs;
using G2PBridge.Platform.Persistence;
using G2PBridge.Platform.Verification;
using Microsoft.Extensions.Options;

namespace G2PBridge.Modules.Funds;

/// <summary>Asks the sponsor banks whether the money is there, has it set aside, and gives back what was not used.</summary>
internal static class FundsModule
{
    public const string Schema = "funds";
    public const string ReleaseFunds = "release-funds";
    public const string CloseCancelled = "close-cancelled-funds";
    public const string Recover = "recover-funding";

    /// <summary>Keys of the lanes to the banks, so that a slow one holds up its own envelopes and nobody else's.</summary>
    public const string Funding = "funds-funding";
    public const string Releasing = "funds-releasing";
    private const int LanesPerBank = 2;

    public static IServiceCollection AddFunds(this IServiceCollection services)
    {
        services.AddModuleDbContext<FundsDbContext>(Schema);
        services.AddAudited($"{Schema}.envelope_funds", "fence", "lease_until", "due_at", "release_due_at", "watch_at", "owner").AddAuditedSets($"{Schema}.envelope_funds_history", "id");
        services.AddSingleton(new LeasedTable($"{Schema}.envelope_funds"));
        services.AddOptions<FundsOptions>().BindConfiguration(FundsOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddOptions<SponsorBanksOptions>().BindConfiguration(SponsorBanksOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<SponsorBanksOptions>, SponsorBanksValidation>();
        services.AddScoped<FundsRows>();
        services.AddSingleton<FundsReads>();
        services.AddSingleton<IInvariantCheck, FundsInvariants>();
        services.AddKeyedSingleton(Funding, (_, _) => new Lanes(LanesPerBank));
        services.AddKeyedSingleton(Releasing, (_, _) => new Lanes(1));
        services.AddPollingJob(provider => new PollingJobDescription(Work.TakeEnvelopesDue, Schema, Interval(provider), 1, () => new TakeEnvelopesDue.Command()));
        services.AddPollingJob(provider => new PollingJobDescription(Work.FundEnvelopes, Schema, Interval(provider), LanesPerBank * Banks(provider) + 1, () => new FundNextEnvelope.Command()));
        services.AddPollingJob(provider => new PollingJobDescription(ReleaseFunds, Schema, Interval(provider), Banks(provider) + 1, () => new ReleaseNextBlock.Command()));
        services.AddPollingJob(_ => new PollingJobDescription(CloseCancelled, Schema, TimeSpan.FromSeconds(10), 1, () => new CloseCancelledFunds.Command()));
        services.AddPollingJob(_ => new PollingJobDescription(Recover, Schema, TimeSpan.FromSeconds(10), 1, () => new RecoverFunding.Command()));
        return services;
    }

    public static IEndpointRouteBuilder MapFunds(this IEndpointRouteBuilder routes) => routes;

    private static int Banks(IServiceProvider provider) => Math.Max(1, provider.GetRequiredService<IBankConnectors>().Codes.Count);

    private static TimeSpan Interval(IServiceProvider provider) => provider.GetRequiredService<IOptions<FundsOptions>>().Value.PollInterval;
}
