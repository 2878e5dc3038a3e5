using G2PBridge.Connectors;
using G2PBridge.Modules.Disbursement.Domain;
using G2PBridge.Modules.InKind.Contracts;
using G2PBridge.Modules.Notifications.Contracts;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace G2PBridge.IntegrationTests.InKind;

/// <summary>One host with in-kind programmes switched on, on a database of its own: the other tests run without any trace of it.</summary>
[SetUpFixture]
internal sealed class InKindHost
{
    private static WebApplication? _web;

    public static ScriptedPlaces Places { get; } = new();

    public static ScriptedChannel Channel { get; } = new();

    public static string ConnectionString { get; private set; } = "";

    public static IServiceProvider Services => _web!.Services;

    public static NpgsqlDataSource Source => Services.GetRequiredService<NpgsqlDataSource>();

    public static Uri Address => new(_web!.Urls.First());

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        ConnectionString = await TestHost.FindDatabaseAsync("g2pbridge_inkind_test");
        _web = TestHost.Build(ConnectionString, Register, Settings);
        await TestHost.PrepareAsync(_web.Services);
        await _web.StartAsync();
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        if (_web is not null)
        {
            await _web.DisposeAsync();
        }
    }

    public static (string, string)[] Settings =>
    [
        ("Features:InKind", "true"), ("InKind:Agencies:Strategy", "LeastLoaded"), ("InKind:Warehouses:Strategy", "LeastLoaded"),
        ("Notifications:Channel", "idempotent"), ("Notifications:TellPaid", "true"), ("Notifications:TellReturned", "true"),
    ];

    /// <summary>The usual settings, some of them otherwise.</summary>
    public static (string, string)[] With((string Key, string Value)[] usual, params (string Key, string Value)[] other) =>
        [.. usual.Where(setting => !other.Any(one => one.Key == setting.Key)), .. other];

    public static void Register(IServiceCollection services)
    {
        services.AddSingleton<TimeProvider>(TestHost.Clock);
        services.AddSingleton<IMapperConnector>(TestHost.Mapper);
        TestHost.Bank.Register(services);
        services.AddSingleton<ISendObserver>(TestHost.Crash);
        services.AddSingleton<IInKindConnectors>(Places);
        services.AddSingleton<INotificationChannels>(Channel);
    }

    public static async Task ResetAsync()
    {
        await TestHost.ResetAsync();
        Places.Reset();
        Channel.Reset();
        await BridgeTables.EmptyAsync(Source);
    }
}
