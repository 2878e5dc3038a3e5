using G2PBridge.Modules.Resolution.Features;
using G2PBridge.Modules.Resolution.Persistence;
using G2PBridge.Platform.Audit;
using G2PBridge.Platform.Growth;
using G2PBridge.Platform.Jobs;
using G2PBridge.Platform.Persistence;
using G2PBridge.Platform.Protection;
using G2PBridge.Platform.Verification;
using Microsoft.Extensions.Options;

namespace G2PBridge.Modules.Resolution;

internal static class ResolutionModule
{
    public const string Schema = "resolution";

    public static IServiceCollection AddResolution(this IServiceCollection services)
    {
        services.AddOptions<ResolutionOptions>().BindConfiguration(ResolutionOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddModuleDbContext<ResolutionDbContext>(Schema);
        services.AddAudited($"{Schema}.slice", "fence", "lease_until", "due_at", "owner").AddAudited($"{Schema}.resolved_set");
        services.AddPartitioned($"{Schema}.address", "seq", NumberSeries.Lines).AddSingleton<IArchiveRule, ArchiveRule>();
        services.AddAuditedSets($"{Schema}.address", "seq", "round").AddAuditedSets($"{Schema}.unresolved", "seq").AddAuditedSets($"{Schema}.slice_history", "id");
        services.AddSingleton(new LeasedTable($"{Schema}.slice"));
        services.AddSingleton<SliceStore>();
        services.AddSingleton<AddressStore>();
        services.AddSealedColumn(AddressStore.Sealed);
        services.AddSingleton<UnresolvedStore>();
        services.AddSingleton<ReleasedSlices>();
        services.AddSingleton<AddressChecks>();
        services.AddSingleton<IInvariantCheck, ResolutionInvariants>();
        services.AddScoped<AskMapper>();
        services.AddScoped<CancelledPeople>();

        services.AddPollingJob(provider => Describe(provider, Work.TakeBatches, _ => 1, () => new TakeBatches.Command()));
        services.AddPollingJob(provider => Describe(provider, Work.CheckSharedAddresses, _ => 1, () => new CheckSharedAddresses.Command()));
        services.AddPollingJob(provider => Describe(provider, Work.TakeReleasedLines, _ => 1, () => new TakeReleasedLines.Command()));
        services.AddPollingJob(provider => Describe(provider, Work.ResolveSlices, options => options.Parallelism, () => new ResolveNextSlice.Command()));
        return services;
    }

    public static IEndpointRouteBuilder MapResolution(this IEndpointRouteBuilder routes) => routes;

    private static PollingJobDescription Describe(IServiceProvider provider, string name, Func<ResolutionOptions, int> parallelism, Func<MediatR.IRequest<bool>> nextItem)
    {
        var options = provider.GetRequiredService<IOptions<ResolutionOptions>>().Value;
        return new PollingJobDescription(name, Schema, options.Interval, parallelism(options), nextItem);
    }
}
