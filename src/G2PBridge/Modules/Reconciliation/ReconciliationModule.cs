using G2PBridge.Modules.Reconciliation.Domain;
using G2PBridge.Modules.Reconciliation.Features;
using G2PBridge.Modules.Reconciliation.Persistence;
using G2PBridge.Platform.Audit;
using G2PBridge.Platform.Growth;
using G2PBridge.Platform.Jobs;
using G2PBridge.Platform.Persistence;
using G2PBridge.Platform.Protection;
using G2PBridge.Platform.Verification;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace G2PBridge.Modules.Reconciliation;

internal static class ReconciliationModule
{
    public const string Schema = "reconciliation";

    public static IServiceCollection AddReconciliation(this IServiceCollection services)
    {
        services.AddOptions<StatementsOptions>().BindConfiguration(StatementsOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddModuleDbContext<ReconciliationDbContext>(Schema);
        // What is in a file is vouched for by its hash, which verification computes again.
        services.AddAudited($"{Schema}.statement_file", "fence", "lease_until", "due_at", "owner").AddAudited($"{Schema}.statement_file_part");
        services.AddAudited($"{Schema}.statement").AddAudited($"{Schema}.statement_decision").AddAudited($"{Schema}.decision", "due_at").AddAudited($"{Schema}.decision_part").AddAudited($"{Schema}.envelope_progress");
        services.AddSingleton(new NumberSeries(
            NumberSeries.Files, NumberSeries.FilesOfPartition, "select last_value from reconciliation.statement_file_number_seq",
            "select setval('reconciliation.statement_file_number_seq', greatest(last_value, $1)) from reconciliation.statement_file_number_seq"));
        services.AddSingleton<IArchiveRule, ArchiveRuleOfLines>().AddSingleton<IArchiveRule, ArchiveRuleOfFiles>();
        services.AddSingleton(new ArchivedRows(
            $"{Schema}.statement_file_part", NumberSeries.Files, $"{Schema}.statement_file_part t where t.file_id in (select f.id from {Schema}.statement_file f where f.number between {{0}} and {{1}})", "t.file_id, t.no"));
        services.AddPartitioned($"{Schema}.match", "line", NumberSeries.Lines).AddPartitioned($"{Schema}.entry", "file", NumberSeries.Files).AddPartitioned($"{Schema}.batch_part", "file", NumberSeries.Files);
        services.AddAuditedSets($"{Schema}.entry", "no", "file").AddAuditedSets($"{Schema}.unmatched", "entry_no", "file").AddAuditedSets($"{Schema}.match", "line", "generation", "kind");
        services.AddAuditedSets($"{Schema}.rejection", "line", "generation").AddAuditedSets($"{Schema}.batch_part", "line", "file", "entry_no", "generation");
        services.AddAuditedSets($"{Schema}.statement_file_history", "id").AddAuditedSets($"{Schema}.decision_history", "id");
        services.AddSingleton(new LeasedTable($"{Schema}.statement_file"));
        services.AddSingleton<EntryHashes>();
        services.AddSealedColumn(EntryTexts.Sealed);
        services.AddSealedColumn(EntryTexts.Copy);
        services.AddSealedColumn(FileStore.Sealed);
        services.AddSingleton<FileStore>();
        services.AddSingleton<FileQueue>();
        services.AddSingleton<MatchReads>();
        services.AddSingleton<ExceptionReads>();
        services.AddSingleton<DecisionStore>();
        services.AddSingleton<IInvariantCheck, MatchedInstructions>();
        services.AddSingleton<StatementDecisionStore>();
        services.AddSingleton<IInvariantCheck, ReconciliationInvariants>();
        services.TryAddSingleton<IReadObserver, NoReadObserver>();
        services.AddScoped<EnvelopeKeys>();
        services.AddScoped<RecogniseEntries>();
        services.AddScoped<StageStatements>();
        services.AddScoped<TellPayments>();
        services.AddScoped<FindCandidates>();
        services.AddPollingJob(provider =>
        {
            var options = provider.GetRequiredService<IOptions<StatementsOptions>>().Value;
            return new PollingJobDescription(Work.ReadStatements, Schema, options.Interval, options.Parallelism, () => new ReadNextStatement.Command());
        });
        services.AddSingleton<WatchFolder.FilesSeen>();
        services.AddPollingJob(provider =>
        {
            var options = provider.GetRequiredService<IOptions<StatementsOptions>>().Value;
            return new PollingJobDescription(WatchFolder.Job, Schema, options.Interval, 1, () => new WatchFolder.Command());
        });
        return services;
    }

    public static IEndpointRouteBuilder MapReconciliation(this IEndpointRouteBuilder routes)
    {
        UploadStatement.Map(routes);
        ReceiveStatement.Map(routes);
        LookAtStatements.Map(routes);
        DecideStatements.Map(routes);
        LookAtAccount.Map(routes);
        LookAtExceptions.Map(routes);
        DecideExceptions.Map(routes);
        return routes;
    }
}
