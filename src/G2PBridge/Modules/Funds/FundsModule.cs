using G2PBridge.Modules.Funds.Features;
using G2PBridge.Modules.Funds.Persistence;
using G2PBridge.Platform.Jobs;
using G2PBridge.Platform.Persistence;
using Microsoft.Extensions.Options;

namespace G2PBridge.Modules.Funds;

/// <summary>Asks the sponsor banks whether the money is there, has it set aside, and gives back what was not used.</summary>
internal static class FundsModule
{
    public const string Schema = "funds";
    public const string ReleaseFunds = "release-funds";
    public const string CloseCancelled = "close-cancelled-funds";
    public const string Recover = "recover-funding";

    public static IServiceCollection AddFunds(this IServiceCollection services)
    {
        services.AddModuleDbContext<FundsDbContext>(Schema);
        services.AddSingleton(new LeasedTable($"{Schema}.envelope_funds"));
        services.AddOptions<FundsOptions>().BindConfiguration(FundsOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddOptions<SponsorBanksOptions>().BindConfiguration(SponsorBanksOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<SponsorBanksOptions>, SponsorBanksValidation>();
        services.AddScoped<FundsRows>();
        services.AddPollingJob(provider => new PollingJobDescription(Work.TakeEnvelopesDue, Schema, Interval(provider), 1, () => new TakeEnvelopesDue.Command()));
        services.AddPollingJob(provider => new PollingJobDescription(Work.FundEnvelopes, Schema, Interval(provider), 2, () => new FundNextEnvelope.Command()));
        services.AddPollingJob(provider => new PollingJobDescription(ReleaseFunds, Schema, Interval(provider), 1, () => new ReleaseNextBlock.Command()));
        services.AddPollingJob(_ => new PollingJobDescription(CloseCancelled, Schema, TimeSpan.FromSeconds(10), 1, () => new CloseCancelledFunds.Command()));
        services.AddPollingJob(_ => new PollingJobDescription(Recover, Schema, TimeSpan.FromSeconds(10), 1, () => new RecoverFunding.Command()));
        return services;
    }

    public static IEndpointRouteBuilder MapFunds(this IEndpointRouteBuilder routes) => routes;

    private static TimeSpan Interval(IServiceProvider provider) => provider.GetRequiredService<IOptions<FundsOptions>>().Value.PollInterval;
}
