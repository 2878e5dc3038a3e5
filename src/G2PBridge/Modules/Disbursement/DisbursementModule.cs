using G2PBridge.Modules.Disbursement.Domain;
using G2PBridge.Modules.Disbursement.Features;
using G2PBridge.Modules.Disbursement.Persistence;
using G2PBridge.Modules.Funds.Contracts;
using G2PBridge.Platform.Audit;
using G2PBridge.Platform.Growth;
using G2PBridge.Platform.Jobs;
using G2PBridge.Platform.Persistence;
using G2PBridge.Platform.Verification;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace G2PBridge.Modules.Disbursement;

/// <summary>Hands resolved and funded lines to the sponsor banks, each once, and finds out what became of them.</summary>
internal static class DisbursementModule
{
    public const string Schema = "disbursement";
    public const string Recover = "recover-chunks";
    public const string Verify = "verify-invariants";
    public const string ApplyCallbacks = "apply-callbacks";

    /// <summary>Keys of the lanes to the banks: one for orders, one for questions, so that neither waits for the other.</summary>
    public const string Sending = "disbursement-sending";
    public const string Asking = "disbursement-asking";

    public static IServiceCollection AddDisbursement(this IServiceCollection services)
    {
        services.AddModuleDbContext<DisbursementDbContext>(Schema);
        services.AddAudited($"{Schema}.envelope", "finish_due_at").AddAudited($"{Schema}.chunk", "fence", "lease_until", "due_at", "owner").AddAudited($"{Schema}.pause").AddAudited($"{Schema}.installation");
        services.AddAudited($"{Schema}.amount_per_day").AddAudited($"{Schema}.declaration").AddAudited($"{Schema}.declaration_confirmation").AddAudited($"{Schema}.bank_callback", "due_at").AddAudited($"{Schema}.verification");
        services.AddPartitioned($"{Schema}.instruction", "line", NumberSeries.Lines).AddSingleton<IArchiveRule, ArchiveRule>();
        services.AddAuditedSets($"{Schema}.instruction", "line", "generation").AddAuditedSets($"{Schema}.line_state", "line", "generation").AddAuditedSets($"{Schema}.failure", "line", "generation");
        services.AddAuditedSets($"{Schema}.retry_line", "line", "generation").AddAuditedSets($"{Schema}.declaration_line", "line", "declaration_id").AddAuditedSets($"{Schema}.bank_outcome", "id");
        services.AddAuditedSets($"{Schema}.chunk_history", "id").AddAuditedSets($"{Schema}.line_history", "id").AddAuditedSets($"{Schema}.pause_history", "id");
        services.AddSingleton(new LeasedTable($"{Schema}.chunk"));
        services.AddOptions<DisbursementOptions>().BindConfiguration(DisbursementOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddOptions<LimitsOptions>().BindConfiguration(LimitsOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddOptions<CallbackOptions>().BindConfiguration(CallbackOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.TryAddSingleton<ISendObserver, NoSendObserver>();
        services.AddKeyedSingleton(Sending, (provider, _) => new Lanes(Options(provider).Parallelism));
        services.AddKeyedSingleton(Asking, (_, _) => new Lanes(1));
        services.AddSingleton<ReferencePrefix>();
        services.AddSingleton<ChunkQueue>();
        services.AddSingleton<Pauses>();
        services.AddSingleton<DeclarationStore>();
        services.AddSingleton<RetryStore>();
        services.AddSingleton<CallbackStore>();
        services.AddSingleton<IInvariantCheck, DispatchInvariants>();
        services.AddSingleton<IInvariantCheck, DispatchCrossChecks>();
        services.AddSingleton<IBankLedgerCheck, ExampleBankLedger>();
        services.AddSingleton<Settlement>();
        services.AddSingleton<LateLines>();
        services.AddSingleton<DispatchReads>();
        services.AddSingleton<OrderReads>();
        services.AddPollingJob(provider => new PollingJobDescription(Work.TakeFundedWork, Schema, Options(provider).PollInterval, 1, () => new TakeFundedWork.Command()));
        // The lanes hold each bank to its share; the workers are as many as all lanes together.
        services.AddPollingJob(provider => new PollingJobDescription(
            Work.SendChunks, Schema, Options(provider).PollInterval, Options(provider).Parallelism * Banks(provider), () => new SendNextChunk.Command()));
        services.AddPollingJob(provider => new PollingJobDescription(Work.InquireUnknown, Schema, Options(provider).PollInterval, Banks(provider), () => new InquireNextChunk.Command()));
        services.AddPollingJob(provider => new PollingJobDescription(Work.FinishEnvelopes, Schema, Options(provider).PollInterval, 1, () => new FinishNextEnvelope.Command()));
        services.AddPollingJob(provider => new PollingJobDescription(ApplyCallbacks, Schema, Options(provider).PollInterval, 1, () => new ApplyCallbacks.Command()));
        services.AddPollingJob(provider => new PollingJobDescription(Recover, Schema, Options(provider).RecoveryInterval, 1, () => new RecoverChunks.Command()));
        services.AddPollingJob(_ => new PollingJobDescription(Verify, Schema, TimeSpan.FromMinutes(10), 1, () => new VerifyNightly.Command()));
        return services;
    }

    public static IEndpointRouteBuilder MapDisbursement(this IEndpointRouteBuilder routes)
    {
        var native = routes.MapGroup("v1");
        PauseSending.Map(native);
        ListPauses.Map(native);
        ResumeSending.Map(native);
        VerifyNightly.Map(native);
        DeclareOutcome.Map(native);
        RetryRefused.Map(native);
        TakeCallbacks.Map(native);
        return routes;
    }

    private static int Banks(IServiceProvider provider) => Math.Max(1, provider.GetRequiredService<IBankConnectors>().Codes.Count);

    private static DisbursementOptions Options(IServiceProvider provider) => provider.GetRequiredService<IOptions<DisbursementOptions>>().Value;
}
