using System.Text.Json;
using System.Text.Json.Serialization;
using G2PBridge.Connectors;
using G2PBridge.Connectors.Spar;
using G2PBridge.Modules.Access;
using G2PBridge.Modules.Access.Signing;
using G2PBridge.Modules.Disbursement;
using G2PBridge.Modules.Envelopes;
using G2PBridge.Modules.Funds;
using G2PBridge.Modules.InKind;
using G2PBridge.Modules.Notifications;
using G2PBridge.Modules.Reconciliation;
using G2PBridge.Modules.Resolution;
using G2PBridge.PartnerApi;
using G2PBridge.PartnerApi.Documentation;
using G2PBridge.Platform.Audit;
using G2PBridge.Platform.Edges;
using G2PBridge.Platform.Errors;
using G2PBridge.Platform.Growth;
using G2PBridge.Platform.Health;
using G2PBridge.Platform.Identity;
using G2PBridge.Platform.Jobs;
using G2PBridge.Platform.Mediation;
using G2PBridge.Platform.OpenApi;
using G2PBridge.Platform.Persistence;
using G2PBridge.Platform.Protection;
using G2PBridge.Platform.Verification;
using G2PBridge.Simulators;
using G2PBridge.Views;
using Npgsql;

namespace G2PBridge.Platform.Hosting;

/// <summary>Puts the host together: the platform, then one line per module.</summary>
internal static class BridgeHost
{
    private const int MostConnections = 50;

    /// <param name="services">What the host is made of.</param>
    /// <param name="configuration">The settings.</param>
    /// <param name="connectionString">Asked when something first needs the database.</param>
    public static void AddBridge(this IServiceCollection services, IConfiguration configuration, Func<string> connectionString)
    {
        var flags = configuration.GetSection(FeatureFlags.Section).Get<FeatureFlags>() ?? new FeatureFlags();
        services.AddSingleton(flags);
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton<HostPresence>();
        services.AddSingleton(provider => DataSource(connectionString(), MostConnections, provider.GetRequiredService<HostPresence>()));
        services.AddSingleton(provider => new StatusDatabase(DataSource(
            StatusDatabase.ReplicaOf(configuration) ?? connectionString(), StatusDatabase.MostConnections, provider.GetRequiredService<HostPresence>())));
        services.AddHostedService<PresenceKeeper>();
        services.AddAudit();
        services.AddSingleton<BridgeDatabase>();
        services.AddGrowth();
        services.AddSingleton<DatabaseMigrator>();
        services.AddDataProtector();
        services.AddSingleton<DatabaseReach>();
        services.AddSingleton<InvariantVerification>();
        services.AddOptions<PartnerApiOptions>().BindConfiguration(PartnerApiOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<BodyBudget>();
        services.AddEdges();
        services.AddProblemDetails();
        services.ConfigureHttpJsonOptions(options =>
        {
            // One spelling for both APIs: the contract's.
            options.SerializerOptions.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;
            options.SerializerOptions.Converters.Add(new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseUpper));
        });
        services.AddExceptionHandler<FaultHandler>();
        services.AddApiDocuments();
        // A parameter that cannot be read is told by the fault handler, not by an empty 400.
        services.Configure<RouteHandlerOptions>(options => options.ThrowOnBadRequest = true);
        services.AddMediation(type => IsEnabled(type, flags));
        services.AddJobScheduler();
        services.AddBankConnectors();

        services.AddAccess();
        services.AddEnvelopes();
        services.AddResolution();
        services.AddSparConnector();
        services.AddFunds();
        services.AddDisbursement();
        services.AddReconciliation();
        services.AddInKindSeals();
        if (flags.InKind)
        {
            services.AddInKindConnectors();
            services.AddInKind();
            services.AddNotificationChannels();
            services.AddNotifications();
        }
    }

    /// <summary>Checks what a bridge signed; needs neither settings nor a database.</summary>
    public static ISignedDocument SignedDocuments => new SignedDocument();

    public static void UseBridge(this WebApplication web, bool withSimulators)
    {
        web.Use(PeerAddress.RememberAsync);
        web.UseEdges();
        web.UseExceptionHandler();
        web.UseUnansweredPaths();
        web.UseLimits();
        web.UseApiDocuments();
        web.UseAccess();
        web.UseCallerLimits();
        web.UseMiddleware<ScopeGate>();
        var routes = web.MapGroup("").WithPartnerDocumentation();
        routes.MapGet("ping", () => TypedResults.Text("\"pong\"", "application/json")).WithName("ping").WithTags("Health");
        routes.MapAccess();
        routes.MapViews();
        routes.MapEnvelopes();
        routes.MapResolution();
        routes.MapFunds();
        routes.MapDisbursement();
        routes.MapReconciliation();
        if (web.Services.GetRequiredService<FeatureFlags>().InKind)
        {
            routes.MapInKind();
            routes.MapNotifications();
        }

        if (withSimulators)
        {
            web.MapSimulators();
        }
    }

    private static NpgsqlDataSource DataSource(string connectionString, int mostConnections, HostPresence presence)
    {
        var builder = new NpgsqlDataSourceBuilder(connectionString);
        if (!builder.ConnectionStringBuilder.ContainsKey("Maximum Pool Size"))
        {
            builder.ConnectionStringBuilder.MaxPoolSize = mostConnections;
        }

        // Statements are prepared where they are sent (SqlStatements, PrepareQueries), never by the driver on its own.
        builder.ConnectionStringBuilder.MaxAutoPrepare = 0;
        // Cleaning a connection takes seven statements each time; what has to be cleaned is kept to SessionConnection.
        builder.ConnectionStringBuilder.NoResetOnClose = true;
        builder.ConnectionStringBuilder.ApplicationName ??= "g2pbridge";
        builder.ConnectionStringBuilder.Options = $"{builder.ConnectionStringBuilder.Options} {presence.ConnectionOption}".Trim();
        // The driver's traces repeat what the database says about a failed statement, with the values that it choked on.
        builder.ConfigureTracing(tracing => tracing.ConfigureCommandFilter(_ => false).ConfigureBatchFilter(_ => false).ConfigureCopyOperationFilter(_ => false));
        return builder.Build();
    }

    /// <summary>One predicate for every scan, so that a module that is off leaves nothing behind.</summary>
    private static bool IsEnabled(Type type, FeatureFlags flags) =>
        flags.InKind
        || type.Namespace is not { } name
        || !(name.StartsWith("G2PBridge.Modules.InKind", StringComparison.Ordinal) || name.StartsWith("G2PBridge.Modules.Notifications", StringComparison.Ordinal));
}
