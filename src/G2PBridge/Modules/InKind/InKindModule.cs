using G2PBridge.Modules.InKind.Features;
using G2PBridge.Modules.InKind.Persistence;
using G2PBridge.Modules.Resolution.Contracts;
using G2PBridge.Platform.Audit;
using G2PBridge.Platform.Jobs;
using G2PBridge.Platform.Persistence;
using G2PBridge.Platform.Protection;
using G2PBridge.Platform.Verification;
using Microsoft.Extensions.Options;

namespace G2PBridge.Modules.InKind;

/// <summary>What is handed out at a place: where the beneficiaries live, and which warehouse and agency serve them. Exists only when switched on.</summary>
internal static class InKindModule
{
    public const string Schema = "in_kind";

    /// <summary>Rotated and verified although the module may be switched off: its tables may hold what an earlier start wrote.</summary>
    public static IServiceCollection AddInKindSeals(this IServiceCollection services) =>
        services.AddSealedColumn(InKindSeals.Beneficiary).AddSealedColumn(InKindSeals.Warehouse).AddSealedColumn(InKindSeals.Agency).AddSealedColumn(InKindSeals.Proof);

    public static IServiceCollection AddInKind(this IServiceCollection services)
    {
        services.AddOptions<InKindOptions>().BindConfiguration(InKindOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddModuleDbContext<InKindDbContext>(Schema);
        services.AddAudited($"{Schema}.batch").AddAudited($"{Schema}.task", "fence", "lease_until", "due_at", "owner").AddAudited($"{Schema}.geo");
        services.AddAuditedSets($"{Schema}.beneficiary", "seq").AddAuditedSets($"{Schema}.missing", "seq").AddAuditedSets($"{Schema}.proof", "seq").AddAuditedSets($"{Schema}.task_history", "id");
        services.AddSingleton(new LeasedTable($"{Schema}.task"));
        services.AddSingleton<TaskStore>();
        services.AddSingleton<AllocationStore>();
        services.AddSingleton<InKindReads>();
        services.AddSingleton<ProofStore>();
        services.AddSingleton<IInvariantCheck, InKindInvariants>();
        services.AddScoped<IPayoutDirectory, PayoutDirectory>();

        services.AddPollingJob(provider => Describe(provider, Work.TakePlacedBatches, _ => 1, () => new TakePlacedBatches.Command()));
        services.AddPollingJob(provider => Describe(provider, Work.ResolvePlaces, options => options.Parallelism, () => new ResolveNextBatch.Command()));
        services.AddPollingJob(provider => Describe(provider, Work.AllocateServicePoints, options => options.Parallelism, () => new AllocateNextBatch.Command()));
        services.AddPollingJob(provider => Describe(provider, Work.AddPayouts, _ => 1, () => new AddNextPayouts.Command()));
        return services;
    }

    public static IEndpointRouteBuilder MapInKind(this IEndpointRouteBuilder routes)
    {
        ReceiveProofs.Map(routes.MapGroup("v1"));
        return routes;
    }

    private static PollingJobDescription Describe(IServiceProvider provider, string name, Func<InKindOptions, int> parallelism, Func<MediatR.IRequest<bool>> nextItem)
    {
        var options = provider.GetRequiredService<IOptions<InKindOptions>>().Value;
        return new PollingJobDescription(name, Schema, options.Interval, parallelism(options), nextItem);
    }
}
